"""Writing the state: everything through one thread, facts before they are acted on.

SQLite waits for disks, and a State belongs to the thread that opened it. Counters are written
once a minute, and again after a failure: a full disk must not stop what is being served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from seedbox.daemon.holdings import Holdings
from seedbox.daemon.notes import Line, Note, lines
from seedbox.daemon.record import Reached
from seedbox.daemon.state import (
    Sample,
    State,
    StoredDataset,
    StoredShard,
    Tombstone,
    Used,
)
from seedbox.daemon.truth import Held, stored
from seedbox.errors import SeedboxError
from seedbox.jobs.events import Note as Said
from seedbox.jobs.events import OnEvent, Warned

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a state held when it was opened."""

    shards: tuple[StoredShard, ...]
    datasets: tuple[StoredDataset, ...]
    tombstones: tuple[Tombstone, ...]
    used: Used


@dataclass(slots=True)
class Ledger:
    """The state of a daemon, for its loop."""

    folder: Path
    now: Callable[[], float]
    on_event: OnEvent
    used: Used = field(default_factory=lambda: Used(0, 0, 0, 0, 0))  # when counted last
    counted: int = 0  # bytes of this run that are in it
    _state: State | None = None
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="state")
    )
    _notes: list[Note] = field(default_factory=list)  # to be written
    _failed: str | None = None  # what kept counters from being written, said once
    _sampled: int = 0  # bytes of this run that history has

    async def __aenter__(self) -> Self:
        """Open the state.

        Raises:
            SeedboxError: See `State.open`.
        """
        try:
            self._state = await self._in_thread(lambda: State.open(self.folder, now=self.now()))
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        state, self._state = self._state, None
        try:
            if state is not None:
                await self._in_thread(state.close)
        finally:
            self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        begun = asyncio.get_running_loop().run_in_executor(self._thread, work)
        return await asyncio.shield(begun)  # what was to be written is, even if nobody waits

    async def ask(self, work: Callable[[State], T]) -> T:
        """Do something with the state, in its thread, after all that was asked before.

        Raises:
            SeedboxError: What the state says.
        """
        state = self._state
        if state is None:
            raise RuntimeError("the state is not open")
        return await self._in_thread(lambda: work(state))

    async def remembered(self) -> Remembered:
        """Return everything that it held."""
        found = await self.ask(
            lambda state: Remembered(
                tuple(state.shards()), state.datasets(), state.tombstones(), state.used(self.now())
            )
        )
        self.used = found.used
        return found

    # --- facts --------------------------------------------------------------------------------

    def note(self, note: Note) -> None:
        """Write something down with the next facts, or when `tell` is called."""
        self._notes.append(note)

    async def keep(
        self, held: Iterable[Held] = (), *, datasets: Sequence[StoredDataset] = ()
    ) -> None:
        """Keep shards and datasets as they are now: on the disk when it returns, all or none.

        Raises:
            SeedboxError: They could not be written.
        """
        rows = [stored(each) for each in held]

        def write(state: State) -> None:
            with state.together():
                for dataset in datasets:
                    state.put_dataset(dataset)
                if rows:
                    state.put(rows)

        await self.ask(write)

    async def tell(self) -> None:
        """Write down what was noted, and say aloud what is to be said.

        A log that cannot be written is said once; nothing stops for it.
        """
        notes, self._notes = self._notes, []
        if not notes:
            return
        told, at = lines(notes), self.now()
        for line in told:
            if line.warn is not None:
                self.on_event(Warned(line.warn))
            for more in line.more:
                self.on_event(Said(more))
        await self._try(lambda state: _write(state, at, told))

    async def _try(self, work: Callable[[State], None]) -> bool:
        try:
            await self.ask(work)
        except SeedboxError as error:
            if self._failed != error.message:
                self.on_event(Warned(f"the state could not be written: {error.message}"))
            self._failed = error.message
            return False
        self._failed = None
        return True

    # --- counters -----------------------------------------------------------------------------

    async def count(self, holdings: Holdings) -> None:
        """Keep the counters that have changed, and see what was used of today and this month."""
        changed, at, uploaded = holdings.take_counted(), self.now(), holdings.uploaded

        def write(state: State) -> None:
            if changed:
                state.count(changed, at=at)
            self.used = state.used(at)

        if await self._try(write):
            self.counted = uploaded
        else:
            holdings.count_again(changed)

    async def sample(self, holdings: Holdings, numbers: dict[str, int]) -> None:
        """Add what is now to the history."""
        sample = Sample(
            at=self.now(),
            uploaded=max(0, holdings.uploaded - self._sampled),
            rate=holdings.rate,
            peers=holdings.peers,
            **{str(state): numbers[state] for state in Reached},
        )
        if await self._try(lambda state: state.sample(sample)):
            self._sampled = holdings.uploaded


def _write(state: State, at: float, told: Sequence[Line]) -> None:
    with state.together():
        for line in told:
            state.audit(at, line.what, line.subject, line.detail)
