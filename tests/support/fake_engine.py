"""An Engine without a network: engines meet in a FakeSwarm, in memory, with real files.

Seeds read their files and fetches write theirs, one piece at each turn of the loop, always in the
same order. It keeps every promise of `seedbox.engine.base`; tests/contract holds it to them.
Limits, trackers and web seeds are not there.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from hashlib import sha1, sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from seedbox.engine.base import (
    Added,
    AddTorrent,
    Endpoint,
    Event,
    FileFailed,
    Finished,
    Mode,
    PieceFailed,
    Progress,
    Refused,
    Removed,
    Settings,
)
from seedbox.errors import InvalidTorrentError, PortInUseError
from seedbox.torrent import merkle
from seedbox.torrent.metainfo import Metainfo

_FIRST_PORT = 40_001


@dataclass
class _Held:
    """A torrent in a fake engine."""

    add: AddTorrent
    metainfo: Metainfo
    peers: list[Endpoint]
    have: list[bool]
    uploaded: int = 0  # bytes
    up: int = 0  # bytes since the last refresh, which stands for a second
    down: int = 0
    changed: bool = True
    failed: set[FileFailed] = field(default_factory=set)
    banned: set[FakeEngine] = field(default_factory=set)  # sent a bad piece
    in_vain: set[tuple[FakeEngine, int]] = field(default_factory=set)  # could not give a piece
    finished: bool = False
    gone: bool = False  # removed; Removed follows at the next turn of the loop

    @property
    def fetching(self) -> bool:
        stopped = self.finished or self.failed or self.gone
        return self.add.mode is Mode.FETCH and not stopped

    def payload(self, piece: int) -> int:
        """Bytes of a piece that lie in files."""
        spans = self.metainfo.layout.piece_map.spans(piece)
        return sum(span.length for span in spans if span.file is not None)

    def path(self, file: int) -> Path:
        return self.add.folder.joinpath(*self.add.parts(self.metainfo.files[file].path))


class FakeSwarm:
    """Where fake engines find each other."""

    def __init__(self) -> None:
        self.engines: list[FakeEngine] = []
        self.foreign: set[Endpoint] = set()  # taken by programs that are no engines
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
        moved = [engine.fetch_one(key) for engine in self.engines for key in list(engine.held)]
        if any(moved):
            self.stir()


class FakeEngine:
    """An Engine in a FakeSwarm."""

    def __init__(self, settings: Settings, swarm: FakeSwarm) -> None:
        self.settings = settings
        self.swarm = swarm
        self.held: dict[str, _Held] = {}
        self.listening: tuple[Endpoint, ...] = ()
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
            held = _load(torrent)
        except (InvalidTorrentError, ValueError) as error:
            self._tell(Refused(torrent.key, str(error)))
            return
        if failed := _first_unfit(held) or _make_empty_files(held):
            self._tell(failed)
            self._tell(Refused(torrent.key, f"{failed.path} {failed.reason}"))
            return
        self.held[torrent.key] = held
        self._tell(Added(torrent.key))
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

    def _take(self, held: _Held, piece: int, peer: FakeEngine) -> None:
        row = peer.give(held.add.key, piece)
        if row is None:
            held.in_vain.add((peer, piece))
            return
        held.changed = True
        if not _passes(held.metainfo, piece, row):
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

    def _write(self, held: _Held, piece: int, row: bytes) -> bool:
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

    def _fail(self, held: _Held, path: Path, reason: str) -> None:
        failed = FileFailed(held.add.key, str(path), reason)
        if failed not in held.failed:
            held.failed.add(failed)
            self._tell(failed)

    def _finish(self, held: _Held) -> None:
        if held.fetching and all(held.have):
            held.finished = True
            self._tell_progress(held)
            self._tell(Finished(held.add.key))

    def _tell_progress(self, held: _Held) -> None:
        done = sum(held.payload(piece) for piece, had in enumerate(held.have) if had)
        peers = len(self._linked(held.add.key)) if held.add.key in self.held else 0
        size = held.metainfo.size
        held.changed = False
        self._tell(Progress(held.add.key, done, size, held.uploaded, held.down, held.up, peers))


def _load(add: AddTorrent) -> _Held:
    metainfo = Metainfo.parse(add.torrent)
    if metainfo.info_hash != add.info_hash:
        raise ValueError(f"its info-hash is {metainfo.info_hash.key}, not {add.key}")
    if len(add.have) != metainfo.num_pieces:
        raise ValueError(f"it has {metainfo.num_pieces:,} pieces, not {len(add.have):,}")
    return _Held(add, metainfo, list(add.peers), list(add.have))


def _passes(metainfo: Metainfo, piece: int, row: bytes) -> bool:
    """Whether the bytes that a piece covers, padding included, have its hashes."""
    wanted = metainfo.v1_piece(piece)
    if wanted is not None and sha1(row, usedforsecurity=False).digest() != wanted:
        return False
    spans = [s for s in metainfo.layout.piece_map.spans(piece) if s.file is not None]
    file = spans[0].file or 0
    roots = metainfo.v2_pieces(metainfo.files[file])
    if not roots:
        return True
    payload = row[: spans[0].length]  # in v2 a piece lies in one file
    starts = range(0, len(payload), merkle.BLOCK_SIZE)
    blocks = [sha256(payload[at : at + merkle.BLOCK_SIZE]).digest() for at in starts]
    if len(roots) == 1:
        return merkle.small_root(blocks) == roots[0]
    index = piece - metainfo.layout.piece_map.pieces_of(file)[0]
    return merkle.piece_layer(blocks, metainfo.piece_length)[0] == roots[index]


def _first_unfit(held: _Held) -> FileFailed | None:
    """The first file that is missing or too short for the pieces that are claimed."""
    piece_map = held.metainfo.layout.piece_map
    for piece in (index for index, had in enumerate(held.have) if had):
        for span in piece_map.spans(piece):
            path = None if span.file is None else held.path(span.file)
            if path is None:
                continue
            if not path.is_file():
                return FileFailed(held.add.key, str(path), "is missing")
            if (size := path.stat().st_size) < span.stop:
                reason = f"has {size:,} bytes, but pieces up to byte {span.stop:,} are claimed"
                return FileFailed(held.add.key, str(path), reason)
    return None


def _make_empty_files(held: _Held) -> FileFailed | None:
    if held.add.mode is Mode.SEED:
        return None
    for index, file in enumerate(held.metainfo.files):
        path = held.path(index)
        try:
            if not file.length:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        except OSError as error:
            return FileFailed(held.add.key, str(path), error.strerror or "")
    return None
