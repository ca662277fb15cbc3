"""What others may ask of a running daemon: one look, commands, the past, word of every change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import assert_never

from seedbox import __version__
from seedbox.daemon.api import daemon as api
from seedbox.daemon.feeds import Feed
from seedbox.daemon.holdings import Holdings
from seedbox.daemon.keeper import Keeper
from seedbox.daemon.ledger import Ledger
from seedbox.daemon.notes import Note
from seedbox.daemon.options import Options
from seedbox.daemon.record import (
    Command,
    Outcome,
    Pause,
    PauseShards,
    Reload,
    ResumeShards,
    Traffic,
    Trouble,
    View,
)
from seedbox.daemon.state import Step
from seedbox.daemon.sweeper import Searcher, Sweeper
from seedbox.daemon.truth import Held
from seedbox.daemon.verifier import Verifier
from seedbox.engine.base import Engine
from seedbox.plan.caps import Allowed


@dataclass(slots=True)
class Desk:
    """A daemon as its API knows it (see api.daemon.Daemon)."""

    options: Options
    engine: Engine
    holdings: Holdings
    keeper: Keeper
    ledger: Ledger
    verifier: Verifier
    sweeper: Sweeper
    searcher: Searcher
    feeds: Sequence[Feed]
    now: Callable[[], float]
    started: float

    # --- looking ------------------------------------------------------------------------------

    def view(self) -> View:
        """Return everything, as it is now."""
        return View(
            at=self.now(),
            started=self.started,
            version=__version__,
            data=tuple(map(str, self.options.data)),
            listening=tuple(map(str, self.engine.listening)),
            datasets=tuple(self.holdings.datasets[id_] for id_ in sorted(self.holdings.datasets)),
            shards=self.holdings.shards(),
            traffic=self.traffic(),
            dht_nodes=self.engine.announcing.dht_nodes,
            verifying=self.verifier.hashing,
        )

    def traffic(self) -> Traffic:
        """Return what goes to peers, and what may."""
        used, since = self.ledger.used, self.holdings.uploaded - self.ledger.counted
        return Traffic(
            uploaded=used.total + since,
            rate=self.holdings.rate,
            peers=self.holdings.peers,
            limit=self.allowed().limit,
            today=used.today + since,
            month=used.month + since,
            day_cap=self.options.caps.day,
            month_cap=self.options.caps.month,
        )

    def allowed(self) -> Allowed:
        """Return what may go to peers now, after all that they have had."""
        now, used = self.now(), self.ledger.used
        since = self.holdings.uploaded - self.ledger.counted
        return self.options.caps.allowed(
            now,
            datetime.fromtimestamp(now, UTC).astimezone().time(),
            today=used.capped_today + since,
            month=used.capped_month + since,
        )

    async def history(self, step: api.Step, since: float, until: float) -> Sequence[api.Sample]:
        """Return the past, oldest first."""
        wanted = Step(str(step))
        return await self.ledger.ask(lambda state: state.history(wanted, since, until))

    async def audit(self, before: int | None, limit: int) -> Sequence[api.Noted]:
        """Return the log of decisions, newest first."""
        return await self.ledger.ask(lambda state: state.audit_log(before=before, limit=limit))

    async def changes(self) -> AsyncIterator[api.Change]:
        """Tell of every change from now on; of what changes often, the latest."""
        with self.holdings.listening() as listener:
            async for change in listener.changes():
                yield change

    # --- commands -----------------------------------------------------------------------------

    async def obey(self, command: Command) -> Outcome:
        """Carry out a command; what it changes is on the disk when this returns."""
        match command:
            case PauseShards(shards=keys):
                outcome = self._each(keys, self._pause)
            case ResumeShards(shards=keys):
                outcome = self._each(keys, self._resume)
            case Reload():
                outcome = self.reload()
            case _:
                assert_never(command)
        await self.keeper.commit()
        return outcome

    def _each(self, keys: Sequence[str], obey: Callable[[Held], str | None]) -> Outcome:
        """Carry out a command on some shards; each says why it does not, if so."""
        changed, notes = [], []
        for key in dict.fromkeys(keys):
            held = self.holdings.get(key)
            why_not = f"there is no shard {key}" if held is None else obey(held)
            if why_not is None:
                changed.append(key)
            else:
                notes.append(why_not)
        return Outcome(tuple(changed), tuple(notes))

    def _pause(self, held: Held) -> str | None:
        name = held.shard.name
        if held.by_hand is not None:
            return f"{name} is paused already"
        if held.blocked is not None:
            return f"{name} is not served anyway: {held.blocked.detail}"
        by_hand = Pause(Trouble.PAUSED, self.now(), "paused by hand")
        note = Note("paused", held.key, f"{name}: by hand", "by hand", name)
        self.keeper.change(replace(held, by_hand=by_hand), note=note)
        return None

    def _resume(self, held: Held) -> str | None:
        name = held.shard.name
        if held.by_hand is None:
            why = held.shard.pause
            return f"{name} is not paused by hand" + ("" if why is None else f": {why.detail}")
        note = Note("resumed", held.key, f"{name}: by hand", "by hand", name)
        self.keeper.change(replace(held, by_hand=None), note=note)
        if held.proven is None and not held.stats:
            self.verifier.add(held.key)
        return None

    def reload(self) -> Outcome:
        """Look at every manifest and every file now."""
        for feed in self.feeds:
            feed.look()
        self.searcher.search_all()
        self.sweeper.hurry()
        return Outcome(notes=("every manifest and every file is looked at now",))
