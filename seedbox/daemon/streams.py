"""Changes as they happen, for many listeners (Server-Sent Events).

Each listener has a queue of its own, with an end: one that does not keep up is told to read
everything anew, and let go. Ids are `<start of the daemon>-<number>`, so that a listener that comes
back is told what it has missed, or that nobody knows any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator

from seedbox.daemon.api.daemon import Change, Daemon
from seedbox.daemon.api.documents import change_document
from seedbox.daemon.api.problems import ApiError
from seedbox.daemon.api.queries import EventsQuery
from seedbox.daemon.record import Dataset, Traffic

MOST_LISTENERS = 16
KEPT = 1000  # events, for those who come back
QUEUED = 1000  # events, for one listener
BEAT = 15.0  # seconds without an event until a comment shows that the stream lives


class _Event:
    """A change with its number; made into text once, when the first listener needs it."""

    __slots__ = ("_text", "change", "number")

    def __init__(self, number: int, change: Change) -> None:
        self.number, self.change = number, change
        self._text: bytes | None = None

    def text(self, epoch: int) -> bytes:
        if self._text is None:
            document = change_document(self.change.value)
            self._text = told(f"{epoch}-{self.number}", self.change.kind, document)
        return self._text


def told(id_: str, event: str, document: object) -> bytes:
    """Return an event as it is sent."""
    return f"id: {id_}\nevent: {event}\ndata: {json.dumps(document)}\n\n".encode("ascii")


class _Listener:
    def __init__(self, query: EventsQuery) -> None:
        self._query = query
        self.queue: deque[_Event] = deque()
        self.news = asyncio.Event()
        self.lost = False  # more came than the queue holds

    def wants(self, change: Change) -> bool:
        if self._query.kind and change.kind not in self._query.kind:
            return False
        if self._query.dataset is None or isinstance(change.value, Traffic):
            return True
        value = change.value
        return self._query.dataset == (value.id if isinstance(value, Dataset) else value.dataset)

    def offer(self, event: _Event) -> None:
        if self.lost or not self.wants(event.change):
            return
        if len(self.queue) >= QUEUED:
            self.lost = True
            self.queue.clear()
        else:
            self.queue.append(event)
        self.news.set()


class Hub:
    """Hears every change once, and passes it on."""

    def __init__(self, daemon: Daemon) -> None:
        """Listen to nothing yet."""
        self._daemon = daemon
        self._epoch = int(daemon.view().started)
        self._number = 0
        self._recent: deque[_Event] = deque(maxlen=KEPT)
        self._listeners: set[_Listener] = set()
        self._stopped = False

    async def run(self) -> None:
        """Pass on changes, for ever."""
        async for change in self._daemon.changes():
            self._number += 1
            event = _Event(self._number, change)
            self._recent.append(event)
            for listener in self._listeners:
                listener.offer(event)

    def stop(self) -> None:
        """End every stream."""
        self._stopped = True
        for listener in self._listeners:
            listener.news.set()

    def listen(self, query: EventsQuery, last_id: str | None) -> AsyncIterator[bytes]:
        """Return a stream of events; it is counted from now on, until it is closed.

        Raises:
            ApiError: There are as many as there may be.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise ApiError(
                "too-many-connections",
                f"{MOST_LISTENERS} streams are open, and no more may be",
                "Close one, or ask /v1/status now and then.",
            )
        listener = _Listener(query)
        self._listeners.add(listener)
        return self._stream(listener, last_id)

    async def _stream(self, listener: _Listener, last_id: str | None) -> AsyncIterator[bytes]:
        try:
            yield b"retry: 2000\n\n"
            for text in self._missed(listener, last_id):
                yield text
            while not self._stopped:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(listener.news.wait(), BEAT)
                if not listener.news.is_set():
                    yield b": nothing new\n\n"
                listener.news.clear()
                if listener.queue:
                    texts = [event.text(self._epoch) for event in listener.queue]
                    listener.queue.clear()
                    yield b"".join(texts)
                if listener.lost:
                    yield self._resync(f"more than {QUEUED} events were waiting for you")
                    return
        finally:
            self._listeners.discard(listener)

    def _missed(self, listener: _Listener, last_id: str | None) -> list[bytes]:
        """Return what a listener has not heard that comes back."""
        if last_id is None:
            return []
        epoch, _, number = last_id.partition("-")
        known = epoch == str(self._epoch) and number.isascii() and number.isdecimal()
        last = int(number) if known and len(number) <= len(str(self._number)) else -1
        oldest = self._recent[0].number if self._recent else self._number + 1
        if not oldest - 1 <= last <= self._number:
            return [self._resync("what came after your last event is not known any more")]
        return [
            event.text(self._epoch)
            for event in self._recent
            if event.number > last and listener.wants(event.change)
        ]

    def _resync(self, why: str) -> bytes:
        return told(f"{self._epoch}-{self._number}", "resync", {"why": why})
