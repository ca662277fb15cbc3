"""The token of the interface on TCP: one file that only its owner can read."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from pathlib import Path

from seedbox.daemon.sockets import make_private
from seedbox.errors import DiskError

NAME = "api.token"  # in the state folder
_TOKEN = re.compile(r"[!-~]{32,512}")
_MOST = 1024  # bytes of the file


def token_in(folder: Path) -> str:
    """Return the token of a daemon; it is made if there is none.

    Raises:
        DiskError: It cannot be read or made, or others may read it.
    """
    path = folder / NAME
    make_private(folder)
    beside = path.with_name(f".{NAME}.{os.getpid()}")
    try:
        if not path.exists():
            beside.unlink(missing_ok=True)  # of a killed process with the same id
            fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w", encoding="ascii") as stream:
                stream.write(f"{secrets.token_urlsafe(32)}\n")
                stream.flush()
                os.fsync(stream.fileno())
            with contextlib.suppress(FileExistsError):  # another was quicker; it counts
                os.link(beside, path)
            beside.unlink()
    except OSError as error:
        raise DiskError(str(path), "write", error.strerror or str(error)) from error
    return read_token(path)


def read_token(path: Path) -> str:
    """Return the token in a file.

    Raises:
        DiskError: It cannot be read, others may read it, or there is no token in it.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            text = stream.read(_MOST).decode("latin-1").strip()
    except OSError as error:
        raise DiskError(str(path), "read", error.strerror or str(error)) from error
    if stat.S_ISREG(mode) and mode & 0o077:
        reason = f"others may read it (mode {stat.S_IMODE(mode):o}); make it 600"
        raise DiskError(str(path), "trust the token in", reason)
    if not _TOKEN.fullmatch(text):
        raise DiskError(str(path), "use the token in", "it is not 32 to 512 printable characters")
    return text
