"""Files of digests: the SHA-256 of each item in a tar, kept beside the record of the tar.

The catalog wants them, and an --items table may have said them. Whoever packs a shard writes its
file before the tar gets its name, so no later build has to read the tar for them.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import DiskError
from seedbox.hashing.messages import DIGEST

_HEADER = struct.Struct(">24s64sQ")  # magic, fingerprint, count
_MAGIC = b"seedbox item digests 1".ljust(24, b"\0")
_CHUNK = 4096 * DIGEST  # bytes a read


@dataclass(frozen=True, slots=True)
class KeptDigests:
    """The digests of one tar's items, in their order; iterating reads them from the file."""

    path: Path
    fingerprint: str  # of what the tar is made of
    count: int

    def keep(self, digests: bytearray) -> None:
        """Write the file, which lasts from then on.

        Raises:
            DiskError, NoSpaceError: It cannot be written; what was there still is.
        """
        disk.make_folder(self.path.parent)
        disk.write_whole(self.path, b"".join((self._header, digests)))

    def there(self) -> bool:
        """Tell whether the file is there, whole, and of this very tar.

        Raises:
            DiskError: It cannot be read.
        """
        found = disk.look(self.path.parent, (self.path.name,))
        if isinstance(found, disk.Absent) or found.size != _HEADER.size + DIGEST * self.count:
            return False
        with disk.attempt("read", found), os.fdopen(disk.open_file(found), "rb") as stream:
            return stream.read(_HEADER.size) == self._header

    def __iter__(self) -> Iterator[bytes]:
        """Yield each digest; few of them are in memory at once.

        Raises:
            DiskError: The file is not there any more, or cannot be read.
        """
        found = disk.look(self.path.parent, (self.path.name,))
        if isinstance(found, disk.Absent) or not self.there():
            raise DiskError(str(self.path), "read", "it is not what was written there")
        with disk.attempt("read", found), os.fdopen(disk.open_file(found), "rb") as stream:
            stream.seek(_HEADER.size)
            while chunk := stream.read(_CHUNK):
                for at in range(0, len(chunk), DIGEST):
                    yield chunk[at : at + DIGEST]

    @property
    def _header(self) -> bytes:
        return _HEADER.pack(_MAGIC, self.fingerprint.encode(), self.count)
