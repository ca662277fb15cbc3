"""Into the engine and out of it: which shards are wanted there, and which are on their way.

At most so many adds are under way at once: libtorrent slows down with their square, and the bytes
of each .torrent are read only just before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import islice
from typing import TypeAlias

from seedbox.daemon.truth import Held, Sight
from seedbox.engine.base import AddTorrent, Engine

MOST_UNDER_WAY = 500
_BATCH = 64  # shards whose .torrents are read by one trip to a thread

Unfit: TypeAlias = tuple[Sight, ...] | None
"""Why a shard is not fit to be added: its files as they are now; None: its .torrent is gone."""

Build: TypeAlias = Callable[[Held], AddTorrent | Unfit]
"""Reads what the engine needs of a shard; in a thread."""


class Seat(Enum):
    """Where a shard is on its way."""

    QUEUED = auto()
    ADDING = auto()
    IN = auto()
    LEAVING = auto()


@dataclass(slots=True)
class Feeder:
    """Adds what is wanted, removes what is not, one after the other for each shard."""

    engine: Engine
    find: Callable[[str], Held | None]
    build: Build
    unfit: Callable[[str, Unfit], None]  # gets the key of a shard that was not added, and why
    most: int = MOST_UNDER_WAY
    _wanted: set[str] = field(default_factory=set)
    _seats: dict[str, Seat] = field(default_factory=dict)
    _queue: dict[str, None] = field(default_factory=dict)  # keys, in order
    _under_way: int = 0
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    def want(self, key: str) -> None:
        """Let the engine hold a shard, from as soon as it can."""
        self._wanted.add(key)
        if key not in self._seats:
            self._seats[key] = Seat.QUEUED
            self._queue[key] = None
            self._room.set()

    def unwant(self, key: str) -> None:
        """Let go of a shard."""
        self._wanted.discard(key)
        match self._seats.get(key):
            case Seat.QUEUED:
                self._queue.pop(key, None)
                del self._seats[key]
            case Seat.ADDING | Seat.IN as seat:
                self._under_way -= seat is Seat.ADDING
                self._seats[key] = Seat.LEAVING
                self.engine.remove(key)
            case _:
                pass

    def wants(self, key: str) -> bool:
        """Tell whether a shard is to be held."""
        return key in self._wanted

    @property
    def holds(self) -> int:
        """How many shards are in the engine, or on their way."""
        return len(self._seats)

    # --- what the engine says -----------------------------------------------------------------

    def added(self, key: str) -> None:
        """It holds a shard."""
        if self._seats.get(key) is Seat.ADDING:
            self._seats[key] = Seat.IN
            self._arrived()

    def refused(self, key: str) -> None:
        """It does not take a shard."""
        if self._seats.get(key) is Seat.ADDING:
            del self._seats[key]
            self._arrived()
            self._wanted.discard(key)

    def removed(self, key: str) -> None:
        """It has let go of a shard; one that is wanted again goes in again."""
        if self._seats.get(key) is Seat.LEAVING:
            del self._seats[key]
            self._room.set()
            if key in self._wanted:
                self.want(key)

    def _arrived(self) -> None:
        self._under_way -= 1
        self._room.set()

    # --- the window ---------------------------------------------------------------------------

    async def run(self) -> None:
        """Feed the engine, for ever."""
        while True:
            await self._room.wait()
            self._room.clear()
            while batch := self._next_batch():
                built = await asyncio.to_thread(_all, self.build, batch)
                for held, add in zip(batch, built, strict=True):
                    self._hand_over(held.key, add)

    def _next_batch(self) -> list[Held]:
        room = min(_BATCH, self.most - self._under_way)
        batch: list[Held] = []
        if room < min(_BATCH, len(self._queue), self.most):
            return batch  # a trip for each that has arrived would cost more than all the rest
        for key in list(islice(self._queue, room)):
            del self._queue[key]
            held = self.find(key)
            if held is None:
                del self._seats[key]
            else:
                self._seats[key] = Seat.ADDING
                self._under_way += 1
                batch.append(held)
        return batch

    def _hand_over(self, key: str, built: AddTorrent | Unfit) -> None:
        if self._seats.get(key) is not Seat.ADDING:
            return  # let go of in the meantime; the engine was told to remove what it never had
        if isinstance(built, AddTorrent):
            self.engine.add(built)
        else:
            self.refused(key)
            self.unfit(key, built)


def _all(build: Build, batch: Sequence[Held]) -> list[AddTorrent | Unfit]:
    return [build(held) for held in batch]
