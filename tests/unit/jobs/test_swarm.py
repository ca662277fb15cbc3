import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from seedbox.engine.base import Added, Event, Finished, Progress, Removed
from seedbox.jobs.swarm import joined
from seedbox.torrent.info_hash import Format
from support.fake_engine import FakeEngine, FakeSwarm
from support.fetching import LISTENING
from support.swarm import DEADLINE, SMALL, in_loop, share


async def next_of(kind: type[Event], inbox: asyncio.Queue[Event]) -> Event:
    async with asyncio.timeout(DEADLINE):
        while True:
            event = await inbox.get()
            if isinstance(event, kind):
                return event


@in_loop
async def test_each_torrent_gets_its_own_events(tmp_path: Path) -> None:
    first = share(tmp_path / "1", SMALL, Format.V1, name="one")
    second = share(tmp_path / "2", SMALL, Format.V2, name="two")
    engine = FakeEngine(LISTENING, FakeSwarm())

    async with (
        engine,
        joined(engine) as swarm,
        swarm.torrent(first.seed()) as one,
        swarm.torrent(second.seed()) as two,
    ):
        assert await next_of(Added, one) == Added(first.key)
        assert await next_of(Added, two) == Added(second.key)


@in_loop
async def test_a_torrent_is_gone_when_its_context_ends(tmp_path: Path) -> None:
    shared = share(tmp_path)
    engine = FakeEngine(LISTENING, FakeSwarm())

    async with engine, joined(engine) as swarm:
        for _ in range(2):
            async with swarm.torrent(shared.seed()):
                pass
            assert engine.held == {}


@in_loop
async def test_progress_is_asked_for_again_and_again(tmp_path: Path) -> None:
    shared = share(tmp_path)
    asked = asyncio.Semaphore(0)

    class Counting(FakeEngine):
        def refresh(self) -> None:
            super().refresh()
            asked.release()

    engine = Counting(LISTENING, FakeSwarm())
    async with engine, joined(engine) as swarm, swarm.torrent(shared.seed()) as inbox:
        await next_of(Progress, inbox)
        async with asyncio.timeout(DEADLINE):
            for _ in range(2):
                await asked.acquire()


@in_loop
async def test_an_engine_that_fails_ends_whoever_waits_for_it(tmp_path: Path) -> None:
    shared = share(tmp_path)

    class Failing(FakeEngine):
        async def events(self) -> AsyncIterator[Event]:
            async for event in super().events():
                yield event
                raise RuntimeError("lost alerts")

    async def wait_for_what_never_comes() -> None:
        engine = Failing(LISTENING, FakeSwarm())
        async with engine, joined(engine) as swarm, swarm.torrent(shared.seed()) as inbox:
            await next_of(Finished, inbox)

    with pytest.raises(RuntimeError, match="lost alerts"):
        await wait_for_what_never_comes()


@in_loop
async def test_an_error_in_the_body_stays_what_it_is(tmp_path: Path) -> None:
    shared = share(tmp_path)
    engine = FakeEngine(LISTENING, FakeSwarm())

    with pytest.raises(ZeroDivisionError):
        async with engine, joined(engine) as swarm, swarm.torrent(shared.seed()):
            raise ZeroDivisionError
    assert engine.held == {}


@in_loop
async def test_the_queue_ends_with_the_removal(tmp_path: Path) -> None:
    shared = share(tmp_path)
    engine = FakeEngine(LISTENING, FakeSwarm())

    async with engine, joined(engine) as swarm, swarm.torrent(shared.seed()) as inbox:
        engine.remove(shared.key)

        assert await next_of(Removed, inbox) == Removed(shared.key)
