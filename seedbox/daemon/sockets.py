"""Where the interface listens: a Unix socket that only its owner can use, or an address.

A Unix socket appears at its path when it is ready and as private as it will be, by a rename, which
also takes the place of a dead daemon's. The path may be longer than the 107 bytes that the system
takes: then it is reached by way of its folder's descriptor.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from seedbox.engine.base import Endpoint
from seedbox.errors import ApiAddressError, DaemonRunningError, DestinationTakenError, DiskError

_MOST = 107  # bytes of a path that a socket address holds, on Linux; elsewhere 103
_BACKLOG = 128


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """Give a name of a socket that a socket address can hold.

    Raises:
        DiskError: Its folder cannot be opened.
    """
    if len(os.fsencode(path)) <= _MOST:
        yield str(path)
        return
    try:
        fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise DiskError(str(path.parent), "open", error.strerror or str(error)) from error
    try:
        yield f"/proc/self/fd/{fd}/{path.name}"
    finally:
        os.close(fd)


def bind_path(path: Path) -> socket.socket:
    """Return a socket that listens at a path, for this user alone.

    Raises:
        DaemonRunningError: Somebody listens there.
        DestinationTakenError: What stands there is no socket, or not ours.
        DiskError: The system refuses.
    """
    beside = path.with_name(f".{path.name[:20]}.{os.getpid()}")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        make_private(path.parent)
        _check_vacant(path)
        beside.unlink(missing_ok=True)  # of a killed process with the same id
        with short(beside) as name:
            sock.bind(name)
        beside.chmod(0o600)
        sock.listen(_BACKLOG)
        beside.rename(path)
    except BaseException as error:
        sock.close()
        with contextlib.suppress(OSError):  # it may not be there
            beside.unlink()
        if isinstance(error, OSError):
            raise DiskError(str(path), "listen on", error.strerror or str(error)) from error
        raise
    return sock


def make_private(folder: Path) -> None:
    """Make a folder that only its owner can enter; one that is ours and stands is made so.

    Raises:
        DiskError: The system refuses, or others may write to it and it is not ours to change.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        if status.st_uid == os.geteuid():
            if stat.S_IMODE(status.st_mode) & 0o077:
                folder.chmod(0o700)
        elif status.st_mode & 0o022:
            raise DiskError(str(folder), "trust", "it is not yours, and others may write to it")
    except OSError as error:
        raise DiskError(str(folder), "use", error.strerror or str(error)) from error


def _check_vacant(path: Path) -> None:
    """Let pass where nothing stands, or the socket of a daemon of ours that is dead."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid():
        raise DestinationTakenError(str(path))
    if answers(path):
        raise DaemonRunningError(str(path.parent), what="state", pid=None)


def answers(path: Path) -> bool:
    """Tell whether somebody listens at a path."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock, short(path) as name:
        sock.settimeout(1.0)
        try:
            sock.connect(name)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # it is there, and busy
            return True
        return True


def remove(path: Path, sock: socket.socket, inode: int) -> None:
    """Close a socket, and take its name away if it is still that of this one."""
    sock.close()
    with contextlib.suppress(OSError):  # somebody else may have been quicker
        if path.lstat().st_ino == inode:
            path.unlink()


def bind_address(endpoint: Endpoint) -> socket.socket:
    """Return a socket that listens on an address.

    Raises:
        ApiAddressError: The system refuses.
    """
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((endpoint.host, endpoint.port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise ApiAddressError(str(endpoint), error.strerror or str(error)) from error
    return sock
