"""Writing: whole or not at all, and never over a file that seedbox did not make."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from seedbox.disk.reading import Absent, Located, attempt, folder_of, look, open_file, vacant
from seedbox.errors import DestinationTakenError, InUseError

_PAUSE = 0.05  # seconds between two looks at a lock


def make_folder(folder: Path) -> None:
    """Make a folder that the user named, with its parents.

    Raises:
        DiskError: It cannot be made.
    """
    with attempt("make the folder", folder):
        folder.mkdir(parents=True, exist_ok=True)


def make_folders_below(root: Path, parts: tuple[str, ...]) -> Path:
    """Make the folders of a path from outside below `root`, following no link.

    Raises:
        DiskError: One cannot be made, or something else stands in its place.
    """
    path = root
    for part in parts:
        path = path / part
        with attempt("make the folder", path):
            if not path.is_dir() or path.is_symlink():
                path.mkdir()
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that after a crash there is the old one or the new one, never a part.

    Raises:
        DiskError: The system refuses; the old file is untouched.
        NoSpaceError: The disk is full; the old file is untouched.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with attempt("write", path):
            beside.unlink(missing_ok=True)  # a killed run may have had the same process id
            with beside.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(path)
            _sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # the first refusal is the one to tell
            beside.unlink()
        raise


def standing(path: Path, limit: int) -> bytes | None:
    """Return the bytes of the file that stands where seedbox wants to write; None: nothing does.

    Raises:
        DestinationTakenError: A link, a folder, or a file of more than `limit` bytes stands there.
        DiskError: The file cannot be read.
    """
    found = look(path.parent, (path.name,))
    if isinstance(found, Absent) and vacant(path.parent, (path.name,)):
        return None
    if isinstance(found, Absent) or found.size > limit:
        raise DestinationTakenError(str(path))
    with attempt("read", path), os.fdopen(open_file(found), "rb") as stream:
        return stream.read(limit)


def _sync_folder(folder: Path) -> None:
    """Make renames in a folder last through a crash."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def move_new(source: Path, root: Path, parts: tuple[str, ...]) -> None:
    """Move a file that seedbox made to its final place, where nothing may stand yet.

    A hard link and then an unlink, since a rename would replace what stands there.

    Raises:
        DestinationTakenError: Something stands there.
        DiskError: The system refuses.
    """
    folder = make_folders_below(root, parts[:-1])
    target = folder / parts[-1]
    with attempt("move a file to", target):
        try:
            os.link(source, target, follow_symlinks=False)
        except FileExistsError:
            raise DestinationTakenError(str(target)) from None
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EMLINK}:
                raise
            _rename_new(source, target)  # file systems without hard links
            return
        source.unlink()


def replace_made(source: Path, target: Path) -> None:
    """Move a file that seedbox made to its final place; what seedbox has made there goes.

    Raises:
        DiskError: The system refuses.
    """
    with attempt("move a file to", target):
        source.replace(target)
        _sync_folder(target.parent)


def _rename_new(source: Path, target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise DestinationTakenError(str(target))
    source.rename(target)


def copy_new(file: Located, root: Path, parts: tuple[str, ...]) -> None:
    """Copy a file to a place below a folder that seedbox made.

    Raises:
        DiskError: The system refuses, or something stands there.
    """
    folder = make_folders_below(root, parts[:-1])
    target = folder / parts[-1]
    fd = open_file(file)
    with (
        attempt("copy a file to", target),
        os.fdopen(fd, "rb") as source,
        target.open("xb") as stream,
    ):
        shutil.copyfileobj(source, stream, 1 << 20)


def create_empty(root: Path, parts: tuple[str, ...]) -> None:
    """Make an empty file below a folder that seedbox made.

    Raises:
        DiskError: The system refuses, or something stands there.
    """
    folder = make_folders_below(root, parts[:-1])
    target = folder / parts[-1]
    with attempt("make", target):
        target.touch(exist_ok=False)


def sync(file: Located) -> None:
    """Make the bytes of a file that seedbox wrote last through a crash.

    Raises:
        DiskError: The system could not write them.
    """
    fd = open_file(file)
    try:
        with attempt("write", file.path):
            os.fsync(fd)
    finally:
        os.close(fd)


def remove_made(path: Path) -> None:
    """Remove a file, or a folder with all in it, that seedbox made for itself.

    Raises:
        DiskError: It, or something in it, cannot be removed.
    """
    with attempt("remove", path), contextlib.suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def remove_same(file: Located) -> bool | None:
    """Remove a file that seedbox made, if it is what it was when located: size, time and inode.

    No link is followed on the way to it.

    Returns:
        Whether it was removed; False: another file stands there, and is not touched; None: nothing
        is there.

    Raises:
        DiskError: It cannot be removed.
    """
    name = file.parts[-1]
    with attempt("remove", file):
        try:
            with folder_of(file.root, file.parts) as folder:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                is_ = stat.S_ISREG(found.st_mode), found.st_size, found.st_mtime_ns, found.st_ino
                if is_ != (True, file.size, file.mtime_ns, file.inode):
                    return False
                os.unlink(name, dir_fd=folder)
                os.fsync(folder)
        except (FileNotFoundError, NotADirectoryError):
            return None
    return True


def remove_empty(folder: Path) -> None:
    """Remove a folder that seedbox made for itself, unless something is left in it.

    Raises:
        DiskError: It cannot be removed.
    """
    with attempt("remove", folder), contextlib.suppress(FileNotFoundError):
        if not any(folder.iterdir()):
            folder.rmdir()


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone, as long as the context lasts.

    The lock ends with the process, however it ends; the empty lock file stays.

    Raises:
        InUseError: Another process holds it.
        DiskError: The lock file cannot be made.
    """
    make_folder(folder)
    path = folder / "lock"
    with attempt("lock", path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with attempt("lock", path):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUseError(str(folder)) from None
        yield
    finally:
        os.close(fd)


def hold(
    stream: BinaryIO, path: Path, *, patience: float, on_wait: Callable[[], None] | None = None
) -> None:
    """Lock an open file for this opening of it alone, until it is closed, in whatever way.

    Args:
        stream: The file, open for writing.
        path: Where it lies.
        patience: Seconds to wait for whoever holds it.
        on_wait: Is called once, if it is held.

    Raises:
        InUseError: It is still held when patience has run out.
        DiskError: The file system has no locks.
    """
    deadline, pause = time.monotonic() + patience, threading.Event()
    while not _locked(stream, path):
        if on_wait:
            on_wait()
            on_wait = None
        if time.monotonic() >= deadline:
            raise InUseError(str(path))
        pause.wait(_PAUSE)


def _locked(stream: BinaryIO, path: Path) -> bool:
    with attempt("lock", path):
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
