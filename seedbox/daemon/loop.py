"""A daemon from its start to its end: the parts are put together here, and nothing is decided.

What the state knows is served at once, before anything is read or hashed. Then manifests that have
changed are read, what is new is looked for and hashed, and everything is looked at again and again.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seedbox.daemon.archive import Archive
from seedbox.daemon.desk import Desk
from seedbox.daemon.feeder import Feeder
from seedbox.daemon.feeds import Feed, FileFeed
from seedbox.daemon.holdings import Holdings
from seedbox.daemon.keeper import Keeper
from seedbox.daemon.ledger import Ledger
from seedbox.daemon.library import Believed, believe
from seedbox.daemon.looking import Hashing, look_for, to_add
from seedbox.daemon.notify import notify
from seedbox.daemon.obeying import Obeying
from seedbox.daemon.opening import begin, first_look
from seedbox.daemon.options import Options
from seedbox.daemon.record import Trouble, counts
from seedbox.daemon.report import report
from seedbox.daemon.shelf import Shelf
from seedbox.daemon.state import Locks
from seedbox.daemon.sweeper import Searcher, Sweeper
from seedbox.daemon.truth import refresh_period
from seedbox.daemon.verifier import Verifier
from seedbox.daemon.watcher import Watcher
from seedbox.daemon.web_feed import WebFeed
from seedbox.daemon.web_manifest import Place
from seedbox.engine.base import Engine
from seedbox.jobs.admission import Admitted
from seedbox.jobs.events import Listening, OnEvent, Warned, until
from seedbox.plan.seed import SeedReport

_MINUTE = 60.0  # seconds between two writings of counters and samples of the history
_SOONEST = 0.1  # seconds

Beside = Callable[[Desk], Coroutine[Any, Any, None]]
"""Something that runs as long as the daemon does, such as the server of its API."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a daemon has done, and what it believed."""

    report: SeedReport
    admitted: tuple[Admitted, ...]


