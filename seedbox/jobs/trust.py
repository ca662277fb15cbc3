"""Whom this user trusts, and what they have said so far: pinned keys and floors, in one file.

A pin is a publisher's key for one id. A floor is the latest file of an id that a signature has
vouched for: nothing older is believed afterwards. The file is replaced whole, under a lock, and
one that cannot be read is never made anew, since that would forget what was seen.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from seedbox import disk
from seedbox.errors import (
    EquivocationError,
    InvalidKeyError,
    InvalidTrustError,
    RollbackError,
    UsageError,
)
from seedbox.manifest.keys import PublicKey

FILE_NAME = "trust.json"
SCHEMA = 1

_LOCK_NAME = "trust.lock"
_MAX_BYTES = 16 * 1024 * 1024
_ID = re.compile(r"[a-z0-9._-]{1,100}/[a-z0-9._-]{1,100}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """The two files of an id that are signed; each has its own sequence."""

    MANIFEST = "manifest"
    WITHDRAWALS = "withdrawals"


@dataclass(frozen=True, slots=True)
class Entries:
    """The first entries of a list that only ever grows: how many, and their digest."""

    count: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Floor:
    """The latest file of an id that was seen, and vouched for by a signature."""

    sequence: int
    sha256: bytes  # of the file
    seen: datetime  # when it was first seen
    entries: Entries | None = None  # of withdrawals


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one id."""

    keys: tuple[PublicKey, ...] = ()
    floors: Mapping[Kind, Floor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Store:
    """What is known of every id."""

    records: Mapping[str, Record] = field(default_factory=dict)

    def keys(self, id: str) -> tuple[PublicKey, ...]:  # noqa: A002  (as the manifest calls it)
        """Return the keys that are pinned for an id."""
        return self.records.get(id, Record()).keys

    def floor(self, id: str, kind: Kind) -> Floor | None:  # noqa: A002  (as in keys)
        """Return the latest file of an id that was seen."""
        return self.records.get(id, Record()).floors.get(kind)


def read_store(state: Path) -> Store:
    """Return what the state folder has; nothing if there is none yet.

    Raises:
        InvalidTrustError: The file is damaged, or written by a later seedbox.
        DiskError: It cannot be read.
    """
    path = state / FILE_NAME
    found = disk.look(state, (FILE_NAME,))
    if isinstance(found, disk.Absent):
        if disk.vacant(state, (FILE_NAME,)):
            return Store()
        found = disk.look(state, (FILE_NAME,))  # another process may just have made it
    if isinstance(found, disk.Absent) or found.size > _MAX_BYTES:
        reason = f"it is no file of at most {_MAX_BYTES:,} bytes that can be read"
        raise InvalidTrustError(str(path), reason)
    try:
        return _parse(json.loads(disk.read_located(found, _MAX_BYTES)))
    except (ValueError, RecursionError, InvalidKeyError) as error:
        reason = error.message if isinstance(error, InvalidKeyError) else str(error)
        raise InvalidTrustError(str(path), reason) from None


def add_key(state: Path, id: str, key: PublicKey) -> Record:  # noqa: A002  (as in Store)
    """Pin a key for an id, beside those that are pinned already.

    Raises:
        UsageError: That is no id.
        InvalidTrustError: The state file cannot be used.
    """
    if not _ID.fullmatch(id):
        raise UsageError(f"{id!r} is no id", "Pass it as the manifest has it: publisher/dataset.")
    with _changing(state) as records:
        record = records.get(id, Record())
        if key not in record.keys:
            record = records[id] = replace(record, keys=(*record.keys, key))
        return record


def remove_keys(
    state: Path,
    id: str,  # noqa: A002  (as in Store)
    named: str | None,
    *,
    forget: bool = False,
) -> Record:
    """Take pins of an id away.

    Args:
        state: The state folder.
        id: The dataset.
        named: A key, by its name or its text; None: all keys of the id.
        forget: Whether to forget what was seen too, so that older files are believed again.

    Raises:
        UsageError: There is no such pin.
        InvalidTrustError: The state file cannot be used.
    """
    with _changing(state) as records:
        record = records.get(id, Record())
        gone = [key for key in record.keys if named is None or named in {key.name, key.text}]
        if not gone and not (named is None and forget and record.floors):
            what = "no key" if named is None else f"key {named}"
            not_ = "" if named is None else "not "
            raise UsageError(f"{what} is {not_}pinned for {id!r}", "Run `seedbox trust list`.")
        kept = tuple(key for key in record.keys if key not in gone)
        record = records[id] = Record(kept, {} if forget else record.floors)
        return record


def raise_floor(
    state: Path,
    id: str,  # noqa: A002  (as in Store)
    kind: Kind,
    floor: Floor,
    *,
    file: str,
) -> None:
    """Remember the latest file of an id, unless something newer was seen in between.

    Raises:
        RollbackError: It was.
        EquivocationError: The same sequence was seen with other bytes.
        InvalidTrustError: The state file cannot be used.
    """
    known = read_store(state).floor(id, kind)
    if known and (known.sequence, known.sha256) == (floor.sequence, floor.sha256):
        return  # as nearly always: nothing to write, no lock to wait for
    with _changing(state) as records:
        record = records.get(id, Record())
        known = record.floors.get(kind)
        refuse_older(known, floor.sequence, floor.sha256, id=id, file=file)
        if known is None or known.sequence < floor.sequence:
            records[id] = replace(record, floors={**record.floors, kind: floor})


def refuse_older(
    known: Floor | None,
    sequence: int,
    digest: bytes,
    *,
    id: str,  # noqa: A002  (as in Store)
    file: str,
) -> None:
    """Hold a file against the latest one of its id.

    Raises:
        RollbackError: It is older.
        EquivocationError: It has the same sequence, and other bytes.
    """
    if known is None or sequence > known.sequence:
        return
    seen = f"{known.seen:%Y-%m-%d %H:%M} UTC"
    if sequence < known.sequence:
        raise RollbackError(file, id=id, sequence=sequence, floor=known.sequence, seen=seen)
    if digest != known.sha256:
        was = known.sha256.hex()
        raise EquivocationError(
            file, id=id, sequence=sequence, found=digest.hex(), was=was, seen=seen
        )


@contextlib.contextmanager
def _changing(state: Path) -> Iterator[dict[str, Record]]:
    """Hold what is known of every id, alone, and write it if it has changed.

    Others wait for the lock, which is held for milliseconds; it ends with the process.
    """
    disk.make_folder(state)
    path = state / _LOCK_NAME
    with disk.attempt("lock", path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with disk.attempt("lock", path):
            fcntl.flock(fd, fcntl.LOCK_EX)
        before = read_store(state).records
        records = dict(before)
        yield records
        if records != before:
            disk.write_whole(state / FILE_NAME, _write(records))
    finally:
        os.close(fd)


# --- the file ---------------------------------------------------------------------------------


def _write(records: Mapping[str, Record]) -> bytes:
    kept = {id_: record for id_, record in records.items() if record.keys or record.floors}
    document = {
        "seedbox-trust": SCHEMA,
        "ids": {id_: _record_document(record) for id_, record in sorted(kept.items())},
    }
    return f"{json.dumps(document, indent=2)}\n".encode()


def _record_document(record: Record) -> dict[str, object]:
    floors = {kind.value: _floor_document(floor) for kind, floor in sorted(record.floors.items())}
    return {"keys": [key.text for key in record.keys], **floors}


def _floor_document(floor: Floor) -> dict[str, object]:
    document: dict[str, object] = {
        "sequence": floor.sequence,
        "sha256": floor.sha256.hex(),
        "seen": floor.seen.isoformat(),
    }
    if floor.entries is not None:
        document["entries"] = {"count": floor.entries.count, "sha256": floor.entries.sha256.hex()}
    return document


def _parse(document: object) -> Store:
    """Read the file's JSON.

    Raises:
        ValueError: With words on what is wrong.
        InvalidKeyError: A key is none.
    """
    schema = document.get("seedbox-trust") if isinstance(document, dict) else None
    if type(schema) is not int:
        raise ValueError("it does not say which schema it has")
    if schema != SCHEMA:
        raise ValueError(f"it has schema {schema}, this seedbox reads {SCHEMA}")
    records = _fields("", document, {"seedbox-trust", "ids"})["ids"]
    if not isinstance(records, dict) or not all(map(_ID.fullmatch, records)):
        raise ValueError("'ids' is no mapping of ids")
    return Store({id_: _record(id_, record) for id_, record in records.items()})


def _record(id_: str, said: object) -> Record:
    fields = _fields(id_, said, {"keys"}, set(Kind))
    keys = fields.pop("keys")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ValueError(f"'keys' of {id_} is no list of keys")
    floors = {Kind(kind): _floor(f"{kind} of {id_}", floor) for kind, floor in fields.items()}
    return Record(tuple(PublicKey.parse(key, file=f"a key of {id_}") for key in keys), floors)


def _floor(of: str, said: object) -> Floor:
    fields = _fields(of, said, {"sequence", "sha256", "seen"}, {"entries"})
    try:
        seen = datetime.fromisoformat(fields["seen"])
    except (TypeError, ValueError):
        seen = None
    if seen is None or seen.tzinfo is None:
        raise ValueError(f"'seen' of {of} is no time")
    entries = None
    if "entries" in fields:
        of_entries = _fields(f"entries, {of},", fields["entries"], {"count", "sha256"})
        entries = Entries(_count(of, of_entries["count"]), _digest(of, of_entries["sha256"]))
    return Floor(_count(of, fields["sequence"]), _digest(of, fields["sha256"]), seen, entries)


def _fields(
    of: str, said: object, wanted: set[str], more: set[str] | set[Kind] | None = None
) -> dict[str, Any]:
    """Return a mapping that has the keys that it should."""
    if not isinstance(said, dict) or not wanted <= set(said) <= wanted | set(more or ()):
        raise ValueError(f"{of or 'it'} has not the keys {', '.join(sorted(wanted))}")
    return dict(said)


def _count(of: str, said: object) -> int:
    if type(said) is not int or said < 0:
        raise ValueError(f"a number in {of} is {said!r}")
    return said


def _digest(of: str, said: object) -> bytes:
    if not isinstance(said, str) or not _DIGEST.fullmatch(said):
        raise ValueError(f"a digest in {of} is {said!r}")
    return bytes.fromhex(said)
