"""A second name for a file, so that it can be shared from where it belongs.

What seedbox made may be copied and replaced; what it found is linked or left alone.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
from collections.abc import Collection
from pathlib import Path

from seedbox.disk.reading import Located, attempt, look, vacant
from seedbox.disk.writing import copy_new, make_folders_below, remove_made
from seedbox.errors import DestinationTakenError, SourceChangedError

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


# --- files that seedbox did not make ----------------------------------------------------------


class CannotLinkError(Exception):
    """The system gives a file no second name at a place; says why, in words."""


def link_found(file: Located, root: Path, parts: tuple[str, ...]) -> Located:
    """Give a file that seedbox did not make a second name where nothing stands; never a copy.

    Args:
        file: As it was when its content was proven.
        root: A data folder.
        parts: The name below it.

    Returns:
        The file under its new name.

    Raises:
        CannotLinkError: Another file system, or one without hard links, or not our file to link.
        DestinationTakenError: Something stands there.
        SourceChangedError: The file is not as it was; it has no second name.
        DiskError: The system refuses otherwise.
    """
    folder = make_folders_below(root, parts[:-1])
    target = folder / parts[-1]
    with attempt("link a file to", target):
        try:
            os.link(file.path, target, follow_symlinks=False)
        except FileExistsError:
            raise DestinationTakenError(str(target)) from None
        except FileNotFoundError:
            raise SourceChangedError(str(file.path), was="it was there", now="is missing") from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise CannotLinkError(_why_not(error.errno)) from error
    linked = look(root, parts)
    if isinstance(linked, Located) and _stat(linked) == _stat(file):
        return linked
    with attempt("remove", target):
        target.unlink()  # a name that was made a moment ago; the file keeps its own
    raise SourceChangedError(
        str(file.path), was=f"it had {file.size:,} bytes", now="it is another file, or changed"
    )


def _stat(file: Located) -> tuple[int, int, int]:
    return file.size, file.mtime_ns, file.inode


def _why_not(code: int | None) -> str:
    if code == errno.EXDEV:
        return "it lies on another file system"
    if code == errno.EMLINK:
        return "it has as many names as its file system allows"
    return "the system allows no hard link to it (not your file, or a file system without links)"


def lend(file: Located, root: Path, parts: tuple[str, ...], *, copy: bool) -> None:
    """Give a file to who reads it below a folder that seedbox made, by a second name or a copy.

    Args:
        file: The file.
        root: The folder.
        parts: The name below it, where nothing stands.
        copy: It may be written to there, so it must not be the file itself.

    Raises:
        SourceChangedError: The file is not as it was.
        NoSpaceError, DiskError: The system refuses.
    """
    if not copy:
        try:
            link_found(file, root, parts)
        except CannotLinkError:
            copy = True
    if copy:
        copy_new(file, root, parts)


def shared(file: Located) -> bool:
    """Tell whether a file has another name, so that writing to it would change that one too.

    Raises:
        DiskError: The system does not say.
    """
    with attempt("look at", file):
        return file.path.lstat().st_nlink > 1


def make_own(file: Located, beside: Path) -> None:
    """Put a copy in the place of a name that seedbox made for a file with other names.

    Args:
        file: Under the name that seedbox made.
        beside: Where nothing is kept, on the same file system, for the copy in the making.

    Raises:
        NoSpaceError, DiskError: The system refuses; the name stays as it was.
    """
    remove_made(beside)
    copy_new(file, beside.parent, (beside.name,))
    with attempt("write", file):
        beside.replace(file.path)
