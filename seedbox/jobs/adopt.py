"""Adopt: data that lies on this disk already becomes that of shards, by hard links.

Nothing is copied, moved or written to. Each file is proven before anything is made for it, and a
link to a file that changed since is taken back. A linked file shares its bytes with the user's:
seedbox only ever reads it, and whoever removes it removes a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from seedbox import disk
from seedbox.disk.finding import find_sizes
from seedbox.disk.linking import CannotLinkError, link_found
from seedbox.errors import (
    DestinationTakenError,
    DiskError,
    SeedboxError,
    SourceChangedError,
)
from seedbox.jobs.events import Note, OnEvent
from seedbox.jobs.holding import Holding, look_at
from seedbox.jobs.matching import Matched, Reading, match, prove
from seedbox.jobs.shards import Source, find, shard_torrent
from seedbox.jobs.withdrawals import orders_on
from seedbox.manifest.model import Shard
from seedbox.plan.adopt import Fate, Index, Likely, likely, served_from, wanted_sizes
from seedbox.plan.places import STATE, home, places
from seedbox.plan.seed import plan_seed
from seedbox.plan.verify import State
from seedbox.torrent.metainfo import Metainfo

_TELL_EACH = 10_000  # files, between two words on how far the search is


@dataclass(frozen=True, slots=True)
class AdoptOptions:
    """How to adopt."""

    link: bool = True  # False: only say what is here
    partial: bool = False  # link shards too of which some files are missing
    jobs: int | None = None  # hashing threads; None: one a core
    max_read: int | None = None  # bytes/s


@dataclass(frozen=True, slots=True)
class Offer:
    """A shard to look for."""

    source: Source
    shard: Shard
    likely: Likely | None  # None: it may not be seeded
    skipped: str | None = None  # why not


@dataclass(frozen=True, slots=True)
class AdoptPlan:
    """What sizes and names say; nothing was read."""

    folder: Path
    data: Path
    offers: tuple[Offer, ...]
    found: Index[disk.Located]
    seen: int  # files that were looked at
    closed: tuple[disk.Absent, ...]  # folders that could not be listed


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of a shard."""

    id: str
    name: str
    fate: Fate
    size: int  # bytes of payload
    right: int = 0  # bytes in files that are right as a whole
    files: int = 0  # in the torrent
    files_right: int = 0
    links: int = 0  # names that were made
    place: str | None = None  # the folder that it lies in as a whole
    reason: str | None = None
    hint: str | None = None  # what the user can do


@dataclass(frozen=True, slots=True)
class AdoptReport:
    """What was adopted."""

    plan: AdoptPlan
    shards: tuple[Adopted, ...]

    @property
    def ok(self) -> bool:
        """Every shard is whole on this disk."""
        return all(shard.fate.well for shard in self.shards)


def plan_adopt(
    sources: Sequence[Source], folder: Path, data: Path, *, now: datetime, on_event: OnEvent
) -> AdoptPlan:
    """Go through a folder for files that have the size of one that is wanted.

    Args:
        sources: The manifests, with what was taken back of them.
        folder: Where the data may lie.
        data: Where `seed` looks, and where links go.
        now: Decides what is released.
        on_event: Hears how far it is.

    Raises:
        SourceError: There is no such folder.
        LicenseRefusedError: A dataset is not openly licensed.
        SeedboxError: A .torrent is bad; see `shard_torrent`.
    """
    offered = [each for source in sources for each in _offered(source, now)]
    sizes = {
        size
        for source, shard, why in offered
        if why is None
        for size in wanted_sizes(shard_torrent(source, shard))
    }
    search = _Search(folder, on_event)
    found = Index(search.run(sizes))
    on_event(Note(f"{search.seen:,} files in {folder}, {len(found):,} of a size that is wanted"))
    offers = (
        Offer(source, shard, None if why else _likely(source, shard, data, found), why)
        for source, shard, why in offered
    )
    return AdoptPlan(folder, data, tuple(offers), found, search.seen, tuple(search.closed))


def _offered(source: Source, now: datetime) -> list[tuple[Source, Shard, str | None]]:
    """Return the shards of a manifest, with why one may not be seeded."""
    plan = plan_seed(source.manifest, now=now, orders=orders_on(source, now=now))
    why = {skipped.name: skipped.reason for skipped in plan.skipped}
    return [(source, shard, why.get(shard.name)) for shard in source.manifest.shards]


