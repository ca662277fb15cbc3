"""Files opened for hashing, and held to what they were when the plan was made."""

from __future__ import annotations

import os
from collections.abc import Sequence

from seedbox import disk
from seedbox.errors import SourceChangedError


def located(files: Sequence[disk.Located | None], index: int) -> disk.Located:
    """Return where a file of a layout lies.

    Raises:
        ValueError: It was not located: a bug in the caller.
    """
    file = files[index]
    if file is None:
        raise ValueError(f"file {index} of the layout was not located")
    return file


def check(file: disk.Located, fd: int) -> None:
    """Refuse a file that is not as it was when it was located.

    Raises:
        SourceChangedError: It has another size or time of change.
    """
    if not disk.unchanged(file, fd):
        size = os.fstat(fd).st_size
        now = f"it has {size:,} bytes" if size != file.size else "it was written to since"
        raise SourceChangedError(str(file.path), was=f"it had {file.size:,} bytes", now=now)


def ended(file: disk.Located, at: int) -> SourceChangedError:
    """Return the error for a file that ends too early."""
    now = f"it ends after {at:,} bytes"
    return SourceChangedError(str(file.path), was=f"it had {file.size:,} bytes", now=now)
