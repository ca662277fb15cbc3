"""An Engine without a network: engines meet in a FakeSwarm, in memory, with real files.

Seeds read their files and fetches write theirs, one piece at each turn of the loop, always in the
same order. It keeps every promise of `seedbox.engine.base`; tests/contract holds it to them.
Trackers answer as FakeSwarm.trackers has it, once for each torrent; engines with the DHT find each
other's announces at once. Limits are kept and do nothing; web seeds are not there.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from seedbox.engine.base import (
    Added,
    AddTorrent,
    Announcing,
    DhtAnnounced,
    Endpoint,
    Event,
    FileFailed,
    Finished,
    PeerCame,
    PieceFailed,
    Progress,
    Refused,
    Removed,
    Settings,
    TrackerFailed,
    TrackerReplied,
    check_limit,
)
from seedbox.errors import InvalidTorrentError, PortInUseError
from support.fake_torrent import Held, first_unfit, load, make_empty_files, passes

_FIRST_PORT = 40_001
_A_PORT = 50_000  # calls come from another port than the one that is listened on


class FakeSwarm:
    """Where fake engines find each other."""

    def __init__(self) -> None:
        self.engines: list[FakeEngine] = []
        self.foreign: set[Endpoint] = set()  # taken by programs that are no engines
        self.trackers: dict[str, str | None] = {}  # URL -> why it refuses; None: it takes announces
        self._next_port = _FIRST_PORT
        self._due = False

    def bind(self, asked: Endpoint) -> Endpoint:
        """Give an address to an engine."""
        taken = self.foreign.union(*(engine.listening for engine in self.engines))
        if asked.port == 0:
            asked, self._next_port = replace(asked, port=self._next_port), self._next_port + 1
        if asked in taken:
            raise PortInUseError(str(asked), os.strerror(errno.EADDRINUSE))
        return asked

    def stir(self) -> None:
        """Something changed: let pieces flow from the next turn of the loop on."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._due = False
        for engine in self.engines:
            engine.meet()
        moved = [engine.fetch_one(key) for engine in self.engines for key in list(engine.held)]
        if any(moved):
            self.stir()


