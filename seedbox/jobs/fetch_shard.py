"""Fetching one shard: look at what is here, get the rest, verify, move into place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from seedbox import disk
from seedbox.disk.linking import lend, make_own, shared
from seedbox.engine.base import (
    AddTorrent,
    Endpoint,
    FileFailed,
    Finished,
    Mode,
    PieceFailed,
    Progress,
    Refused,
)
from seedbox.engine.base import Event as EngineEvent
from seedbox.errors import DestinationTakenError, DiskError, NoSpaceError, SeedboxError
from seedbox.jobs.events import Advanced, Done, OnEvent, Started, Warned
from seedbox.jobs.placed import Placed, add_placed
from seedbox.jobs.reuse import Earlier
from seedbox.jobs.swarm import Swarm
from seedbox.jobs.verify import run_verify, sightings
from seedbox.manifest.model import Shard
from seedbox.plan.places import Place
from seedbox.plan.verify import State, VerifyPlan, VerifyReport, plan_verify
from seedbox.torrent.metainfo import Metainfo

_TRIES = 3  # a disk that spoils what it was given is not given it for ever


class Outcome(StrEnum):
    """How a shard's fetch ended."""

    HELD = "held"  # it was there before
    FETCHED = "fetched"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What became of one shard."""

    name: str
    outcome: Outcome
    size: int  # bytes of payload
    good: int  # bytes of it that are here and proven right
    received: int  # bytes that came in this run
    missing: tuple[tuple[str, ...], ...] = ()  # paths below OUT of files that are not whole
    reason: str | None = None  # why it is partial
    reused: int = 0  # bytes in files of an earlier release that serve this one too, from now on


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How to fetch."""

    peers: tuple[Endpoint, ...] = ()  # to be asked beside those that trackers name
    stall: float = 120.0  # seconds without a new byte after which a shard is given up
    at_once: int = 4  # shards in the swarm at the same time
    jobs: int | None = None  # hashing threads; None: one a core


@dataclass(frozen=True, slots=True)
class _Check:
    """What is here of the shard, in place or in staging."""

    found: tuple[disk.Located | disk.Absent, ...]
    settled: tuple[bool, ...]  # for each file: it is in its final place
    report: VerifyReport
    taken: str | None  # what stands in a final place and cannot be the torrent's, in words

    @property
    def suspect(self) -> str | None:
        """What is to blame when all that was to be fetched is here, in words."""
        for seen, settled, result in zip(self.found, self.settled, self.report.files, strict=True):
            if settled and result.state is State.BAD:
                return DestinationTakenError(str(seen.path)).message
        return None


