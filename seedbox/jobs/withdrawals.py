"""What was taken back, as far as the files beside a manifest tell: read, believed, obeyed.

Nothing is deleted here. Obeying is leaving a shard out; what has to go from the disk is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import (
    ForeignWithdrawalsError,
    InvalidManifestError,
    InvalidTorrentError,
    MissingWithdrawalsError,
    ShrunkWithdrawalsError,
    SourceError,
    UnsignedError,
)
from seedbox.jobs.admission import Trust, signature_beside
from seedbox.jobs.holding import look_at
from seedbox.jobs.shards import MAX_MANIFEST, Source, has_torrent, in_tree, shard_torrent
from seedbox.jobs.trust import Entries, Floor, Kind, raise_floor, read_store, refuse_older
from seedbox.manifest.keys import PublicKey
from seedbox.manifest.model import Head, Pack, Shard
from seedbox.manifest.signature import SUFFIX, Claim, Signature, check_claim
from seedbox.manifest.withdrawals import FILE_NAME, Withdrawals, digest, parse_withdrawals
from seedbox.plan.places import places
from seedbox.plan.withdrawals import Found, Order, plan_withdrawals
from seedbox.torrent.metainfo import Metainfo


@dataclass(frozen=True, slots=True)
class Heeded:
    """A manifest with what was taken back of it."""

    source: Source
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """A withdrawals file as it came, from a folder or from the web."""

    name: Path | str  # what to call it in errors
    data: bytes
    signature: Signature | None  # None: none came with it


def beside(manifest: Path) -> Path:
    """Return where the withdrawals of a manifest lie."""
    return manifest.with_name(FILE_NAME)


def read_bytes(manifest: Path) -> bytes | None:
    """Return the withdrawals file beside a manifest; None: there is none.

    Raises:
        SourceError: What lies there cannot be read, or is no file.
    """
    path = beside(manifest)
    found = disk.look(path.parent, (path.name,))
    if isinstance(found, disk.Located):
        return disk.read_located(found, MAX_MANIFEST)
    if disk.vacant(path.parent, (path.name,)):
        return None
    raise SourceError(str(path), found.reason, "Put the file itself beside the manifest.")


def read_withdrawals(manifest: Path) -> Withdrawals | None:
    """Return what the file beside a manifest says, whoever wrote it; None: there is none.

    Raises:
        SourceError: What lies there cannot be read, or is no file.
        InvalidWithdrawalsError: It breaks its rules; all problems at once.
    """
    data = read_bytes(manifest)
    return None if data is None else parse_withdrawals(data, file=str(beside(manifest)))


# --- whether they can be believed -------------------------------------------------------------


def heed(
    source: Source,
    trust: Trust,
    *,
    now: datetime,
    remember: bool = True,
    at: Path | None = None,
) -> Heeded:
    """Return a manifest with the withdrawals that lie beside it, or at another place.

    Once a withdrawals file of a trusted id was seen, a manifest without one is refused: leaving
    the file out is the simplest way to hide what was taken back.

    Args:
        source: The manifest, admitted already.
        trust: Whom to believe.
        now: Remembered with what was seen.
        remember: Whether older ones are to be refused from now on.
        at: The manifest beside which the withdrawals lie; None: `source` itself.

    Raises:
        SourceError: What lies there cannot be read, or is no file.
        InvalidWithdrawalsError: The file breaks its rules; all problems at once.
        RefusedFileError: It cannot be believed; each reason is a class, and a code, of its own.
        InvalidTrustError: The record of pins and floors cannot be used.
    """
    where = source.path if at is None else at
    head, path = source.manifest.head, beside(where)
    data = read_bytes(where)
    keys = trusted_keys(trust, head.id)
    if data is None:
        return Heeded(source, _absent(path, head, trust) if keys else ())
    signature = signature_beside(path, head.id, keys) if keys else None
    received = Received(path, data, signature)
    withdrawals = believe(received, head, trust, now=now, remember=remember)
    return Heeded(replace(source, withdrawals=withdrawals), ())


def believe(
    received: Received, head: Head, trust: Trust, *, now: datetime, remember: bool
) -> Withdrawals:
    """Return the withdrawals that a file holds, wherever it came from.

    Without any key for the id nothing holds them, and they are obeyed all the same, since to stop
    is the safe side and nothing is deleted. A hostile mirror gains nothing: it could as well serve
    a manifest without the shard, or none. Whoever pins the key is out of its reach.

    Args:
        received: The file.
        head: Of the manifest.
        trust: Whom to believe.
        now: Remembered with what was seen.
        remember: Whether to refuse older ones from now on.

    Raises:
        InvalidWithdrawalsError: They break their rules; all problems at once.
        RefusedFileError: They cannot be believed; each reason is a class, and a code, of its own.
    """
    file, signature = str(received.name), received.signature
    withdrawals = parse_withdrawals(received.data, file=file)
    if withdrawals.id != head.id:
        raise ForeignWithdrawalsError(file, id=withdrawals.id, manifest=head.id)
    keys = trusted_keys(trust, head.id)
    if not keys:
        return withdrawals
    if signature is None:
        wanted = " or ".join(key.name for key in keys)
        raise UnsignedError(file, id=head.id, signature=f"{file}{SUFFIX}", wanted=wanted)
    claim = Claim(head.id, withdrawals.sequence, sha256(received.data).digest())
    check_claim(received.data, signature, keys, claim, file=file)
    known = read_store(trust.state).floor(head.id, Kind.WITHDRAWALS)
    refuse_older(known, claim.sequence, claim.sha256, id=head.id, file=file)
    _refuse_shrunk(withdrawals, known, file)
    if remember:
        entries = Entries(len(withdrawals.entries), digest(withdrawals.entries))
        floor = Floor(claim.sequence, claim.sha256, now, entries)
        raise_floor(trust.state, head.id, Kind.WITHDRAWALS, floor, file=file)
    return withdrawals


def trusted_keys(trust: Trust, id_: str) -> tuple[PublicKey, ...]:
    """Return the keys that an id is held to; none: nobody has pinned one.

    Raises:
        InvalidTrustError: The record of pins and floors cannot be used.
    """
    return (*trust.keys, *read_store(trust.state).keys(id_))


def _absent(path: Path, head: Head, trust: Trust) -> tuple[str, ...]:
    """Return what to say of a trusted manifest without withdrawals beside it.

    Raises:
        MissingWithdrawalsError: There were some before.
    """
    known = read_store(trust.state).floor(head.id, Kind.WITHDRAWALS)
    if known is not None:
        seen = f"{known.seen:%Y-%m-%d %H:%M} UTC"
        raise MissingWithdrawalsError(str(path), id=head.id, floor=known.sequence, seen=seen)
    if head.withdrawals is None:
        return ()
    missing = f"no {path.name} lies beside the manifest"
    where = f"the publisher has it at {head.withdrawals}"
    return (f"withdrawals of {head.id} were not checked: {missing}; {where}",)


def _refuse_shrunk(withdrawals: Withdrawals, known: Floor | None, file: str) -> None:
    """Hold withdrawals against the entries that were seen before.

    Raises:
        ShrunkWithdrawalsError: They do not begin with them.
    """
    if known is None or known.entries is None:
        return
    count, entries = known.entries.count, withdrawals.entries
    if len(entries) < count or digest(entries[:count]) != known.entries.sha256:
        seen = f"{known.seen:%Y-%m-%d %H:%M} UTC"
        raise ShrunkWithdrawalsError(
            file, id=withdrawals.id, entries=len(entries), count=count, seen=seen
        )


# --- what follows from them -------------------------------------------------------------------


def orders_on(
    source: Source, *, now: datetime, shards: Sequence[Shard] | None = None
) -> tuple[Order, ...]:
    """Return what has to be done about what was taken back.

    Args:
        source: The manifest, with its withdrawals.
        now: Decides what is overdue.
        shards: Those that are asked about; None: all. For single items their torrents are read.
    """
    if source.withdrawals is None:
        return ()
    manifest = source.manifest
    if shards is not None:
        manifest = replace(manifest, shards=tuple(shards))
    items: dict[str, tuple[str, ...]] = {}
    if any(entry.target.items for entry in source.withdrawals.entries):
        for shard in manifest.shards:
            metainfo = _readable(source, shard)
            if metainfo is not None and manifest.head.pack is not Pack.TAR:
                items[shard.name] = in_tree(manifest.head, shard, metainfo)
    return plan_withdrawals(manifest, source.withdrawals, now=now, items=items)


def unseen(orders: Iterable[Order]) -> list[str]:
    """Return what to say of items that may lie in any shard, since nobody can see into some."""
    return [
        f"{order.what} cannot be located, so nothing stops for it: {order.why}"
        for order in orders
        if order.found is Found.UNKNOWN
    ]


def to_delete(source: Source, order: Order | None, folders: Iterable[Path]) -> tuple[str, ...]:
    """Return the paths of files on this disk that an order wants gone.

    Args:
        source: The manifest.
        order: What was taken back; None: nothing.
        folders: The data folders to look into.
    """
    if order is None or not order.delete:
        return ()
    shard = next((shard for shard in source.manifest.shards if shard.name == order.shard), None)
    metainfo = None if shard is None else _readable(source, shard)
    if shard is None or metainfo is None:
        return ()
    head = source.manifest.head
    names = in_tree(head, shard, metainfo)
    found: dict[str, None] = {}
    for data in folders:
        for place in places(head, shard, single=metainfo.layout.single):
            for name, file in zip(names, look_at(place, metainfo, data).found, strict=True):
                if isinstance(file, disk.Located) and order.item in {None, name}:
                    found[str(file.path)] = None
    return tuple(found)


def _readable(source: Source, shard: Shard) -> Metainfo | None:
    """Return the torrent of a shard; None: nobody can tell what is in it.

    A publisher may have removed the torrent of what was taken back. What is wrong with any other
    is said by whoever needs it.
    """
    if not has_torrent(source, shard):
        return None
    try:
        return shard_torrent(source, shard)
    except (InvalidManifestError, InvalidTorrentError, SourceError):
        return None
