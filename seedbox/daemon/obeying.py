"""Obeying withdrawals: tombstones at once, and deletion in time of what seedbox itself has made.

To stop is the safe side, and is done for whatever is read (see `shelf`). What cannot be undone, a
tombstone and a deletion, takes a signature by a key that the user knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedbox.daemon.graves import Graves
from seedbox.daemon.holdings import Holdings
from seedbox.daemon.keeper import Keeper
from seedbox.daemon.ledger import Ledger
from seedbox.daemon.library import Believed
from seedbox.daemon.notes import Note
from seedbox.daemon.record import Pause, Trouble
from seedbox.daemon.state import State, Tombstone
from seedbox.daemon.truth import Held, paths
from seedbox.errors import SeedboxError
from seedbox.jobs.deleting import Deleted, ToDelete, delete_made, made, present
from seedbox.jobs.events import Warned
from seedbox.plan.withdrawals import Order

_MARGIN = 86_400.0  # seconds before a deadline; until then the user has time to object
_AGAIN = 3600.0  # seconds until what could not be deleted is tried again
_MOST_NAMED = 20  # paths in one line of the log


@dataclass(frozen=True, slots=True)
class _Due:
    """Something to delete, and from when on."""

    at: float
    name: str  # of the shard
    why: str
    what: ToDelete


@dataclass(slots=True)
class Obeying:
    """Carries out what publishers have taken back."""

    holdings: Holdings
    keeper: Keeper
    ledger: Ledger
    data: tuple[Path, ...]
    now: Callable[[], float]
    graves: Graves = field(default_factory=Graves)
    _due: dict[tuple[str, bool, tuple[str, ...]], _Due] = field(default_factory=dict)
    _again: dict[str, float] = field(default_factory=dict)  # by key: when to look again
    _told: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by key: files that stay

    # --- for ever -----------------------------------------------------------------------------

    async def bury(self, new: Believed) -> None:
        """Refuse for ever what a signed file takes back; on the disk when it returns.

        Of torrents that the manifest does not list, those that are held for it: anybody could
        name the info-hash of somebody else's shard.
        """
        if new.admitted.signed_by is None:
            return
        at = self.now()
        found = [*_listed(new, at), *self._unlisted(new, at)]
        missing = self.graves.missing(found)
        if missing:
            self.graves.add(missing)
            try:
                await self.ledger.ask(lambda state: state.bury(missing))
            except SeedboxError as error:  # it stops all the same, and the file is read again
                self.keeper.on_event(Warned(f"the state could not be written: {error.message}"))

    def _unlisted(self, new: Believed, at: float) -> Iterator[Tombstone]:
        for held, order in self._older(new):
            yield Tombstone(held.shard.info_hash, new.id, held.shard.name, order.why, at)

    def _older(self, new: Believed) -> Iterator[tuple[Held, Order]]:
        """Yield what is held of older releases and was taken back, with the order."""
        listed = {claim.key for claim in new.claims}
        by_digest = {d: order for order in new.orders for d in order.info_hashes}
        by_name = {order.shard: order for order in new.orders if order.shard and not order.item}
        if not by_digest and not by_name:
            return
        for held in self.holdings.of(new.id):
            if held.key in listed:
                continue
            named = held.shard.info_hash
            order = by_digest.get(named.v1 or b"") or by_digest.get(named.v2 or b"")
            if order := order or by_name.get(held.shard.name):
                yield held, order

    # --- older releases -----------------------------------------------------------------------

    def stop_older(self, new: Believed) -> None:
        """Stop what is held of older releases, and was taken back since."""
        now = self.now()
        for held, order in self._older(new):
            why = None if held.blocked is None else held.blocked.why
            if why is Trouble.WITHDRAWN:
                continue
            name = held.shard.name
            pause = Pause(Trouble.WITHDRAWN, now, order.why)
            told = replace(held.shard, listed=None)
            warn = f"{name} is no longer seeded: {order.why}"
            note = Note("withdrawn", held.key, f"{name}: {order.why}", "", name, warn)
            self.keeper.change(replace(held, shard=told, blocked=pause), note=note)

    # --- deleting -----------------------------------------------------------------------------

    def plan(self, new: Believed) -> None:
        """Remember what has to go from the disk by when, as the latest version has it."""
        for key in [key for key, due in self._due.items() if due.what.id == new.id]:
            del self._due[key]
        if new.admitted.signed_by is None:
            return
        for claim in new.claims:
            if claim.order is not None:
                named = new.delete.get(claim.key, ())
                self._plan(claim.key, claim.shard.name, claim.order, new.id, named)
        for held, order in self._older(new):
            self._plan(held.key, held.shard.name, order, new.id, ())

    def _plan(
        self,
        key: str,
        name: str,
        order: Order,
        id_: str,
        named: tuple[str, ...],
    ) -> None:
        whole = order.item is None
        if order.delete and (whole or named):
            what = ToDelete(key, id_, named, whole)
            due = _Due(order.by.timestamp() - _MARGIN, name, order.why, what)
            self._due[key, whole, named] = due

    async def delete_due(self) -> None:
        """Delete what is due; what cannot be deleted now is tried again the next time."""
        now = self.now()
        for each in [due for due in self._due.values() if due.at <= now]:
            key = each.what.key
            if now < self._again.get(key, now) or self._undecided(each.what):
                continue
            self._again[key] = now + _AGAIN
            if await asyncio.to_thread(present, each.what, self.data):
                await self._delete(each)
        await self.ledger.tell()

    def _undecided(self, what: ToDelete) -> bool:
        """Tell whether nobody knows yet which files are needed: some wait to be hashed."""
        held = self.holdings.get(what.key)
        if held is not None and held.served:
            return True  # it is let go first
        return any(
            held.blocked is None and held.fault is not None and held.fault.why is Trouble.VERIFYING
            for held in self.holdings.of(what.id)
        )

    async def _delete(self, due: _Due) -> None:
        what = due.what
        needed = self._needed(what)
        try:
            if await asyncio.to_thread(made, what, self.data):
                detail = f"{due.name}: its files are being deleted: {due.why}"
                at = self.now()
                await self.ledger.ask(_writing(at, "deleting", what.key, detail))
            found = await asyncio.to_thread(delete_made, what, self.data, needed=needed)
        except SeedboxError as error:
            self._tell(due, (error.message,), f"not deleted: {error.message}")
            return
        if found.paths:
            detail = f"{due.name}: {_counted(found)} deleted: {_some(found.paths)}"
            self.ledger.note(Note("deleted", what.key, detail, "", due.name, detail))
        kept = tuple(f"{each.path}: {each.why}" for each in found.kept)
        if kept:
            self._tell(due, kept, f"not deleted, since seedbox may not: {_some(kept)}")
        else:
            self._told[what.key] = ()

    def _tell(self, due: _Due, kept: tuple[str, ...], words: str) -> None:
        """Write down what stays on the disk, once in a run."""
        if self._told.get(due.what.key) != kept:
            self._told[due.what.key] = kept
            detail = f"{due.name}: {words}"
            self.ledger.note(Note("kept", due.what.key, detail, "", due.name, detail))

    def _needed(self, what: ToDelete) -> dict[str, str]:
        """Return the files of shards that stay, with their names."""
        found: dict[str, str] = {}
        for held in self.holdings:
            if held.key == what.key or held.blocked is not None or not held.stats:
                continue
            where = paths(held.shard.folder, held.drop, held.stats)
            found.update(dict.fromkeys(where, held.shard.name))
        return found


def _listed(new: Believed, at: float) -> Iterable[Tombstone]:
    """Yield the tombstones of what a manifest lists and takes back."""
    for claim in new.claims:
        if claim.order is not None:
            shard = claim.shard
            yield Tombstone(shard.info_hash, new.id, shard.name, claim.order.why, at)


def _writing(at: float, what: str, subject: str, detail: str) -> Callable[[State], int]:
    return lambda state: state.audit(at, what, subject, detail)


def _counted(found: Deleted) -> str:
    files = "file" if len(found.paths) == 1 else "files"
    return f"{len(found.paths):,} {files}, {found.size:,} bytes,"


def _some(lines: tuple[str, ...]) -> str:
    more = len(lines) - _MOST_NAMED
    return "; ".join(lines[:_MOST_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
