"""The engine: which torrents are held, and what becomes of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import libtorrent as lt

from seedbox.engine.base import (
    Added,
    AddTorrent,
    Announcing,
    Endpoint,
    Event,
    FileFailed,
    Finished,
    Mode,
    PeerCame,
    Refused,
    Removed,
    Settings,
    check_limit,
)
from seedbox.engine.libtorrent import alerts, tuning
from seedbox.engine.libtorrent.announces import Announces
from seedbox.engine.libtorrent.intake import Loaded, Rejected, load
from seedbox.engine.libtorrent.rotation import Rotation
from seedbox.engine.libtorrent.session import Session
from seedbox.engine.libtorrent.torrent import Stage, Torrent

_MOST_STARTING = 500  # adds in flight: libtorrent renumbers all of them whenever one is done
_BATCH = 16  # torrents looked at by one trip to a thread
_FROM_TRACKER = 1  # libtorrent forgives failed calls if a tracker names the peer again
_AGAIN = 60.0  # seconds until a torrent's next PeerCame
_NO_DETAIL = 0  # what to copy of pieces and names when asking for a status
# Of the eight alerts of an add, those that tell nothing: no torrent is looked up for them.
_PASSED_OVER = frozenset(
    {lt.state_changed_alert, lt.torrent_checked_alert, lt.torrent_finished_alert}
)


class LibtorrentEngine:
    """An Engine (see base) on libtorrent."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; nothing is bound before `async with`."""
        self._settings = settings
        self._session: Session | None = None
        self._torrents: dict[str, Torrent] = {}
        self._fetches: dict[str, Torrent] = {}  # those among them
        self._queue: deque[Torrent] = deque()
        self._starting = 0
        self._step = asyncio.Event()  # something was queued, or the window has room again
        self._tasks: list[asyncio.Task[None]] = []
        self._announces = Announces(settings.announces_per_second)
        self._rotation = Rotation(settings, self._tell)
        self._told: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()

    @property
    def listening(self) -> tuple[Endpoint, ...]:
        """Where peers can call; nowhere before the start and after the end."""
        return () if self._session is None else self._session.listening

    @property
    def announcing(self) -> Announcing:
        """How far announces are."""
        waiting = self._announces.waiting
        if not self._settings.dht:
            return Announcing(waiting)
        rotation = self._rotation
        return Announcing(waiting, rotation.hashes, rotation.revisit, rotation.nodes)

    # --- start and end ------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Bind and start.

        Raises:
            PortInUseError: An address to listen on is taken or not ours.
        """
        self._session = session = await Session.start(self._settings)
        self._rotation.listen(session.listening)
        paces = (self._announces.run(), self._rotation.run(lambda: session.api))
        for work in (session.read(self._on_alert), self._feed(), *paces):
            task = asyncio.create_task(work)
            task.add_done_callback(self._on_task_done)
            self._tasks.append(task)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop: tell the last progress, take leave of trackers, write and close files."""
        reader, *others = self._tasks
        for task in others:
            task.cancel()
        announced = [torrent.handle for torrent in self._torrents.values() if torrent.announced]
        try:
            self._running().api.post_torrent_updates(_NO_DETAIL)
            await self._running().end(reader, [handle for handle in announced if handle])
        finally:
            self._session = None
            self._told.put_nowait(None)

    def _running(self) -> Session:
        if self._session is None:
            raise RuntimeError("the engine is not running: use it inside its `async with`")
        return self._session

    # --- what the engine is told --------------------------------------------------------------

    def add(self, torrent: AddTorrent) -> None:
        """Hold a torrent."""
        session = self._running()
        held = self._torrents.get(torrent.key)
        if held is not None:
            gone = held.stage is Stage.REMOVING
            self._tell(Refused(torrent.key, "still being removed" if gone else "already added"))
            return
        self._torrents[torrent.key] = queued = Torrent.of(torrent)
        if torrent.mode is Mode.FETCH:
            if not self._fetches:
                session.api.apply_settings(tuning.EAGER)
            self._fetches[torrent.key] = queued
        self._queue.append(queued)
        self._step.set()

    def remove(self, key: str) -> None:
        """Let go of a torrent; its files stay."""
        session = self._running()
        torrent = self._torrents.get(key)
        if torrent is None:
            self._tell(Removed(key))
            return
        if torrent.handle is not None and torrent.stage in {Stage.STARTING, Stage.HELD}:
            session.api.remove_torrent(torrent.handle)
        if self._settings.dht and torrent.stage is Stage.HELD and torrent.mode is Mode.SEED:
            self._rotation.drop(torrent)
        if torrent.stage is Stage.QUEUED:
            self._queue.remove(torrent)
            self._forget(torrent, Removed(key))
        else:
            torrent.stage = Stage.REMOVING

    def connect(self, key: str, peer: Endpoint) -> None:
        """Name a peer of a torrent."""
        self._running()
        torrent = self._torrents.get(key)
        if torrent is None or peer in torrent.peers:
            return
        torrent.peers = (*torrent.peers, peer)
        if torrent.stage is Stage.HELD and torrent.handle is not None:
            torrent.handle.connect_peer((peer.host, peer.port))

    def limit(self, upload: int | None) -> None:
        """Change the upload limit."""
        check_limit(upload)
        self._running().api.apply_settings({"upload_rate_limit": tuning.rate(upload)})

    def refresh(self) -> None:
        """Ask for a Progress of each torrent that changed, and call silent peers again."""
        self._running().api.post_torrent_updates(_NO_DETAIL)
        if self._settings.dht:
            self._running().api.post_dht_stats()
        for torrent in self._fetches.values():
            if torrent.fetching and torrent.handle is not None:
                for peer in torrent.peers:
                    torrent.handle.connect_peer((peer.host, peer.port), _FROM_TRACKER)

    # --- what the engine tells ----------------------------------------------------------------

    async def events(self) -> AsyncIterator[Event]:
        """Tell what happens until the engine has stopped.

        Raises:
            RuntimeError: Events were lost: a bug, since the loop must have stood still.
        """
        while (told := await self._told.get()) is not None:
            if isinstance(told, BaseException):
                raise told
            yield told
        self._told.put_nowait(None)

    def _tell(self, event: Event) -> None:
        self._told.put_nowait(event)

    # --- from the queue into the session ------------------------------------------------------

    async def _feed(self) -> None:
        while True:
            await self._step.wait()
            self._step.clear()
            while batch := self._next_batch():
                loaded = await asyncio.to_thread(_load_all, batch)
                for torrent, result in zip(batch, loaded, strict=True):
                    self._start(torrent, result)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        """Let a bug be heard by whoever listens to the events."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._told.put_nowait(error)

    def _next_batch(self) -> list[Torrent]:
        room = min(_BATCH, _MOST_STARTING - self._starting, len(self._queue))
        batch = [self._queue.popleft() for _ in range(room)]
        for torrent in batch:
            torrent.stage = Stage.LOADING
        return batch

    def _start(self, torrent: Torrent, result: Loaded | Rejected) -> None:
        torrent.add = None
        if torrent.stage is Stage.REMOVING:
            self._forget(torrent, Removed(torrent.key))
        elif isinstance(result, Rejected):
            if result.failed is not None:
                self._tell(result.failed)
            self._forget(torrent, result.refused)
        else:
            torrent.stage = Stage.STARTING
            torrent.size = result.size
            self._starting += 1
            # Peers given with the torrent are called at once, later ones within a second.
            result.params.peers = [(peer.host, peer.port) for peer in torrent.peers]
            self._running().api.async_add_torrent(result.params)

    def _forget(self, torrent: Torrent, why: Removed | Refused) -> None:
        """Drop a torrent of which libtorrent has nothing any more."""
        del self._torrents[torrent.key]
        self._fetches.pop(torrent.key, None)
        self._tell(why)

    # --- from libtorrent ----------------------------------------------------------------------

    def _on_alert(self, alert: lt.alert) -> None:
        if type(alert) in _PASSED_OVER:
            return
        if isinstance(alert, lt.torrent_alert):
            self._on_alert_of_torrent(alert)
            return
        match alert:
            case lt.state_update_alert():
                for status in alert.status:
                    self._on_status(status)
            case lt.dht_get_peers_reply_alert():
                self._rotation.on_reply(alert)
            case lt.dht_stats_alert():
                self._rotation.nodes = sum(each["num_nodes"] for each in alert.routing_table)
            case lt.external_ip_alert():
                self._rotation.on_external(alert.external_address)
            case lt.alerts_dropped_alert():
                self._told.put_nowait(RuntimeError("libtorrent lost alerts: the loop stood still"))
            case _:
                pass

    def _on_alert_of_torrent(self, alert: lt.torrent_alert) -> None:
        match alert:
            case lt.add_torrent_alert():
                self._on_taken(alert)
            case lt.torrent_removed_alert():
                self._on_gone(alert)
            case lt.tracker_announce_alert():
                self._announces.on_sent(alert)
            case _:
                torrent = self._find(alert.handle)
                if torrent is not None and torrent.stage is Stage.HELD:
                    self._on_torrent_alert(torrent, alert)

    def _find(self, handle: lt.torrent_handle) -> Torrent | None:
        """Return the torrent that is held under a handle; none if it is an earlier one's."""
        key = alerts.key_of(handle.info_hashes())
        torrent = None if key is None else self._torrents.get(key)
        return torrent if torrent is not None and torrent.handle == handle else None

    def _on_taken(self, alert: lt.add_torrent_alert) -> None:
        """Libtorrent took a torrent or did not; its files were not looked at by then."""
        key = alerts.key_of(alert.params.info_hashes)
        torrent = None if key is None else self._torrents.get(key)
        if torrent is None:
            return
        self._starting -= 1
        self._step.set()
        if alert.error.value():
            refused = Refused(torrent.key, alerts.words(alert.error.message))
            gone = torrent.stage is Stage.REMOVING
            self._forget(torrent, Removed(torrent.key) if gone else refused)
            return
        torrent.handle = alert.handle
        if torrent.stage is Stage.REMOVING:
            self._running().api.remove_torrent(torrent.handle)
            return
        torrent.stage = Stage.HELD
        self._tell(Added(torrent.key))
        if torrent.mode is Mode.SEED:
            self._announces.put(torrent)
            if self._settings.dht:
                self._rotation.put(torrent)
        for peer in torrent.peers:
            torrent.handle.connect_peer((peer.host, peer.port))

    def _on_gone(self, alert: lt.torrent_removed_alert) -> None:
        """The files of a torrent are closed."""
        key = alerts.key_of(alert.info_hashes)
        torrent = None if key is None else self._torrents.get(key)
        if torrent is not None:
            self._forget(torrent, Removed(torrent.key))

    def _on_torrent_alert(self, torrent: Torrent, alert: lt.torrent_alert) -> None:
        match alert:
            case lt.cache_flushed_alert():
                # Files are closed when all pieces are there, after every write before that.
                torrent.written = True
                if torrent.fetching:
                    alert.handle.post_status(_NO_DETAIL)
            case lt.file_error_alert():
                self._on_failure(torrent, alerts.words(alert.filename), alert.error)
            case lt.torrent_error_alert():
                # It has stopped. If a file was to blame, that was told just before.
                if not torrent.failures:
                    self._on_failure(torrent, torrent.folder, alert.error)
            case lt.peer_connect_alert():
                if (peer := alerts.caller(alert)) is not None:
                    self._on_caller(torrent, peer)
            case _:
                if isinstance(alert, lt.tracker_reply_alert):
                    self._announces.on_reply(torrent, alerts.words(alert.tracker_url))
                if (event := alerts.event(torrent.key, alert)) is not None:
                    self._tell(event)

    def _on_caller(self, torrent: Torrent, peer: Endpoint) -> None:
        now = asyncio.get_running_loop().time()
        counts = self._settings.count_local_peers or alerts.is_far(peer)
        if counts and (torrent.came is None or now - torrent.came >= _AGAIN):
            torrent.came = now
            self._tell(PeerCame(torrent.key, peer))

    def _on_failure(self, torrent: Torrent, path: str, error: lt.error_code) -> None:
        failed = FileFailed(torrent.key, path, alerts.words(error.message))
        if failed not in torrent.failures:
            torrent.failures |= {failed}
            self._tell(failed)

    def _on_status(self, status: lt.torrent_status) -> None:
        torrent = self._find(status.handle)
        if torrent is None or torrent.stage is not Stage.HELD:
            return
        self._tell(alerts.progress(torrent.key, torrent.size, status))
        # A piece that passed its hash but could not be written counts as had all the same.
        if torrent.fetching and torrent.written and status.is_seeding and not torrent.failures:
            torrent.finished = True
            self._tell(Finished(torrent.key))


def _load_all(torrents: list[Torrent]) -> list[Loaded | Rejected]:
    return [load(torrent.add) for torrent in torrents if torrent.add is not None]