@dataclass(slots=True)
class _Search:
    """The way through a folder."""

    folder: Path
    on_event: OnEvent
    seen: int = 0
    closed: list[disk.Absent] = field(default_factory=list)

    def run(self, sizes: set[int]) -> list[disk.Located]:
        """Return the files that have one of some sizes; what seedbox works on is left out."""
        return list(
            find_sizes(
                self.folder,
                sizes,
                on_folder=self._count,
                on_closed=self.closed.append,
                skip={STATE},
            )
        )

    def _count(self, files: int) -> None:
        before, self.seen = self.seen, self.seen + files
        if before // _TELL_EACH != self.seen // _TELL_EACH:
            self.on_event(Note(f"{self.seen:,} files looked at"))


def _likely(source: Source, shard: Shard, data: Path, found: Index[disk.Located]) -> Likely:
    metainfo = shard_torrent(source, shard)
    holding = find(source.manifest, shard, metainfo, data)
    return likely(metainfo, _fitting(metainfo, holding), found)


def _fitting(metainfo: Metainfo, holding: Holding) -> list[bool]:
    """Tell of each file whether one of its size lies in a place."""
    return [
        isinstance(seen, disk.Located) and seen.size == file.length
        for file, seen in zip(metainfo.files, holding.found, strict=True)
    ]


def run_adopt(plan: AdoptPlan, options: AdoptOptions, on_event: OnEvent) -> AdoptReport:
    """Prove what was found, and link it to where seedbox keeps data.

    Args:
        plan: Made a moment ago.
        options: How.
        on_event: Gets progress in bytes.

    Raises:
        InUseError: Another seedbox works on a dataset.
        DiskError, NoSpaceError: DATA cannot be written to.
    """
    how = Reading(on_event, options.jobs, options.max_read)
    return AdoptReport(plan, tuple(_Shard.of(offer, plan, options, how) for offer in plan.offers))


