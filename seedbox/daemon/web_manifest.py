"""A manifest by URL: asked for again and again, copied whole, and believed only if a key says so.

A version is taken on once all of it is here and right: manifest, signature, withdrawals and
.torrents. Until then, and whenever a newer one is refused, the last good one holds. All of it
waits for servers and disks, and runs in a thread of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

from seedbox import web
from seedbox.daemon.archive import Archive
from seedbox.daemon.copies import MANIFEST, SIGNATURE, WITHDRAWALS, CopiedError, Copy, Seen, name_of
from seedbox.daemon.feeds import News, Refusal, Told
from seedbox.daemon.library import Asked, Believed, Reading, believe, quick_head, remember
from seedbox.daemon.torrents import Wanted, gather
from seedbox.errors import (
    DiskError,
    NoSpaceError,
    OtherDatasetError,
    SeedboxError,
    UnvouchedError,
    WebError,
)
from seedbox.jobs.admission import Admitted, Trust, believed
from seedbox.jobs.shards import MAX_MANIFEST, Source
from seedbox.jobs.withdrawals import heed, read_withdrawals, trusted_keys
from seedbox.manifest import licenses, lint
from seedbox.manifest.model import Head, Manifest
from seedbox.manifest.signature import MAX_SIGNATURE
from seedbox.plan.polling import after_failure, after_success
from seedbox.plan.withdrawals import plan_withdrawals, stopped
from seedbox.web import Polled, Validators

_TIMEOUT = 120.0  # seconds for a manifest, which may have 64 MiB
_HINT = "Check the URL; ask the publisher where the file has gone."


@dataclass(frozen=True, slots=True)
class Place:
    """What a daemon needs for everything that it asks of servers."""

    state: Path
    trust: Trust
    data: tuple[Path, ...]
    archive: Archive
    cancelled: Callable[[], bool]  # nobody wants an answer any more
    timeout: float = _TIMEOUT  # seconds for each

    def poll(self, url: str, seen: Validators | None, limit: int) -> Polled | None:
        """Ask for a document; see `web.poll`."""
        return web.poll(url, seen, limit=limit, timeout=self.timeout, cancelled=self.cancelled)


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that is here as far as its signature goes, and not taken on yet."""

    version: str
    head: Head
    base: str  # the URL that it came from
    validators: Mapping[str, Validators]
    max_age: float | None
    admitted: Admitted  # its manifest has no shards


