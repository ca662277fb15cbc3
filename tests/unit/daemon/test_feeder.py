import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from seedbox.daemon.feeder import Feeder, Unfit
from seedbox.daemon.truth import Held
from seedbox.engine.base import AddTorrent, Mode
from support.stored import shard
from support.swarm import in_loop

ALL = {held.key: held for held in (Held(shard(n)) for n in range(200))}
KEYS = list(ALL)


@dataclass
class Calls:
    """An engine's part that only listens."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, torrent: AddTorrent) -> None:
        self.added.append(torrent.key)
        self.news.set()

    def remove(self, key: str) -> None:
        self.removed.append(key)


def add(held: Held) -> AddTorrent | Unfit:
    return AddTorrent(b"", held.shard.info_hash, Path("/d"), Mode.SEED, (True,))


def feeder(most: int = 500) -> tuple[Feeder, Calls, list[tuple[str, Unfit]]]:
    calls, unfit = Calls(), list[tuple[str, Unfit]]()
    made = Feeder(calls, ALL.get, add, lambda key, why: unfit.append((key, why)), most)  # type: ignore[arg-type]
    return made, calls, unfit


async def until(calls: Calls, count: int) -> None:
    async with asyncio.timeout(10):
        while len(calls.added) < count:
            calls.news.clear()
            await calls.news.wait()


@in_loop
async def test_no_more_are_under_way_than_may_be() -> None:
    fed, calls, _ = feeder(most=100)
    running = asyncio.create_task(fed.run())
    for key in KEYS:
        fed.want(key)
    await until(calls, 64)
    for key in KEYS[:64]:
        fed.added(key)
    await until(calls, 128)
    assert calls.added == KEYS[:128]
    for key in KEYS[64:128]:
        fed.added(key)
    await until(calls, 192)
    for key in KEYS[128:192]:
        fed.added(key)
    await until(calls, 200)
    running.cancel()
    assert (calls.added, fed.holds) == (KEYS, 200)


@in_loop
async def test_what_is_wanted_again_goes_in_again_once_it_is_out() -> None:
    fed, calls, _ = feeder()
    running = asyncio.create_task(fed.run())
    key = KEYS[0]
    fed.want(key)
    await until(calls, 1)
    fed.added(key)
    fed.unwant(key)
    fed.unwant(key)
    fed.want(key)
    assert (calls.added, calls.removed) == ([key], [key])
    fed.removed(key)
    await until(calls, 2)
    running.cancel()
    assert fed.wants(key)


@in_loop
async def test_what_is_let_go_of_before_its_turn_never_gets_there() -> None:
    fed, calls, _ = feeder()
    for key in KEYS[:3]:
        fed.want(key)
    fed.unwant(KEYS[1])
    running = asyncio.create_task(fed.run())
    await until(calls, 2)
    running.cancel()
    assert (calls.added, calls.removed) == ([KEYS[0], KEYS[2]], [])


@in_loop
async def test_what_is_unfit_or_unknown_is_not_added() -> None:
    fed, calls, unfit = feeder()
    fed.build = lambda held: None if held.key == KEYS[0] else add(held)
    for key in (KEYS[0], "unknown", KEYS[1]):
        fed.want(key)
    running = asyncio.create_task(fed.run())
    await until(calls, 1)
    running.cancel()
    assert (calls.added, unfit) == ([KEYS[1]], [(KEYS[0], None)])
    assert not fed.wants(KEYS[0])
    fed.refused(KEYS[1])
    assert fed.holds == 0
