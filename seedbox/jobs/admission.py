"""Whether a manifest may be believed: its signature, and what was seen of its id before.

An id is held to its signature once a key for it is pinned, or named for this run. Any other
manifest goes through unchecked, and is never called verified. What was seen is remembered only
after all else was found right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import (
    BrokenChainError,
    ExpiredError,
    HugeSignatureError,
    KeyFromChannelError,
    LinkedSignatureError,
    Problem,
    RefusedFileError,
    UnsignedError,
)
from seedbox.jobs.shards import MAX_MANIFEST, Source
from seedbox.jobs.trust import Floor, Kind, raise_floor, read_store, refuse_older
from seedbox.manifest import lint
from seedbox.manifest.keys import MAX_KEY_FILE, PublicKey
from seedbox.manifest.model import Head
from seedbox.manifest.signature import (
    MAX_SIGNATURE,
    SUFFIX,
    Claim,
    Signature,
    check_claim,
    parse_signature,
)

_NAME = re.compile(r"[0-9A-F]{16}")
_TEXT = re.compile(r"RW[A-Za-z0-9+/]{54}")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe in this run."""

    state: Path  # the state folder, with pins and floors
    keys: tuple[PublicKey, ...] = ()  # named for this run, for every id
    files: tuple[Path, ...] = ()  # those that the keys were read from


@dataclass(frozen=True, slots=True)
class Admitted:
    """A manifest that may be used."""

    source: Source
    signed_by: PublicKey | None  # None: nobody has checked who wrote it
    url: str | None = None  # where it comes from, if `source` is our copy

    @property
    def where(self) -> str:
        """What it is known by: the path or URL that the user gave."""
        return str(self.source.path) if self.url is None else self.url

    @property
    def note(self) -> str:
        """One line on the signature, for people."""
        id_ = self.source.manifest.head.id
        if self.signed_by is None:
            return f"not checked: no key is pinned for {id_}"
        return f"right, by key {self.signed_by.name}"


def trust_in(given: Sequence[str], state: Path) -> Trust:
    """Return whom to believe: the user's pins, and keys that were named as text or as files.

    Raises:
        InvalidKeyError: One is no key.
        SourceError: One is neither a key nor a file.
    """
    read = [read_key(each) for each in given]
    files = tuple(file for _, file in read if file is not None)
    return Trust(state, tuple(key for key, _ in read), files)


def read_key(given: str) -> tuple[PublicKey, Path | None]:
    """Return a public key that was named as its text, or as a file, and which file.

    Raises:
        InvalidKeyError: It is no key.
        SourceError: There is no such file.
    """
    if _TEXT.fullmatch(given):
        return PublicKey.parse(given), None
    path = Path(given)
    data = disk.read_whole(path, MAX_KEY_FILE)
    return PublicKey.parse(data.decode("utf-8", "replace"), file=str(path)), path


def key_named(given: str) -> str:
    """Return what a key is known by: its name as `trust list` shows it, else its text.

    Raises:
        InvalidKeyError: It is no key.
        SourceError: There is no such file.
    """
    return given if _NAME.fullmatch(given) else read_key(given)[0].text


def admit(
    path: Path, trust: Trust, *, now: datetime, taking: bool, remember: bool = True
) -> Admitted:
    """Read a manifest, and decide whether it may be believed.

    Args:
        path: The manifest; its signature lies beside it.
        trust: Whom to believe.
        now: Decides whether it has expired.
        taking: Whether something new is to be taken on, which an expired one does not allow.
        remember: Whether older ones are to be refused from now on.

    Raises:
        SourceError: There is no such file.
        InvalidManifestError: It breaks its rules.
        RefusedFileError: It cannot be believed; each reason is a class, and a code, of its own.
        InvalidTrustError: The record of pins and floors cannot be used.
    """
    data = disk.read_whole(path, MAX_MANIFEST)
    source = Source(path, lint.read_manifest(data, file=str(path)))
    signer, head = believed(source, data, trust), source.manifest.head
    if taking and head.expires is not None and head.expires <= now:
        times = {"expires": f"{head.expires:%Y-%m-%d %H:%M} UTC", "now": f"{now:%Y-%m-%d %H:%M}"}
        raise ExpiredError(str(path), id=head.id, **times)
    if signer is not None and remember:
        floor = Floor(head.sequence, sha256(data).digest(), now)
        raise_floor(trust.state, head.id, Kind.MANIFEST, floor, file=str(path))
    return Admitted(source, signer)


