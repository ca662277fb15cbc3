"""Every shard that a daemon knows, by key; whoever wants to know is told of each change.

For one thread: that of the loop. The values are frozen, so what was handed out stays as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter

from seedbox.daemon.api.daemon import Change
from seedbox.daemon.record import Dataset, Shard, Traffic
from seedbox.daemon.truth import Held

_by_place = attrgetter("dataset", "rank", "key")


class Listener:
    """What one listener has yet to hear: of each thing its latest value."""

    def __init__(self) -> None:
        self._news: dict[str, Change] = {}
        self._any = asyncio.Event()

    def tell(self, name: str, change: Change) -> None:
        """Add a change; it takes the place of an earlier one of the same thing."""
        self._news[name] = change
        self._any.set()

    async def changes(self) -> AsyncIterator[Change]:
        """Yield what has changed, for ever."""
        while True:
            await self._any.wait()
            self._any.clear()
            news, self._news = self._news, {}
            for change in news.values():
                yield change


class Holdings:
    """The shards and datasets of a daemon."""

    def __init__(self) -> None:
        self.datasets: dict[str, Dataset] = {}  # by id
        self._held: dict[str, Held] = {}
        self._listeners: set[Listener] = set()
        self._counted: set[str] = set()  # keys whose counters have changed since they were kept
        self._order: list[str] | None = None  # keys, as they are told; None: to be sorted
        self._shards: tuple[Shard, ...] | None = None  # as they were told last; None: changed
        self.rate = 0  # bytes/s to peers, of all
        self.peers = 0  # connected, of all
        self.uploaded = 0  # bytes given to peers in this run

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Held]:
        return iter(self._held.values())

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def get(self, key: str) -> Held | None:
        """Return a shard; None: it is not known."""
        return self._held.get(key)

    def load(self, all_held: Iterable[Held]) -> None:
        """Take on what a restart finds; nobody listens yet."""
        for held in all_held:
            self._held[held.key] = held
        self._order = self._shards = None

    def put(self, held: Held) -> None:
        """Replace a shard, or add it, and tell of it if it looks different."""
        key, old = held.key, self._held.get(held.key)
        self._held[key] = held
        if old is None or _by_place(old.shard) != _by_place(held.shard):
            self._order = None
        if old is not None and old.shard == held.shard:
            return
        self._shards = None
        if old is not None:
            self.rate += held.shard.rate - old.shard.rate
            self.peers += held.shard.peers - old.shard.peers
            self.uploaded += held.shard.uploaded - old.shard.uploaded
            if _counters(old.shard) != _counters(held.shard):
                self._counted.add(key)
        for listener in self._listeners:
            listener.tell(key, Change(held.shard))

    def put_dataset(self, dataset: Dataset) -> None:
        """Replace a dataset, or add it."""
        self.datasets[dataset.id] = dataset
        for listener in self._listeners:
            listener.tell(f"dataset {dataset.id}", Change(dataset))

    def tell_traffic(self, traffic: Traffic) -> None:
        """Let listeners know what goes to peers."""
        for listener in self._listeners:
            listener.tell("traffic", Change(traffic))

    def shards(self) -> tuple[Shard, ...]:
        """Return what is told of every shard, by dataset and rank."""
        if self._shards is None:
            if self._order is None:
                shards = sorted((held.shard for held in self._held.values()), key=_by_place)
                self._order = [shard.key for shard in shards]
            self._shards = tuple(self._held[key].shard for key in self._order)
        return self._shards

    def of(self, dataset: str) -> list[Held]:
        """Return the shards of one dataset."""
        return [held for held in self._held.values() if held.shard.dataset == dataset]

    def take_counted(self) -> list[Shard]:
        """Return the shards whose counters have changed since the last time."""
        keys, self._counted = self._counted, set()
        return [self._held[key].shard for key in keys if key in self._held]

    def count_again(self, shards: Iterable[Shard]) -> None:
        """Give back what could not be kept."""
        self._counted.update(shard.key for shard in shards)

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Hear of every change while the context lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


def _counters(shard: Shard) -> tuple[object, ...]:
    """Return what State.count keeps."""
    return shard.uploaded, shard.announced, shard.reachable, shard.served, shard.swarm
