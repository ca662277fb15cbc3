"""The queue of shards to look for and to hash: one at a time, catalogs first, then by rank."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from seedbox.daemon.holdings import Holdings
from seedbox.daemon.keeper import Keeper
from seedbox.daemon.looking import Looked, Wanted
from seedbox.daemon.record import Pause, Trouble
from seedbox.daemon.truth import Held
from seedbox.errors import SeedboxError
from seedbox.manifest.model import Role

Look = Callable[[Wanted], Looked]
"""Looks for a shard and hashes it; in a thread."""


@dataclass(slots=True)
class Verifier:
    """Looks for shards, one after the other."""

    holdings: Holdings
    keeper: Keeper
    wanted: Callable[[Held], Awaitable[Wanted | None]]  # None: no manifest lists it any more
    look: Look
    now: Callable[[], float]
    idle: asyncio.Event = field(default_factory=asyncio.Event)  # nothing is waiting
    _heap: list[tuple[bool, int, str, str]] = field(default_factory=list)
    _queued: set[str] = field(default_factory=set)
    _any: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin with nothing to do."""
        self.idle.set()

    def add(self, key: str) -> None:
        """Look for a shard when its turn comes."""
        held = self.holdings.get(key)
        if held is None or key in self._queued:
            return
        shard = held.shard
        self._queued.add(key)
        place = (shard.role is not Role.CATALOG, shard.rank, shard.dataset, key)
        heapq.heappush(self._heap, place)
        self.idle.clear()
        self._any.set()

    def waits(self, key: str) -> bool:
        """Tell whether a shard is in the queue, or being looked at."""
        return key in self._queued

    @property
    def hashing(self) -> int:
        """How many shards wait to be hashed; to look again for an absent one does not count."""
        found = (self.holdings.get(key) for key in self._queued)
        return sum(
            held is not None and held.fault is not None and held.fault.why is Trouble.VERIFYING
            for held in found
        )

    async def run(self) -> None:
        """Work through the queue, for ever."""
        while True:
            await self._any.wait()
            self._any.clear()
            while self._heap:
                key = heapq.heappop(self._heap)[-1]
                await self._one(key)
                self._queued.discard(key)
            await self.keeper.commit()
            if not self._heap:
                self.idle.set()

    async def _one(self, key: str) -> None:
        held = self.holdings.get(key)
        if held is None or held.blocked is not None:
            return
        try:
            wanted = await self.wanted(held)
            if wanted is None:
                return
            looked = await asyncio.to_thread(self.look, replace(wanted, held=held))
        except SeedboxError as error:
            path = error.data.get("path")
            fault = Pause(
                Trouble.REFUSED, self.now(), error.message, None if path is None else str(path)
            )
            self.keeper.fault(key, fault)
            return
        self.keeper.found(key, looked)
