"""Seeding datasets in a FakeSwarm: a run of `seed` that is watched and stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from seedbox.daemon.seed import SeedOptions, run_seed
from seedbox.engine.base import Settings
from seedbox.jobs.events import Event, Note, OnEvent, Warned, ignore
from seedbox.jobs.shards import Source
from seedbox.plan.seed import SeedReport
from support.fake_engine import FakeEngine, FakeSwarm
from support.fetching import LISTENING, NOW

DEADLINE = 20.0  # seconds


@dataclass
class Seeder:
    """A run of `seed`, and what it has said so far."""

    engine: FakeEngine
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    events: list[Event] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    watch: OnEvent = ignore
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        self.loop.call_soon_threadsafe(self.news.set)
        self.watch(event)

    def said(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, kind: type[Event], count: int = 1) -> None:
        """Wait until so many events of a kind have been told."""
        async with asyncio.timeout(DEADLINE):
            while len(self.said(kind)) < count:
                self.news.clear()
                await self.news.wait()

    async def run(self, *sources: Source, data: tuple[Path, ...]) -> SeedReport:
        """Seed until stopped, or until there is nothing to seed."""
        options = SeedOptions(data, NOW, jobs=1)
        async with asyncio.timeout(DEADLINE):
            return await run_seed(sources, self.engine, options, self.stop, self.on_event)

    @contextlib.asynccontextmanager
    async def running(
        self, *sources: Source, data: Path
    ) -> AsyncIterator[asyncio.Task[SeedReport]]:
        """Seed while the context lasts."""
        task = asyncio.create_task(self.run(*sources, data=(data,)))
        try:
            yield task
        finally:
            self.stop.set()
            await asyncio.wait({task})


def messages(seeder: Seeder, kind: type[Warned | Note]) -> list[str]:
    return [event.message for event in seeder.events if isinstance(event, kind)]


def seeder(engine: type[FakeEngine] = FakeEngine, settings: Settings = LISTENING) -> Seeder:
    return Seeder(engine(settings, FakeSwarm()))
