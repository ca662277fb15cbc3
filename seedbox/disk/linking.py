"""A second name for a file that seedbox made, so that it can be shared from where it belongs."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
from collections.abc import Collection
from pathlib import Path

from seedbox.disk.reading import Located, attempt, look, vacant
from seedbox.disk.writing import copy_new, make_folders_below
from seedbox.errors import DestinationTakenError

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV})


def link_made(
    file: Located, root: Path, parts: tuple[str, ...], made: Collection[int] = ()
) -> Located:
    """Give a file that seedbox made a second name; without hard links the file is copied.

    Args:
        file: What gets a second name.
        root: A folder that seedbox made.
        parts: The name below it.
        made: Inodes of all that seedbox has made and keeps. Only a second name of one of these
            gives way: nothing is lost with it, and nobody else's file is touched.

    Returns:
        The file under its new name.

    Raises:
        DestinationTakenError: Something else stands there.
        NoSpaceError, DiskError: The system refuses.
    """
    folder = make_folders_below(root, parts[:-1])
    target = folder / parts[-1]
    found = look(root, parts)
    if isinstance(found, Located):
        with attempt("look at", target):
            if found.inode == file.inode or filecmp.cmp(file.path, target, shallow=False):
                return found
            if found.inode not in made:
                raise DestinationTakenError(str(target))
            target.unlink()
    elif not vacant(root, parts):
        raise DestinationTakenError(str(target))
    try:
        with attempt("link a file to", target):
            _link(file, target)
    except _NoLinksError:
        _copy(file, root, parts)
    return link_made(file, root, parts, made)  # finds it there


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
