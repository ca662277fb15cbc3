"""Looking and reading: what lies where, opened without following a link.

A path from outside is walked segment by segment, so nothing outside its folder can be reached.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Self

from seedbox.errors import DiskError, NoSpaceError, SourceError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not hang us
_SECTOR = 512  # bytes; the unit of st_blocks (stat(2)), whatever the file system's own is


@dataclass(frozen=True, slots=True)
class Located:
    """A regular file as it was when looked at."""

    root: Path
    parts: tuple[str, ...]  # below root
    size: int  # bytes
    mtime_ns: int  # nanoseconds since 1970
    inode: int

    @property
    def path(self) -> Path:
        """Where it lies, for people and for messages."""
        return self.root.joinpath(*self.parts)


@dataclass(frozen=True, slots=True)
class Absent:
    """A file that is not there, or not as a regular file without links on the way."""

    root: Path
    parts: tuple[str, ...]  # below root
    reason: str

    @property
    def path(self) -> Path:
        """Where it should lie."""
        return self.root.joinpath(*self.parts)


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in a folder: regular files, and what was left out with the reason."""

    root: Path
    files: tuple[Located, ...]
    left_out: tuple[Absent, ...]


@contextlib.contextmanager
def attempt(action: str, at: Path | Located) -> Iterator[None]:
    """Turn what the system refuses into an error that names the path and the action.

    Raises:
        NoSpaceError: The disk or the quota is full.
        DiskError: Any other refusal.
    """
    try:
        yield
    except OSError as error:
        path = at.path if isinstance(at, Located) else at
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoSpaceError(
                path.name, folder=str(path.parent), need=None, free=_free_or_zero(path)
            ) from error
        raise DiskError(str(path), action, error.strerror or str(error)) from error


def _free_or_zero(path: Path) -> int:
    try:
        return free_space(path.parent)
    except DiskError:
        return 0


def scan(root: Path, *, leave_out: Sequence[Path] = ()) -> Listing:
    """List the files below a folder, or the one file that `root` is.

    Symbolic links are not followed, not even inside the folder; they, devices and sockets are
    left out with a reason.

    Raises:
        SourceError: There is nothing at `root`, no folder and no file, or it is to be left out.
        DiskError: Some folder below cannot be read.
    """
    root = Path(os.path.realpath(root))
    status = _status(root)
    if status is None:
        raise SourceError(str(root), "does not exist", "Pass a folder or file that exists.")
    if stat.S_ISREG(status.st_mode):
        return Listing(root.parent, (_located(root.parent, (root.name,), status),), ())
    if not stat.S_ISDIR(status.st_mode):
        raise SourceError(str(root), "is no file and no folder", "Pass a folder or a file.")
    skip = {Path(os.path.realpath(path)) for path in leave_out}
    if root in skip:
        hint = "Write to another folder; it may lie inside this one."
        raise SourceError(str(root), "is to be read and to be written to", hint)
    inside = {path.relative_to(root).parts for path in skip if path.is_relative_to(root)}
    files: list[Located] = []
    left_out: list[Absent] = []
    todo: list[tuple[str, ...]] = [()]
    while todo:
        for parts, status in _children(root, todo.pop()):
            if parts in inside:
                continue
            if stat.S_ISDIR(status.st_mode):
                todo.append(parts)
            elif stat.S_ISREG(status.st_mode):
                files.append(_located(root, parts, status))
            else:
                left_out.append(Absent(root, parts, _kind(status)))
    by_parts = attrgetter("parts")
    return Listing(root, tuple(sorted(files, key=by_parts)), tuple(sorted(left_out, key=by_parts)))


def _status(path: Path) -> os.stat_result | None:
    """Return what the system knows of a path that the user named; None: nothing is there."""
    with attempt("look at", path):
        try:
            return path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None


def exists(path: Path) -> bool:
    """Tell whether something is at a path that the user named; links are followed.

    Raises:
        DiskError: The system does not say.
    """
    return _status(path) is not None


def _children(
    root: Path, folder: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], os.stat_result]]:
    path = root.joinpath(*folder)
    with attempt("list", path):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:  # below a descriptor the system need not find the folder again for each file
            with os.scandir(fd) as entries:
                found = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
        finally:
            os.close(fd)
    for name, status in found:
        yield (*folder, name), status


def _kind(status: os.stat_result) -> str:
    return "is a symbolic link" if stat.S_ISLNK(status.st_mode) else "is no regular file"


def _located(root: Path, parts: tuple[str, ...], status: os.stat_result) -> Located:
    return Located(root, parts, status.st_size, status.st_mtime_ns, status.st_ino)


def look(root: Path, parts: tuple[str, ...]) -> Located | Absent:
    """Return the regular file at `parts` below `root`, or why there is none."""
    with Opener() as opener:
        return opener.look(root, parts)


