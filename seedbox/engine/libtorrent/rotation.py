"""Announces of seeds in the DHT (BEP 5): one after the other, all of them in rotation.

libtorrent announces every torrent within a quarter of an hour, whatever that takes: at 100,000 its
limit on DHT traffic lets a fraction through, and which one is chance. Here each info-hash has its
turn, at a pace, and the time until its next one follows from their number.

libtorrent does not tell whether a node has stored an announce, and the lookup before it leaves
seeds out. So a torrent that was not found for some hours is looked up once more, a while after.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

import libtorrent as lt

from seedbox.engine.base import DhtAnnounced, Endpoint, Settings
from seedbox.engine.libtorrent.torrent import Stage, Torrent

_SEED = 1  # libtorrent: dht::announce::seed
_LISTEN_PORT = 0  # libtorrent: the port that is listened on
_PROOF_LASTS = 6 * 3600.0  # seconds until a torrent that was found is to be found again
_LOOKED_UP = 1024  # lookups whose answers may still come


class Rotation:
    """The seeds in the DHT."""

    def __init__(self, settings: Settings, tell: Callable[[DhtAnnounced], None]) -> None:
        """Take the pace, and who is told of what lookups find."""
        self._pace = settings.dht_lookups_per_second
        self._proof_after = settings.dht_proof_after
        self._tell = tell
        self._queue: deque[tuple[Torrent, bytes]] = deque()  # info-hashes of 20 bytes
        self._live = 0  # of them, those whose torrents are still held
        self._checks: deque[tuple[float, Torrent, bytes]] = deque()  # due at; clock of the loop
        self._asked: dict[bytes, Torrent] = {}  # of the last lookups
        self._queued = asyncio.Event()
        self._ours: set[tuple[str, int]] = set()  # how others may know us
        self._ports: set[int] = set()
        self.nodes: int | None = None  # in our routing table, without those we begin with

    @property
    def hashes(self) -> int:
        """How many info-hashes are in rotation."""
        return self._live

    @property
    def revisit(self) -> float:
        """Seconds between two announces of one info-hash, about: some turns go to proofs."""
        return self._live / self._pace

    def listen(self, endpoints: Iterable[Endpoint]) -> None:
        """Take where we can be called."""
        for endpoint in endpoints:
            self._ports.add(endpoint.port)
            self._ours.add((endpoint.host, endpoint.port))

    def on_external(self, address: str) -> None:
        """Take under which address others see us."""
        self._ours.update((address, port) for port in self._ports)

    def put(self, torrent: Torrent) -> None:
        """Announce a seed in each round from now on."""
        self._queue.extend((torrent, digest) for digest in torrent.hashes)
        self._live += len(torrent.hashes)
        self._queued.set()

    def drop(self, torrent: Torrent) -> None:
        """Announce a torrent no more, which is held no more: it is passed over at its turn."""
        self._live -= len(torrent.hashes)

    async def run(self, api: Callable[[], lt.session]) -> None:
        """Announce at the pace, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._queue:
                self._queued.clear()
                await self._queued.wait()
            if self._checks and self._checks[0][0] <= loop.time():
                _, torrent, digest = self._checks.popleft()
                looked = torrent.stage is Stage.HELD and self._is_unproven(torrent, loop.time())
                if looked:
                    self._remember(torrent, digest)
                    api().dht_get_peers(lt.sha1_hash(digest))
            else:
                looked = self._announce(api(), loop.time())
            if looked:
                await asyncio.sleep(1 / self._pace)

    def _announce(self, api: lt.session, now: float) -> bool:
        """Announce the next info-hash; False if its torrent is gone."""
        torrent, digest = self._queue.popleft()
        if torrent.stage is not Stage.HELD:
            return False
        self._queue.append((torrent, digest))
        api.dht_announce(lt.sha1_hash(digest), _LISTEN_PORT, _SEED)
        if self._is_unproven(torrent, now):
            self._checks.append((now + self._proof_after, torrent, digest))
        return True

    @staticmethod
    def _is_unproven(torrent: Torrent, now: float) -> bool:
        return torrent.found is None or now - torrent.found >= _PROOF_LASTS

    def _remember(self, torrent: Torrent, digest: bytes) -> None:
        self._asked.pop(digest, None)
        self._asked[digest] = torrent
        if len(self._asked) > _LOOKED_UP:
            del self._asked[next(iter(self._asked))]

    def on_reply(self, alert: lt.dht_get_peers_reply_alert) -> None:
        """Tell of a torrent if a node names us for it; once for each lookup."""
        digest = alert.info_hash.to_bytes()
        torrent = self._asked.get(digest)
        if torrent is None or torrent.stage is not Stage.HELD:
            return
        if not self._ours.isdisjoint(map(tuple, alert.peers())):
            del self._asked[digest]
            torrent.found = asyncio.get_running_loop().time()
            self._tell(DhtAnnounced(torrent.key))
