"""What was encoded, kept between runs: encoding is the slowest thing that a build does.

Two files an item, named by a digest of everything that the result depends on: which file it was
made of (path, size, time, inode), and the encoder with its command, version and sample. The
result is put in place first, and then a record with both digests; what has no record is made
anew. A result that was refused for its size has a record alone, since it would be so again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from seedbox import disk
from seedbox.errors import SourceChangedError
from seedbox.jobs.encoder_programs import Ready
from seedbox.jobs.events import StoppedError

Stop = threading.Event

_MAX_RECORD = 4096  # bytes
_READ = 1 << 20  # bytes at once
_SHA256 = 32  # bytes of a digest


@dataclass(frozen=True, slots=True)
class Encoded:
    """An item that is stored as something smaller."""

    file: disk.Located  # what was made of it
    sha256: bytes  # of that
    original: disk.Located
    original_sha256: bytes
    seconds: float  # that encoding took, in this run or in the one that made it


@dataclass(frozen=True, slots=True)
class Place:
    """Where the result of one encoding is kept."""

    folder: Path
    name: str
    suffix: str

    @property
    def result(self) -> Path:
        """The result itself."""
        return self.folder / (self.name + self.suffix)

    @property
    def record(self) -> Path:
        """What is known of it."""
        return self.folder / f"{self.name}.json"


def place(store: Path, original: disk.Located, ready: Ready) -> Place:
    """Return where the result of encoding a file belongs."""
    content = [*original.parts, original.size, original.mtime_ns, original.inode]
    key = hashlib.sha256(ready.fingerprint + json.dumps(content).encode()).hexdigest()
    return Place(store / key[:2], key, ready.encoder.suffix)


def recall(at: Place, original: disk.Located) -> Encoded | str | None:
    """Return what an earlier run made: a result, why its original was kept, or None: nothing."""
    data = disk.standing(at.record, _MAX_RECORD)
    if data is None:
        return None
    try:
        record = json.loads(data)
        if "kept" in record:
            return str(record["kept"])
        digests = bytes.fromhex(record["sha256"]), bytes.fromhex(record["original_sha256"])
        state, seconds = (int(record["size"]), int(record["mtime_ns"])), float(record["seconds"])
    except (ValueError, KeyError, TypeError):  # not as `keep` wrote it: of no use
        return None
    found = disk.look(at.folder, (at.result.name,))
    if isinstance(found, disk.Absent) or (found.size, found.mtime_ns) != state:
        return None
    if [len(digest) for digest in digests] != [_SHA256, _SHA256]:
        return None
    return Encoded(found, digests[0], original, digests[1], seconds)


def keep(
    at: Place, made: disk.Located, original: tuple[disk.Located, bytes], seconds: float, stop: Stop
) -> Encoded:
    """Keep a result that was checked, so that it lasts through a crash.

    Args:
        at: Where it belongs.
        made: Where it lies now.
        original: What it was made of, and its SHA-256.
        seconds: That it took.
        stop: Ends the work.

    Raises:
        NoSpaceError, DiskError: The system refuses; no record says that there is a result.
        StoppedError: `stop` was set.
    """
    own = sha256_of(made, stop)
    disk.make_folder(at.folder)
    with disk.attempt("keep", at.result):
        made.path.chmod(0o644)  # encoders such as zstd copy the mode of what they read
    disk.sync(made)
    with disk.attempt("keep", at.result):
        made.path.replace(at.result)
    file = replace(made, root=at.folder, parts=(at.result.name,))
    record = {
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "sha256": own.hex(),
        "original_sha256": original[1].hex(),
        "seconds": round(seconds, 3),
    }
    disk.write_whole(at.record, json.dumps(record).encode())
    return Encoded(file, own, *original, round(seconds, 3))


def keep_refusal(at: Place, why: str) -> None:
    """Keep why an original stays, for a reason that will be the same in the next run.

    Raises:
        NoSpaceError, DiskError: The system refuses.
    """
    disk.make_folder(at.folder)
    disk.write_whole(at.record, json.dumps({"kept": why}).encode())


def sha256_of(file: disk.Located, stop: Stop) -> bytes:
    """Return the SHA-256 of a file that is, before and after, as it was when it was located.

    Raises:
        SourceChangedError: It is not.
        DiskError: It cannot be read.
        StoppedError: `stop` was set.
    """
    refuse_changed(file)
    running = hashlib.sha256()
    with os.fdopen(disk.open_file(file), "rb", buffering=0) as stream:
        while True:
            with disk.attempt("read", file):
                data = stream.read(_READ)
            if not data:
                break
            if stop.is_set():
                raise StoppedError
            running.update(data)
    refuse_changed(file)
    return running.digest()


def refuse_changed(file: disk.Located) -> None:
    """Refuse a file that is not as it was when it was located.

    Raises:
        SourceChangedError: It has gone, or it has another size, time of change or inode.
    """
    now = disk.look(file.root, file.parts)
    if now == file:
        return
    words = now.reason if isinstance(now, disk.Absent) else f"has {now.size:,} bytes, newer ones"
    raise SourceChangedError(str(file.path), was=f"it had {file.size:,} bytes", now=f"it {words}")