@dataclass(frozen=True, slots=True)
class ShardFetch:
    """One shard to fetch: where from, where to, and how."""

    shard: Shard
    metainfo: Metainfo
    out: Path
    staging: Path  # save folder while fetching; seedbox's own
    record: Path  # of the files that seedbox has placed, see jobs.placed
    place: Place  # where the files go, below `out`
    trackers: tuple[tuple[str, ...], ...]
    options: FetchOptions
    earlier: Earlier | None = None  # files of a release that the shard supersedes

    async def run(self, swarm: Swarm, on_event: OnEvent) -> ShardReport:
        """Bring the shard to its place, as far as it can be had.

        Raises:
            DiskError: The disk refuses.
            NoSpaceError: It is full.
        """
        check, reused = await self._check_reusing(on_event)
        if check.report.ok and all(check.settled):
            disk.remove_made(self.staging)  # a run that was stopped may have left it
            return self._report(Outcome.HELD, check, 0)
        report = await self._rest(check, swarm, on_event)
        return replace(report, reused=reused)

    async def _rest(self, check: _Check, swarm: Swarm, on_event: OnEvent) -> ShardReport:
        """Get what is not here, and bring all of it to its place."""
        before = self._good(check.report)
        reason: str | None = None
        for _ in range(_TRIES):
            if check.taken or check.report.ok or reason:
                break
            await asyncio.to_thread(self._stage, check)
            reason = await self._download(swarm, check.report, on_event)
            check = await self._check(on_event)
        received = max(0, self._good(check.report) - before)
        if check.taken:
            return self._report(Outcome.PARTIAL, check, received, check.taken)
        if not check.report.ok:
            reason = reason or check.suspect or "the disk does not keep what is written to it"
            return self._report(Outcome.PARTIAL, check, received, reason)
        await self._settle(check)
        return self._report(Outcome.FETCHED, check, received)

    async def _check_reusing(self, on_event: OnEvent) -> tuple[_Check, int]:
        """Verify what is here, with what an earlier release has; return also the bytes of that."""
        if self.earlier is None:
            return await self._check(on_event), 0
        lacking = [index for index in range(len(self.metainfo.files)) if self._lacks(index)]
        link = self.earlier.link_by_name, self.earlier.link_by_content
        named = await asyncio.to_thread(link[0], self.metainfo, lacking, self.staging)
        check = await self._check(on_event)
        files = check.report.files
        wrong = [index for index in lacking if files[index].state is not State.OK]
        same = await asyncio.to_thread(link[1], self.metainfo, wrong, self.staging)
        if same:
            check = await self._check(on_event)
            files = check.report.files
        right = (index for index in named | same if files[index].state is State.OK)
        return check, sum(files[index].length for index in right)

    def _lacks(self, index: int) -> bool:
        """Tell whether nothing of a file is here, and nothing is in its way."""
        file = self.metainfo.files[index]
        parts = self.place.parts(file.path)
        return bool(file.length) and all(
            disk.vacant(root, path) for root, path in ((self.out, parts), (self.staging, file.path))
        )

    async def _check(self, on_event: OnEvent) -> _Check:
        """Verify what is here: files in their final place before those in staging."""
        found: list[disk.Located | disk.Absent] = []
        settled: list[bool] = []
        blocked: list[str] = []
        for file in self.metainfo.files:
            parts = self.place.parts(file.path)
            final = disk.look(self.out, parts)
            if isinstance(final, disk.Absent) and not disk.vacant(self.out, parts):
                blocked.append(f"{final.path} {final.reason}")
            settled.append(isinstance(final, disk.Located))
            found.append(
                final if isinstance(final, disk.Located) else disk.look(self.staging, file.path)
            )
        plan = plan_verify(self.metainfo, sightings(found), partial=True)
        report = await asyncio.to_thread(
            run_verify,
            plan,
            found,
            name=self.shard.name,
            jobs=self.options.jobs,
            on_event=on_event,
        )
        wrong = (
            DestinationTakenError(str(found[index].path)).message
            for index in self._wrong(plan, report, settled)
        )
        taken = next(iter(blocked), None) or next(wrong, None)
        return _Check(tuple(found), tuple(settled), report, taken)

    def _wrong(
        self, plan: VerifyPlan, report: VerifyReport, settled: Sequence[bool]
    ) -> Iterator[int]:
        """Yield files in their final place that cannot be the torrent's.

        A bad v1 piece that reaches into a file that is still being fetched blames nobody.
        """
        for index, result in enumerate(report.files):
            if settled[index] and result.state is State.WRONG_SIZE:
                yield index
        for piece in plan.pieces:
            if not report.have[piece]:
                spans = self.metainfo.layout.piece_map.spans(piece)
                files = [span.file for span in spans if span.file is not None]
                if all(settled[index] for index in files):
                    yield files[0]

    def _stage(self, check: _Check) -> None:
        """Put into staging what the engine will take for granted.

        The engine writes in pieces that are missing, and may make empty files. A file that such a
        piece reaches into is given to it as a copy if it is in place already, or has another
        name; any other by a second name, which is only read.
        """
        disk.make_folder(self.staging)
        piece_map = self.metainfo.layout.piece_map
        missing = (piece for piece, have in enumerate(check.report.have) if not have)
        written = {span.file for piece in missing for span in piece_map.spans(piece)}
        for index, (file, seen) in enumerate(zip(self.metainfo.files, check.found, strict=True)):
            if isinstance(seen, disk.Absent):
                if not file.length:
                    disk.create_empty(self.staging, file.path)
            elif check.settled[index]:
                # What is there may be the very file in place, by its second name, or half a copy.
                disk.remove_made(self.staging.joinpath(*file.path))
                lend(seen, self.staging, file.path, copy=index in written or not file.length)
            elif index in written and shared(seen):
                make_own(seen, self.staging.with_suffix(".own"))

    async def _download(self, swarm: Swarm, here: VerifyReport, on_event: OnEvent) -> str | None:
        """Get what is missing from peers; return why that ended early, or None.

        Raises:
            DiskError: The engine could not write.
            NoSpaceError: The disk is full.
        """
        torrent = AddTorrent(
            torrent=self.metainfo.raw,
            info_hash=self.metainfo.info_hash,
            folder=self.staging,
            mode=Mode.FETCH,
            have=here.have,
            trackers=self.trackers,
            web_seeds=self._web_seeds(),
            peers=self.options.peers,
        )
        task = f"fetch {self.shard.name}"
        on_event(Started(task, self.metainfo.size))
        try:
            async with swarm.torrent(torrent) as inbox:
                return await self._wait(task, inbox, self._good(here), on_event)
        finally:
            on_event(Done(task))

    async def _wait(
        self, task: str, inbox: asyncio.Queue[EngineEvent], done: int, on_event: OnEvent
    ) -> str | None:
        loop = asyncio.get_running_loop()
        peers = 0
        deadline = loop.time() + self.options.stall
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    event = await inbox.get()
            except TimeoutError:
                return f"no data came for {self.options.stall:g} seconds ({peers} peers)"
            match event:
                case Finished():
                    return None
                case Refused(reason=reason):
                    return reason
                case FileFailed(path=path, reason=reason):
                    raise self._failure(path, reason, self.metainfo.size - done)
                case PieceFailed(piece=piece):
                    on_event(
                        Warned(f"{self.shard.name}: a peer sent wrong bytes for piece {piece}")
                    )
                case Progress():
                    if event.done > done:
                        deadline = loop.time() + self.options.stall
                    done, peers = event.done, event.peers
                    on_event(Advanced(task, event.done, event.download_rate, event.peers))
                case _:
                    pass  # the others change nothing for a fetch

    def _web_seeds(self) -> tuple[str, ...]:
        """Return those of the torrent, then those that only the manifest names."""
        named = (seed.url for seed in self.shard.web_seeds)
        return tuple(dict.fromkeys((*self.metainfo.web_seeds, *named)))

    def _failure(self, path: str, reason: str, need: int) -> SeedboxError:
        """Return the error for a file that the engine could not write."""
        free = disk.free_space(self.staging)
        if free < need:
            return NoSpaceError(self.shard.name, folder=str(self.staging), need=need, free=free)
        return DiskError(path, "fetch into", reason)

    async def _settle(self, check: _Check) -> None:
        """Move verified files to their place; each is on the disk for good before it moves."""
        moves = [
            (seen, self.place.parts(file.path))
            for file, seen, settled in zip(
                self.metainfo.files, check.found, check.settled, strict=True
            )
            if not settled and isinstance(seen, disk.Located)
        ]
        await asyncio.to_thread(_sync, [seen for seen, _ in moves])
        placed = [Placed(parts, seen.size, seen.mtime_ns, seen.inode) for seen, parts in moves]
        if placed:
            await asyncio.to_thread(add_placed, self.record, placed)
        for seen, parts in moves:
            disk.move_new(seen.path, self.out, parts)
        disk.remove_made(self.staging)

    def _good(self, report: VerifyReport) -> int:
        """Return the bytes of payload in pieces that are proven right."""
        piece_map = self.metainfo.layout.piece_map
        spans = (
            s for piece, have in enumerate(report.have) if have for s in piece_map.spans(piece)
        )
        return sum(span.length for span in spans if span.file is not None)

    def _report(
        self, outcome: Outcome, check: _Check, received: int, reason: str | None = None
    ) -> ShardReport:
        missing = tuple(
            self.place.parts(result.path)
            for result in check.report.files
            if result.state is not State.OK
        )
        good = self._good(check.report)
        return ShardReport(
            self.shard.name, outcome, self.metainfo.size, good, received, missing, reason
        )


def _sync(files: Sequence[disk.Located]) -> None:
    for file in files:
        disk.sync(file)
