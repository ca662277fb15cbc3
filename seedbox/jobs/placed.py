"""Which files in a data folder seedbox has made itself: a small record for each shard.

A fetch writes it before it moves a shard's files to their places, and a file keeps its inode when
it moves. So at every instant each file that came from a fetch is in a record, and a file of
anybody else's is in none, or has another size, time or inode than the record says. That is what
allows it to be deleted when the publisher takes the shard back; nothing else is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbox import disk
from seedbox.errors import SeedboxError
from seedbox.plan.places import STATE

SCHEMA = 1
_FOLDER = "placed"
_MOST = 256 * 1024 * 1024  # bytes; a million files
_NO_NAMES = {"", ".", ".."}
_NO_NAME = re.compile("[/\0]")
_KEY = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Placed:
    """A file that seedbox has put into a data folder, as it was then."""

    parts: tuple[str, ...]  # below the data folder
    size: int  # bytes
    mtime_ns: int  # nanoseconds since 1970
    inode: int

    def located(self, data: Path) -> disk.Located:
        """Return the file as it has to be found to be this one."""
        return disk.Located(data, self.parts, self.size, self.mtime_ns, self.inode)


def record_path(data: Path, id: str, key: str) -> Path:  # noqa: A002  (as the manifest calls it)
    """Return where the record of a shard lies."""
    return data.joinpath(*id.split("/"), STATE, _FOLDER, f"{key}.json")


def add_placed(path: Path, new: Sequence[Placed]) -> None:
    """Write down files that are about to be moved to their places; on the disk when it returns.

    Raises:
        DiskError, NoSpaceError: The system refuses.
    """
    known = {each.parts: each for each in read_placed(path)}
    known |= {each.parts: each for each in new}
    write_placed(path, known.values())


def write_placed(path: Path, placed: Iterable[Placed]) -> None:
    """Replace a record; one without files is removed.

    Raises:
        DiskError, NoSpaceError: The system refuses.
    """
    rows = [[list(each.parts), each.size, each.mtime_ns, each.inode] for each in placed]
    if not rows:
        disk.remove_made(path)
        return
    disk.make_folder(path.parent)
    document = {"seedbox-placed": SCHEMA, "files": rows}
    disk.write_whole(path, f"{json.dumps(document)}\n".encode())


def read_placed(path: Path) -> tuple[Placed, ...]:
    """Return what a record has; nothing if there is none, or if it cannot be understood.

    What cannot be understood allows nothing to be deleted, which is the safe side.
    """
    found = disk.look(path.parent, (path.name,)) if path.parent.is_dir() else None
    if not isinstance(found, disk.Located) or not _KEY.fullmatch(path.stem):
        return ()
    try:
        document = json.loads(disk.read_located(found, _MOST))
        if document["seedbox-placed"] != SCHEMA:
            return ()
        return tuple(map(_placed, document["files"]))
    except (SeedboxError, ValueError, TypeError, KeyError, RecursionError):
        return ()


def _placed(row: Any) -> Placed:  # noqa: ANN401  (what a file of anybody's may hold)
    """Read a row.

    Raises:
        ValueError, TypeError: It is none.
    """
    parts, *numbers = row
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise TypeError("no path")
    if not parts or any(part in _NO_NAMES or _NO_NAME.search(part) for part in parts):
        raise ValueError("a path that leads elsewhere")
    size, mtime_ns, inode = numbers
    if not all(type(number) is int for number in numbers):
        raise TypeError("no numbers")
    return Placed(tuple(parts), size, mtime_ns, inode)