def believed(source: Source, data: bytes, trust: Trust) -> PublicKey | None:
    """Hold a manifest that was read against its signature, and what was seen of its id before.

    Args:
        source: The manifest and its file.
        data: The bytes of that file.
        trust: Whom to believe.

    Returns:
        The key that signed it; None: no key is known for its id, and nothing was checked.

    Raises:
        RefusedFileError: It cannot be believed.
        InvalidTrustError: The record of pins and floors cannot be used.
    """
    head, file = source.manifest.head, str(source.path)
    _refuse_key_beside(source.path, head.id, trust.files)
    store = read_store(trust.state)
    keys = tuple(dict.fromkeys((*trust.keys, *store.keys(head.id))))
    if not keys:
        return None
    claim = Claim(head.id, head.sequence, sha256(data).digest())
    signature = signature_beside(source.path, head.id, keys)
    signer = check_claim(data, signature, keys, claim, file=file)
    _refuse_unfitting(head, claim.sha256, store.floor(head.id, Kind.MANIFEST), file)
    return signer


def signature_problems(
    source: Source, data: bytes, trust: Trust | None
) -> tuple[PublicKey | None, tuple[Problem, ...]]:
    """Return who has signed a manifest that was read, and why it cannot be believed, as problems.

    Args:
        source: The manifest and its file.
        data: The bytes of that file.
        trust: Whom to believe; None: nobody looks.

    Raises:
        InvalidTrustError: The record of pins and floors cannot be used.
    """
    if trust is None:
        return None, ()
    try:
        return believed(source, data, trust), ()
    except RefusedFileError as error:
        return None, (Problem(error.code, error.verdict, error.hint, file=str(source.path)),)


def signature_beside(path: Path, id: str, keys: Sequence[PublicKey]) -> Signature:  # noqa: A002  (as the manifest calls it)
    """Return the signature that lies beside a file, not checked against anything.

    Args:
        path: The file.
        id: Its dataset, for errors.
        keys: Those that are trusted for it, for errors.

    Raises:
        UnsignedError: There is none.
        LinkedSignatureError: It is a link or no file; nothing is opened.
        HugeSignatureError: It is longer than any signature; it is not read.
        BrokenSignatureError: It is not what minisign writes.
    """
    name = f"{path.name}{SUFFIX}"
    beside = str(path.with_name(name))
    found = disk.look(path.parent, (name,))
    if isinstance(found, disk.Absent):
        if disk.vacant(path.parent, (name,)):
            wanted = " or ".join(key.name for key in keys)
            raise UnsignedError(str(path), id=id, signature=beside, wanted=wanted)
        raise LinkedSignatureError(str(path), id=id, signature=beside, reason=found.reason)
    if found.size > MAX_SIGNATURE:
        sizes = {"size": found.size, "most": MAX_SIGNATURE}
        raise HugeSignatureError(str(path), id=id, signature=beside, **sizes)
    return parse_signature(disk.read_located(found, MAX_SIGNATURE), file=str(path), id=id)


def _refuse_key_beside(path: Path, id_: str, files: Sequence[Path]) -> None:
    """Refuse a key from the manifest's own folder: whoever forged one could forge both.

    Raises:
        KeyFromChannelError: A key lies there, or a link to it does.
    """
    with disk.attempt("look at", path):
        folders = {path.parent.resolve(), path.resolve().parent}
        for file in files:
            if {file.parent.resolve(), file.resolve().parent} & folders:
                raise KeyFromChannelError(str(path), id=id_, key=str(file))


def _refuse_unfitting(head: Head, digest: bytes, known: Floor | None, file: str) -> None:
    """Hold a manifest against the latest one of its id.

    Raises:
        RollbackError: It is older.
        EquivocationError: It is another one with the same sequence.
        BrokenChainError: It is the next one, and does not name the latest as the one it replaces.
    """
    refuse_older(known, head.sequence, digest, id=head.id, file=file)
    if known is None or head.sequence != known.sequence + 1 or head.previous == known.sha256:
        return
    previous = "nothing" if head.previous is None else f"SHA-256 {head.previous.hex()}"
    raise BrokenChainError(
        file, id=head.id, previous=previous, floor=known.sequence, was=known.sha256.hex()
    )
