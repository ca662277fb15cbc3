"""A daemon that holds nothing: fabricated shards, and what it was told to do."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from seedbox.daemon.api.daemon import Change, Noted, Sample, Step
from seedbox.daemon.record import (
    Command,
    Dataset,
    Evidence,
    Outcome,
    Pause,
    PauseShards,
    Reload,
    ResumeShards,
    Shard,
    Swarm,
    Traffic,
    Trouble,
    View,
)
from seedbox.daemon.server import OnAddress, OnSocket, serving
from seedbox.manifest.model import Role
from seedbox.torrent.info_hash import InfoHash

NOW = 1_800_000_000.0
TOKEN = "t" * 43
DATASETS = ("org.example/set", "org.example/other")


def shard(number: int, dataset: str = DATASETS[0], **changes: object) -> Shard:
    """A shard; every second one is announced, every fourth reachable, every eighth served."""
    v2 = hashlib.sha256(f"{dataset} {number}".encode()).digest()
    info_hash = InfoHash(hashlib.sha1(v2, usedforsecurity=False).digest(), v2)

    def evidence(every: int, by: str) -> Evidence | None:
        return None if number % every else Evidence(NOW - number, by, f"{by} of {number}")

    made = Shard(
        info_hash.key,
        info_hash,
        dataset,
        f"set-{number:05}",
        number,
        Role.DATA,
        items=10,
        size=1000 + number,
        license="CC-BY-4.0",
        use=Decimal(100_000 - number),
        coverage=Decimal(min(number, 10**6)).scaleb(-6),
        folder="/srv/data",
        listed=evidence(1, "manifest"),
        verified=evidence(1, "hash"),
        announced=evidence(2, "tracker"),
        reachable=evidence(4, "incoming"),
        served=evidence(8, "bytes"),
        uploaded=number * 7 % 1000,
        rate=number % 13,
        peers=number % 3,
        swarm=Swarm(number % 5, number % 7, NOW) if number % 2 else None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names fields


def missing(number: int, path: str = "/srv/data/set/a.csv") -> Shard:
    """A shard one file of which is gone."""
    pause = Pause(Trouble.MISSING, NOW - 60, f"{path} is not there", path)
    return shard(number, verified=None, pause=pause, rate=0, peers=0)


def dataset(name: str = DATASETS[0], shards: int = 0, **changes: object) -> Dataset:
    """A manifest that was believed."""
    made = Dataset(
        name,
        f"/srv/{name}/manifest.yaml",
        "A set",
        "2026-01",
        3,
        NOW - 1e6,
        None,
        "CC-BY-4.0",
        shards,
        10 * shards,
        1000 * shards,
        "0123456789ABCDEF",
        NOW - 100,
        NOW - 50,
        None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # as `shard`


def view(count: int = 20, *others: Shard) -> View:
    """So many shards of the first dataset, and whatever else."""
    shards = (*(shard(number) for number in range(1, count + 1)), *others)
    return View(
        NOW,
        NOW - 3600,
        "0.1.0",
        ("/srv/data",),
        ("0.0.0.0:6881",),
        tuple(dataset(name, sum(s.dataset == name for s in shards)) for name in DATASETS),
        shards,
        Traffic(5_000, 300, 7, None, 1_000, 2_000, None, 10_000),
        120,
        0,
    )


@dataclass(frozen=True)
class Then:
    """A step of the past."""

    at: float
    uploaded: int
    rate: int = 0
    peers: int = 0
    listed: int = 0
    verified: int = 0
    announced: int = 0
    reachable: int = 0
    served: int = 0


@dataclass(frozen=True)
class Decided:
    """A line of the log."""

    id: int
    at: float
    what: str = "paused"
    subject: str = "set-00001"
    detail: str = "by hand"


@dataclass
class FakeDaemon:
    """Does as it is told, and remembers it."""

    seen: View = field(default_factory=view)
    told: list[Command] = field(default_factory=list)
    past: list[Then] = field(default_factory=list)
    log: list[Decided] = field(default_factory=list)
    fails: Exception | None = None  # raised instead of obeying
    listeners: list[asyncio.Queue[Change]] = field(default_factory=list)

    def view(self) -> View:
        return self.seen

    async def obey(self, command: Command) -> Outcome:
        if self.fails is not None:
            raise self.fails
        self.told.append(command)
        match command:
            case PauseShards(shards=keys) | ResumeShards(shards=keys):
                return Outcome(keys)
            case Reload():
                return Outcome((), ("every manifest is as it was",))

    async def history(self, step: Step, since: float, until: float) -> Sequence[Sample]:
        del step
        return [then for then in self.past if since <= then.at < until]

    async def audit(self, before: int | None, limit: int) -> Sequence[Noted]:
        newest = sorted(self.log, key=lambda line: -line.id)
        return [line for line in newest if before is None or line.id < before][:limit]

    async def changes(self) -> AsyncIterator[Change]:
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self.listeners.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self.listeners.remove(queue)

    def tell(self, *values: Shard | Dataset | Traffic) -> None:
        """Let something have changed; in the daemon's loop."""
        for queue in self.listeners:
            for value in values:
                queue.put_nowait(Change(value))


@dataclass
class Running:
    """A daemon that is being asked, in a thread and loop of its own."""

    daemon: FakeDaemon
    places: tuple[str, ...]
    loop: asyncio.AbstractEventLoop
    complaints: list[str]

    def call(self, *values: Shard | Dataset | Traffic) -> None:
        """Let something have changed."""
        done = threading.Event()
        self.loop.call_soon_threadsafe(self.daemon.tell, *values)
        self.loop.call_soon_threadsafe(done.set)
        assert done.wait(30)


@contextlib.contextmanager
def running(
    *where: OnSocket | OnAddress | Path, daemon: FakeDaemon | None = None, rate: float = 1e6
) -> Iterator[Running]:
    """Serve the interface of a fake daemon."""
    chosen = daemon or FakeDaemon()
    places = [OnSocket(each) if isinstance(each, Path) else each for each in where]
    made: list[Running] = []
    failed: list[BaseException] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        complaints: list[str] = []
        try:
            async with serving(chosen, places, tell=complaints.append, rate=rate) as names:
                made.append(Running(chosen, names, asyncio.get_running_loop(), complaints))
                ready.set()
                await stop.wait()
        except BaseException as error:  # noqa: BLE001 -- given to the test
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        if failed:
            raise failed[0]
        yield made[0]
    finally:
        if made:
            made[0].loop.call_soon_threadsafe(stop.set)
        thread.join(30)
    assert not thread.is_alive()
    if failed:
        raise failed[0]
