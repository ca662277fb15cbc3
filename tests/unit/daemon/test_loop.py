"""The daemon as a whole, on a fake engine and a real state."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.daemon.record import Reached, Reload, Trouble
from seedbox.engine.base import (
    AddTorrent,
    DhtAnnounced,
    Endpoint,
    FileFailed,
    PeerCame,
    Refused,
    Settings,
    TrackerFailed,
    TrackerReplied,
)
from seedbox.errors import (
    DaemonRunningError,
    InvalidTorrentError,
    LicenseRefusedError,
    PortInUseError,
)
from seedbox.jobs.events import Listening
from seedbox.jobs.shards import Source
from seedbox.manifest.model import Manifest, Popularity, Shard
from seedbox.manifest.write import write_manifest
from seedbox.plan.seed import Seeded, Skipped
from support.content import contents
from support.daemons import TalkingEngine, options, run_out, running
from support.datasets import CLOSED, published
from support.fake_engine import FakeEngine, FakeSwarm
from support.fetching import LISTENING, Consumer, Peer
from support.swarm import in_loop

FILES = contents({"x/lone.bin": 120_000, "a": 60_000, "b/c": 10, "b/empty": 0})
USE = {"x/lone.bin": 9, "a": 5, "b/c": 5, "b/empty": 5}
ONE, TWO = "set-0001", "set-0002"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A dataset of two shards, its data below `data`."""
    return published(tmp_path, FILES, values=USE)


def rewritten(source: Source, *shards: Shard, sequence: int = 2, **changes: object) -> None:
    """Put another release in the place of a manifest."""
    total = sum((shard.use or Decimal(0) for shard in shards), Decimal(0))
    popularity = Popularity(metric="reads", total=total)
    head = replace(source.manifest.head, sequence=sequence, popularity=popularity, **changes)  # type: ignore[arg-type]
    so_far, listed = Decimal(0), []
    for shard in shards:
        so_far += shard.use or Decimal(0)
        coverage = (so_far / total).quantize(Decimal("0.000001"), ROUND_DOWN)
        listed.append(replace(shard, coverage=coverage))
    source.path.write_bytes(write_manifest(Manifest(head, tuple(listed))))


# --- what is served ---------------------------------------------------------------------------


@in_loop
async def test_what_is_right_is_served_and_counted_and_nothing_is_written(
    tmp_path: Path, source: Source
) -> None:
    before = disk.scan(tmp_path / "data")
    swarm = FakeSwarm()
    engine = FakeEngine(LISTENING, swarm)
    async with running(options(tmp_path, source.path), engine) as daemon:
        await daemon.until_seeded(ONE, TWO)
        assert daemon.events[1] == Listening("127.0.0.1:40001")
        consumer = Consumer(source, tmp_path / "mirror", swarm)
        assert (await consumer.fetch(Peer(engine))).ok
        await daemon.until(lambda: daemon.shard(ONE).uploaded == 120_000)
        await daemon.until(lambda: daemon.shard(TWO).uploaded == 60_010)
        assert daemon.desk is not None
        assert daemon.desk.view().traffic.today == 180_010

    assert daemon.ended is not None
    report = daemon.ended.report
    assert report.seeded == (Seeded(ONE, 120_000, 120_000), Seeded(TWO, 60_010, 60_010))
    assert report.ok
    assert disk.scan(tmp_path / "data") == before


@in_loop
async def test_a_restart_hashes_nothing_and_goes_on_counting(
    tmp_path: Path, source: Source
) -> None:
    swarm = FakeSwarm()
    engine = FakeEngine(LISTENING, swarm)
    async with running(options(tmp_path, source.path), engine) as daemon:
        await daemon.until_seeded(ONE, TWO)
        first = daemon.shard(ONE).verified
        assert (await Consumer(source, tmp_path / "m", swarm).fetch(Peer(engine))).ok
        await daemon.until(lambda: daemon.shard(ONE).uploaded == 120_000)
    assert daemon.hashed == [ONE, TWO]

    async with running(options(tmp_path, source.path)) as again:
        await again.until_seeded(ONE, TWO)
        assert again.shard(ONE).verified == first
        assert again.shard(ONE).uploaded == 120_000
        assert again.shard(ONE).served is not None
        assert again.shard(ONE).announced is None
    assert again.hashed == []
    assert again.ended is not None
    assert again.ended.report.seeded[0] == Seeded(ONE, 120_000, 0)


@in_loop
async def test_a_restart_hashes_only_what_has_changed(tmp_path: Path, source: Source) -> None:
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded(ONE, TWO)
    os.utime(tmp_path / "data" / "a", ns=(1, 1))

    async with running(options(tmp_path, source.path)) as again:
        await again.until_seeded(ONE, TWO)
    assert again.hashed == [TWO]


