"""A libtorrent session that is read from the event loop and ended without stopping it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from typing import TypeAlias

import libtorrent as lt

from seedbox.engine.base import Endpoint, Settings
from seedbox.engine.libtorrent import alerts, tuning
from seedbox.errors import PortInUseError

_Announce: TypeAlias = tuple[str | None, str, int, tuple[str, int]]
_PARTING_TIMEOUT = 2.5  # seconds until the last torrent must have taken leave of its trackers
_DRAIN_TIMEOUT = 5.0  # seconds until files must be written too, and trackers have answered
_PARTINGS = 50  # torrents that do so in one step: a tracker drops what comes in larger bursts
_PARTING_STEP = 0.01  # seconds


class Session:
    """A session from its first socket to its last; made by `start`."""

    def __init__(self, held: list[lt.session], listening: tuple[Endpoint, ...]) -> None:
        """Take a session that listens, in a list that has the only reference to it."""
        self.listening = listening
        self._held = held  # clearing it ends the session
        self._wake, self._waker = socket.socketpair()
        self._news = asyncio.Event()
        self._unpaused: set[str | None] = set()  # keys
        self._farewells: set[_Announce] = set()  # the last ones, as long as they have no answer
        self._ending = False
        self._drained = asyncio.Event()

    @classmethod
    async def start(cls, settings: Settings) -> Session:
        """Open a session.

        Raises:
            PortInUseError: An address to listen on is taken or not ours.
        """
        held: list[lt.session] = []  # not a result: futures keep those for a while
        await asyncio.to_thread(_open, settings, held)
        try:
            listening = _bound(held[0], settings)
        except PortInUseError:
            await asyncio.to_thread(held.clear)
            raise
        return cls(held, listening)

    async def read(self, on_alert: Callable[[lt.alert], None]) -> None:
        """Give each alert to a function, which must copy what it wants to keep, until cancelled."""
        for end in (self._wake, self._waker):
            end.setblocking(False)  # noqa: FBT003 -- the name says it
        asyncio.get_running_loop().add_reader(self._wake, self._woken)
        self.api.set_alert_fd(self._waker.fileno())
        while True:
            await self._news.wait()
            self._news.clear()
            self._take(on_alert)

    @property
    def api(self) -> lt.session:
        """The session as libtorrent has it; to be called, never kept."""
        if not self._held:
            raise RuntimeError("the engine is not running: use it inside its `async with`")
        return self._held[0]

    async def end(self, reader: asyncio.Task[None], announced: Sequence[lt.torrent_handle]) -> None:
        """Take leave of trackers, write and close files, let go of the ports.

        The destructor waits for all that holding the GIL, so as much of it as can be is waited for
        before; and it runs in a thread.

        Args:
            reader: What runs `read`.
            announced: The torrents that trackers know of.
        """
        self._ending = True
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DRAIN_TIMEOUT):
                    await self._part(announced)
                    await self._drain()
        finally:
            reader.cancel()
            asyncio.get_running_loop().remove_reader(self._wake)
            held, self._held = self._held, []
            await asyncio.to_thread(_close, held, self._wake, self._waker)

    async def _part(self, announced: Sequence[lt.torrent_handle]) -> None:
        """Stop torrents at a pace, then all; trackers forget those that the time did not allow."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PARTING_TIMEOUT
        for start in range(0, len(announced), _PARTINGS):
            if loop.time() >= until:
                self.api.apply_settings({"stop_tracker_timeout": 0})  # no last announce
                break
            for handle in announced[start : start + _PARTINGS]:
                handle.pause()
            await asyncio.sleep(_PARTING_STEP)
        self.api.pause()

    async def _drain(self) -> None:
        while self._unpaused or self._farewells:
            self._drained.clear()
            await self._drained.wait()

    def _woken(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake.recv(4096):
                pass
        self._news.set()

    def _take(self, on_alert: Callable[[lt.alert], None]) -> None:
        for alert in self.api.pop_alerts():
            self._watch(alert)
            on_alert(alert)

    def _watch(self, alert: lt.alert) -> None:
        """Keep count of what the end has to wait for."""
        match alert:
            case lt.add_torrent_alert():
                if not alert.error.value():
                    self._unpaused.add(alerts.key_of(alert.handle.info_hashes()))
            case lt.torrent_removed_alert():
                self._unpaused.discard(alerts.key_of(alert.info_hashes))
            case lt.torrent_paused_alert():
                self._unpaused.discard(alerts.key_of(alert.handle.info_hashes()))
            case lt.tracker_announce_alert():
                if self._ending and alert.event == lt.event_t.stopped:
                    self._farewells.add(_announce(alert))
            case lt.tracker_reply_alert() | lt.tracker_error_alert():
                if self._ending:
                    self._farewells.discard(_announce(alert))
            case _:
                return
        self._drained.set()


def _announce(alert: lt.tracker_alert) -> _Announce:
    """Return what no two announces under way have in common."""
    key = alerts.key_of(alert.handle.info_hashes())
    return key, alerts.words(alert.tracker_url), int(alert.version), alert.local_endpoint


def _open(settings: Settings, held: list[lt.session]) -> None:
    """Make a session and wait until its listen sockets have been tried."""
    session = lt.session(tuning.pack(settings))
    session.set_peer_class_filter(tuning.classes(settings))
    session.listen_port()  # an answer from the network thread, which binds before it answers
    held.append(session)


def _bound(session: lt.session, settings: Settings) -> tuple[Endpoint, ...]:
    """Return where the session listens.

    Raises:
        PortInUseError: Some address could not be bound.
    """
    bound = []
    for alert in session.pop_alerts():
        if isinstance(alert, lt.listen_failed_alert):
            failed = Endpoint(alert.address, alert.port)
            raise PortInUseError(str(failed), alerts.words(alert.error.message))
        if isinstance(alert, lt.listen_succeeded_alert):
            bound.append((alert.socket_type, Endpoint(alert.address, alert.port)))
    if settings.listen and not bound:
        raise PortInUseError(str(settings.listen[0]), "this machine has no such address")
    return tuple(endpoint for kind, endpoint in bound if kind == lt.socket_type_t.tcp)


def _close(held: list[lt.session], *ends: socket.socket) -> None:
    """End a session; it writes to its alert socket until it is gone."""
    held.clear()
    for end in ends:
        end.close()
