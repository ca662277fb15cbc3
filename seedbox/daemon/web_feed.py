"""Everything that is asked of servers again and again: manifests by URL, and withdrawals.

Each has a time of its own and waits for its own server, so a slow one keeps no other from its
turn. They wait in threads of their own too: hashing and looking at files goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from seedbox.daemon.copies import Copy
from seedbox.daemon.feeds import News, Refusal, Told
from seedbox.daemon.library import HERE, Reading
from seedbox.daemon.options import Clock
from seedbox.daemon.web_manifest import Place, WebManifest
from seedbox.daemon.web_withdrawals import WebWithdrawals
from seedbox.manifest.model import Head

_AT_A_TIME = 4  # sources that wait for a server
_LONGEST = 3600.0  # seconds of a rest; a clock that was set is noticed after it


class Polled(Protocol):
    """Something that is asked for when its time has come."""

    @property
    def source(self) -> str:
        """What it is known by."""
        ...

    @property
    def due(self) -> float:
        """When it has something to do, in seconds since 1970."""
        ...

    def turn(self, now: float, *, hurry: bool = False) -> list[News]:
        """Do what is due, and return what is new; in a thread."""
        ...


@dataclass(slots=True)
class WebFeed:
    """A feed of what lies on servers; see `feeds.Feed`."""

    place: Place
    clock: Clock
    again: Callable[[Path], None]  # look at a manifest file: what was taken back of it is newer
    manifests: dict[str, WebManifest]  # by URL
    first: asyncio.Event = field(default_factory=asyncio.Event)
    _watched: dict[str, WebWithdrawals] = field(default_factory=dict)  # by manifest path
    _undecided: set[str] = field(default_factory=set)  # URLs of which nothing was said yet
    _hurry: dict[str, asyncio.Event] = field(default_factory=dict)  # by source
    _new: asyncio.Queue[Polled] = field(default_factory=asyncio.Queue)
    _news: asyncio.Queue[News] = field(default_factory=asyncio.Queue)

    @classmethod
    def of(
        cls, urls: Iterable[str], place: Place, clock: Clock, again: Callable[[Path], None]
    ) -> WebFeed:
        """Return the feed of some manifests by URL."""
        feed = cls(place, clock, again, {url: WebManifest.at(url, place) for url in urls})
        feed._undecided.update(feed.manifests)
        for each in feed.manifests.values():
            feed._new.put_nowait(each)
        feed._decide()
        return feed

    @property
    def sources(self) -> tuple[str, ...]:
        """What is asked for by now."""
        return tuple(self._hurry)

    def look(self) -> None:
        """Ask for everything now, even if its time has not come."""
        for hurry in self._hurry.values():
            hurry.set()

    def known(self, url: str | None, head: Head) -> None:
        """Know that the copy of a URL is as the state has it, and need not be read."""
        if url is not None:
            manifest = self.manifests[url]
            manifest.unread, manifest.head = False, head
            self.taken(url)

    def taken(self, url: str) -> None:
        """Know that what is here of a URL was taken on already."""
        self._undecided.discard(url)
        self._decide()

    def _decide(self) -> None:
        if not self._undecided:
            self.first.set()

    # --- withdrawals of files -----------------------------------------------------------------

    def reading(self, path: Path) -> Reading:
        """Return how a manifest file is read: with what was polled of its withdrawals."""
        copy = Copy.of(self.place.state, str(path))
        version = copy.read().version
        if version is None or not copy.sound(version):
            return HERE
        return Reading(polled=copy.path(version))

    def watch(self, path: Path, head: Head, *, signed: bool) -> None:
        """Ask from now on what is taken back of a manifest file, if it names a URL for that."""
        known, url = self._watched.get(str(path)), head.withdrawals
        if url is None or not signed:
            return
        if known is not None:
            known.head, known.url = head, url
            return
        copy = Copy.of(self.place.state, str(path))
        loop = asyncio.get_running_loop()

        def changed(manifest: Path) -> None:
            loop.call_soon_threadsafe(self.again, manifest)

        made = WebWithdrawals(path, head, url, self.place, copy, copy.read(), changed)
        self._watched[str(path)] = made
        self._new.put_nowait(made)

    # --- turns --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Let each have its turns, for ever."""
        pool = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="web")
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    each = await self._new.get()
                    group.create_task(self._follow(each, pool))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    async def _follow(self, each: Polled, pool: ThreadPoolExecutor) -> None:
        hurry = self._hurry[each.source] = asyncio.Event()
        loop, asked = asyncio.get_running_loop(), False
        while True:
            turn = partial(each.turn, self.clock.now(), hurry=asked)
            for news in await loop.run_in_executor(pool, turn):
                self._news.put_nowait(news)
            asked = await self._rest(each.due - self.clock.now(), hurry)

    async def _rest(self, seconds: float, hurry: asyncio.Event) -> bool:
        """Wait; return whether somebody is in a hurry."""
        if seconds > 0 and not hurry.is_set():
            resting = asyncio.ensure_future(self.clock.sleep(min(seconds, _LONGEST)))
            called = asyncio.ensure_future(hurry.wait())
            try:
                await asyncio.wait({resting, called}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                resting.cancel()
                called.cancel()
        found = hurry.is_set()
        hurry.clear()
        return found

    async def news(self) -> AsyncIterator[News]:
        """See Feed."""
        while True:
            news = await self._news.get()
            yield news
            if not isinstance(news, Told):
                self.taken(news.source if isinstance(news, Refusal) else news.where)
