"""Reading parts of many files into one buffer: the bulk of the work when items are small."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Protocol, TypeAlias, cast

from seedbox import disk
from seedbox.errors import DiskError
from seedbox.hashing import memory, reading
from seedbox.hashing.extension import Lanes, SharedProgress

Part: TypeAlias = tuple[int, int, int, int]
"""(file, where in it, where in the buffer, length)."""

_Asked: TypeAlias = tuple[int, bytes, int, int, int, int, int]
"""(open folder, path below it, size and mtime in ns of the file, where in it, where in the buffer,
length)."""

_CHUNK = 4 * 1024 * 1024  # bytes a read, between two looks whether to stop


class FileReader(Lanes, Protocol):
    """The extension, with what reads files."""

    def read_files(
        self,
        files: Iterable[_Asked],
        buffer: bytearray | memoryview,
        *,
        progress: SharedProgress | None = None,
        by_steps: bool = False,
    ) -> bool:
        """Read parts of files, opened without following links; False if cancelled."""
        ...


def file_reader() -> FileReader | None:
    """Return the extension if it is to be used.

    Raises:
        UsageError: SEEDBOX_HASH names a path that this machine cannot run.
    """
    return cast("FileReader | None", memory.usable())


def gather(
    files: Sequence[disk.Located],
    parts: Sequence[Part],
    buffer: memoryview,
    extension: FileReader,
    progress: SharedProgress,
) -> bool:
    """Read parts of files without the interpreter's lock; False if cancelled.

    Raises:
        SourceChangedError: A file is not as it was when it was located.
        DiskError: A file cannot be read, or its folder has become a link.
    """
    with Folders() as folders:
        try:
            return extension.read_files(_asked(files, parts, folders), buffer, progress=progress)
        except extension.ReadError as error:
            index, at, code = error.args
            raise named(files[parts[index][0]], at, code) from None


def gather_portable(
    files: Sequence[disk.Located], parts: Sequence[Part], buffer: memoryview, stopped: Event
) -> bool:
    """Do the same as `gather` where the extension was not built."""
    with disk.Opener() as opener:
        for index, start, at, length in parts:
            file = files[index]
            fd = opener.open(file)
            try:
                reading.check(file, fd)
                for room, offset in _chunks(buffer[at : at + length], start):
                    if stopped.is_set():
                        return False
                    _fill(file, fd, room, offset)
                reading.check(file, fd)
            finally:
                os.close(fd)
    return True


def _chunks(room: memoryview, start: int) -> Iterator[tuple[memoryview, int]]:
    for at in range(0, len(room), _CHUNK):
        yield room[at : at + _CHUNK], start + at


def _fill(file: disk.Located, fd: int, room: memoryview, at: int) -> None:
    while room:
        with disk.attempt("read", file):
            count = os.preadv(fd, [room], at)
        if not count:
            raise reading.ended(file, at)
        room, at = room[count:], at + count


class Folders(contextlib.ExitStack):
    """The folders that files are located below, each opened once: most often there is one."""

    def __init__(self) -> None:
        """Open none yet."""
        super().__init__()
        self._open: dict[Path, int] = {}

    def descriptor(self, root: Path) -> int:
        """Return a folder, open.

        Raises:
            DiskError: It cannot be opened.
        """
        if root not in self._open:
            with disk.attempt("read", root):
                self._open[root] = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self.callback(os.close, self._open[root])
        return self._open[root]


def _asked(files: Sequence[disk.Located], parts: Sequence[Part], folders: Folders) -> list[_Asked]:
    """Return what to ask the extension for; written out, since items can be a million."""
    asked: list[_Asked] = []
    last, folder = None, -1
    for index, start, at, length in parts:
        file = files[index]
        if file.root is not last:
            last, folder = file.root, folders.descriptor(file.root)
        name = os.fsencode("/".join(file.parts))
        asked.append((folder, name, file.size, file.mtime_ns, start, at, length))
    return asked


def named(file: disk.Located, at: int, code: int | None) -> Exception:
    """Return the error for a file that could not be read."""
    if code is not None:
        return DiskError(str(file.path), "read", os.strerror(code))
    with contextlib.suppress(DiskError):  # it has gone since: then it ended, too
        fd = disk.open_file(file)
        try:
            reading.check(file, fd)
        finally:
            os.close(fd)
    return reading.ended(file, at)
