"""Where the bytes of a build come from: a folder on this machine, or a server."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from pathlib import Path
from typing import Protocol

from seedbox import disk, hashing
from seedbox.errors import SourceChangedError
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
        digests = gather(shard.name, layout, known, wanted, fresh, on_event)
    return digests, payload(layout, wanted)
