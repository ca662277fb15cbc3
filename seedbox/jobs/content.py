"""Where the bytes of a build come from: a folder on this machine, or a server."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, overload

from seedbox import disk, hashing
from seedbox.errors import NotAsListedError, SourceChangedError
from seedbox.hashing.pieces import Hashed
from seedbox.jobs import journal
from seedbox.jobs.digests import gather, missing, payload
from seedbox.jobs.events import OnEvent
from seedbox.jobs.remote import RemoteFile, RemoteListing
from seedbox.jobs.streaming import hash_remote
from seedbox.plan.build import ShardPlan
from seedbox.plan.remote import plan_reading
from seedbox.torrent.compose import PieceDigest

Parts = tuple[str, ...]


class Content(Protocol):
    """The files of a dataset."""

    def name(self, path: Parts) -> str:
        """Return what a file is called in messages."""
        ...

    def part(self, shard: ShardPlan) -> Content:
        """Return the files of a shard alone, as a value that another process can be given."""
        ...

    def stand_ins(self, shard: ShardPlan) -> Sequence[disk.Located]:
        """Return what a journal of a shard is held to."""
        ...

    def wanted(self, shard: ShardPlan, known: Collection[int]) -> Sequence[int]:
        """Return the pieces to hash, when some are known from a run that was stopped."""
        ...

    def hash(
        self, shard: ShardPlan, wanted: Sequence[int], jobs: int | None
    ) -> Generator[Hashed, None, None]:
        """Read pieces and yield their digests in order."""
        ...

    def members(self, shard: ShardPlan) -> Sequence[tuple[Parts, disk.Located]]:
        """Return the files that go into a tar, in order, with their names in it."""
        ...

    def hold(self) -> None:
        """Refuse files that are not what they were when the plan was made."""
        ...


class LocalContent:
    """Files in a folder."""

    def __init__(self, source: disk.Listing) -> None:
        """Take what was found there."""
        self._source = source
        self._by_path = {file.parts: file for file in source.files}

    def name(self, path: Parts) -> str:
        """Return where a file lies."""
        return str(self._by_path[path].path)

    def part(self, shard: ShardPlan) -> LocalContent:
        """Return the files of a shard alone."""
        files = tuple(self._by_path[path] for path in shard.sources)
        return LocalContent(disk.Listing(self._source.root, files, ()))

    def stand_ins(self, shard: ShardPlan) -> Sequence[disk.Located]:
        """Return the files themselves: a change shows in size, time or inode."""
        return [self._by_path[path] for path in shard.sources]

    def wanted(self, shard: ShardPlan, known: Collection[int]) -> Sequence[int]:
        """Return the pieces that are not known."""
        return missing(shard.layout, known)

    def hash(
        self, shard: ShardPlan, wanted: Sequence[int], jobs: int | None
    ) -> Generator[Hashed, None, None]:
        """Read pieces; see `hashing.hash_pieces`."""
        return hashing.hash_pieces(shard.layout, self.stand_ins(shard), wanted=wanted, jobs=jobs)

    def members(self, shard: ShardPlan) -> Sequence[tuple[Parts, disk.Located]]:
        """Return the files with their paths below the source."""
        return [(path, self._by_path[path]) for path in shard.sources]

    def hold(self) -> None:
        """Look once more at every file: an early one may have changed while a late one was read.

        Raises:
            SourceChangedError: One has changed.
        """
        _hold(self._source.files)


@dataclass(frozen=True, slots=True)
class NamedFolder:
    """A folder of which a table says what is published."""

    root: Path
    left_out: tuple[disk.Absent, ...] = ()  # nobody has asked what else is there


class NamedContent:
    """Files in a folder that a table names, looked at when the turn of their shard comes."""

    def __init__(self, folder: NamedFolder, sizes: Sequence[int] | None = None) -> None:
        """Take where they lie.

        Args:
            folder: What they lie below.
            sizes: Of the files of one shard, in its order; None: it is in the shard.
        """
        self._root, self._sizes = folder.root, sizes
        self._found: Sequence[disk.Located] | None = None

    def name(self, path: Parts) -> str:
        """Return where a file lies."""
        return str(self._root.joinpath(*path))

    def part(self, shard: ShardPlan) -> NamedContent:
        """Return the files of a shard alone, as far as the table knows them."""
        held = shard.items if shard.packed else ()
        lengths = (file.length for file in shard.layout.files)
        sizes = array("Q", (item.size for item in held) if held else lengths)
        return NamedContent(NamedFolder(self._root), sizes)

    def stand_ins(self, shard: ShardPlan) -> Sequence[disk.Located]:
        """Return the files, as they are when they are first asked for.

        Raises:
            NotAsListedError: Files are missing, or have another size than the table says.
        """
        if self._sizes is None:
            return self.part(shard).stand_ins(shard)
        if self._found is None:
            self._found = _as_listed(self._root, shard.sources, self._sizes)
        return self._found

    def wanted(self, shard: ShardPlan, known: Collection[int]) -> Sequence[int]:
        """Return the pieces that are not known."""
        return missing(shard.layout, known)

    def hash(
        self, shard: ShardPlan, wanted: Sequence[int], jobs: int | None
    ) -> Generator[Hashed, None, None]:
        """Read pieces; see `hashing.hash_pieces`. Each file is looked at once more at the end.

        Raises:
            SourceChangedError: One has changed.
        """
        files = self.stand_ins(shard)
        yield from hashing.hash_pieces(shard.layout, files, wanted=wanted, jobs=jobs)
        _hold(files)

    def members(self, shard: ShardPlan) -> Sequence[tuple[Parts, disk.Located]]:
        """Return the files with their paths below the source."""
        return _Pairs(shard.sources, self.stand_ins(shard))

    def hold(self) -> None:
        """Do nothing: that was done when each shard was."""


class _Pairs(Sequence[tuple[Parts, disk.Located]]):
    """Names and files beside each other: a million tuples would take 80 MB."""

    def __init__(self, names: Sequence[Parts], files: Sequence[disk.Located]) -> None:
        self._names, self._files = names, files

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> tuple[Parts, disk.Located]: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[Parts, disk.Located]]: ...

    def __getitem__(
        self, index: int | slice
    ) -> tuple[Parts, disk.Located] | Sequence[tuple[Parts, disk.Located]]:
        if isinstance(index, slice):
            return _Pairs(self._names[index], self._files[index])
        return self._names[index], self._files[index]


def _as_listed(root: Path, sources: Sequence[Parts], sizes: Sequence[int]) -> list[disk.Located]:
    """Find files, folder by folder, and hold them to their sizes in the table.

    Raises:
        NotAsListedError: Some are missing or of other sizes.
    """
    by_folder = sorted(range(len(sources)), key=sources.__getitem__)
    looked = disk.locate(root, (sources[at] for at in by_folder))
    place = array("Q", bytes(8 * len(by_folder)))
    for number, at in enumerate(by_folder):
        place[at] = number
    found: list[disk.Located] = []
    wrong: list[str] = []
    for number, size in zip(place, sizes, strict=True):
        file = looked[number]
        if isinstance(file, disk.Absent):
            wrong.append(f"{'/'.join(file.parts)!r} {file.reason}")
        elif file.size != size:
            path = "/".join(file.parts)
            wrong.append(f"{path!r} has {file.size:,} bytes, the table of items says {size:,}")
        else:
            found.append(file)
    if wrong:
        raise NotAsListedError(str(root), wrong)
    return found


def _hold(files: Iterable[disk.Located]) -> None:
    """Refuse files that are not what they were when they were located.

    Raises:
        SourceChangedError: One has changed.
    """
    for file in files:
        now = disk.look(file.root, file.parts)
        if now != file:
            was = f"it had {file.size:,} bytes"
            raise SourceChangedError(str(file.path), was=was, now=f"it {_words(file, now)}")


def _words(file: disk.Located, now: disk.Located | disk.Absent) -> str:
    if isinstance(now, disk.Absent):
        return now.reason
    if now.inode != file.inode:
        return f"is another file, of {now.size:,} bytes"
    return f"has {now.size:,} bytes and another time of change"


class RemoteContent:
    """Files on a server."""

    def __init__(self, source: RemoteListing) -> None:
        """Take what was found there."""
        self._source = source
        self._by_path = {file.parts: file for file in source.files}

    def _files(self, shard: ShardPlan) -> list[RemoteFile]:
        return [self._by_path[path] for path in shard.sources]

    def name(self, path: Parts) -> str:
        """Return the URL of a file."""
        return self._by_path[path].url

    def part(self, shard: ShardPlan) -> RemoteContent:
        """Return the files of a shard alone."""
        return RemoteContent(replace(self._source, files=tuple(self._files(shard))))

    def stand_ins(self, shard: ShardPlan) -> Sequence[disk.Located]:
        """Return files that differ from each other as those on the server do."""
        return [
            disk.Located(Path(), (file.url, file.identity or ""), file.size, 0, 0)
            for file in self._files(shard)
        ]

    def wanted(self, shard: ShardPlan, known: Collection[int]) -> Sequence[int]:
        """Return the pieces that are not known, and those that have to be read again with them."""
        return plan_reading(shard.layout, [file.held for file in self._files(shard)], known)

    def hash(
        self, shard: ShardPlan, wanted: Sequence[int], jobs: int | None
    ) -> Generator[Hashed, None, None]:
        """Read pieces; see `hash_remote`. There are as many threads as requests at a time."""
        del jobs
        manners = self._source.manners
        return hash_remote(shard.layout, self._files(shard), wanted, manners=manners)

    def members(self, shard: ShardPlan) -> Sequence[tuple[Parts, disk.Located]]:
        """Files on a server are not packed.

        Raises:
            TypeError: A bug in the caller; `jobs.inputs` has refused it.
        """
        raise TypeError(f"{shard.name} cannot be packed from a server")

    def hold(self) -> None:
        """Do nothing: each answer with bytes was held to what the server said first."""


Origin = disk.Listing | NamedFolder | RemoteListing


def content_of(origin: Origin) -> Content:
    """Return the files of a listing as content."""
    match origin:
        case disk.Listing():
            return LocalContent(origin)
        case NamedFolder():
            return NamedContent(origin)
        case RemoteListing():
            return RemoteContent(origin)


def hash_shard(
    content: Content, shard: ShardPlan, journals: Path, jobs: int | None, on_event: OnEvent
) -> tuple[list[PieceDigest], int]:
    """Return the digests of every piece of a shard, and how many bytes were read for them.

    Args:
        content: Has the shard's files.
        shard: The plan of it.
        journals: The folder where hashed pieces are kept until the build has ended.
        jobs: Threads; one a core if None.
        on_event: Gets progress in bytes.
    """
    layout = shard.layout
    path, files = journals / shard.name, content.stand_ins(shard)
    with journal.opened(path, layout, files, on_event=on_event) as known:
        wanted = content.wanted(shard, known.known)
        fresh = content.hash(shard, wanted, jobs)
        digests = gather(shard.name, layout, known, wanted, fresh, on_event)
    return digests, payload(layout, wanted)