class FakeEngine:
    """An Engine in a FakeSwarm."""

    def __init__(self, settings: Settings, swarm: FakeSwarm) -> None:
        self.settings = settings
        self.swarm = swarm
        self.held: dict[str, Held] = {}
        self.listening: tuple[Endpoint, ...] = ()
        self.announcing = Announcing()
        self.upload_limit = settings.upload_limit  # bytes/s
        self._running = False
        self._told: deque[Event] = deque()
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.listening = tuple(self.swarm.bind(asked) for asked in self.settings.listen)
        self.swarm.engines.append(self)
        self._running = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for held in self.held.values():
            if held.changed and not held.gone:
                self._tell_progress(held)
        self.swarm.engines.remove(self)
        self.listening = ()
        self._running = False
        self._news.set()

    def _check_running(self) -> None:
        if not self._running:
            raise RuntimeError("the engine is not running: use it inside its `async with`")

    def _let_go(self, key: str) -> None:
        del self.held[key]
        self._tell(Removed(key))

    def _tell(self, event: Event) -> None:
        self._told.append(event)
        self._news.set()

    # --- the protocol -------------------------------------------------------------------------

    def add(self, torrent: AddTorrent) -> None:
        self._check_running()
        if torrent.key in self.held:
            gone = self.held[torrent.key].gone
            self._tell(Refused(torrent.key, "still being removed" if gone else "already added"))
            return
        try:
            held = load(torrent)
        except (InvalidTorrentError, ValueError) as error:
            self._tell(Refused(torrent.key, str(error)))
            return
        if failed := first_unfit(held) or make_empty_files(held):
            self._tell(failed)
            self._tell(Refused(torrent.key, f"{failed.path} {failed.reason}"))
            return
        self.held[torrent.key] = held
        self._tell(Added(torrent.key))
        self._announce(held)
        self._finish(held)
        self.swarm.stir()

    def remove(self, key: str) -> None:
        self._check_running()
        held = self.held.get(key)
        if held is None:
            self._tell(Removed(key))
        elif not held.gone:
            held.gone = True
            asyncio.get_running_loop().call_soon(self._let_go, key)

    def connect(self, key: str, peer: Endpoint) -> None:
        self._check_running()
        if key in self.held:
            self.held[key].peers.append(peer)
            self.swarm.stir()

    def limit(self, upload: int | None) -> None:
        self._check_running()
        check_limit(upload)
        self.upload_limit = upload

    def refresh(self) -> None:
        self._check_running()
        for held in self.held.values():
            if held.changed and not held.gone:
                self._tell_progress(held)
            held.up = held.down = 0
        self.swarm.stir()

    async def events(self) -> AsyncIterator[Event]:
        while True:
            while self._told:
                yield self._told.popleft()
            if not self._running:
                return
            self._news.clear()
            await self._news.wait()

    # --- who hears of whom --------------------------------------------------------------------

    def _announce(self, held: Held) -> None:
        key = held.add.key
        for url in (url for tier in held.add.trackers for url in tier):
            if url in self.swarm.trackers:
                refusal = self.swarm.trackers[url]
                others = sum(key in peer.held for peer in self.swarm.engines if peer is not self)
                took = TrackerReplied(key, url, others)
                self._tell(took if refusal is None else TrackerFailed(key, url, refusal))
        if self.settings.dht and any(
            peer.settings.dht for peer in self.swarm.engines if peer is not self
        ):
            self._tell(DhtAnnounced(key))

    def meet(self) -> None:
        """Tell of engines that call us for a torrent."""
        if not self.settings.count_local_peers:
            return
        for held in self.held.values():
            for peer in self._linked(held.add.key):
                named = not set(peer.held[held.add.key].peers).isdisjoint(self.listening)
                if named and not held.callers:
                    held.callers.add(peer)
                    self._tell(PeerCame(held.add.key, Endpoint("127.0.0.1", _A_PORT)))

    # --- pieces -------------------------------------------------------------------------------

    def fetch_one(self, key: str) -> bool:
        """Take the next missing piece of a torrent from the first peer that has it."""
        held = self.held[key]
        if not held.fetching:
            return False
        for piece in (index for index, had in enumerate(held.have) if not had):
            for peer in self._sources(key, piece):
                self._take(held, piece, peer)
                return True
        return False

    def _sources(self, key: str, piece: int) -> list[FakeEngine]:
        held = self.held[key]
        return [
            peer
            for peer in self._linked(key)
            if peer.held[key].have[piece]
            if peer not in held.banned and (peer, piece) not in held.in_vain
        ]

    def _linked(self, key: str) -> list[FakeEngine]:
        """The engines that hold a torrent and that we know, or that know us."""
        ours = self.held[key].peers
        others = (peer for peer in self.swarm.engines if peer is not self and key in peer.held)
        return [
            peer
            for peer in others
            if not peer.held[key].gone
            if not set(ours).isdisjoint(peer.listening)
            or not set(peer.held[key].peers).isdisjoint(self.listening)
        ]

    def _take(self, held: Held, piece: int, peer: FakeEngine) -> None:
        row = peer.give(held.add.key, piece)
        if row is None:
            held.in_vain.add((peer, piece))
            return
        held.changed = True
        if not passes(held.metainfo, piece, row):
            held.banned.add(peer)
            self._tell(PieceFailed(held.add.key, piece))
            return
        if self._write(held, piece, row):
            held.have[piece] = True
            held.down += held.payload(piece)
            self._finish(held)

    def give(self, key: str, piece: int) -> bytes | None:
        """Read a piece for a peer; None if the files do not let us."""
        held = self.held[key]
        parts = []
        for span in held.metainfo.layout.piece_map.spans(piece):
            if span.file is None:
                parts.append(bytes(span.length))
                continue
            path = held.path(span.file)
            try:
                with path.open("rb") as stream:
                    stream.seek(span.start)
                    parts.append(stream.read(span.length))
            except OSError as error:
                self._fail(held, path, error.strerror or "")
                return None
            if len(parts[-1]) < span.length:
                self._fail(held, path, "file too short")
                return None
        held.uploaded += held.payload(piece)
        held.up += held.payload(piece)
        held.changed = True
        return b"".join(parts)

    def _write(self, held: Held, piece: int, row: bytes) -> bool:
        at = 0
        for span in held.metainfo.layout.piece_map.spans(piece):
            if span.file is not None:
                path = held.path(span.file)
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
                    with os.fdopen(fd, "wb") as stream:
                        stream.seek(span.start)
                        stream.write(row[at : at + span.length])
                except OSError as error:
                    self._fail(held, path, error.strerror or "")
                    return False
            at += span.length
        return True

    def _fail(self, held: Held, path: Path, reason: str) -> None:
        failed = FileFailed(held.add.key, str(path), reason)
        if failed not in held.failed:
            held.failed.add(failed)
            self._tell(failed)

    def _finish(self, held: Held) -> None:
        if held.fetching and all(held.have):
            held.finished = True
            self._tell_progress(held)
            self._tell(Finished(held.add.key))

    def _tell_progress(self, held: Held) -> None:
        done = sum(held.payload(piece) for piece, had in enumerate(held.have) if had)
        peers = len(self._linked(held.add.key)) if held.add.key in self.held else 0
        size = held.metainfo.size
        held.changed = False
        self._tell(Progress(held.add.key, done, size, held.uploaded, held.down, held.up, peers))
