"""When trackers and the DHT hear of torrents, and what of it is told."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from time import time

import libtorrent as lt
import pytest

from seedbox.engine.base import (
    Added,
    AddTorrent,
    Announcing,
    DhtAnnounced,
    Endpoint,
    Finished,
    PeerCame,
    Progress,
    Settings,
    TrackerFailed,
    TrackerReplied,
)
from seedbox.engine.libtorrent import LibtorrentEngine
from seedbox.torrent.info_hash import Format
from support.content import content
from support.swarm import LOOPBACK, Node, free_port, in_loop, running, share
from support.trackers import opentracker, udp_tracking

STARTED, STOPPED = 2, 3  # BEP 15
BURST = 0.1  # seconds of the pace that may come at once


def many(
    folder: Path, count: int, url: str | None = None, form: Format = Format.HYBRID
) -> list[AddTorrent]:
    names = [f"{n}.bin" for n in range(count)]
    shared = [share(folder, {name: content(name, 100)}, form, name=name) for name in names]
    return [one.seed_at(url) if url else one.seed() for one in shared]


def add(node: Node, torrents: list[AddTorrent]) -> None:
    for torrent in torrents:
        node.engine.add(torrent)


# --- trackers ---------------------------------------------------------------------------------


@in_loop
async def test_first_announces_keep_to_the_pace(tmp_path: Path) -> None:
    async with (
        udp_tracking() as tracker,
        running(LibtorrentEngine(replace(LOOPBACK, announces_per_second=100))) as node,
    ):
        add(node, many(tmp_path, 40, tracker.url))
        await node.until_many(TrackerReplied, 80)  # each has two info-hashes
        moments = [moment for moment, _, event in tracker.announces if event == STARTED]

    assert len(moments) == 80
    assert moments[-1] - moments[0] > (80 - 2) / 100 - 2 * BURST
    assert node.of(TrackerFailed) == []


@in_loop
async def test_a_torrent_is_held_before_trackers_hear_of_it(tmp_path: Path) -> None:
    async with (
        udp_tracking() as tracker,
        running(LibtorrentEngine(replace(LOOPBACK, announces_per_second=1))) as node,
    ):
        add(node, many(tmp_path, 10, tracker.url))
        await node.until_many(Added, 10)
        await node.until_many(TrackerReplied, 2)

        assert node.engine.announcing == Announcing(waiting=9)


@in_loop
async def test_a_torrent_removed_before_its_turn_is_not_announced(tmp_path: Path) -> None:
    async with (
        udp_tracking() as tracker,
        running(LibtorrentEngine(replace(LOOPBACK, announces_per_second=10))) as node,
    ):
        first, second, third = many(tmp_path, 3, tracker.url)
        add(node, [first, second, third])
        await node.until_many(Added, 3)
        node.engine.remove(second.key)
        await node.until(TrackerReplied, third.key)

    assert node.of(TrackerReplied, second.key) == []
    assert second.info_hash.v1 not in {digest for _, digest, _ in tracker.announces}


@in_loop
async def test_later_announces_are_spread_over_the_interval_of_the_tracker(tmp_path: Path) -> None:
    async with udp_tracking() as tracker:
        tracker.interval = 3600
        engine = LibtorrentEngine(replace(LOOPBACK, announces_per_second=1000))
        async with running(engine) as node:
            torrents = many(tmp_path, 40, tracker.url, Format.V2)
            add(node, torrents)
            await node.until_many(TrackerReplied, 40)
            planned = {hash_of(handle): minutes(handle) for handle in handles(engine)}

    assert len(planned) == 40
    for key, due in planned.items():  # libtorrent leaves a tracker of UDP alone for a minute
        assert due == pytest.approx(max(60 * int(key[-8:], 16) / 2**32, 1), abs=0.2)


def handles(engine: LibtorrentEngine) -> list[lt.torrent_handle]:
    session = engine._session  # noqa: SLF001 -- what is planned shows in an hour
    assert session is not None
    return session.api.get_torrents()


def hash_of(handle: lt.torrent_handle) -> str:
    return handle.info_hashes().v2.to_bytes().hex()


def minutes(handle: lt.torrent_handle) -> float:
    """The time until the next announce."""
    halves = handle.trackers()[0]["endpoints"][0]["info_hashes"]
    return (max(float(half["next_announce"] or 0) for half in halves) - time()) / 60  # type: ignore[arg-type]


@in_loop
async def test_a_tracker_is_told_of_every_torrent_on_the_way_out(tmp_path: Path) -> None:
    async with udp_tracking() as tracker:
        async with running(LibtorrentEngine(replace(LOOPBACK, announces_per_second=1000))) as node:
            add(node, many(tmp_path, 100, tracker.url))
            await node.until_many(TrackerReplied, 200)
        stopped = tracker.events(STOPPED)

    assert sorted(stopped) == sorted(tracker.events(STARTED))
    assert len(stopped) == 200


@in_loop
async def test_a_thousand_announces_to_opentracker_lose_none(tmp_path: Path) -> None:
    torrents = many(tmp_path, 500)
    hashes = [
        digest[:20] for t in torrents for digest in (t.info_hash.v1, t.info_hash.v2) if digest
    ]
    with opentracker(hashes) as place:
        settings = replace(LOOPBACK, announces_per_second=500)
        async with running(LibtorrentEngine(settings)) as node:
            add(node, [replace(t, trackers=((f"udp://{place}/announce",),)) for t in torrents])
            await node.until_many(TrackerReplied, 1000)

    assert node.of(TrackerFailed) == []
    assert len(node.of(TrackerReplied)) == 2000  # as many on the way out


# --- the DHT ----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def dht(*, lookups: float = 20.0) -> AsyncIterator[list[Node]]:
    """Five engines that are a DHT of their own."""
    places = [Endpoint("127.0.0.1", free_port()) for _ in range(5)]
    async with contextlib.AsyncExitStack() as stack:
        nodes = []
        for place in places:
            settings = Settings(
                listen=(place,),
                dht=True,
                dht_nodes=tuple(other for other in places if other != place),
                dht_lookups_per_second=lookups,
                dht_proof_after=0.5,
            )
            nodes.append(await stack.enter_async_context(running(LibtorrentEngine(settings))))
        yield nodes


@pytest.mark.parametrize("form", [Format.V1, Format.V2, Format.HYBRID])
@in_loop
async def test_a_seed_is_told_announced_when_a_lookup_finds_it(
    form: Format, tmp_path: Path
) -> None:
    shared = share(tmp_path, form=form)
    async with dht() as nodes:
        nodes[0].engine.add(shared.seed())
        assert await nodes[0].until(DhtAnnounced) == DhtAnnounced(shared.key)


@in_loop
async def test_a_fetch_finds_a_seed_in_the_dht(tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with dht() as nodes:
        nodes[0].engine.add(shared.seed())
        await nodes[0].until(DhtAnnounced)
        nodes[0].engine.refresh()
        nodes[1].engine.add(shared.fetch(tmp_path / "fetch"))
        await nodes[1].until(Finished)

        # libtorrent keeps the nodes that it begins with apart, and here there are no others.
        assert nodes[0].engine.announcing.dht_nodes == 0


@in_loop
async def test_the_time_of_a_round_is_told(tmp_path: Path) -> None:
    async with dht(lookups=4) as nodes:
        torrents = many(tmp_path, 3)
        add(nodes[0], torrents)
        await nodes[0].until_many(Added, 3)
        told = replace(nodes[0].engine.announcing, dht_nodes=None)
        assert told == Announcing(0, dht_hashes=6, dht_revisit=1.5)

        nodes[0].engine.remove(torrents[0].key)
        told = replace(nodes[0].engine.announcing, dht_nodes=None)
        assert told == Announcing(0, dht_hashes=4, dht_revisit=1.0)


# --- callers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["set", "an incoming connection to peer (TCP)", "ü" * 120])
@in_loop
async def test_a_peer_that_called_is_told(name: str, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed", name=name)
    near = replace(LOOPBACK, count_local_peers=True)
    async with running(LibtorrentEngine(near)) as seed, running(LibtorrentEngine(near)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        came = await seed.until(PeerCame)
        await fetch.until(Finished)

    assert (came.key, came.peer.host) == (shared.key, "127.0.0.1")
    assert fetch.of(PeerCame) == []
    assert len(seed.of(PeerCame)) == 1


@in_loop
async def test_a_peer_on_this_machine_proves_nothing_unless_it_is_to_count(tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with (
        running(LibtorrentEngine(LOOPBACK)) as seed,
        running(LibtorrentEngine(LOOPBACK)) as fetch,
    ):
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)
        await seed.refreshed_until(Progress, shared.key, where=lambda p: p.uploaded > 0)

    assert seed.of(PeerCame) == []
