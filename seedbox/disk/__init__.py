"""Every file operation: look, read, write whole, move without overwriting, lock.

Two rules hold everywhere. No symbolic link below a folder is followed, so nothing outside it can
be reached. And no file that seedbox did not make is opened for writing, replaced or removed.
"""

from seedbox.disk.reading import (
    Absent,
    Listing,
    Located,
    Opener,
    allocated,
    attempt,
    exists,
    free_space,
    locate,
    look,
    open_file,
    read_located,
    read_whole,
    scan,
    unchanged,
    vacant,
)
from seedbox.disk.writing import (
    copy_new,
    create_empty,
    hold,
    lock,
    make_folder,
    make_folders_below,
    move_new,
    remove_empty,
    remove_made,
    standing,
    sync,
    write_whole,
)

__all__ = [
    "Absent",
    "Listing",
    "Located",
    "Opener",
    "allocated",
    "attempt",
    "copy_new",
    "create_empty",
    "exists",
    "free_space",
    "hold",
    "locate",
    "lock",
    "look",
    "make_folder",
    "make_folders_below",
    "move_new",
    "open_file",
    "read_located",
    "read_whole",
    "remove_empty",
    "remove_made",
    "scan",
    "standing",
    "sync",
    "unchanged",
    "vacant",
    "write_whole",
]
