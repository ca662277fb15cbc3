"""Finding files of some sizes in a folder of any size: nothing else is kept."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from seedbox.disk.reading import Absent, Located
from seedbox.errors import SourceError

OnFolder = Callable[[int], None]  # gets how many files were seen in a folder that was gone through


def find_sizes(
    root: Path,
    sizes: Collection[int],
    *,
    on_folder: OnFolder,
    on_closed: Callable[[Absent], None],
    skip: Collection[str] = (),
) -> Iterator[Located]:
    """Yield the regular files below a folder that have one of some sizes, in no order.

    Only folders that are still to be gone through are kept in memory. No symbolic link is followed.

    Args:
        root: The folder.
        sizes: In bytes.
        on_folder: Hears after each folder how many files it has.
        on_closed: Hears of each folder that cannot be listed; the others are gone through.
        skip: Names of folders to leave out, wherever they are.

    Raises:
        SourceError: There is no folder at `root`.
    """
    root = _folder(root)
    todo: list[tuple[str, ...]] = [()]
    while todo:
        folder, seen = todo.pop(), 0
        try:
            with os.scandir(root.joinpath(*folder)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in skip:
                            todo.append((*folder, entry.name))
                        continue
                    seen += 1
                    with contextlib.suppress(FileNotFoundError):  # it went meanwhile
                        if found := _fitting(root, (*folder, entry.name), entry, sizes):
                            yield found
        except OSError as error:  # its place in the walk is all that is lost, and it is told
            on_closed(Absent(root, folder, f"cannot be listed: {error.strerror}"))
        on_folder(seen)


def _folder(path: Path) -> Path:
    real = Path(os.path.realpath(path))
    if not real.is_dir():
        raise SourceError(str(real), "is no folder", "Pass a folder that exists.")
    return real


def _fitting(
    root: Path, parts: tuple[str, ...], entry: os.DirEntry[str], sizes: Collection[int]
) -> Located | None:
    """Return a file if it is one and has a size that is wanted."""
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) or status.st_size not in sizes:
        return None
    return Located(root, parts, status.st_size, status.st_mtime_ns, status.st_ino)
