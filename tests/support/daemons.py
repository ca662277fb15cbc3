"""Daemons for tests: run in this process, with a quick clock, and watched through their desk."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedbox.daemon.desk import Desk
from seedbox.daemon.loop import Ended, Signals, run_daemon
from seedbox.daemon.options import Clock, Options
from seedbox.daemon.record import Shard, Trouble
from seedbox.engine.base import Engine
from seedbox.engine.base import Event as Told
from seedbox.jobs.admission import Trust
from seedbox.jobs.events import Event, Note, Started, Warned
from support.fake_engine import FakeEngine, FakeSwarm
from support.fetching import LISTENING

DEADLINE = 20.0  # seconds
_FACTOR = 50  # a minute takes a little more than a second


def quick_clock(factor: float = _FACTOR) -> Clock:
    """A clock that goes faster than the world's."""
    began, base = time.monotonic(), time.time()
    return Clock(
        now=lambda: base + (time.monotonic() - began) * factor,
        sleep=lambda seconds: asyncio.sleep(seconds / factor),
    )


class TalkingEngine(FakeEngine):
    """An engine that tells whatever a test wants to hear."""

    def tell(self, event: Told) -> None:
        self._tell(event)


@dataclass
class Running:
    """A daemon that runs, and what it has said."""

    engine: Engine
    options: Options
    signals: Signals = field(default_factory=lambda: Signals(asyncio.Event(), asyncio.Event()))
    events: list[Event] = field(default_factory=list)
    desk: Desk | None = None
    up: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: Ended | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def on_event(self, event: Event) -> None:
        """Remember what is said; it may come from any thread."""
        self.events.append(event)
        self.loop.call_soon_threadsafe(self.changed.set)

    async def run(self) -> None:
        self.ended = await run_daemon(
            self.options, self.engine, self.signals, self.on_event, beside=(self._watch,)
        )

    async def _watch(self, desk: Desk) -> None:
        self.desk = desk
        self.up.set()
        async for _ in desk.changes():
            self.changed.set()

    def shard(self, name: str) -> Shard:
        """What is told of a shard."""
        assert self.desk is not None
        (found,) = [shard for shard in self.desk.view().shards if shard.name == name]
        return found

    def why(self, name: str) -> Trouble | None:
        """Why a shard is not served."""
        pause = self.shard(name).pause
        return None if pause is None else pause.why

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until something is so, looking whenever anything has changed."""
        async with asyncio.timeout(DEADLINE):
            while not seen():
                self.changed.clear()
                await self.changed.wait()

    async def until_told(self, message: str) -> None:
        """Wait until a message with these words was given."""
        await self.until(lambda: any(message in told for told in self.messages))

    async def until_why(self, name: str, why: Trouble | None) -> None:
        """Wait until a shard is not served for a reason, or is served."""
        await self.until(lambda: self.why(name) is why)

    async def until_seeded(self, *names: str) -> None:
        """Wait until the engine holds these shards."""
        keys, engine = {self.shard(name).key for name in names}, self.engine
        assert isinstance(engine, FakeEngine)
        await self.until(lambda: keys <= engine.held.keys())

    @property
    def messages(self) -> list[str]:
        """Warnings and notes, in order."""
        return [event.message for event in self.events if isinstance(event, Warned | Note)]

    @property
    def hashed(self) -> list[str]:
        """The names of the shards that were hashed, in order."""
        tasks = [event.task for event in self.events if isinstance(event, Started)]
        return [task.removeprefix("verify ") for task in tasks]

    async def audited(self) -> list[str]:
        """What the log says, oldest first."""
        assert self.desk is not None
        lines = await self.desk.audit(None, 1000)
        return [line.what for line in reversed(lines)]


def options(folder: Path, *manifests: Path, **changes: object) -> Options:
    """How to run a daemon on `folder/data`; whatever it keeps is below `folder`."""
    plain = Options(
        manifests=manifests,
        data=(folder / "data",),
        state=folder / "daemon",
        trust=Trust(folder / "trust"),
        jobs=1,
        clock=quick_clock(),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # any field


@contextlib.asynccontextmanager
async def running(chosen: Options, engine: Engine | None = None) -> AsyncIterator[Running]:
    """Run a daemon as long as the context lasts."""
    daemon = Running(engine or FakeEngine(LISTENING, FakeSwarm()), chosen)
    task = asyncio.create_task(daemon.run())
    up = asyncio.create_task(daemon.up.wait())
    try:
        await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED, timeout=DEADLINE)
        if not up.done():
            await task  # raises what kept it from starting
        yield daemon
    finally:
        up.cancel()
        daemon.signals.stop.set()
        async with asyncio.timeout(DEADLINE):
            await task


async def run_out(chosen: Options, engine: Engine | None = None) -> Running:
    """Run a daemon until it ends by itself."""
    daemon = Running(engine or FakeEngine(LISTENING, FakeSwarm()), chosen)
    async with asyncio.timeout(DEADLINE):
        await daemon.run()
    return daemon
