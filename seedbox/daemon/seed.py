"""Seeding in the foreground: verify what is here, then serve it until stopped.

A shard is seeded from the moment that seedbox itself has hashed all of it. Nothing is written to
the data: the engine holds it in upload mode. A shard whose file fails while it is served is let
go, since a seed that answers nothing is worse for its swarm than none.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from seedbox.engine.base import (
    Added,
    AddTorrent,
    Engine,
    FileFailed,
    Mode,
    Progress,
    Refused,
    TrackerFailed,
)
from seedbox.errors import DiskError, SourceChangedError
from seedbox.jobs.events import Listening, Note, OnEvent, Seeding, Served, Warned, until
from seedbox.jobs.shards import Source, find, shard_torrent
from seedbox.jobs.verify import run_verify, sightings
from seedbox.jobs.withdrawals import orders_on, to_delete, unseen
from seedbox.manifest.model import Shard
from seedbox.plan.seed import Seeded, SeedReport, Skipped, plan_seed
from seedbox.plan.verify import State, plan_verify

_REFRESH = 1.0  # seconds between two looks at what peers took


@dataclass(frozen=True, slots=True)
class SeedOptions:
    """How to seed."""

    data: tuple[Path, ...]  # folders to look for shards in, in order
    now: datetime  # decides whether a shard's release time has come
    jobs: int | None = None  # hashing threads; None: one a core


@dataclass(slots=True)
class _Held:
    """What is seeded right now, and what was; only the event loop touches it."""

    seeded: dict[str, Seeded] = field(default_factory=dict)  # by info-hash
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # to give before anything is seeded
    lost: asyncio.Event = field(default_factory=asyncio.Event)  # one more

    async def until_nothing_is_left(self) -> None:
        while any(shard.lost is None for shard in self.seeded.values()):
            self.lost.clear()
            await self.lost.wait()


async def run_seed(
    sources: Sequence[Source],
    engine: Engine,
    options: SeedOptions,
    stop: asyncio.Event,
    on_event: OnEvent,
) -> SeedReport:
    """Verify the shards that are on this disk, and seed each until `stop` is set.

    Args:
        sources: The manifests.
        engine: Not yet started.
        options: How to seed.
        stop: Ends it, cleanly.
        on_event: Gets progress, from several threads.

    Returns:
        What was seeded; at once if there is nothing to seed, or nothing any more.

    Raises:
        LicenseRefusedError: A dataset is not openly licensed.
        InvalidTorrentError: A .torrent is bad; found before anything is seeded.
        PortInUseError: The address to listen on is taken.
    """
    held = _Held()
    shards = await asyncio.to_thread(_planned, sources, options, held)
    try:
        async with asyncio.TaskGroup() as group, engine:
            for endpoint in engine.listening:
                on_event(Listening(str(endpoint)))
            group.create_task(_watch(engine, held, on_event))  # until the engine has ended
            ticking = group.create_task(_tick(engine))
            seeding = group.create_task(_seed(shards, engine, options, held, on_event))
            stopping = group.create_task(stop.wait())
            await asyncio.wait({seeding, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (ticking, seeding, stopping):
                task.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return SeedReport(tuple(held.seeded.values()), tuple(held.skipped))


def _planned(
    sources: Sequence[Source], options: SeedOptions, held: _Held
) -> list[tuple[Source, Shard]]:
    """Return the shards to seed, once each .torrent has been read: a bad one is found at once."""
    shards: list[tuple[Source, Shard]] = []
    for source in sources:
        orders = orders_on(source, now=options.now)
        plan = plan_seed(source.manifest, now=options.now, orders=orders)
        for skipped in plan.skipped:
            paths = to_delete(source, skipped.order, options.data)
            held.skipped.append(replace(skipped, delete=paths))
        held.warnings += unseen(orders)
        shards += [(source, shard) for shard in plan.shards]
    for source, shard in shards:
        shard_torrent(source, shard)
    return shards


async def _tick(engine: Engine) -> None:
    while True:
        engine.refresh()
        await asyncio.sleep(_REFRESH)


async def _seed(
    shards: Sequence[tuple[Source, Shard]],
    engine: Engine,
    options: SeedOptions,
    held: _Held,
    on_event: OnEvent,
) -> None:
    """Verify shard after shard, seed each as soon as it is proven, until nothing is left."""
    stopped = threading.Event()
    relay = until(stopped, on_event)
    for warning in held.warnings:
        on_event(Warned(warning))
    for skipped in held.skipped:
        on_event(Warned(f"{skipped.name} is not seeded: {skipped.reason}"))
        for path in skipped.delete:
            on_event(Note(f"to delete: {path}"))
    try:
        for source, shard in shards:
            twin = held.seeded.get(shard.info_hash.key)
            if twin and twin.lost is None:
                on_event(Note(f"{shard.name} of {source.path} is seeded already, as {twin.name}"))
                continue
            added = await asyncio.to_thread(_prove, source, shard, options, relay)
            if isinstance(added, Skipped):
                held.skipped.append(added)
                on_event(Warned(f"{added.name} is not seeded: {added.reason}"))
                continue
            held.seeded[added.key] = Seeded(shard.name, shard.size)
            engine.add(added)
        await held.until_nothing_is_left()
    finally:
        stopped.set()


def _prove(
    source: Source, shard: Shard, options: SeedOptions, on_event: OnEvent
) -> AddTorrent | Skipped:
    """Hash a shard's data where it lies; return what to seed, or why not."""
    metainfo = shard_torrent(source, shard)
    holdings = [find(source.manifest, shard, metainfo, data) for data in options.data]
    holding = max(holdings, key=lambda holding: holding.size)
    if not holding.size:
        where = ", ".join(str(data) for data in options.data)
        return Skipped(shard.name, f"none of its files is in {where}")
    plan, found = plan_verify(metainfo, sightings(holding.found)), holding.found
    try:
        report = run_verify(plan, found, name=shard.name, jobs=options.jobs, on_event=on_event)
    except (DiskError, SourceChangedError) as error:
        return Skipped(shard.name, error.message)
    if not report.ok:
        wrong = [file for file in report.files if file.state is not State.OK]
        first = f"{'/'.join(holding.place.parts(wrong[0].path))} is {wrong[0].state}"
        return Skipped(
            shard.name, f"{len(wrong)} of {len(report.files)} files are not right: {first}"
        )
    return AddTorrent(
        torrent=metainfo.raw,
        info_hash=metainfo.info_hash,
        folder=holding.data.joinpath(*holding.place.folder),
        mode=Mode.SEED,
        have=report.have,
        trackers=metainfo.trackers or source.manifest.head.trackers,
        drop=holding.place.drop,
    )


