"""What disks and machines do to programs: refused calls by map, files that may not grow, leaks."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def refusing(call: str, where: str, code: int, *, after: int = 0) -> Iterator[list[str]]:
    """Make a function of `os` fail for paths that match a pattern; gives the paths refused.

    Args:
        call: Its name; its first argument is a path or a descriptor.
        where: Pattern of paths, as for `fnmatch`.
        code: The errno.
        after: How many matching calls go well first.
    """
    real: Callable[..., Any] = getattr(os, call)
    refused: list[str] = []
    matching = 0

    def wrapped(first: int | str, *args: object, **more: object) -> object:
        nonlocal matching
        path = str(_path_of(first)) if isinstance(first, int) else os.fspath(first)
        if fnmatchcase(path, where):
            matching += 1
            if matching > after:
                refused.append(path)
                raise OSError(code, os.strerror(code), path)
        return real(first, *args, **more)

    setattr(os, call, wrapped)
    try:
        yield refused
    finally:
        setattr(os, call, real)


def _path_of(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


@contextlib.contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Let no file grow beyond a size; writing more fails with EFBIG, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def nothing_left_open() -> Iterator[None]:
    """Hold what happens inside to leaving no thread and no descriptor behind."""
    before = _open()
    yield
    assert _open() == before


def _open() -> tuple[set[str], set[str]]:
    threads = {thread.name for thread in threading.enumerate()}
    return threads, {entry.name for entry in Path("/proc/self/fd").iterdir()}
