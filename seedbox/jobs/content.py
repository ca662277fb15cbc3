"""Where the bytes of a build come from: a folder on this machine, or a server."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from seedbox import disk, hashing
from seedbox.errors import SourceChangedError
from seedbox.hashing.pieces import Hashed
from seedbox.jobs import journal
from seedbox.jobs.events import Advanced, Done, Note, OnEvent, Started
from seedbox.jobs.remote import RemoteFile, RemoteListing
from seedbox.jobs.streaming import hash_remote
from seedbox.plan.build import ShardPlan
from seedbox.plan.remote import plan_reading
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.layout import Layout

Parts = tuple[str, ...]


class Content(Protocol):
    """The files of a dataset."""

    def name(self, path: Parts) -> str:
        """Return what a file is called in messages."""
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

    def stand_ins(self, shard: ShardPlan) -> Sequence[disk.Located]:
        """Return the files themselves: a change shows in size, time or inode."""
        return [self._by_path[path] for path in shard.sources]

    def wanted(self, shard: ShardPlan, known: Collection[int]) -> Sequence[int]:
        """Return the pieces that are not known."""
        return _missing(shard.layout, known)

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
        for file in self._source.files:
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


Origin = disk.Listing | RemoteListing


def content_of(origin: Origin) -> Content:
    """Return the files of a listing as content."""
    return LocalContent(origin) if isinstance(origin, disk.Listing) else RemoteContent(origin)


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
    with journal.opened(journals / shard.name, layout, content.stand_ins(shard)) as known:
        wanted = content.wanted(shard, known.known)
        fresh = content.hash(shard, wanted, jobs)
        digests = _gather(shard.name, layout, known, wanted, fresh, on_event)
    return digests, _payload(layout, wanted)


def hash_all(
    name: str,
    layout: Layout,
    files: Sequence[disk.Located],
    jobs: int | None,
    on_event: OnEvent,
) -> list[PieceDigest]:
    """Return the digests of every piece of some files in a folder."""
    fresh = hashing.hash_pieces(layout, files, jobs=jobs)
    return _gather(name, layout, None, range(layout.piece_map.count), fresh, on_event)


def _gather(
    name: str,
    layout: Layout,
    known: journal.Journal | None,
    wanted: Sequence[int],
    fresh: Generator[Hashed, None, None],
    on_event: OnEvent,
) -> list[PieceDigest]:
    """Return the digests of every piece: those in the journal, the others as they are made.

    Args:
        name: Of the shard.
        layout: Of the shard.
        known: Its journal, if it has one; gets what is made.
        wanted: The pieces that are made.
        fresh: Makes them.
        on_event: Gets progress in bytes.
    """
    task = f"hash {name}"
    digests: dict[int, PieceDigest] = {}
    if known and known.known:
        again = frozenset(wanted)
        digests = {piece: each for piece, each in known.known.items() if piece not in again}
    done = _payload(layout, digests)
    if done:
        on_event(Note(f"{name}: {done:,} of {layout.size:,} bytes were hashed before"))
    on_event(Started(task, layout.size))
    with closing(fresh):
        for hashed in fresh:
            if known:
                known.add(hashed.digests)
            digests.update((digest.index, digest) for digest in hashed.digests)
            done += hashed.size
            on_event(Advanced(task, done))
    on_event(Done(task))
    return [digests[piece] for piece in range(layout.piece_map.count)]


def _payload(layout: Layout, pieces: Collection[int]) -> int:
    """Return the bytes of files in some pieces; padding is none."""
    piece_map = layout.piece_map
    if len(pieces) == piece_map.count:
        return layout.size
    spans = (span for piece in pieces for span in piece_map.spans(piece))
    return sum(span.length for span in spans if span.file is not None)


def _missing(layout: Layout, known: Collection[int]) -> Sequence[int]:
    row: Sequence[int] = range(layout.piece_map.count)
    return [piece for piece in row if piece not in known] if known else row