@dataclass(frozen=True, slots=True)
class _Shard:
    """One shard, while it is adopted."""

    offer: Offer
    plan: AdoptPlan
    options: AdoptOptions
    metainfo: Metainfo
    home: Holding  # what lies where links go
    placed: Holding  # what lies where `seed` looks

    @staticmethod
    def of(offer: Offer, plan: AdoptPlan, options: AdoptOptions, how: Reading) -> Adopted:
        """Adopt a shard as far as it can be, and say how far that is."""
        id_, shard = offer.source.manifest.head.id, offer.shard
        if offer.skipped is not None:
            return Adopted(id_, shard.name, Fate.SKIPPED, shard.size, reason=offer.skipped)
        manifest, metainfo = offer.source.manifest, shard_torrent(offer.source, shard)
        first = places(manifest.head, shard, single=metainfo.layout.single)[0]
        placed = find(manifest, shard, metainfo, plan.data)
        home_ = placed if placed.place == first else look_at(first, metainfo, plan.data)
        this = _Shard(offer, plan, options, metainfo, home_, placed)
        try:
            return this._adopt(how)
        except (SourceChangedError, DiskError) as error:
            if isinstance(error, DiskError) and error.data["action"] != "read":
                raise
            return _because(this._told(Fate.UNREADABLE), error)

    def _adopt(self, how: Reading) -> Adopted:
        name, metainfo = self.offer.shard.name, self.metainfo
        if all(_fitting(metainfo, self.placed)):
            proven = prove(name, metainfo, self.placed.found, how)
            if proven.report.ok:
                return replace(self._told(Fate.IN_PLACE, proven), place=_folder(self.placed))
        if (taken := self._blocked()) is not None:
            return _because(self._told(Fate.TAKEN), taken)
        matched = match(name, metainfo, self.home.found, self._near(), how)
        if (taken := self._wrong(matched)) is not None:
            return _because(self._told(Fate.TAKEN, matched), taken)
        if not matched.report.good:
            return self._told(Fate.ABSENT, matched)
        if not self.options.link or not (matched.report.ok or self.options.partial):
            return self._unlinked(matched)
        return self._linked(matched)

    def _near(self) -> Index[disk.Located]:
        """Return where to look: what was found, and what lies in another place of the shard."""
        also = [seen for seen in self.placed.found if isinstance(seen, disk.Located)]
        return Index(also, self.plan.found) if also else self.plan.found

    def _blocked(self) -> DestinationTakenError | None:
        """Return what stands in a place, and by its kind or size is none of the shard's files."""
        for file, seen in zip(self.metainfo.files, self.home.found, strict=True):
            if isinstance(seen, disk.Located):
                fits = seen.size == file.length
            else:
                fits = disk.vacant(self.plan.data, self.home.place.parts(file.path))
            if not fits:
                return DestinationTakenError(str(seen.path))
        return None

    def _wrong(self, matched: Matched) -> DestinationTakenError | None:
        """Return what stands in a place and holds other content.

        A bad v1 piece that reaches into a file that lies elsewhere blames nobody.
        """
        piece_map = self.metainfo.layout.piece_map
        settled = [isinstance(seen, disk.Located) for seen in self.home.found]
        for index, result in enumerate(matched.report.files):
            if settled[index] and result.state is State.BAD:
                for piece in piece_map.pieces_of(index):
                    files = {span.file for span in piece_map.spans(piece)} - {None}
                    if not matched.report.have[piece] and all(settled[at or 0] for at in files):
                        return DestinationTakenError(str(self.home.found[index].path))
        return None

    def _unlinked(self, matched: Matched) -> Adopted:
        """Say what is here, and nothing more."""
        if matched.report.ok:
            return replace(self._told(Fate.FOUND, matched), hint=self._instead(matched))
        return self._in_part(matched, "Pass --partial to link what is here, then fetch the rest.")

    def _in_part(self, matched: Matched, hint: str) -> Adopted:
        left, files = matched.right.count(False), len(self.metainfo.files)
        reason = f"{left:,} of {files:,} files are not here"
        return replace(self._told(Fate.PARTIAL, matched), reason=reason, hint=hint)

    def _linked(self, matched: Matched) -> Adopted:
        """Give every file that is right its name below DATA: all of them or, on failure, none."""
        made: list[Path] = []
        state = self.plan.data.joinpath(*home(self.offer.source.manifest.head), STATE)
        try:
            with disk.lock(state):
                self._make(matched, made)
        except (CannotLinkError, SeedboxError) as error:
            for path in made:
                disk.remove_made(path)  # a name of a moment ago; the file keeps its own
            if isinstance(error, DestinationTakenError):
                return _because(self._told(Fate.TAKEN, matched), error)
            if not isinstance(error, CannotLinkError):
                raise
            hint = self._instead(matched) or "Pass --data on the same file system as the data."
            told = self._told(Fate.UNLINKABLE, matched)
            return replace(told, reason=str(error), hint=hint)
        links = len(made)
        if not matched.report.ok:
            hint = f"Run `seedbox fetch` with --out {self.plan.data} for the rest."
            return replace(self._in_part(matched, hint), links=links)
        told = self._told(Fate.LINKED, matched)
        return replace(told, links=links, place=_folder(self.home))

    def _make(self, matched: Matched, made: list[Path]) -> None:
        data = self.plan.data
        for index, (file, seen) in enumerate(zip(self.metainfo.files, matched.found, strict=True)):
            if isinstance(self.home.found[index], disk.Located) or not matched.right[index]:
                continue
            parts = self.home.place.parts(file.path)
            if isinstance(seen, disk.Located):
                made.append(link_found(seen, data, parts).path)
            else:
                disk.create_empty(data, parts)
                made.append(data.joinpath(*parts))

    def _instead(self, matched: Matched) -> str | None:
        """Return how the shard can be served without a link, if it lies as its torrent says."""
        lying = [
            (file, seen.path.parts)
            for file, seen in zip(self.metainfo.files, matched.found, strict=True)
            if isinstance(seen, disk.Located) and file.length
        ]
        head, shard = self.offer.source.manifest.head, self.offer.shard
        base = served_from(places(head, shard, single=self.metainfo.layout.single), lying)
        return None if base is None else f"Run `seedbox seed` with --data {Path(*base)} instead."

    def _told(self, fate: Fate, matched: Matched | None = None) -> Adopted:
        return Adopted(
            id=self.offer.source.manifest.head.id,
            name=self.offer.shard.name,
            fate=fate,
            size=self.metainfo.size,
            right=matched.report.good if matched else 0,
            files=len(self.metainfo.files),
            files_right=sum(matched.right) if matched else 0,
        )


def _folder(holding: Holding) -> str:
    return str(holding.data.joinpath(*holding.place.folder))


def _because(told: Adopted, error: SeedboxError) -> Adopted:
    return replace(told, reason=error.message, hint=error.hint)
