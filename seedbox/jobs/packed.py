"""What is known of a file in OUT: which input it was made of, and that it is still seedbox's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk

_LIMIT = 4096  # bytes; a record is a short line
_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Made:
    """The record of a file: a tar shard, or a part of a catalog."""

    record: Path
    fingerprint: str  # of the input that it is to be made of now

    def keep(self, path: Path, target: Path) -> None:
        """Write down that this input has become the file at `path`, which will go to `target`.

        What stands at the target still counts as seedbox's, if it does now: the move may fail.

        Raises:
            DiskError: The system refuses.
        """
        standing = [line for line in self._lines() if line[1:] == _traits(target)]
        lines = [[self.fingerprint, *_traits(path)], *standing]
        disk.write_whole(self.record, json.dumps(lines).encode())

    def still(self, target: Path) -> bool:
        """Tell whether a file is what this very input became, as far as it shows outside."""
        return [self.fingerprint, *_traits(target)] in self._lines()

    def stranger(self, target: Path) -> bool:
        """Tell whether something stands at the target that seedbox did not make."""
        if disk.vacant(target.parent, (target.name,)):
            return False
        traits = _traits(target)
        return not any(line[1:] == traits for line in self._lines())

    def _lines(self) -> list[list[object]]:
        """Return [fingerprint, size, mtime, inode] of each file that was made."""
        data = disk.standing(self.record, _LIMIT)
        try:
            lines = json.loads(data or b"[]")
        except ValueError:
            return []
        if not isinstance(lines, list):
            return []
        return [line for line in lines if isinstance(line, list) and len(line) == _FIELDS]


def _traits(path: Path) -> list[object]:
    found = disk.look(path.parent, (path.name,))
    if isinstance(found, disk.Absent):
        return []
    return [found.size, found.mtime_ns, found.inode]
