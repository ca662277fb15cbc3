"""Fetch: shards come from the swarm into a staging folder, are verified, and move to their place.

What reaches its final name has been hashed by seedbox itself after it was on the disk. A fetch
that was stopped, however, goes on from what is in staging and in place. No file that is already
at its final name is ever written to.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from seedbox import disk
from seedbox.engine.base import Engine
from seedbox.jobs.events import OnEvent, until
from seedbox.jobs.fetch_shard import FetchOptions, Outcome, ShardFetch, ShardReport
from seedbox.jobs.matching import Reading
from seedbox.jobs.placed import record_path
from seedbox.jobs.reuse import earlier, reusable_bytes, reuses
from seedbox.jobs.shards import Source, held_bytes, shard_torrent
from seedbox.jobs.swarm import Swarm, joined
from seedbox.jobs.withdrawals import orders_on, to_delete, unseen
from seedbox.manifest.model import Manifest, Shard
from seedbox.plan.fetch import FetchPlan, LeftOut, Selection, plan_fetch, select
from seedbox.plan.places import STATE, home, places
from seedbox.plan.withdrawals import stopped


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What a fetch brought."""

    manifest: Manifest
    folder: Path  # the dataset's own, below OUT
    shards: tuple[ShardReport, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def ok(self) -> bool:
        """Everything asked for is here, verified."""
        whole = all(shard.outcome is not Outcome.PARTIAL for shard in self.shards)
        return whole and not self.left_out


def decide(source: Source, wanted: Selection, out: Path, *, now: datetime) -> FetchPlan:
    """Decide what to fetch, knowing what is there already, what fits and what was taken back.

    Args:
        source: The manifest, with what was taken back of it.
        wanted: What is asked for.
        out: The folder to fetch into.
        now: Decides what is released, and what is overdue.

    Raises:
        SeedboxError: See `plan_fetch`, and `shard_torrent` for the shards that are asked for.
    """
    manifest = source.manifest
    asked = select(manifest, wanted)
    orders = orders_on(source, now=now, shards=asked)
    gone = stopped(orders)  # a publisher may have removed their torrents
    staying = [shard for shard in asked if shard.name not in gone]
    held, reused = held_bytes(source, staying, out), reusable_bytes(source, staying, out)
    plan = plan_fetch(
        manifest,
        wanted,
        held={name: size + reused.get(name, 0) for name, size in held.items()},
        free=disk.free_space(out),
        folder=str(out),
        now=now,
        orders=orders,
    )
    left_out = (
        replace(left, delete=to_delete(source, left.order, (out,))) for left in plan.left_out
    )
    return replace(plan, left_out=tuple(left_out), warnings=tuple(unseen(orders)))


async def run_fetch(
    plan: FetchPlan,
    engine: Engine,
    manifest_path: Path,
    out: Path,
    options: FetchOptions,
    on_event: OnEvent,
) -> FetchReport:
    """Bring the shards of a plan to their places below `out`.

    Args:
        plan: What to fetch.
        engine: Not yet started.
        manifest_path: The .torrent files lie beside it.
        out: The folder that the dataset's own folder goes into.
        options: How to fetch.
        on_event: Gets progress in bytes, from several threads.

    Raises:
        InvalidTorrentError: A .torrent is bad; found before the network is touched.
        InvalidManifestError: A .torrent is not the one that the manifest means.
        NoSpaceError: The disk is full.
        InUseError: Another fetch works on this dataset in `out`.
    """
    dataset = out.joinpath(*home(plan.manifest.head))
    stop = threading.Event()
    source = Source(manifest_path, plan.manifest)
    fetches = [_fetch(source, shard, out, options) for shard in plan.shards]
    with disk.lock(dataset / STATE):
        tell = until(stop, on_event)
        try:
            fetches = await asyncio.to_thread(_with_earlier, fetches, dataset, options, tell)
            async with engine, joined(engine) as swarm:
                reports = await _all(fetches, swarm, options, tell)
        finally:
            stop.set()
        # Left in it is what an earlier fetch has of shards that this one was not asked for.
        disk.remove_empty(dataset / STATE / "staging")
    return FetchReport(plan.manifest, dataset, tuple(reports), plan.left_out)


def _fetch(source: Source, shard: Shard, out: Path, options: FetchOptions) -> ShardFetch:
    manifest = source.manifest
    metainfo = shard_torrent(source, shard)
    key = metainfo.info_hash.key
    return ShardFetch(
        shard=shard,
        metainfo=metainfo,
        out=out,
        staging=out.joinpath(*home(manifest.head), STATE, "staging", key),
        record=record_path(out, manifest.head.id, key),
        place=places(manifest.head, shard, single=metainfo.layout.single)[0],
        trackers=metainfo.trackers or manifest.head.trackers,
        options=options,
    )


def _with_earlier(
    fetches: Sequence[ShardFetch], dataset: Path, options: FetchOptions, on_event: OnEvent
) -> list[ShardFetch]:
    """Give the shards that supersede others what is on the disk of those."""
    torrents = [(fetch.shard, fetch.metainfo) for fetch in fetches]
    known = earlier(torrents, dataset, Reading(on_event, options.jobs))
    return [
        replace(fetch, earlier=known if reuses(fetch.shard, fetch.metainfo) else None)
        for fetch in fetches
    ]


async def _all(
    fetches: Sequence[ShardFetch], swarm: Swarm, options: FetchOptions, on_event: OnEvent
) -> list[ShardReport]:
    """Fetch several shards at once, the popular ones first."""
    turns = asyncio.Semaphore(options.at_once)

    async def one(fetch: ShardFetch) -> ShardReport:
        async with turns:
            return await fetch.run(swarm, on_event)

    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(fetch)) for fetch in fetches]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None  # the first one cancelled the others
    return [task.result() for task in running]
