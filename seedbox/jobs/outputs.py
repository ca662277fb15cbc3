"""Files that a build writes, and may write again, beside files that it may not touch.

A record of the digests of everything written is kept; a file is replaced only if it still is
what seedbox wrote there. What somebody else wrote or changed stays, and is named.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import DestinationTakenError

_MAX_BYTES = 1 << 30
_MAX_RECORD = 1 << 28


class Outputs:
    """The files that seedbox makes in one folder."""

    def __init__(self, folder: Path, record: Path) -> None:
        """Read the record of what was made before.

        Args:
            folder: What is written goes below it.
            record: Where the digests are kept.
        """
        self.folder = folder
        self._record = record
        known = disk.standing(record, _MAX_RECORD) or b""
        self._made = set(known.decode(errors="replace").split())

    def write(self, name: str, data: bytes) -> Path:
        """Write a file below the folder, whole or not at all.

        Raises:
            DestinationTakenError: Something that seedbox did not write stands there.
            DiskError: The system refuses.
        """
        path = self.folder / name
        current = disk.standing(path, _MAX_BYTES)
        if current == data:
            return path
        if current is not None and sha256(current).hexdigest() not in self._made:
            raise DestinationTakenError(str(path))
        disk.make_folder(path.parent)
        self._made.add(sha256(data).hexdigest())
        # The record goes first: after a crash between the two, it names a file that is not there.
        disk.write_whole(self._record, "\n".join(sorted(self._made)).encode())
        disk.write_whole(path, data)
        return path

    def wrote(self, data: bytes) -> bool:
        """Tell whether seedbox has written these bytes somewhere below the folder."""
        return sha256(data).hexdigest() in self._made
