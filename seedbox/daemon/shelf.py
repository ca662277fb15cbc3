"""The datasets of a daemon: each as it was last believed, and what a newer version changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedbox.daemon.archive import Archive
from seedbox.daemon.feeder import Feeder
from seedbox.daemon.feeds import News, Refusal, Told
from seedbox.daemon.holdings import Holdings
from seedbox.daemon.keeper import Keeper
from seedbox.daemon.ledger import Ledger
from seedbox.daemon.library import Asked, Believed, quick_head, read_again, still_open
from seedbox.daemon.listing import Claim, dataset, given_up, taken_on
from seedbox.daemon.looking import Tiers, Wanted
from seedbox.daemon.notes import Note
from seedbox.daemon.obeying import Obeying
from seedbox.daemon.record import Dataset, Pause, Trouble
from seedbox.daemon.state import StoredDataset
from seedbox.daemon.truth import Held
from seedbox.daemon.verifier import Verifier
from seedbox.errors import SeedboxError
from seedbox.jobs.events import Note as Said
from seedbox.jobs.events import OnEvent, Warned
from seedbox.jobs.shards import Source
from seedbox.manifest.model import Head
from seedbox.plan.withdrawals import Order

_TURN = 1000  # shards that are taken on before peers are served again


@dataclass(slots=True)
class _Shelved:
    """One dataset."""

    path: Path  # of its manifest; its torrents lie beside it
    head: Head
    source: Source | None  # None: its shards have not been read, since nothing had to be looked for


@dataclass(slots=True)
class Shelf:
    """Takes on manifests, and knows them for whoever looks for a shard."""

    holdings: Holdings
    keeper: Keeper
    feeder: Feeder
    verifier: Verifier
    ledger: Ledger
    archive: Archive
    data: tuple[Path, ...]
    now: Callable[[], float]
    on_event: OnEvent
    obeying: Obeying
    orders: dict[str, Order] = field(default_factory=dict)  # by key: what took a shard back
    delete: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by key: paths
    _last: dict[str, Told] = field(default_factory=dict)  # by source: what asking last brought
    _refused: dict[str, str] = field(default_factory=dict)  # by source: why, said once
    _shelved: dict[str, _Shelved] = field(default_factory=dict)  # by id
    _others: dict[str, dict[str, Claim]] = field(default_factory=dict)
    """By key, then id: what other manifests say of a shard that is held for the first of them."""

    def knows(self, id_: str) -> bool:
        """Tell whether a dataset was taken on in this run."""
        return id_ in self._shelved

    def recognise(self, head: Head, path: Path) -> None:
        """Take on a manifest that is as the state has it; its shards are there already."""
        self._shelved[head.id] = _Shelved(path, head, None)
        for held in self.holdings.of(head.id):
            if held.blocked is not None or held.by_hand is not None:
                continue
            if held.served:
                self.feeder.want(held.key)
            elif held.proven is None and not held.stats:
                self.verifier.add(held.key)

    def trackers(self, held: Held) -> Tiers:
        """Return the tiers of a shard's manifest."""
        found = self._shelved.get(held.shard.dataset)
        return () if found is None else found.head.trackers

    async def wanted(self, held: Held) -> Wanted | None:
        """Return what it takes to look for a shard; None: no manifest lists it.

        Raises:
            SeedboxError: Its manifest has to be read again, and cannot be.
        """
        found = self._shelved.get(held.shard.dataset)
        if found is None:
            return None
        if found.source is None:
            path, id_ = found.path, held.shard.dataset
            found.source = await asyncio.to_thread(read_again, path, id_, self.archive)
        shards = found.source.manifest.shards
        at = held.shard.rank - 1
        if at >= len(shards) or shards[at].info_hash.key != held.key:
            return None
        return Wanted(held, found.source, shards[at], self.data, self.archive)

    def forget_sources(self) -> None:
        """Let go of manifests that nothing has to be looked for in; they are large."""
        needed = {held.shard.dataset for held in self.holdings if held.fault is not None}
        for id_, found in self._shelved.items():
            if id_ not in needed:
                found.source = None

    # --- what is new --------------------------------------------------------------------------

    async def take(self, news: News) -> None:
        """Take on a manifest, or show why a newer one is not believed."""
        match news:
            case Refusal():
                await self._refuse(news)
            case Told():
                await self._told(news)
            case _:
                await self.take_on(news)

    async def take_on(self, new: Believed) -> None:
        """Take on a manifest that was believed."""
        manifest, path, now = new.source.manifest, new.source.path, self.now()
        known = self.holdings.datasets.get(new.id)
        signer = new.admitted.signed_by
        told = dataset(
            manifest, source=new.where, signed_by=None if signer is None else signer.name, now=now
        )
        told = self._as_told(told, new)
        for warning in new.warnings:
            self.on_event(Warned(warning))
        self._shelved[new.id] = _Shelved(path, manifest.head, new.source)
        self.holdings.put_dataset(told)
        await self.obeying.bury(new)
        await self._apply(new, now)
        self.obeying.stop_older(new)
        self.obeying.plan(new)
        await self.keeper.commit()
        if known is None or (known.sequence, known.version) != (told.sequence, told.version):
            words = f"version {told.version}, sequence {told.sequence}, {told.shards:,} shards"
            self.ledger.note(Note("listed", new.id, f"{words}, from {new.where}"))
        await self._keep(new)

    async def _keep(self, new: Believed) -> None:
        """Remember the manifest, after its shards: whoever finds it may go by what they say."""
        try:
            asked = new.asked or Asked(0.0, 0.0)
            dataset = self.holdings.datasets[new.id]
            row = StoredDataset(dataset, new.digest, asked.etag, asked.last_modified)
            await self.ledger.keep(datasets=[row])
            await asyncio.to_thread(self.archive.put_manifest, new.id, new.data, new.taken_back)
        except SeedboxError as error:
            self.on_event(Warned(f"the state could not be written: {error.message}"))
        await self.ledger.tell()

    async def _apply(self, new: Believed, now: float) -> None:
        listed: set[str] = set()
        for index, claim in enumerate(new.claims):
            listed.add(claim.key)
            self._deletion(claim, new.delete)
            self._claim(claim, now)
            if index % _TURN == 0:
                await asyncio.sleep(0)  # let peers be served in between
        for others in self._others.values():
            others.pop(new.id, None)
        self._others.update(self._twins(new))
        for held in self.holdings.of(new.id):
            if held.key not in listed:
                self._drop(held, f"the manifest of {new.id} does not list it any more", now)

    def _twins(self, new: Believed) -> dict[str, dict[str, Claim]]:
        """Return the claims on shards that are held for another manifest."""
        found: dict[str, dict[str, Claim]] = {}
        for claim in new.claims:
            held = self.holdings.get(claim.key)
            if held is not None and held.shard.dataset != new.id:
                found[claim.key] = self._others.get(claim.key, {}) | {new.id: claim}
        return found

    def _claim(self, claim: Claim, now: float) -> None:
        claim = self.obeying.graves.held_to(claim)
        held = self.holdings.get(claim.key)
        other = held is not None and held.shard.dataset != claim.shard.dataset
        if held is not None and other and self._is_held_for(held):
            if claim.blocked is not None and claim.blocked.why is Trouble.WITHDRAWN:
                self.keeper.change(replace(held, blocked=claim.blocked))
                return
            name, id_ = claim.shard.name, claim.shard.dataset
            words = f"{name} of {id_} is seeded already, as {held.shard.name}"
            self.on_event(Said(f"{words} of {held.shard.dataset}"))
            return
        self._take_on(claim, held, now)

    def _is_held_for(self, held: Held) -> bool:
        """Tell whether the manifest that a shard is held for still lets it be served."""
        return self.knows(held.shard.dataset) and held.blocked is None

    def _take_on(self, claim: Claim, held: Held | None, now: float) -> None:
        new = taken_on(claim, held, now=now)
        self.keeper.change(new, note=self._withdrawn(claim, held))
        if new.blocked is None and new.proven is None and not new.stats:
            self.verifier.add(new.key)
        elif held is not None and held.served and self.holdings.get(new.key) is held:
            self.feeder.want(new.key)  # a restart has found it so, and nothing has changed

    def _withdrawn(self, claim: Claim, held: Held | None) -> Note | None:
        """Return what to note of a shard that was taken back just now."""
        if claim.order is None or (held is not None and held.blocked is not None):
            return None
        name, why = claim.shard.name, claim.order.why
        again = "no longer" if claim.key in self.keeper.seeded else "not"
        more = tuple(f"to delete: {path}" for path in self.delete.get(claim.key, ()))
        warn = f"{name} is {again} seeded: {why}"
        return Note("withdrawn", claim.key, f"{name}: {why}", "", name, warn, more)

    def _deletion(self, claim: Claim, delete: Mapping[str, tuple[str, ...]]) -> None:
        """Remember what took a shard back, and what has to be deleted for it."""
        self.orders.pop(claim.key, None)
        self.delete.pop(claim.key, None)
        if claim.order is not None:
            self.orders[claim.key] = claim.order
            self.delete[claim.key] = delete.get(claim.key, ())

    def _drop(self, held: Held, why: str, now: float) -> None:
        for claim in self._others.pop(held.key, {}).values():
            self._take_on(claim, held, now)
            return
        self.keeper.change(given_up(held, why, now=now))

    async def _refuse(self, refusal: Refusal) -> None:
        """Keep what was believed last, and show why what is there now is not."""
        words, source = refusal.error.message, refusal.source
        known = [each for each in self.holdings.datasets.values() if each.source == source]
        for each in known:
            if not self.knows(each.id):
                await self._fall_back(each, refusal.path)
            shown = _as_asked(replace(each, problem=words, looked=self.now()), refusal.asked)
            self.holdings.put_dataset(shown)
            if each.problem != words:
                self.ledger.note(Note("refused", each.id, words, warn=_kept(each.id, words)))
        if not known and self._refused.get(source) != words:
            self.ledger.note(Note("refused", source, words, warn=f"{source} is refused: {words}"))
        self._refused[source] = words
        await self.ledger.tell()

    async def _told(self, told: Told) -> None:
        """Show when a source was asked, and why in vain."""
        words, source = told.problem, told.source
        self._last[source] = told
        known = [each for each in self.holdings.datasets.values() if each.source == source]
        for each in known:
            if not self.knows(each.id):
                await self._fall_back(each, None)
            self.holdings.put_dataset(_as_asked(replace(each, problem=words), told.asked))
            if words is not None and each.problem != words:
                self.ledger.note(Note("unasked", each.id, words, warn=_kept(each.id, words)))
        if not known and words is not None and self._refused.get(source) != words:
            self.ledger.note(Note("unasked", source, words, warn=words))
        self._refused[source] = words or ""
        await self.ledger.tell()

    def _as_told(self, dataset: Dataset, new: Believed) -> Dataset:
        """Return a dataset with when a server was asked for it, and why in vain."""
        last = self._last.get(new.where)
        if new.asked is not None or last is None:
            return _as_asked(dataset, new.asked)
        return _as_asked(replace(dataset, problem=last.problem), last.asked)

    async def _fall_back(self, known: Dataset, copy: Path | None) -> None:
        """Go on with what the state has of a dataset, since what lies there now is refused."""
        path, raw = (
            copy or Path(known.source),
            await asyncio.to_thread(self.archive.manifest, known.id),
        )
        head = None if raw is None else quick_head(raw, file=known.source)
        all_held = self.holdings.of(known.id)
        if head is not None and still_open({held.shard.license for held in all_held}):
            self.recognise(head, path)
            return
        for held in all_held:
            words = "its manifest is refused, and the one before is not there any more"
            self.keeper.change(replace(held, blocked=Pause(Trouble.REFUSED, self.now(), words)))
        await self.keeper.commit()

    async def let_go(self, ids: Iterable[str]) -> None:
        """Give up datasets that nobody asked for in this run; nothing of their data is touched."""
        now = self.now()
        for id_ in ids:
            for held in self.holdings.of(id_):
                self._drop(held, f"the manifest of {id_} was not given", now)
            self.holdings.datasets.pop(id_, None)
            await self.ledger.ask(_forgetting(id_))
        await self.keeper.commit()


def _as_asked(told: Dataset, asked: Asked | None) -> Dataset:
    """Return a dataset with when its server was asked, and will be."""
    if asked is None:
        return told
    return replace(told, looked=asked.at, next_look=asked.next_look)


def _kept(id_: str, words: str) -> str:
    return f"{id_} stays as it was believed last: {words}"


def _forgetting(id_: str) -> Callable[..., None]:
    return lambda state: state.forget_dataset(id_)