@dataclass(slots=True)
class Parts:
    """A daemon, put together."""

    options: Options
    engine: Engine
    holdings: Holdings
    ledger: Ledger
    feeder: Feeder
    keeper: Keeper
    verifier: Verifier
    sweeper: Sweeper
    searcher: Searcher
    watcher: Watcher
    shelf: Shelf
    feed: FileFeed
    desk: Desk
    archive: Archive
    web: WebFeed
    uploaded_before: dict[str, int] = field(default_factory=dict)  # by key: in the runs before
    _taking: asyncio.Lock = field(default_factory=asyncio.Lock)  # one manifest after the other

    # --- what happens again and again ---------------------------------------------------------

    def work(self, reload: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
        """Return everything that runs until the end."""
        return [
            self.feeder.run(),
            self.keeper.run(),
            self._read_manifests(self.feed),
            self._read_manifests(self.web),
            self.web.run(),
            self.verifier.run(),
            self.sweeper.run(),
            self.searcher.run(),
            self._refresh(),
            self._every_minute(),
            self._reload(reload),
        ]

    async def _read_manifests(self, feed: Feed) -> None:
        async for news in feed.news():
            async with self._taking:
                await self.shelf.take(news)
            if isinstance(news, Believed):
                self.watch(news.admitted)

    def watch(self, admitted: Admitted) -> None:
        """Ask from now on what is taken back of a manifest; of one by URL that is done with it."""
        if admitted.url is None:
            source, signed = admitted.source, admitted.signed_by is not None
            self.web.watch(source.path, source.manifest.head, signed=signed)

    async def _refresh(self) -> None:
        """Ask what peers took, and hold the upload to what it may be."""
        allowed = self.options.caps.plain
        while True:
            before, allowed = allowed, self.desk.allowed()
            if allowed.limit != before.limit:
                self.engine.limit(allowed.limit)
            if told := allowed.change(before):
                self.keeper.say(told)
            await self.options.clock.sleep(refresh_period(self.feeder.holds))
            self.engine.refresh()
            self.holdings.tell_traffic(self.desk.traffic())

    async def _every_minute(self) -> None:
        while True:
            await self.options.clock.sleep(self._until_release())
            self.release()
            await self.keeper.commit()
            await self.flush()
            self.shelf.forget_sources()
            await self.shelf.obeying.delete_due()

    def _until_release(self) -> float:
        """Return the seconds until counters are due, or a shard's release date if it is sooner."""
        now = self.options.clock.now()
        dates = (held.release for held in self.holdings if held.release is not None)
        left = min((date - now for date in dates if date > now), default=_MINUTE)
        return min(max(left, _SOONEST), _MINUTE)

    def release(self) -> None:
        """Let out the shards whose date has come."""
        now = self.options.clock.now()
        for held in list(self.holdings):
            pause = held.shard.pause
            due = held.release is not None and held.release <= now
            if due and pause is not None and pause.why is Trouble.UNRELEASED:
                self.keeper.change(held)

    async def flush(self) -> None:
        """Write the counters, and a sample of the history; tell the service manager."""
        found = counts(self.holdings.shards())
        await self.ledger.count(self.holdings)
        await self.ledger.sample(self.holdings, found)
        holds, all_ = self.feeder.holds, len(self.holdings)
        notify(os.environ, f"STATUS=serving {holds:,} of {all_:,} shards")

    async def settle(self) -> None:
        """Write down what has not been written yet."""
        await self.keeper.commit()
        await self.flush()
        await self.ledger.tell()

    async def _reload(self, asked: asyncio.Event) -> None:
        while True:
            await asked.wait()
            asked.clear()
            self.desk.reload()

    async def nothing_to_serve(self) -> None:
        """Return once everything was looked at, if nothing was ever found to be right."""
        await self.feed.first.wait()
        await self.web.first.wait()
        await self.verifier.idle.wait()
        await self.ledger.tell()
        if any(held.proven is not None for held in self.holdings):
            await asyncio.Event().wait()  # for ever


def assemble(
    options: Options, engine: Engine, ledger: Ledger, stopped: threading.Event, on_event: OnEvent
) -> Parts:
    """Put a daemon together; nothing runs yet, and `stopped` will end what waits in threads."""
    data, now, sleep = options.data, options.clock.now, options.clock.sleep
    holdings, archive = Holdings(), Archive(options.state)
    hashing = Hashing(options.jobs, options.max_read, until(stopped, on_event))
    # What is made further below is asked for only once all of it runs.
    feeder = Feeder(
        engine,
        holdings.get,
        build=lambda held: to_add(held, shelf.trackers(held), archive),
        unfit=lambda key, unfit: sweeper.unfit(key, unfit),  # noqa: PLW0108
    )
    keeper = Keeper(holdings, feeder, ledger, data, now, on_event)
    verifier = Verifier(
        holdings,
        keeper,
        wanted=lambda held: shelf.wanted(held),  # noqa: PLW0108
        look=lambda wanted: look_for(wanted, hashing, now=now()),
        now=now,
    )
    sweeper = Sweeper(holdings, keeper, verifier, now, sleep)
    searcher = Searcher(holdings, verifier, now, sleep)
    obeying = Obeying(holdings, keeper, ledger, data, now)
    works = holdings, keeper, feeder, verifier, ledger
    shelf = Shelf(*works, archive, data, now, on_event, obeying)
    feed, web = _feeds(options, archive, stopped)
    watcher = Watcher(holdings, keeper, feeder, sweeper, now, on_event)
    looks = ledger, verifier, sweeper, searcher
    desk = Desk(options, engine, holdings, keeper, *looks, (feed, web), now, now())
    kept = options, engine, holdings, ledger, feeder, keeper, verifier, sweeper, searcher
    return Parts(*kept, watcher, shelf, feed, desk, archive, web)


def _feeds(
    options: Options, archive: Archive, stopped: threading.Event
) -> tuple[FileFeed, WebFeed]:
    """Return what reads manifests here, and what gets them from servers."""

    def read(path: Path) -> Believed:
        now, reading = options.clock.now(), web.reading(path)
        return believe(path, options.trust, options.data, now=now, reading=reading)

    feed = FileFeed(options.manifests, read, options.clock.sleep)
    place = Place(options.state, options.trust, options.data, archive, stopped.is_set)
    web = WebFeed.of(options.urls, place, options.clock, feed.again)
    return feed, web


@dataclass(slots=True)
class Signals:
    """What somebody outside asks a daemon for."""

    stop: asyncio.Event
    reload: asyncio.Event


async def run_daemon(
    options: Options,
    engine: Engine,
    signals: Signals,
    on_event: OnEvent,
    *,
    beside: Sequence[Beside] = (),
) -> Ended:
    """Serve what is right of some datasets until stopped.

    Args:
        options: How to run it.
        engine: Not yet started.
        signals: End it, or let it look at everything.
        on_event: Gets progress, from several threads.
        beside: What runs as long as the daemon does.

    Returns:
        What was served; before it was stopped only if there is nothing to serve.

    Raises:
        DaemonRunningError: Another one has a folder of this one.
        SeedboxError: The state cannot be used, or a manifest that is new cannot be believed.
        PortInUseError: The address to listen on is taken.
    """
    stopped, new = threading.Event(), await first_look(options)
    async with AsyncExitStack() as stack:
        ledger = await _hold(options, stack, on_event)
        parts = assemble(options, engine, ledger, stopped, on_event)
        stack.callback(stopped.set)
        stack.callback(asyncio.create_task(_stop_early(signals.stop, stopped)).cancel)
        admitted = await begin(parts, new)
        try:
            await _run(parts, signals, stopped, on_event, beside)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            await parts.settle()
        found = report(parts.holdings, parts.shelf, parts.keeper.seeded, parts.uploaded_before)
        return Ended(found, admitted)


async def _hold(options: Options, stack: AsyncExitStack, on_event: OnEvent) -> Ledger:
    """Lock the folders and open the state, until the stack is left.

    Raises:
        DaemonRunningError: Another daemon has one of the folders.
        SeedboxError: The state cannot be used.
    """
    there = [folder for folder in options.data if folder.is_dir()]
    locks = stack.enter_context(await asyncio.to_thread(Locks.take, options.state, there))
    for warning in locks.warnings:
        on_event(Warned(warning))
    return await stack.enter_async_context(Ledger(options.state, options.clock.now, on_event))


async def _stop_early(stop: asyncio.Event, stopped: threading.Event) -> None:
    """End what waits in threads, also before anything is served."""
    await stop.wait()
    stopped.set()


async def _run(
    parts: Parts,
    signals: Signals,
    stopped: threading.Event,
    on_event: OnEvent,
    beside: Sequence[Beside],
) -> None:
    async with asyncio.TaskGroup() as group, parts.engine:
        for endpoint in parts.engine.listening:
            on_event(Listening(str(endpoint)))
        group.create_task(parts.watcher.run(parts.engine))  # until the engine has ended
        works = [*parts.work(signals.reload), *(each(parts.desk) for each in beside)]
        tasks = [group.create_task(work) for work in works]
        notify(os.environ, "READY=1", f"STATUS=serving {len(parts.holdings):,} shards")
        idle = group.create_task(parts.nothing_to_serve())
        stopping = group.create_task(signals.stop.wait())
        await asyncio.wait({idle, stopping}, return_when=asyncio.FIRST_COMPLETED)
        notify(os.environ, "STOPPING=1")
        stopped.set()
        for task in (*tasks, idle, stopping):
            task.cancel()
