"""The withdrawals of a manifest that is a file: polled at the URL that it names, if it is signed.

They are kept as a copy of their own, and the latest counts: these, or those beside the file. Only
what a known key has signed is taken; without one, anybody on the way could stop what is seeded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from seedbox import web
from seedbox.daemon.copies import SIGNATURE, WITHDRAWALS, Copy, Seen, name_of
from seedbox.daemon.feeds import News, Told
from seedbox.daemon.library import Asked
from seedbox.daemon.web_manifest import Place
from seedbox.errors import SeedboxError, UnvouchedError, WebError
from seedbox.jobs.shards import MAX_MANIFEST
from seedbox.jobs.withdrawals import Received, believe, trusted_keys
from seedbox.manifest.model import Head
from seedbox.manifest.signature import MAX_SIGNATURE, parse_signature
from seedbox.plan.polling import after_failure, after_success
from seedbox.web import Validators


@dataclass(slots=True)
class WebWithdrawals:
    """What is taken back of one manifest file."""

    manifest: Path
    head: Head
    url: str
    place: Place
    copy: Copy
    seen: Seen
    changed: Callable[[Path], None]  # there are newer ones; from any thread
    _max_age: float | None = None

    @property
    def source(self) -> str:
        """The manifest, as it is known."""
        return str(self.manifest)

    @property
    def due(self) -> float:
        """When it has something to do."""
        return self.seen.next_look

    def turn(self, now: float, *, hurry: bool = False) -> list[News]:
        """Ask if it is due, and return what is new; newer ones come with their manifest."""
        if self.due > now and not hurry:
            return []
        try:
            new = self._ask(now)
            due = now + after_success(self.url, self._max_age, who=str(self.place.state))
            self.seen = replace(new, failures=0, next_look=due)
            self.copy.write(self.seen)
        except web.CancelledError:
            return []
        except SeedboxError as error:
            return [self._failed(error, now)]
        return [Told(self.source, Asked(now, self.seen.next_look), None)]

    def _failed(self, error: SeedboxError, now: float) -> News:
        failures, after = self.seen.failures + 1, getattr(error, "after", None)
        due = now + after_failure(self.url, failures, after, who=str(self.place.state))
        self.seen = replace(self.seen, failures=failures, next_look=due)
        with contextlib.suppress(SeedboxError):  # at worst it is asked sooner after a restart
            self.copy.write(self.seen)
        return Told(self.source, Asked(now, due), error.message)

    def _ask(self, now: float) -> Seen:
        """Ask for them, and keep what is newer.

        Raises:
            SeedboxError: They cannot be had, or not be believed.
        """
        if not trusted_keys(self.place.trust, self.head.id):
            raise UnvouchedError(self.url, id=self.head.id)
        held = self.seen.version
        known = self.seen.validators.get(self.url) if self.copy.sound(held) else None
        polled = self.place.poll(self.url, known, MAX_MANIFEST)
        if polled is None:
            hint = "Ask the publisher where the file has gone."
            raise WebError(self.url, "answers that there is no such file", hint)
        self._max_age = polled.max_age
        validators: dict[str, Validators] = {self.url: polled.validators}
        if polled.body is None:
            return replace(self.seen, validators=validators)
        path, query, rest = self.url.partition("?")
        signed = self.place.poll(f"{path}{SIGNATURE}{query}{rest}", None, MAX_SIGNATURE + 1)
        signature = None if signed is None else signed.body
        self._believe(polled.body, signature, now)
        files = {WITHDRAWALS: polled.body, WITHDRAWALS + SIGNATURE: signature or b""}
        if name_of(files) == held:
            return replace(self.seen, validators=validators)
        new = Seen(self.copy.prepare(files), held, validators)
        self.copy.write(new)
        self.seen = new
        self.copy.clean(new)
        self.changed(self.manifest)
        return new

    def _believe(self, data: bytes, signature: bytes | None, now: float) -> None:
        """Hold what came against keys, and what was seen before.

        Raises:
            SeedboxError: It cannot be believed.
        """
        id_ = self.head.id
        signed = None if signature is None else parse_signature(signature, file=self.url, id=id_)
        received = Received(self.url, data, signed)
        at = datetime.fromtimestamp(now, UTC)
        believe(received, self.head, self.place.trust, now=at, remember=False)