def _words(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "is missing"
    if error.errno == errno.ELOOP:
        return "is a symbolic link"
    if error.errno == errno.ENOTDIR:
        return "is missing: a folder on the way is none, or is a symbolic link"
    return f"cannot be read: {error.strerror}"


def vacant(root: Path, parts: tuple[str, ...]) -> bool:
    """Tell whether a new file can go to `parts` below `root`: nothing is there or in the way."""
    try:
        with folder_of(root, parts) as folder:
            os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        return error.errno == errno.ENOENT
    return False


def allocated(file: Located) -> int:
    """Return the bytes that a file takes on its disk; less than its size if it has holes.

    Raises:
        DiskError: The system does not say.
    """
    with attempt("look at", file):
        return min(file.size, file.path.lstat().st_blocks * _SECTOR)


def locate(root: Path, paths: Iterable[tuple[str, ...]]) -> list[Located | Absent]:
    """Look at several files below one folder, in order."""
    with Opener() as opener:
        return [opener.look(root, parts) for parts in paths]


def open_file(file: Located) -> int:
    """Open a located file for reading and return its descriptor; no link is followed.

    Raises:
        DiskError: It cannot be opened any more.
    """
    with attempt("read", file):
        return _open_below(file.root, file.parts, _FILE)


class Opener:
    """Opens many files, most of them in the folder of the one before; no link is followed."""

    def __init__(self) -> None:
        self._at: tuple[Path, tuple[str, ...]] | None = None
        self._folder = contextlib.ExitStack()
        self._fd = -1
        self._refused: OSError | None = None  # why the folder cannot be entered

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.close()

    def open(self, file: Located) -> int:
        """Open a located file for reading and return its descriptor.

        Raises:
            DiskError: It cannot be opened any more.
        """
        with attempt("read", file):
            self._enter(file.root, file.parts)
            if self._refused:
                raise OSError(*self._refused.args)
            return os.open(file.parts[-1], _FILE, dir_fd=self._fd)

    def look(self, root: Path, parts: tuple[str, ...]) -> Located | Absent:
        """Return the regular file at `parts` below `root`, or why there is none."""
        self._enter(root, parts)
        if self._refused:
            return Absent(root, parts, _words(self._refused))
        try:
            fd = os.open(parts[-1], _FILE, dir_fd=self._fd)
        except OSError as error:
            return Absent(root, parts, _words(error))
        try:
            status = os.fstat(fd)
        finally:
            os.close(fd)
        if not stat.S_ISREG(status.st_mode):
            return Absent(root, parts, "is no regular file")
        return _located(root, parts, status)

    def _enter(self, root: Path, parts: tuple[str, ...]) -> None:
        """Hold the folder of a path open, or what the system says instead."""
        if self._at == (at := (root, parts[:-1])):
            return
        self._at = self._refused = None
        self._folder.close()
        try:
            self._fd = self._folder.enter_context(folder_of(root, parts))
        except OSError as error:
            self._refused = error
        self._at = at


def _open_below(root: Path, parts: tuple[str, ...], flags: int) -> int:
    with folder_of(root, parts) as folder:
        return os.open(parts[-1], flags, dir_fd=folder)


@contextlib.contextmanager
def folder_of(root: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """Hold the folder of a path open; below `root` no link is followed on the way.

    Raises:
        OSError: A folder is missing, or a link stands in its place.
    """
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def unchanged(file: Located, fd: int) -> bool:
    """Tell whether an open file still has the size and time that it had when located."""
    status = os.fstat(fd)
    return (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)


def read_whole(path: Path, limit: int) -> bytes:
    """Return a file's bytes.

    Raises:
        SourceError: It does not exist, is no regular file, or is longer than `limit` bytes.
        DiskError: It cannot be read.
    """
    status = _status(path)
    if status is None:
        raise SourceError(str(path), "does not exist", "Pass the path of a file that exists.")
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(str(path), "is no regular file", "Pass the path of a file.")
    with attempt("read", path), path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise SourceError(str(path), f"is longer than {limit:,} bytes", "Pass a smaller file.")
    return data


def read_located(file: Located, limit: int) -> bytes:
    """Return the bytes of a file that was found below a folder; no link is followed.

    Raises:
        SourceError: It is longer than `limit` bytes.
        DiskError: It cannot be read.
    """
    if file.size > limit:
        raise SourceError(str(file.path), f"is longer than {limit:,} bytes", "Pass a smaller file.")
    with attempt("read", file), os.fdopen(open_file(file), "rb") as stream:
        return stream.read(limit)


def free_space(folder: Path) -> int:
    """Return the bytes that may still be written at a folder, or where it will be made.

    Raises:
        DiskError: The system does not say.
    """
    while not exists(folder) and folder != folder.parent:
        folder = folder.parent
    with attempt("ask for free space at", folder):
        return shutil.disk_usage(folder).free
