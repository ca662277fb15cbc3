"""Deleting what a publisher has taken back: only files that seedbox itself has put there.

A file goes if the record of the fetch that made it (see `placed`) has it with the size, time and
inode that it still has, and no other shard needs it. Every other file stays, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import SeedboxError
from seedbox.jobs.placed import Placed, read_placed, record_path, write_placed
from seedbox.plan.places import STATE


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that should go and does not."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of the files of a shard."""

    paths: tuple[str, ...] = ()
    size: int = 0  # bytes
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class ToDelete:
    """What is to be deleted of one shard, or of one item in it."""

    key: str
    id: str  # dataset
    named: tuple[str, ...]  # files on the disk that belong to it, as far as that is known
    whole: bool  # all of the shard; False: what is named alone


def present(wanted: ToDelete, folders: Iterable[Path]) -> bool:
    """Tell whether anything of it may still lie in the data folders."""
    return any(map(_stands, wanted.named)) or made(wanted, folders)


def made(wanted: ToDelete, folders: Iterable[Path]) -> bool:
    """Tell whether seedbox has put anything of it there."""
    records = (record_path(data, wanted.id, wanted.key) for data in folders)
    return any(map(read_placed, records))


def delete_made(wanted: ToDelete, folders: Iterable[Path], *, needed: Mapping[str, str]) -> Deleted:
    """Delete the files of a shard that seedbox has made, and that nobody has changed since.

    Args:
        wanted: What is to be deleted.
        folders: The data folders.
        needed: Files that stay, with the name of the shard that has them too.

    Raises:
        InUseError: A fetch is at work on the dataset.
        DiskError: The system refuses, such as on a disk that is mounted read-only.
    """
    found = [_in_folder(wanted, data, needed) for data in folders]
    touched = {path for each in found for path in (*each.paths, *(kept.path for kept in each.kept))}
    foreign = (path for path in wanted.named if path not in touched and _stands(path))
    kept = [Kept(path, "seedbox did not put it there") for path in foreign]
    return Deleted(
        tuple(path for each in found for path in each.paths),
        sum(each.size for each in found),
        (*(each for one in found for each in one.kept), *kept),
    )


def _in_folder(wanted: ToDelete, data: Path, needed: Mapping[str, str]) -> Deleted:
    path = record_path(data, wanted.id, wanted.key)
    if not read_placed(path):
        return Deleted()
    with disk.lock(data.joinpath(*wanted.id.split("/"), STATE)):
        record = read_placed(path)
        left: list[Placed] = []
        gone: list[Placed] = []
        kept: list[Kept] = []
        for each in record:
            full = str(each.located(data).path)
            if not wanted.whole and full not in wanted.named:
                left.append(each)
            elif full in needed:
                left.append(each)
                kept.append(Kept(full, f"{needed[full]} has it too"))
            elif (removed := _removed(each, data, kept)) is None:
                left.append(each)
            elif removed:
                gone.append(each)
        if len(left) != len(record):
            write_placed(path, left)
    paths = tuple(str(each.located(data).path) for each in gone)
    return Deleted(paths, sum(each.size for each in gone), tuple(kept))


def _removed(each: Placed, data: Path, kept: list[Kept]) -> bool | None:
    """Remove a file; return whether it was there, or None if it stays, with the reason added."""
    located = each.located(data)
    try:
        removed = disk.remove_same(located)
    except SeedboxError as error:
        kept.append(Kept(str(located.path), error.message))
        return None
    if removed is False:
        kept.append(Kept(str(located.path), "it is not as seedbox put it there"))
        return None
    return bool(removed)


def _stands(path: str) -> bool:
    try:
        return disk.exists(Path(path))
    except SeedboxError:
        return True  # what cannot be looked at has not gone, as far as anybody knows
