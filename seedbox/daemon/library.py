"""Manifests for a daemon: read and believed, recognised without being read, read again if needed.

All functions wait for disks and run in threads. Whatever a manifest says about trust is decided
in `jobs`; here it becomes claims on shards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.daemon.archive import Archive
from seedbox.daemon.listing import Claim, claims
from seedbox.daemon.state import StoredDataset
from seedbox.errors import SeedboxError
from seedbox.jobs.admission import Admitted, Trust, believed
from seedbox.jobs.shards import MAX_MANIFEST, Source, shard_torrent
from seedbox.jobs.trust import Floor, Kind, raise_floor
from seedbox.jobs.withdrawals import (
    heed,
    orders_on,
    read_bytes,
    read_withdrawals,
    to_delete,
    unseen,
)
from seedbox.manifest import licenses, lint
from seedbox.manifest.keys import PublicKey
from seedbox.manifest.model import Head, Manifest
from seedbox.manifest.parse import parse_head
from seedbox.manifest.withdrawals import Action
from seedbox.plan.withdrawals import Order

_SHARDS = re.compile(rb"^shards:", re.MULTILINE)
_KEY_AFTER = re.compile(rb"^[^\s\-#]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking a URL has shown of a manifest."""

    at: float  # when it was asked
    next_look: float
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a manifest comes from, and what is to be remembered of it."""

    url: str | None = None  # its file is a copy of what lies there
    polled: Path | None = None  # a manifest's path, beside which newer withdrawals may lie
    remember: bool = True  # whether older ones are to be refused from now on


HERE = Reading()
"""It is the user's own file, and so are the withdrawals beside it."""


@dataclass(frozen=True, slots=True)
class Believed:
    """A manifest that may be believed, and what follows from it for each of its shards."""

    admitted: Admitted
    data: bytes  # its file
    taken_back: bytes | None  # the withdrawals file; None: there is none
    claims: tuple[Claim, ...]
    delete: Mapping[str, tuple[str, ...]]  # by shard: paths that an order wants gone
    warnings: tuple[str, ...]
    orders: tuple[Order, ...] = ()  # all of them, on what it does not list too
    asked: Asked | None = None  # when its URL was asked

    @property
    def source(self) -> Source:
        """The manifest and where it is."""
        return self.admitted.source

    @property
    def where(self) -> str:
        """What it is known by: the URL or path that the user gave."""
        return self.admitted.where

    @property
    def id(self) -> str:
        """Its dataset."""
        return self.source.manifest.head.id

    @property
    def digest(self) -> bytes:
        """SHA-256 of its file."""
        return sha256(self.data).digest()


def believe(
    path: Path,
    trust: Trust,
    data: tuple[Path, ...],
    *,
    now: float,
    torrents: bool = True,
    reading: Reading = HERE,
) -> Believed:
    """Read a manifest with what was taken back of it, and decide on each shard.

    Args:
        path: Its file.
        trust: Whom to believe.
        data: The data folders, for what has to be deleted.
        now: The time.
        torrents: Whether to read every .torrent too: a release with a bad one is refused whole.
        reading: Where it comes from.

    Raises:
        SeedboxError: It cannot be read or cannot be believed, or nothing of it may be shared.
    """
    at = datetime.fromtimestamp(now, UTC)
    raw = disk.read_whole(path, MAX_MANIFEST)
    source = Source(path, lint.read_manifest(raw, file=str(path)))
    signer = believed(source, raw, trust)
    if reading.remember:
        remember(source, raw, signer, trust, at)
    beside = _taken_back_at(path, reading)
    heeded = heed(source, trust, now=at, remember=reading.remember, at=beside)
    admitted = Admitted(heeded.source, signer, reading.url)
    found = _decided(admitted, raw, data, now)
    if torrents:
        for claim, shard in zip(found.claims, source.manifest.shards, strict=True):
            if claim.blocked is None:
                shard_torrent(source, shard)
    warnings = (*_unchecked(admitted), *heeded.warnings, *found.warnings)
    return replace(found, taken_back=read_bytes(beside), warnings=warnings)


def _decided(admitted: Admitted, raw: bytes, data: tuple[Path, ...], now: float) -> Believed:
    """Return what follows from a manifest, and from what was taken back of it.

    Raises:
        LicenseRefusedError: Nothing of it may be shared.
    """
    source = admitted.source
    orders = orders_on(source, now=datetime.fromtimestamp(now, UTC))
    found = claims(source.manifest, orders, source=admitted.where, now=now)
    delete = {each.key: to_delete(source, each.order, data) for each in found if each.order}
    warnings = tuple(unseen(orders))
    return Believed(admitted, raw, None, found, delete, warnings, orders)


def remember(
    source: Source, raw: bytes, signer: PublicKey | None, trust: Trust, at: datetime
) -> None:
    """Refuse releases that are older than a manifest from now on, if its signature was checked.

    Raises:
        RefusedFileError: A newer one was seen in between.
    """
    if signer is not None:
        head = source.manifest.head
        floor = Floor(head.sequence, sha256(raw).digest(), at)
        raise_floor(trust.state, head.id, Kind.MANIFEST, floor, file=str(source.path))


