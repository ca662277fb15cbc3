"""One daemon for each folder: locks that the kernel lets go when the process ends, however."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from seedbox import disk
from seedbox.errors import DaemonRunningError, StateUnusableError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# What network file systems say instead of locking: NFS maps flock to byte-range locks, which need
# a descriptor that may write (EBADF); others have no locks, or no lock server (flock(2)).
_NO_LOCKS = {errno.EBADF, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


@dataclass(slots=True)
class Locks:
    """The folders of one daemon, held for it alone until closed or until the process ends.

    Nothing is written: the lock is on the folder itself, so data that is mounted read-only can be
    locked too. A child process that was forked holds it as long as it lives.
    """

    warnings: tuple[str, ...] = ()  # data folders that cannot be locked, and why
    _held: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def take(cls, state: Path, data: Sequence[Path]) -> Self:
        """Lock the state folder, made if need be, and every data folder; all or none.

        A data folder on a file system without locks is used all the same, with a warning: it
        may well be shared read-only by several machines.

        Raises:
            DaemonRunningError: Another process holds one of them.
            StateUnusableError: The state folder's file system has no locks.
            DiskError: A folder cannot be opened.
        """
        disk.make_folder(state)
        locks = cls()
        warnings = []
        seen: set[tuple[int, int]] = set()
        with ExitStack() as stack:
            for folder, what in ((state, "state"), *((each, "data") for each in data)):
                with disk.attempt("lock", folder):
                    fd = os.open(folder, _FOLDER)
                    stack.callback(os.close, fd)
                    found = os.fstat(fd)
                place = (found.st_dev, found.st_ino)
                if place in seen:  # the same folder twice, or data that is also the state's place
                    continue
                seen.add(place)
                if (reason := _lock(fd, folder, what)) is None:
                    continue
                if what == "state":
                    raise StateUnusableError(str(folder), "lock", reason)
                warnings.append(
                    f"{folder} cannot be locked, its file system refuses ({reason}): "
                    "make sure that no other seedbox of any machine writes there"
                )
            locks.warnings = tuple(warnings)
            locks._held = stack.pop_all()
        return locks

    def close(self) -> None:
        """Let all of them go."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lock(fd: int, folder: Path, what: str) -> str | None:
    """Lock an open folder; where its file system has no locks, return its words."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DaemonRunningError(str(folder), what=what, pid=_holder(fd)) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise StateUnusableError(str(folder), "lock", os.strerror(error.errno or 0)) from error
        return os.strerror(error.errno)
    return None


def holder_of(folder: Path) -> int | None:
    """Return the process that holds a folder; None: nobody does, or the system does not tell.

    Nothing is locked for it, not for a moment: a daemon that starts just now is not in the way.

    Raises:
        DiskError: The folder cannot be opened.
    """
    with disk.attempt("look at", folder):
        fd = os.open(folder, _FOLDER)
    try:
        return _holder(fd)
    finally:
        os.close(fd)


def _holder(fd: int) -> int | None:
    """Return the process that holds the lock of a folder, where the system tells (proc(5))."""
    found = os.fstat(fd)
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    try:
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:  # no Linux, or no /proc: the folder alone is named
        return None
    held = [line.split() for line in lines if f" {place} " in line and " FLOCK " in line]
    pids = [int(fields[4]) for fields in held if "->" not in fields]  # "->": it waits for it
    return next((pid for pid in pids if pid > 0), None)  # 0: in another namespace
