"""Where manifests come from: files and folders that are looked at again and again.

A feed gives manifests that were believed, and refusals with their reason; what follows from them
is not its business. Another kind of source is another feed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from seedbox.daemon.library import Asked, Believed, Mark, manifests_in, mark
from seedbox.errors import SeedboxError

_LOOK = 30.0  # seconds between two looks at the files


@dataclass(frozen=True, slots=True)
class Refusal:
    """A source that gives nothing that may be believed."""

    source: str  # path or URL
    error: SeedboxError
    path: Path | None = None  # of the copy that was believed last, if it is of a URL
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A source was asked that gives nothing new, or nothing at all."""

    source: str  # path or URL
    asked: Asked
    problem: str | None  # why it could not be asked; None: all is as it was


News: TypeAlias = Believed | Refusal | Told


class Feed(Protocol):
    """Gives manifests for as long as the daemon runs."""

    @property
    def first(self) -> asyncio.Event:
        """Set once every source was looked at, and what it gave was taken."""
        ...

    def news(self) -> AsyncIterator[News]:
        """Yield each manifest that was believed, and each refusal, when something is new."""
        ...

    def look(self) -> None:
        """Look at every source now, even at one that seems to be as it was."""
        ...


@dataclass(slots=True)
class FileFeed:
    """Manifests in files, and in folders of them."""

    given: Sequence[Path]
    believe: Callable[[Path], Believed]  # in a thread
    sleep: Callable[[float], Awaitable[None]]
    known: dict[Path, Mark] = field(default_factory=dict)  # what was read, as it was then
    first: asyncio.Event = field(default_factory=asyncio.Event)  # see Feed
    _now: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self) -> None:
        """See Feed."""
        self.known.clear()
        self._now.set()

    def again(self, path: Path) -> None:
        """Look at one file now: what was taken back of it has come from elsewhere."""
        self.known.pop(path, None)
        self._now.set()

    async def news(self) -> AsyncIterator[News]:
        """See Feed."""
        while True:
            for path, marked in await asyncio.to_thread(self._changed):
                self.known[path] = marked
                yield await asyncio.to_thread(self._read, path)
            self.first.set()
            await self._rest()

    def _changed(self) -> list[tuple[Path, Mark]]:
        found = {path: mark(path) for given in self.given for path in manifests_in(given)}
        for gone in self.known.keys() - found.keys():
            found[gone] = mark(gone)
        return [(path, now) for path, now in found.items() if self.known.get(path) != now]

    def _read(self, path: Path) -> News:
        try:
            return self.believe(path)
        except SeedboxError as error:
            return Refusal(str(path), error)

    async def _rest(self) -> None:
        resting = asyncio.ensure_future(self.sleep(_LOOK))
        called = asyncio.ensure_future(self._now.wait())
        try:
            await asyncio.wait({resting, called}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            resting.cancel()
            called.cancel()
        self._now.clear()
