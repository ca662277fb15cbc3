"""A file that is written in places and in no order, and appears under its name once it is whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from seedbox.disk.reading import Located, attempt, look
from seedbox.disk.writing import make_folder, remove_made
from seedbox.errors import SeedboxError

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class PartFile:
    """A file of known size in the making; made by `assembling`."""

    def __init__(self, path: Path, fd: int) -> None:
        """See `assembling`."""
        self.path = path
        self._fd = fd

    def write(self, data: memoryview, at: int) -> None:
        """Write bytes to their place; may be called from several threads at once.

        Raises:
            NoSpaceError: The disk is full.
            DiskError: The system refuses.
        """
        with attempt("write", self.path):
            while data:
                written = os.pwrite(self._fd, data, at)
                data, at = data[written:], at + written

    def hurry(self, at: int, length: int) -> None:
        """Begin to bring written bytes to the disk, without waiting: `sync` has less to do then.

        Linux does so when it is told that they will not be read again; other systems are not asked.
        """
        if hasattr(os, "posix_fadvise"):
            with attempt("write", self.path):
                os.posix_fadvise(self._fd, at, length, os.POSIX_FADV_DONTNEED)

    def sync(self) -> None:
        """Make all bytes last through a crash.

        Raises:
            DiskError: The system refuses, and the file is gone: after a failed fsync(2) nobody
                knows which of its bytes are on the disk, and reading them would not tell.
        """
        try:
            with attempt("write", self.path):
                os.fsync(self._fd)
        except SeedboxError:
            remove_made(self.path)
            raise

    def rename(self, target: Path) -> None:
        """Give the file its name; replaces what stands there.

        Raises:
            DiskError: The system refuses.
        """
        with attempt("move a file to", target):
            self.path.replace(target)
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


@contextlib.contextmanager
def assembling(path: Path, size: int) -> Iterator[PartFile]:
    """Open a file in the making, or go on with the one that is there.

    Args:
        path: Of the file while it is made; on the disk of its target.
        size: Bytes that it will have; it has them at once, as a hole.

    Raises:
        DiskError: The system refuses.
    """
    make_folder(path.parent)
    with attempt("write", path):
        fd = os.open(path, _FLAGS, 0o644)
    try:
        with attempt("write", path):
            os.ftruncate(fd, size)
        yield PartFile(path, fd)
    finally:
        os.close(fd)


def begun(path: Path, size: int) -> Located | None:
    """Return a file in the making as an earlier run left it; None: there is none of that size."""
    found = look(path.parent, (path.name,))
    return found if isinstance(found, Located) and found.size == size else None