async def _watch(engine: Engine, held: _Held, on_event: OnEvent) -> None:
    """Keep count of what peers take, and let go of what cannot be served."""
    async for event in engine.events():
        shard = held.seeded.get(event.key)
        if shard is None:
            continue
        match event:
            case Added():
                on_event(Seeding(shard.name))
            case Progress(uploaded=uploaded, peers=peers) if uploaded > shard.uploaded:
                held.seeded[event.key] = replace(shard, uploaded=uploaded)
                on_event(Served(shard.name, uploaded, peers))
            case FileFailed(path=path, reason=reason):
                _lose(engine, held, event.key, f"{path}: {reason}", on_event)
            case Refused(reason=reason):
                _lose(engine, held, event.key, reason, on_event)
            case TrackerFailed(url=url, reason=reason):
                on_event(Warned(f"{shard.name}: tracker {url}: {reason}"))
            case _:
                pass  # the others change nothing for a seed


def _lose(engine: Engine, held: _Held, key: str, reason: str, on_event: OnEvent) -> None:
    shard = held.seeded[key]
    if shard.lost is None:
        held.seeded[key] = replace(shard, lost=reason)
        held.lost.set()
        engine.remove(key)
        on_event(Warned(f"{shard.name} is no longer seeded: {reason}"))