@dataclass(slots=True)
class WebManifest:
    """A manifest by URL."""

    url: str
    place: Place
    copy: Copy
    seen: Seen
    unread: bool = False  # what is here has yet to be read
    head: Head | None = None  # of the version that holds
    draft: Draft | None = None  # what a server has given, if it is another one
    trouble: str | None = None  # what went wrong though a version was got
    _max_age: float | None = None
    _now: float = 0.0  # when the turn began

    @classmethod
    def at(cls, url: str, place: Place) -> WebManifest:
        """Return the manifest of a URL, with what an earlier run has copied of it."""
        copy = Copy.of(place.state, url)
        return cls(url, place, copy, copy.read())

    @property
    def source(self) -> str:
        """What it is known by."""
        return self.url

    @property
    def path(self) -> Path | None:
        """The copy that holds; None: none was ever good."""
        return None if self.seen.version is None else self.copy.path(self.seen.version)

    @property
    def due(self) -> float:
        """When it has something to do."""
        return 0.0 if self.unread or self.draft is not None else self.seen.next_look

    @property
    def _at(self) -> datetime:
        return datetime.fromtimestamp(self._now, UTC)

    # --- what is here -------------------------------------------------------------------------

    def held(self, now: float) -> Believed:
        """Read the copy that holds; if a crash has left one that is bad, the one before.

        Raises:
            SeedboxError: None can be believed.
        """
        first: SeedboxError | None = None
        for version in (self.seen.version, self.seen.previous):
            if version is None:
                continue
            try:
                found = self._believe(version, now, remember=True)
            except SeedboxError as error:
                first = first or error
                continue
            if version != self.seen.version:
                self.seen = replace(self.seen, version=version, previous=None, validators={})
                self.copy.write(self.seen)
            self.head = found.source.manifest.head
            return found
        raise first or WebError(self.url, "was never copied", _HINT)

    def _believe(self, version: str, now: float, *, remember: bool) -> Believed:
        path, reading = self.copy.path(version), Reading(self.url, None, remember)
        try:
            found = believe(path, self.place.trust, self.place.data, now=now, reading=reading)
            if found.admitted.signed_by is None:
                raise UnvouchedError(str(path), id=found.id)
        except SeedboxError as error:
            raise self._named(error, path.parent, self.url) from error
        return replace(found, asked=Asked(now, self.seen.next_look))

    def _named(self, error: SeedboxError, folder: Path, base: str) -> SeedboxError:
        """Return an error that names the URL, not our copy of what lies there."""
        if isinstance(error, CopiedError | WebError):
            return error
        return CopiedError(error, copy=str(folder), url=urljoin(base, "."))

    # --- asking -------------------------------------------------------------------------------

    def check(self, now: float) -> Admitted:
        """Get the manifest for the first time, without its torrents: they come with `turn`.

        Raises:
            WebError: It cannot be had.
            SeedboxError: It cannot be believed.
        """
        self._now = now
        self.draft = self._ask()
        if self.draft is None:
            raise WebError(self.url, "has nothing new", _HINT)
        return self.draft.admitted

    def turn(self, now: float, *, hurry: bool = False) -> list[News]:
        """Do what is due, and return what is new."""
        self._now = now
        try:
            if self.unread:
                self.unread = False
                return [self.held(now)]
            if self.due > now and not hurry:
                return []
            return self._looked()
        except web.CancelledError:
            return []
        except SeedboxError as error:
            return [self._failed(error, now)]

    def _looked(self) -> list[News]:
        draft, self.draft = self.draft or self._ask(), None
        if draft is None:
            self._went_well(self.seen, self._max_age)
            return [Told(self.url, self._asked(), self.trouble)]
        found = self._take(draft)
        self.head = found.source.manifest.head
        news: list[News] = [replace(found, asked=self._asked())]
        return (
            news if self.trouble is None else [*news, Told(self.url, self._asked(), self.trouble)]
        )

    def _went_well(self, seen: Seen, max_age: float | None) -> None:
        due = self._now + after_success(self.url, max_age, who=str(self.place.state))
        new = replace(seen, failures=0, next_look=due)
        self.copy.write(new)
        self.seen = new

    def _asked(self) -> Asked:
        found = self.seen.validators.get(self.url, Validators())
        return Asked(self._now, self.seen.next_look, found.etag, found.modified)

    def _failed(self, error: SeedboxError, now: float) -> News:
        failures, after = self.seen.failures + 1, getattr(error, "after", None)
        due = now + after_failure(self.url, failures, after, who=str(self.place.state))
        self.seen = replace(self.seen, failures=failures, next_look=due)
        with contextlib.suppress(SeedboxError):  # at worst it is asked sooner after a restart
            self.copy.write(self.seen)
        asked = self._asked()
        if isinstance(error, WebError | DiskError | NoSpaceError):
            return Told(self.url, asked, error.message)
        return Refusal(self.url, error, self.path, asked)

    def _ask(self) -> Draft | None:
        """Ask the URL, and if it does not answer, the mirrors; None: nothing is new.

        Raises:
            SeedboxError: What is wrong with the first of them.
        """
        mirrors = () if self.head is None else self.head.mirrors
        first: SeedboxError | None = None
        for url in dict.fromkeys((self.url, *mirrors)):
            try:
                return self._ask_at(url)
            except WebError as error:
                first = first or error
            except SeedboxError:
                if url == self.url:
                    raise
        raise first or WebError(self.url, "was never asked", _HINT)

    def _ask_at(self, url: str) -> Draft | None:
        """Ask one server for manifest, signature and withdrawals.

        Raises:
            WebError: It does not give them.
            SeedboxError: What it gives cannot be believed.
        """
        held = self.seen.version
        if not self.copy.sound(held):
            self.seen = replace(self.seen, validators={})
        polled = self.place.poll(url, self.seen.validators.get(url), MAX_MANIFEST)
        if polled is None:
            raise WebError(url, "answers that there is no such file", _HINT)
        validators, self._max_age, self.trouble = {url: polled.validators}, polled.max_age, None
        raw = polled.body
        if raw is None:
            files = {each: self._here(each) for each in (MANIFEST, MANIFEST + SIGNATURE)}
            raw = files[MANIFEST] or b""
        else:
            files = {MANIFEST: raw, MANIFEST + SIGNATURE: self._signature(url)}
        head = quick_head(raw, file=url) or lint.read_manifest(raw, file=url).head
        self._refuse_stranger(url, head)
        files |= self._withdrawals(url, head, validators)
        whole = {name: data for name, data in files.items() if data is not None}
        if name_of(whole) == held and self.copy.sound(held):
            self.seen = replace(self.seen, validators={**self.seen.validators, **validators})
            return None
        version = self.copy.prepare(whole)
        admitted = self._admitted(version, head, raw, url)
        return Draft(version, head, url, validators, polled.max_age, admitted)

    def _here(self, name: str) -> bytes | None:
        return None if self.seen.version is None else self.copy.file(self.seen.version, name)

    def _signature(self, url: str) -> bytes | None:
        path, query, rest = url.partition("?")
        found = self.place.poll(f"{path}{SIGNATURE}{query}{rest}", None, MAX_SIGNATURE + 1)
        return None if found is None else found.body

    def _refuse_stranger(self, url: str, head: Head) -> None:
        """Refuse a manifest of another dataset, or of one that no key is known for.

        Raises:
            OtherDatasetError, UnvouchedError: It is one.
        """
        if self.head is not None and head.id != self.head.id:
            raise OtherDatasetError(url, id=head.id, known=self.head.id)
        if not trusted_keys(self.place.trust, head.id):
            raise UnvouchedError(url, id=head.id)

    def _withdrawals(
        self, url: str, head: Head, validators: dict[str, Validators]
    ) -> dict[str, bytes | None]:
        """Return the withdrawals with their signature; those that are here if nothing newer is.

        Raises:
            WebError: Nobody says what was taken back, and nothing is here.
        """
        at = head.withdrawals or urljoin(url, WITHDRAWALS)
        here = {each: self._here(each) for each in (WITHDRAWALS, WITHDRAWALS + SIGNATURE)}
        known = here[WITHDRAWALS] is not None
        try:
            found = self.place.poll(
                at, self.seen.validators.get(at) if known else None, MAX_MANIFEST
            )
            if found is None:
                return {}
            validators[at] = found.validators
            if found.body is None:
                return here
            return {WITHDRAWALS: found.body, WITHDRAWALS + SIGNATURE: self._signature(at)}
        except WebError as error:
            if self.seen.version is None:
                raise
            self.trouble = error.message
            return here

    def _admitted(self, version: str, head: Head, raw: bytes, url: str) -> Admitted:
        """Hold what came against keys, and what was seen before.

        Raises:
            SeedboxError: It cannot be believed.
        """
        path, trust = self.copy.path(version), self.place.trust
        source = Source(path, Manifest(head, ()))
        try:
            signer = believed(source, raw, trust)
            heed(source, trust, now=self._at, remember=False)
        except SeedboxError as error:
            raise self._named(error, path.parent, url) from error
        return Admitted(source, signer, self.url)

    # --- taking on ----------------------------------------------------------------------------

    def _take(self, draft: Draft) -> Believed:
        """Get the rest of a version, and let it hold.

        Raises:
            SeedboxError: A part of it cannot be had, or is wrong; what held before still does.
        """
        path, before = self.copy.path(draft.version), self.seen
        self._torrents(draft, path)
        found = self._believe(draft.version, self._now, remember=False)
        # First it holds, then whatever is older is refused: a crash in between costs nothing.
        same = draft.version == before.version  # it was damaged
        previous = before.previous if same else before.version
        self._went_well(Seen(draft.version, previous, draft.validators), draft.max_age)
        try:
            signer, trust = found.admitted.signed_by, self.place.trust
            remember(found.source, found.data, signer, trust, self._at)
            heed(found.source, trust, now=self._at)
        except SeedboxError as error:
            self.seen = before
            self.copy.write(before)
            raise self._named(error, path.parent, draft.base) from error
        try:
            self.copy.clean(self.seen)
        except SeedboxError as error:
            self.trouble = error.message
        return found

    def _torrents(self, draft: Draft, path: Path) -> None:
        """Get the .torrents; of what may not be served, those that are here.

        Raises:
            SeedboxError: One cannot be had.
        """
        raw = self.copy.file(draft.version, MANIFEST) or b""
        manifest = lint.read_manifest(raw, file=draft.base)
        out = _not_served(manifest, path, self._at)
        before = None if self.path is None else self.path.parent
        bases = tuple(dict.fromkeys((draft.base, self.url, *draft.head.mirrors)))

        for local in (True, False):
            shards = [shard for shard in manifest.shards if (shard.name in out) == local]
            wanted = Wanted(path.parent, shards, before, self.place.archive, bases)
            gather(wanted, self.place.cancelled, local=local)


def _not_served(manifest: Manifest, path: Path, now: datetime) -> set[str]:
    """Return the shards whose torrents nobody has to have: a publisher may have removed them."""
    withdrawals = read_withdrawals(path)
    orders = () if withdrawals is None else plan_withdrawals(manifest, withdrawals, now=now)
    refused = {each.shard for each in licenses.refused(manifest)}
    return {name for name, order in stopped(orders).items() if order.item is None} | refused
