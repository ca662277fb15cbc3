"""When trackers hear of torrents: first announces at a pace, later ones spread over the interval.

libtorrent announces a torrent when it gets trackers, so they are given to seeds one by one: UDP
trackers drop what comes in a burst, and libtorrent sends nothing twice. After its first reply each
torrent is moved, once, to a moment of the tracker's interval that its info-hash decides; libtorrent
keeps to the interval from there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import time
from typing import TypedDict, cast

import libtorrent as lt

from seedbox.engine.libtorrent.torrent import Stage, Torrent

_STEP = 0.05  # seconds between two small bursts
_SURE = 50  # announces until it is known how many one torrent makes
_MOST_TRIES = 3  # to learn the interval of a tracker
_SHARES = 1 << 32


class _Half(TypedDict):
    next_announce: int | None  # seconds since 1970
    start_sent: bool


class _Endpoint(TypedDict):
    info_hashes: list[_Half]


class _Tracker(TypedDict):
    """What libtorrent says of a tracker of a torrent, as far as it is used here."""

    url: str
    endpoints: list[_Endpoint]


class Announces:
    """The seeds that trackers have not heard of yet, and the intervals of trackers."""

    def __init__(self, pace: int) -> None:
        """Take how many announces may be sent in a second."""
        self._pace = pace
        self._queue: deque[Torrent] = deque()
        self._queued = asyncio.Event()
        self._expected = 0  # announces of torrents that have been given their trackers
        self._sent = 0  # those that libtorrent sent; more if it listens on several addresses
        self._intervals: dict[str, float] = {}  # URL -> seconds
        self._tries: dict[str, int] = {}  # URL -> how often it was looked up

    @property
    def waiting(self) -> int:
        """How many torrents have not had their first announce."""
        return len(self._queue)

    def put(self, torrent: Torrent) -> None:
        """Announce a seed when its turn comes."""
        if torrent.trackers:
            self._queue.append(torrent)
            self._queued.set()

    async def run(self) -> None:
        """Announce at the pace, until cancelled."""
        loop = asyncio.get_running_loop()
        due, last = 0.0, loop.time()
        while True:
            if not self._queue:
                self._queued.clear()
                await self._queued.wait()
                due, last = 1.0, loop.time()
            while self._queue and due > 0:
                due -= self._announce(self._queue.popleft())
            await asyncio.sleep(_STEP)
            now = loop.time()
            due = min(due + (now - last) * self._pace, self._pace * 2 * _STEP)
            last = now

    def _announce(self, torrent: Torrent) -> float:
        """Give a torrent its trackers; return how many announces that makes."""
        if torrent.stage is not Stage.HELD or torrent.handle is None:
            return 0.0
        torrent.handle.replace_trackers(_entries(torrent.trackers))
        torrent.announced = True
        halves = len(torrent.hashes)
        self._expected += halves
        many = self._sent / self._expected if self._expected > _SURE else 1.0
        return halves * max(many, 1.0)

    def on_sent(self, alert: lt.tracker_announce_alert) -> None:
        """Count what libtorrent makes of one torrent."""
        if alert.event == lt.event_t.started:
            self._sent += 1

    def on_reply(self, torrent: Torrent, url: str) -> None:
        """Move a torrent to its own moment, once."""
        if torrent.moved or not torrent.announced or torrent.handle is None:
            return
        torrent.moved = True
        interval = self._intervals.get(url) or self._learn(torrent.handle, url)
        if torrent.stage is Stage.HELD and interval is not None:
            share = int(torrent.key[-8:], 16) / _SHARES
            torrent.handle.force_reannounce(int(share * interval))

    def _learn(self, handle: lt.torrent_handle, url: str) -> float | None:
        """Return the interval of a tracker, from what libtorrent has planned since its reply.

        This waits for the network thread, holding the GIL, so it is done once for each tracker;
        the binding cannot read the alert that would tell without.
        """
        if self._tries.get(url, 0) == _MOST_TRIES:
            return None
        self._tries[url] = self._tries.get(url, 0) + 1
        trackers = cast("list[_Tracker]", handle.trackers())  # the stub has other types in it
        planned = [_planned(tracker) for tracker in trackers if tracker["url"] == url]
        interval = max(planned, default=0.0) - time()
        if interval <= 0:
            return None
        self._intervals[url] = interval
        return interval


def _entries(tiers: tuple[tuple[str, ...], ...]) -> list[lt.announce_entry]:
    entries = []
    for number, urls in enumerate(tiers):
        for url in urls:
            entry = lt.announce_entry(url)
            entry.tier = number
            entries.append(entry)
    return entries


def _planned(tracker: _Tracker) -> float:
    """Return when a tracker is announced to next, in seconds since 1970; 0 if it is not known."""
    halves = (half for endpoint in tracker["endpoints"] for half in endpoint["info_hashes"])
    moments = (half["next_announce"] for half in halves if half["start_sent"])
    return max((moment for moment in moments if moment is not None), default=0)
