"""Which files on a disk may be those of a shard, before a byte of them is read.

Pure. A file is wanted by its size first. Of the files of that size the one that lies most like
the torrent says is tried first; whether it is right is for the hashes to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from seedbox.plan.places import Place
from seedbox.torrent.layout import File
from seedbox.torrent.metainfo import Metainfo

Parts = tuple[str, ...]


class Seen(Protocol):
    """What is asked of a file that was found."""

    @property
    def parts(self) -> Parts:
        """Below the folder that was gone through."""

    @property
    def size(self) -> int:
        """Bytes."""


S = TypeVar("S", bound=Seen)


class Fate(StrEnum):
    """What became of a shard."""

    IN_PLACE = "in-place"  # whole where `seed` looks
    LINKED = "linked"  # whole, by links that were made
    FOUND = "found"  # whole on this disk; nothing was made, as asked
    PARTIAL = "partial"  # some of its files are here
    ABSENT = "absent"  # none is
    TAKEN = "taken"  # another file stands where one of it has to be
    UNLINKABLE = "unlinkable"  # whole, but no link to it can be made
    UNREADABLE = "unreadable"  # a file changed, or could not be read
    SKIPPED = "skipped"  # it may not be seeded

    @property
    def well(self) -> bool:
        """The shard is whole on this disk, as far as was asked."""
        return self in {Fate.IN_PLACE, Fate.LINKED, Fate.FOUND}


@dataclass(frozen=True, slots=True)
class Likely:
    """What sizes and names say of a shard; nothing was read."""

    files: int  # in the torrent
    here: int  # of them, with the right size, where `seed` looks
    named: int  # of the others, with a file of the same name and size
    sized: int  # of those left, with a file of the same size
    size: int  # bytes that all of these have


def wanted_sizes(metainfo: Metainfo) -> Iterator[int]:
    """Yield the sizes to look for; an empty file is made, not found."""
    return (file.length for file in metainfo.files if file.length)


def likeness(wanted: Parts, found: Parts) -> int:
    """Return how many segments two paths end in alike."""
    count = 0
    for one, other in zip(reversed(wanted), reversed(found), strict=False):
        if one != other:
            break
        count += 1
    return count


class Index(Generic[S]):
    """Files that were found, by size, and by size and name."""

    def __init__(self, found: Iterable[S], beyond: Index[S] | None = None) -> None:
        """Take them in any order; those of another index stand behind them."""
        self._beyond = beyond
        self._sizes: dict[int, list[S]] = {}
        self._names: dict[tuple[int, str], list[S]] = {}
        for each in sorted(found, key=lambda each: each.parts):
            self._sizes.setdefault(each.size, []).append(each)
            self._names.setdefault((each.size, each.parts[-1]), []).append(each)

    def __len__(self) -> int:
        own = sum(map(len, self._sizes.values()))
        return own if self._beyond is None else own + len(self._beyond)

    def of_size(self, size: int) -> Sequence[S]:
        """Return the files of a size, in the order of their paths."""
        own = self._sizes.get(size, [])
        return own if self._beyond is None else [*own, *self._beyond.of_size(size)]

    def guess(self, file: File) -> S | None:
        """Return the file of the same name and size that lies most like the torrent says."""
        own = nearest(file.path, self._names.get((file.length, file.path[-1]), ()))
        if self._beyond is None or (other := self._beyond.guess(file)) is None:
            return own
        return other if own is None else nearest(file.path, (own, other))


def nearest(wanted: Parts, alike: Sequence[S]) -> S | None:
    """Return the file whose path ends most like one that is wanted; the first of several."""
    return max(alike, key=lambda each: likeness(wanted, each.parts), default=None)


def likely(metainfo: Metainfo, here: Sequence[bool], found: Index[S]) -> Likely:
    """Return what sizes and names say of a shard.

    Args:
        metainfo: Its torrent.
        here: For each file, whether it lies with the right size where `seed` looks.
        found: The files that were found elsewhere.
    """
    there = named = sized = size = 0
    for file, is_here in zip(metainfo.files, here, strict=True):
        if is_here or not file.length:
            there += 1
        elif found.guess(file) is not None:
            named += 1
        elif found.of_size(file.length):
            sized += 1
        else:
            continue
        size += file.length
    return Likely(len(metainfo.files), there, named, sized, size)


def served_from(places: Sequence[Place], files: Sequence[tuple[File, Parts]]) -> Parts | None:
    """Return the folder that, given as a data folder, has all of a shard in place.

    Args:
        places: Where `seed` looks below a data folder, in order.
        files: Each file that is not empty, and where it was found.
    """
    for place in places:
        bases = {_base(place.parts(file.path), parts) for file, parts in files}
        if len(bases) == 1 and (base := bases.pop()) is not None:
            return base
    return None


def _base(inner: Parts, parts: Parts) -> Parts | None:
    outer = len(parts) - len(inner)
    return parts[:outer] if outer >= 0 and parts[outer:] == inner else None