@in_loop
async def test_evidence_comes_from_what_the_engine_tells(tmp_path: Path, source: Source) -> None:
    engine = TalkingEngine(LISTENING, FakeSwarm())
    async with running(options(tmp_path, source.path), engine) as daemon:
        await daemon.until_seeded(ONE, TWO)
        one, two = daemon.shard(ONE).key, daemon.shard(TWO).key
        assert daemon.shard(ONE).reached == (Reached.LISTED, Reached.VERIFIED)
        for event in (
            TrackerFailed(one, "udp://t", "timed out"),
            TrackerFailed(two, "udp://t", "timed out"),
            TrackerReplied(one, "udp://t", 3),
            DhtAnnounced(two),
            PeerCame(one, Endpoint("192.0.2.7", 5)),
        ):
            engine.tell(event)
        await daemon.until(lambda: daemon.shard(ONE).reachable is not None)

        announced = [daemon.shard(name).announced for name in (ONE, TWO)]
        assert [each and each.by for each in announced] == ["tracker", "dht"]
        assert daemon.messages[1:] == [f"{ONE}: tracker udp://t: timed out"]


@in_loop
async def test_a_torrent_that_two_manifests_list_is_served_once_and_outlives_the_first(
    tmp_path: Path, source: Source
) -> None:
    newer = published(tmp_path / "n", {**FILES, "x/lone.bin": bytes(110_000)}, values=USE)
    head = replace(newer.manifest.head, id="org.example/other")
    newer.path.write_bytes(write_manifest(replace(newer.manifest, head=head)))
    chosen = options(tmp_path, source.path, newer.path, data=(tmp_path, tmp_path / "n"))
    engine = FakeEngine(LISTENING, FakeSwarm())
    async with running(chosen, engine) as daemon:
        assert daemon.desk is not None
        desk = daemon.desk
        words = f"{TWO} of org.example/other is seeded already, as {TWO} of org.example/set"
        assert words in daemon.messages
        await daemon.until(lambda: len(engine.held) == 3)
        rewritten(source, source.manifest.shards[0])
        await desk.obey(Reload())
        key = source.manifest.shards[1].info_hash.key
        await daemon.until(
            lambda: [s.dataset for s in desk.view().shards if s.key == key] == ["org.example/other"]
        )
        assert key in engine.held


# --- what is not ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "words", "why"),
    [
        ("flip", "1 of 3 files are not right: a is bad", Trouble.CORRUPT),
        ("cut", "1 of 3 files are not right: a is wrong-size", Trouble.CORRUPT),
        ("remove", "1 of 3 files are not right: a is missing", Trouble.MISSING),
    ],
)
@in_loop
async def test_what_is_not_right_is_not_served_until_it_is(
    tmp_path: Path, source: Source, how: str, words: str, why: Trouble
) -> None:
    path = tmp_path / "data" / "a"
    match how:
        case "flip":
            path.write_bytes(b"\xff" + FILES["a"][1:])
        case "cut":
            os.truncate(path, 100)
        case _:
            path.unlink()
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded(ONE)
        await daemon.until_why(TWO, why)
        await daemon.until_told(f"{TWO} is not seeded: {words}")
        assert list(daemon.engine.held) == [daemon.shard(ONE).key]  # type: ignore[attr-defined]
        assert daemon.shard(TWO).verified is None

        path.write_bytes(FILES["a"])
        await daemon.until_seeded(ONE, TWO)


@in_loop
async def test_with_nothing_to_serve_it_ends_and_says_why(tmp_path: Path, source: Source) -> None:
    daemon = await run_out(options(tmp_path, source.path, data=(tmp_path / "none",)))

    words = f"none of its files is in {tmp_path}/none"
    assert daemon.ended is not None
    assert daemon.ended.report.skipped == (Skipped(ONE, words), Skipped(TWO, words))
    assert [m for m in daemon.messages if "is not seeded" in m] == [
        f"{ONE} is not seeded: {words}",
        f"{TWO} is not seeded: {words}",
    ]


@in_loop
async def test_a_shard_is_served_from_its_release_on(tmp_path: Path, source: Source) -> None:
    first, second = source.manifest.shards
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=3)
    rewritten(source, first, replace(second, release=later))
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded(ONE)
        assert daemon.why(TWO) is Trouble.UNRELEASED
    async with running(options(tmp_path, source.path)) as again:
        await again.until_seeded(ONE, TWO)
        at = daemon.options.clock.now()
    assert at >= later.timestamp()


@in_loop
async def test_a_shard_with_a_closed_license_is_not_listed(tmp_path: Path, source: Source) -> None:
    first, second = source.manifest.shards
    rewritten(source, first, replace(second, license=CLOSED))
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded(ONE)
        assert (daemon.why(TWO), daemon.shard(TWO).listed) == (Trouble.REFUSED, None)


# --- faults while it runs ---------------------------------------------------------------------


@in_loop
async def test_a_file_that_fails_lets_its_shard_go_and_it_comes_back(
    tmp_path: Path, source: Source
) -> None:
    engine = TalkingEngine(LISTENING, FakeSwarm())
    async with running(options(tmp_path, source.path), engine) as daemon:
        await daemon.until_seeded(ONE, TWO)
        key, path = daemon.shard(TWO).key, f"{tmp_path}/data/a"
        engine.tell(FileFailed(key, path, "Input/output error"))
        await daemon.until_why(TWO, Trouble.UNREADABLE)
        await daemon.until_told(f"{TWO} is no longer seeded: {path}: Input/output error")
        await daemon.until_seeded(ONE, TWO)
        await daemon.until_why(TWO, None)
    assert daemon.hashed == [ONE, TWO]


