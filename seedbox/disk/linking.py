"""A second name for a file that seedbox made, so that it can be shared from where it belongs."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
from pathlib import Path

from seedbox.disk.reading import Located, attempt, look, vacant
from seedbox.disk.writing import copy_new, make_folders_below
from seedbox.errors import DestinationTakenError

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV})


def link_made(file: Located, root: Path, parts: tuple[str, ...]) -> Located:
    """Give a file that seedbox made a name below a folder that seedbox made.

    Nothing is lost: what stands there goes only if it has another name elsewhere, as what an
    earlier run linked has. On file systems without hard links the file is copied.

    Returns:
        The file under its new name.

    Raises:
        DestinationTakenError: Something else stands there, and nowhere else.
        NoSpaceError, DiskError: The system refuses.
    """
    folder = make_folders_below(root, parts[:-1])
    target = folder / parts[-1]
    found = look(root, parts)
    if isinstance(found, Located):
        with attempt("look at", target):
            if found.inode == file.inode or filecmp.cmp(file.path, target, shallow=False):
                return found
            if target.lstat().st_nlink == 1:
                raise DestinationTakenError(str(target))
            target.unlink()
    elif not vacant(root, parts):
        raise DestinationTakenError(str(target))
    try:
        with attempt("link a file to", target):
            _link(file, target)
    except _NoLinksError:
        _copy(file, root, parts)
    return link_made(file, root, parts)  # which finds it there, and a copy to be as its original


class _NoLinksError(Exception):
    """The file system gives a file one name only."""


def _link(file: Located, target: Path) -> None:
    try:
        os.link(file.path, target, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_LINKS:
            raise _NoLinksError from error
        raise


def _copy(file: Located, root: Path, parts: tuple[str, ...]) -> None:
    try:
        copy_new(file, root, parts)
    except BaseException:
        with contextlib.suppress(OSError):  # the first refusal is the one to tell
            root.joinpath(*parts).unlink()
        raise
