"""What is decided about a shard takes effect here: it is told, noted, kept, served or let go.

To stop is the safe side, so it happens at once. What is to be served goes into the engine once
the reason for it is on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedbox.daemon.feeder import Feeder
from seedbox.daemon.holdings import Holdings
from seedbox.daemon.ledger import Ledger
from seedbox.daemon.looking import Looked
from seedbox.daemon.notes import Note
from seedbox.daemon.record import Pause, Trouble
from seedbox.daemon.truth import Held, inside, settled
from seedbox.errors import SeedboxError
from seedbox.jobs.events import Note as Said
from seedbox.jobs.events import OnEvent, Warned


@dataclass(slots=True)
class Keeper:
    """Carries out decisions on shards."""

    holdings: Holdings
    feeder: Feeder
    ledger: Ledger
    data: tuple[Path, ...]
    now: Callable[[], float]
    on_event: OnEvent
    seeded: dict[str, None] = field(default_factory=dict)  # keys held by the engine in this run
    quiet: bool = False  # notes are being gathered, to be written as one
    news: asyncio.Event = field(default_factory=asyncio.Event)  # something is to take effect
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _unkept: dict[str, None] = field(default_factory=dict)  # keys
    _to_serve: dict[str, None] = field(default_factory=dict)  # keys

    # --- decisions ----------------------------------------------------------------------------

    def change(self, held: Held, *, note: Note | None = None) -> None:
        """Replace a shard by what is known of it now; it is told and, if need be, let go."""
        before = self.holdings.get(held.key)
        held = settled(held, now=self.now())
        if before is not None and held == before:
            return
        self.holdings.put(held)
        self._unkept[held.key] = None
        self.news.set()
        if held.served:
            self._to_serve[held.key] = None
        else:
            self._to_serve.pop(held.key, None)
            self.feeder.unwant(held.key)
        was = None if before is None else before.shard.pause
        if note is None and held.shard.pause is not None:
            note = self._paused(held, was, new=before is None)
        if note is not None:
            self.ledger.note(note)

    def _paused(self, held: Held, was: Pause | None, *, new: bool) -> Note | None:
        """Return what to note of a shard that is not served; None: nothing that is new."""
        shard, pause = held.shard, held.shard.pause
        if pause is None or pause.why is Trouble.VERIFYING:
            return None
        known = was is not None and was.why is not Trouble.VERIFYING
        if known and was is not None and (was.why is pause.why or (_fault(was) and _fault(pause))):
            return None
        served = not new and was is None
        again = shard.key in self.seeded
        reason = _reason(pause, served=served or again)
        warn = f"{shard.name} is {'no longer' if again else 'not'} seeded: {reason}"
        folder = None if pause.path is None else inside(pause.path, self.data)
        alike = str(pause.why) if folder is None else folder
        what = {Trouble.REFUSED: "refused", Trouble.DROPPED: "dropped"}.get(pause.why, "paused")
        detail = f"{shard.name}: {pause.why}: {reason}"
        return Note(what, shard.key, detail, alike, shard.name, warn)

    def found(self, key: str, looked: Looked) -> None:
        """Take on what was found of a shard's files."""
        held = self.holdings.get(key)
        if held is None:
            return
        shard = held.shard
        if looked.fault is not None:
            if held.fault is not None and _nothing_new(held.fault, looked):
                return
            stats = looked.stats or held.stats
            proven = None if looked.stats else held.proven
            folder, drop = (
                (looked.folder, looked.drop) if looked.stats else (shard.folder, held.drop)
            )
            told = replace(shard, folder=folder)
            self.change(
                replace(held, shard=told, stats=stats, proven=proven, drop=drop, fault=looked.fault)
            )
            return
        note = None
        if looked.proven is not held.proven and looked.proven is not None:
            detail = f"{shard.name}: {looked.proven.detail}"
            note = Note("verified", key, detail, "verified", shard.name)
        self.change(
            replace(
                held,
                shard=replace(shard, folder=looked.folder),
                stats=looked.stats,
                proven=looked.proven,
                drop=looked.drop,
                fault=None,
            ),
            note=note,
        )

    def fault(self, key: str, pause: Pause) -> None:
        """Stop serving a shard for what is wrong with its files."""
        held = self.holdings.get(key)
        if held is not None:
            self.change(replace(held, fault=pause))

    def mended(self, key: str) -> None:
        """Serve a shard again: its files are what they were when they were hashed."""
        held = self.holdings.get(key)
        if held is None or held.fault is None:
            return
        name, folder = held.shard.name, inside(held.shard.folder or "", self.data)
        note = Note("resumed", key, f"{name}: its files are as they were hashed", folder, name)
        self.change(replace(held, fault=None), note=note)

    # --- taking effect ------------------------------------------------------------------------

    async def commit(self) -> None:
        """Keep what was decided, then serve what is to be served, and write down why."""
        async with self._one:
            await self._commit()

    async def run(self) -> None:
        """Let what is decided take effect, for ever; what comes during a write goes as one."""
        while True:
            await self.news.wait()
            self.news.clear()
            await self.commit()

    async def _commit(self) -> None:
        keys, self._unkept = list(self._unkept), {}
        kept = [held for key in keys if (held := self.holdings.get(key)) is not None]
        if kept:
            try:
                await self.ledger.keep(kept)
            except SeedboxError as error:
                # What is right can be served all the same: at worst it is hashed once more.
                self._unkept = dict.fromkeys(keys) | self._unkept
                self.on_event(Warned(f"the state could not be written: {error.message}"))
        serve, self._to_serve = self._to_serve, {}
        for key in serve:
            held = self.holdings.get(key)
            if held is not None and held.served:
                self.feeder.want(key)
        if not self.quiet:
            await self.ledger.tell()

    def say(self, message: str) -> None:
        """Say something that is worth a line."""
        self.on_event(Said(message))


def _reason(pause: Pause, *, served: bool) -> str:
    """Return why a shard is not served; of one that was, with the file to blame."""
    if pause.path is None or not served or pause.path in pause.detail:
        return pause.detail
    return f"{pause.path}: {pause.detail}"


def _fault(pause: Pause) -> bool:
    return pause.path is not None or pause.why is Trouble.ABSENT


def _nothing_new(known: Pause, looked: Looked) -> bool:
    """Tell whether a search has shown nothing that was not known: what is gone is nowhere else."""
    new = looked.fault
    if new is None:
        return False
    still_gone = known.why is Trouble.MISSING and new.why in {Trouble.ABSENT, Trouble.MISSING}
    same = (known.why, known.path, known.detail) == (new.why, new.path, new.detail)
    return same or (still_gone and not looked.stats)