@in_loop
async def test_what_goes_and_comes_back_as_it_was_is_not_hashed_again(
    tmp_path: Path, source: Source
) -> None:
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded(ONE, TWO)
        (tmp_path / "data").rename(tmp_path / "unmounted")
        await daemon.until_why(ONE, Trouble.MISSING)
        await daemon.until_why(TWO, Trouble.MISSING)
        assert daemon.shard(ONE).verified is None
        (tmp_path / "unmounted").rename(tmp_path / "data")
        await daemon.until_seeded(ONE, TWO)
    assert daemon.hashed == [ONE, TWO]


@in_loop
async def test_what_is_moved_to_another_data_folder_is_found_there(
    tmp_path: Path, source: Source
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with running(options(tmp_path, source.path, data=(tmp_path, other))) as daemon:
        await daemon.until_seeded(ONE, TWO)
        (tmp_path / "data").rename(other / "data")
        await daemon.until_why(ONE, Trouble.MISSING)
        await daemon.until(lambda: daemon.shard(ONE).folder == str(other / "data" / "x"))
        await daemon.until_seeded(ONE, TWO)


@in_loop
async def test_a_disk_that_goes_is_one_line_in_the_log(tmp_path: Path) -> None:
    files = {f"f{number:03}": b"%d" % number for number in range(60)}
    source = published(tmp_path, files, shard_size=1)
    async with running(options(tmp_path, source.path)) as daemon:
        names = [shard.name for shard in source.manifest.shards]
        await daemon.until_seeded(*names)
        before = await daemon.audited()
        (tmp_path / "data").rename(tmp_path / "unmounted")
        await daemon.until(lambda: all(daemon.why(name) is Trouble.MISSING for name in names))
        await daemon.until_told("so are 59 more")
        after = await daemon.audited()
    assert after[len(before) :] == ["paused"]


@in_loop
async def test_what_the_engine_refuses_is_said(tmp_path: Path, source: Source) -> None:
    class Refusing(TalkingEngine):
        def add(self, torrent: AddTorrent) -> None:
            self.tell(Refused(torrent.key, "not in the mood"))

    engine = Refusing(LISTENING, FakeSwarm())
    async with running(options(tmp_path, source.path), engine) as daemon:
        await daemon.until_why(ONE, Trouble.REFUSED)
        await daemon.until_told(f"{ONE} is not seeded: not in the mood")


# --- what keeps it from beginning -------------------------------------------------------------


@in_loop
async def test_what_is_bad_in_a_new_manifest_ends_it_and_leaves_no_state(
    tmp_path: Path, source: Source
) -> None:
    torrent = tmp_path / "out" / "torrents" / f"{TWO}.torrent"
    good = torrent.read_bytes()
    torrent.write_bytes(good[:-1])
    with pytest.raises(InvalidTorrentError, match=str(torrent)):
        await run_out(options(tmp_path, source.path))
    torrent.write_bytes(good)
    rewritten(source, *source.manifest.shards, license=CLOSED)
    with pytest.raises(LicenseRefusedError):
        await run_out(options(tmp_path, source.path))

    assert not (tmp_path / "daemon").exists()


@in_loop
async def test_one_daemon_for_a_data_folder(tmp_path: Path, source: Source) -> None:
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded(ONE, TWO)
        with pytest.raises(DaemonRunningError):
            await run_out(options(tmp_path, source.path, state=tmp_path / "other"))


@in_loop
async def test_a_port_that_is_taken_is_an_error(tmp_path: Path, source: Source) -> None:
    engine = FakeEngine(Settings(listen=(Endpoint("127.0.0.1", 6881),)), FakeSwarm())
    engine.swarm.foreign.add(Endpoint("127.0.0.1", 6881))
    with pytest.raises(PortInUseError):
        await run_out(options(tmp_path, source.path), engine)


@in_loop
async def test_an_engine_that_fails_ends_it_with_its_error(tmp_path: Path, source: Source) -> None:
    class Failing(FakeEngine):
        def refresh(self) -> None:
            raise RuntimeError("lost alerts")

    with pytest.raises(RuntimeError, match="lost alerts"):
        await run_out(options(tmp_path, source.path), Failing(LISTENING, FakeSwarm()))


@in_loop
async def test_it_ends_soon_while_a_large_shard_is_hashed(tmp_path: Path) -> None:
    source = published(tmp_path, contents({"large": 4_000_000}), shard_size=10**7)
    slow = options(tmp_path, source.path, max_read=100_000)
    async with running(slow) as daemon:
        await daemon.until(lambda: bool(daemon.hashed))
    assert daemon.ended is not None
    assert daemon.ended.report.seeded == ()
