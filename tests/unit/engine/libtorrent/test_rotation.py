"""What answers of the DHT prove; how it is asked is in tests/swarm/test_announces.py."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import libtorrent as lt
import pytest

from seedbox.engine.base import AddTorrent, DhtAnnounced, Endpoint, Mode, Settings
from seedbox.engine.libtorrent.rotation import Rotation
from seedbox.engine.libtorrent.torrent import Stage, Torrent
from seedbox.torrent.info_hash import InfoHash

OURS = Endpoint("192.168.1.2", 6881)
OUTSIDE = "203.0.113.7"  # RFC 5737
V1 = bytes(range(20))


@dataclass
class Answer:
    """What libtorrent tells of one node's answer."""

    named: list[tuple[str, int]]
    info_hash: lt.sha1_hash = field(default_factory=lambda: lt.sha1_hash(V1))

    def peers(self) -> list[tuple[str, int]]:
        return self.named


@dataclass
class Dht:
    """What libtorrent is asked to look up."""

    announced: list[bytes] = field(default_factory=list)
    looked_up: list[bytes] = field(default_factory=list)

    def dht_announce(self, digest: lt.sha1_hash, port: int, flags: int) -> None:
        assert (port, flags) == (0, 1)  # the port that is listened on; a seed
        self.announced.append(digest.to_bytes())

    def dht_get_peers(self, digest: lt.sha1_hash) -> None:
        self.looked_up.append(digest.to_bytes())


def seed(info_hash: InfoHash) -> Torrent:
    torrent = Torrent.of(AddTorrent(b"", info_hash, Path(), Mode.SEED, ()))
    torrent.stage = Stage.HELD
    return torrent


async def asked(*named: tuple[str, int], stage: Stage = Stage.HELD) -> list[DhtAnnounced]:
    """What is told if a lookup is answered twice by nodes that name some peers."""
    told: list[DhtAnnounced] = []
    dht, torrent = Dht(), seed(InfoHash(v1=V1))
    rotation = Rotation(
        Settings(dht=True, dht_lookups_per_second=200, dht_proof_after=0.01), told.append
    )
    rotation.listen([OURS])
    rotation.on_external(OUTSIDE)
    rotation.put(torrent)
    running = asyncio.create_task(rotation.run(lambda: cast("lt.session", dht)))
    async with asyncio.timeout(5):
        while not dht.looked_up:
            await asyncio.wait({running}, timeout=0.005)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    torrent.stage = stage
    for _ in range(2):
        rotation.on_reply(cast("lt.dht_get_peers_reply_alert", Answer(list(named))))
    assert set(dht.announced) == set(dht.looked_up) == {V1}
    return told


@pytest.mark.parametrize("host", [OUTSIDE, OURS.host])
def test_a_node_that_names_us_is_told_once(host: str) -> None:
    told = asyncio.run(asked(("198.51.100.1", 1), (host, 6881)))

    assert told == [DhtAnnounced(V1.hex())]


@pytest.mark.parametrize("named", [[], [("198.51.100.1", 6881)], [(OUTSIDE, 6882)]])
def test_a_node_that_names_others_proves_nothing(named: list[tuple[str, int]]) -> None:
    assert asyncio.run(asked(*named)) == []


def test_nothing_is_told_of_a_torrent_that_is_being_removed() -> None:
    assert asyncio.run(asked((OUTSIDE, 6881), stage=Stage.REMOVING)) == []


def test_an_answer_to_what_was_not_asked_proves_nothing() -> None:
    told: list[DhtAnnounced] = []
    rotation = Rotation(Settings(dht=True), told.append)
    rotation.listen([OURS])
    answer = Answer([(OURS.host, OURS.port)])
    rotation.on_reply(cast("lt.dht_get_peers_reply_alert", answer))

    assert told == []


def test_a_hybrid_has_two_turns_in_a_round() -> None:
    rotation = Rotation(Settings(dht=True, dht_lookups_per_second=0.5), lambda _: None)
    hybrid = seed(InfoHash(V1, bytes(32)))
    for torrent in (seed(InfoHash(v1=V1)), seed(InfoHash(v2=bytes(32))), hybrid):
        rotation.put(torrent)

    assert (rotation.hashes, rotation.revisit) == (4, 8.0)
    rotation.drop(hybrid)
    assert (rotation.hashes, rotation.revisit) == (2, 4.0)
