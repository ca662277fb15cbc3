"""Looking at all files again and again: a shard is let go when one changes, and comes back.

A sweep is paced, so that ten thousand files cost next to nothing. Once a file is missing the rest
of the sweep is done at once: most often a whole disk has gone, and that is one thing to tell.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from seedbox.daemon.feeder import Unfit
from seedbox.daemon.holdings import Holdings
from seedbox.daemon.keeper import Keeper
from seedbox.daemon.looking import differing, unreadable
from seedbox.daemon.record import Pause, Trouble
from seedbox.daemon.truth import (
    Finding,
    Held,
    Sight,
    Step,
    Unseen,
    judge,
    next_step,
    paths,
    retry_after,
    sweep_period,
)
from seedbox.daemon.verifier import Verifier

_STILL = 4.5  # seconds without a change, before something new is hashed; a sweep takes 5 or more
_SLICE = 1000  # files that one trip to a thread looks at
_SEARCH = 10.0  # seconds between two searches for what is absent
_SEARCHED = 100  # shards in each
_SEARCH_AGAIN = 60.0  # seconds between two searches for the same shard
_SEARCHED_FOR = {
    Trouble.ABSENT,
    Trouble.MISSING,
    Trouble.UNREADABLE,
    Trouble.CHANGED,
    Trouble.REFUSED,
}

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Retry:
    """A file that the system refused to read, and when it is tried again."""

    since: float  # of the failure
    count: int
    due: float


@dataclass(slots=True)
class Sweeper:
    """Looks at the files of every shard that was hashed."""

    holdings: Holdings
    keeper: Keeper
    verifier: Verifier
    now: Callable[[], float]
    sleep: Sleep
    _before: dict[str, tuple[tuple[Sight, ...], float]] = field(default_factory=dict)
    """What was seen of files that are not as they were hashed, and since when it stands still."""
    _retries: dict[str, _Retry] = field(default_factory=dict)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def hurry(self) -> None:
        """Look at all files now, and then tell of all that is found at once."""
        self.keeper.quiet = True
        self._hurry.set()

    def unfit(self, key: str, unfit: Unfit) -> None:
        """Take on why a shard could not be served after all; what stands there now is hashed."""
        held = self.holdings.get(key)
        if held is None:
            return
        where = paths(held.shard.folder, held.drop, held.stats)
        found = None if unfit is None else judge(held.stats, unfit, where)
        whole = unfit is None or not any(isinstance(sight, Unseen) for sight in unfit)
        if found is not None and not whole:
            self.keeper.fault(key, found.pause(self.now()))
            self.hurry()
            return
        why = (
            "its .torrent is gone from the state"
            if found is None
            else f"{found.path} {found.detail}"
        )
        again = Pause(Trouble.VERIFYING, self.now(), f"it waits to be hashed again: {why}")
        proven = None if found is None else held.proven
        self.keeper.change(replace(held, fault=again, proven=proven))
        self.verifier.add(key)

    async def run(self) -> None:
        """Sweep, for ever."""
        while True:
            await self.sweep()

    async def sweep(self) -> None:
        """Look at every file once, in the time that is due to so many.

        If there is a hurry, what was looked at before it is looked at once more.
        """
        try:
            await self._pass()
            if self._hurry.is_set():
                await self._pass()
        finally:
            self._hurry.clear()
            self.keeper.quiet = False
        await self.keeper.commit()

    async def _pass(self) -> None:
        slices = _slices([held for held in self.holdings if _swept(held)])
        files = sum(len(held.stats) for each in slices for held in each)
        rest = sweep_period(files) / max(1, len(slices))
        for each in slices or [[]]:
            await self._wait(rest)
            await self._look(each)

    async def _wait(self, seconds: float) -> None:
        """Rest, unless somebody is in a hurry."""
        if self._hurry.is_set():
            return
        resting = asyncio.ensure_future(self.sleep(seconds))
        called = asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait({resting, called}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            resting.cancel()
            called.cancel()

    async def _look(self, all_held: Sequence[Held]) -> None:
        if not all_held:
            return
        found = dict(await asyncio.to_thread(differing, all_held))
        for looked_at in all_held:
            held = self.holdings.get(looked_at.key)
            if held is None or held.stats is not looked_at.stats or not _swept(held):
                continue  # it was hashed, or given up, in the meantime
            if (seen := found.get(held.key)) is not None:
                self._differs(held, seen)
            elif held.fault is not None:
                await self._as_hashed(held)
            else:
                self._before.pop(held.key, None)
        await self.keeper.commit()

    # --- what to make of it -------------------------------------------------------------------

    def _differs(self, held: Held, seen: tuple[Sight, ...]) -> None:
        before = self._stood_still(held.key, seen)
        if self.verifier.waits(held.key):
            return
        finding = judge(held.stats, seen, paths(held.shard.folder, held.drop, held.stats))
        if held.fault is None and finding is not None:
            self.keeper.fault(held.key, finding.pause(self.now()))
            if finding.why is Trouble.MISSING:
                self.hurry()
            return
        if next_step(held, seen, before) is Step.HASH and self._due(held):
            again = Pause(Trouble.VERIFYING, self.now(), "it waits to be hashed again")
            self.keeper.change(replace(held, fault=again))
            self.verifier.add(held.key)
        elif finding is not None:
            self._say_better(held, finding)

    def _stood_still(self, key: str, seen: tuple[Sight, ...]) -> tuple[Sight, ...] | None:
        """Return what was seen a sweep ago, and remember what is seen now."""
        before, since = self._before.get(key, (None, 0.0))
        if before != seen:
            self._before[key] = (seen, self.now())
            return None
        return before if self.now() - since >= _STILL else None

    def _say_better(self, held: Held, finding: Finding) -> None:
        """Correct the reason of a pause: what was changed may have gone since."""
        fault = held.fault
        if fault is None or fault.why in {Trouble.CORRUPT, Trouble.VERIFYING}:
            return
        if (fault.why, fault.path, fault.detail) != (finding.why, finding.path, finding.detail):
            self.keeper.fault(held.key, replace(finding.pause(self.now()), since=fault.since))

    async def _as_hashed(self, held: Held) -> None:
        """Go on with a shard in trouble whose files are what they were when they were hashed."""
        key, fault = held.key, held.fault
        self._before.pop(key, None)
        if held.proven is None or fault is None or self.verifier.waits(key):
            return
        if fault.why is Trouble.UNREADABLE:
            if not self._due(held):
                return
            refused = await asyncio.to_thread(unreadable, held)
            if refused is not None:
                self._failed(held)
                return
        self.keeper.mended(key)

    def _due(self, held: Held) -> bool:
        """Tell whether a file that could not be read may be tried again; others always may."""
        fault, known = held.fault, self._retries.get(held.key)
        if fault is None or fault.why is not Trouble.UNREADABLE:
            return True
        if known is None or known.since != fault.since:
            self._failed(held)
        return self.now() >= self._retries[held.key].due

    def _failed(self, held: Held) -> None:
        since = self.now() if held.fault is None else held.fault.since
        known = self._retries.get(held.key)
        count = 1 if known is None else known.count + 1
        due = self.now() + retry_after(count - 1, sweep_period(0))
        self._retries[held.key] = _Retry(since, count, due)


def _swept(held: Held) -> bool:
    """Tell whether the files of a shard are looked at: it was hashed, and not given up."""
    return bool(held.stats) and held.blocked is None


def _slices(all_held: Sequence[Held]) -> list[list[Held]]:
    """Return the shards in runs of about as many files."""
    slices: list[list[Held]] = []
    room = 0
    for held in all_held:
        if room <= 0:
            slices.append([])
            room = _SLICE
        slices[-1].append(held)
        room -= len(held.stats)
    return slices


@dataclass(slots=True)
class Searcher:
    """Looks for shards again that are not where they were, or nowhere; a few at a time."""

    holdings: Holdings
    verifier: Verifier
    now: Callable[[], float]
    sleep: Sleep
    _round: deque[str] = field(default_factory=deque)
    _next_round: float = 0.0

    async def run(self) -> None:
        """Search, for ever."""
        while True:
            await self.sleep(_SEARCH)
            self.search()

    def search(self) -> None:
        """Search for the next few."""
        now = self.now()
        if not self._round and now >= self._next_round:
            self._round.extend(held.key for held in self.holdings if _searched_for(held))
            self._next_round = now + _SEARCH_AGAIN
        for _ in range(min(_SEARCHED, len(self._round))):
            self.verifier.add(self._round.popleft())

    def search_all(self) -> None:
        """Search for everything, as soon as its turn comes."""
        for held in self.holdings:
            if _searched_for(held):
                self.verifier.add(held.key)


def _searched_for(held: Held) -> bool:
    """Tell whether a shard may be found elsewhere, or was never found whole."""
    if held.blocked is not None or held.by_hand is not None or held.fault is None:
        return False
    if held.stats and held.fault.why is not Trouble.MISSING:
        return False  # the sweep sees when it changes
    return held.fault.why in _SEARCHED_FOR or held.fault.why is Trouble.CORRUPT