def _taken_back_at(path: Path, reading: Reading) -> Path:
    """Return the manifest beside which the latest withdrawals lie: its own, or those polled.

    Raises:
        SeedboxError: One of the two cannot be read.
    """
    polled = None if reading.polled is None else read_withdrawals(reading.polled)
    if reading.polled is None or polled is None:
        return path
    own = read_withdrawals(path)
    return reading.polled if own is None or own.sequence < polled.sequence else path


def _unchecked(admitted: Admitted) -> tuple[str, ...]:
    if admitted.signed_by is not None:
        return ()
    return (f"the signature of {admitted.source.path} is {admitted.note}",)


# --- without reading all of it ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recognised:
    """A manifest that is byte for byte the one that the state was made from."""

    admitted: Admitted  # its manifest has no shards: they are in the state
    warnings: tuple[str, ...]
    deletes: bool = False  # something of it has to go from the disk, as far as it is still there


def recognise(
    path: Path,
    known: StoredDataset,
    archive: Archive,
    trust: Trust,
    *,
    now: float,
    reading: Reading = HERE,
) -> Recognised | None:
    """Tell whether a manifest, and what was taken back of it, is as it was believed last.

    Its signature is checked all the same: keys may have changed. Its shards are not read.

    Args:
        path: Its file.
        known: What the state has of it.
        archive: Has the withdrawals that were obeyed.
        trust: Whom to believe.
        now: The time.
        reading: Where it comes from.

    Returns:
        None: something is not as it was, and it has to be read; then all that is wrong is said.
    """
    try:
        return _recognised(path, known, archive, trust, now, reading)
    except SeedboxError:
        return None


def _recognised(
    path: Path,
    known: StoredDataset,
    archive: Archive,
    trust: Trust,
    now: float,
    reading: Reading,
) -> Recognised | None:
    raw = disk.read_whole(path, MAX_MANIFEST)
    if sha256(raw).digest() != known.digest:
        return None
    head = quick_head(raw, file=str(path))
    if head is None or (head.id, head.sequence) != (known.dataset.id, known.dataset.sequence):
        return None
    source = Source(path, Manifest(head, ()))
    signer = believed(source, raw, trust)
    beside = _taken_back_at(path, reading)
    if read_bytes(beside) != archive.withdrawals(head.id):
        return None
    at = datetime.fromtimestamp(now, UTC)
    heeded = heed(source, trust, now=at, remember=False, at=beside)
    admitted, said = Admitted(source, signer, reading.url), heeded.source.withdrawals
    deletes = said is not None and any(each.action is Action.DELETE for each in said.entries)
    return Recognised(admitted, (*_unchecked(admitted), *heeded.warnings), deletes)


def quick_head(raw: bytes, *, file: str) -> Head | None:
    """Return what a manifest says before its shards; None: it is not written in that order.

    Only for bytes that were read as a whole once: a hundred thousand shards take ten seconds.
    """
    cut = _SHARDS.search(raw)
    if cut is None or _KEY_AFTER.search(raw, cut.end()):
        return None
    try:
        return parse_head(raw[: cut.start()], file=file)
    except SeedboxError:
        return None


def read_again(path: Path, id_: str, archive: Archive) -> Source:
    """Return a manifest as it was believed last, whatever lies in its place by now.

    Raises:
        SeedboxError: It is not in the archive any more, and what lies in its place is bad.
    """
    raw = archive.manifest(id_)
    raw = disk.read_whole(path, MAX_MANIFEST) if raw is None else raw
    return Source(path, lint.read_manifest(raw, file=str(path)))


def still_open(terms: Iterable[str]) -> bool:
    """Tell whether licenses are open by the rules of this version of seedbox."""
    return all(licenses.verdict(spdx).open for spdx in terms)


# --- files ------------------------------------------------------------------------------------

_NAME = "manifest.yaml"
_DEPTH = 3  # publisher, dataset, and the folder that a build wrote

Mark = tuple[tuple[int, int, int] | None, ...]
"""Size, time and inode of a manifest, its signature and its withdrawals; None: it is not there."""


def manifests_in(given: Path) -> tuple[Path, ...]:
    """Return the manifests that a path stands for: itself, or those in the folder that it is."""
    if not given.is_dir():
        return (given,)
    patterns = ["/".join([*("*" * depth), _NAME]) for depth in range(_DEPTH + 1)]
    return tuple(sorted(path for pattern in patterns for path in given.glob(pattern)))


def mark(manifest: Path) -> Mark:
    """Return what shows that a manifest, or what lies beside it, was changed."""
    beside = manifest.with_name("withdrawals.yaml")
    files = (manifest, beside)
    signatures = (each.with_name(f"{each.name}.minisig") for each in files)
    return tuple(_stat(path) for path in (*files, *signatures))


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
