import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from seedbox import disk
from seedbox.engine.base import AddTorrent, Endpoint, Event, Settings
from seedbox.errors import (
    DiskError,
    InUseError,
    InvalidManifestError,
    InvalidTorrentError,
    PortInUseError,
)
from seedbox.jobs.events import Advanced, Started
from seedbox.jobs.events import Event as JobEvent
from seedbox.jobs.fetch import run_fetch
from seedbox.jobs.fetch_shard import FetchOptions, Outcome
from seedbox.jobs.placed import read_placed, record_path
from seedbox.jobs.shards import Source
from seedbox.manifest.model import WebSeed
from seedbox.torrent.info_hash import Format
from support.content import contents
from support.datasets import CLOSED, published
from support.fake_engine import FakeEngine, FakeSwarm
from support.faults import nothing_left_open
from support.fetching import Consumer, peer
from support.swarm import in_loop

FILES = contents({"x/lone.bin": 120_000, "a": 60_000, "b/c": 10, "b/empty": 0, "rare": 70_000})
USE = {"x/lone.bin": 9, "a": 5, "b/c": 5, "b/empty": 5, "rare": 1}
PART = {name: FILES[name] for name in ("a", "b/c", "b/empty")}
FORMS = [Format.V1, Format.V2, Format.HYBRID]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Three shards: a lone file, two files and an empty one, a lone file."""
    return published(tmp_path / "publisher", FILES, values=USE)


@pytest.fixture
def consumer(tmp_path: Path, source: Source) -> Consumer:
    return Consumer(source, tmp_path / "mirror", FakeSwarm())


# --- what comes -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_whole_dataset_comes_to_its_place_and_staging_is_gone(
    tmp_path: Path, form: Format
) -> None:
    source = published(tmp_path / "publisher", FILES, values=USE, format=form)
    consumer = Consumer(source, tmp_path / "mirror", FakeSwarm())
    with nothing_left_open():
        async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
            report = await consumer.fetch(seed)
        await asyncio.get_running_loop().shutdown_default_executor()

    assert report.ok
    assert [shard.outcome for shard in report.shards] == [Outcome.FETCHED] * 3
    assert [(shard.size, shard.good, shard.received) for shard in report.shards] == [
        (120_000, 120_000, 120_000),
        (60_010, 60_010, 60_010),
        (70_000, 70_000, 70_000),
    ]
    assert consumer.has() == FILES
    assert report.folder == consumer.home
    assert sorted(path.name for path in (consumer.home / ".seedbox").iterdir()) == [
        "lock",
        "placed",
    ]


@in_loop
async def test_what_is_here_is_not_fetched_again(
    tmp_path: Path, source: Source, consumer: Consumer
) -> None:
    async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
        await consumer.fetch(seed)
    before = disk.scan(consumer.home / "data")

    report = await consumer.fetch()

    assert report.ok
    assert {(shard.outcome, shard.received) for shard in report.shards} == {(Outcome.HELD, 0)}
    assert disk.scan(consumer.home / "data") == before
    assert not consumer.staging.exists()


@in_loop
async def test_only_the_part_asked_for_comes_and_the_rest_later(
    tmp_path: Path, source: Source, consumer: Consumer
) -> None:
    async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
        first = await consumer.fetch(seed, names=("set-0002",))
        assert (first.ok, consumer.has()) == (True, PART)
        rest = await consumer.fetch(seed)

    assert [shard.outcome for shard in rest.shards] == [
        Outcome.FETCHED,
        Outcome.HELD,
        Outcome.FETCHED,
    ]
    assert consumer.has() == FILES


@in_loop
async def test_the_more_popular_shards_come_first(
    tmp_path: Path, source: Source, consumer: Consumer
) -> None:
    async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
        await consumer.fetch(seed, at_once=1)

    begun = [event.task for event in consumer.events if isinstance(event, Started)]
    assert [task for task in begun if task.startswith("fetch")] == [
        "fetch set-0001",
        "fetch set-0002",
        "fetch set-0003",
    ]


@pytest.mark.parametrize("at_once", [1, 2])
@in_loop
async def test_no_more_shards_are_in_the_swarm_at_once_than_asked_for(
    consumer: Consumer, at_once: int
) -> None:
    most = 0

    class Counting(FakeEngine):
        def add(self, torrent: AddTorrent) -> None:
            nonlocal most
            super().add(torrent)
            most = max(most, len(self.held))

        def fetch_one(self, key: str) -> bool:
            return most >= at_once and super().fetch_one(key)  # so that none ends too early

    consumer.make_engine = Counting
    await consumer.fetch(stall=0.1, at_once=at_once)

    assert 0 < most <= at_once


@in_loop
async def test_a_shard_that_was_left_out_makes_a_fetch_partial(
    tmp_path: Path, source: Source, consumer: Consumer
) -> None:
    first, *others = source.manifest.shards
    manifest = replace(source.manifest, shards=(replace(first, license=CLOSED), *others))
    consumer.source = Source(source.path, manifest)
    async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
        report = await consumer.fetch(seed)

    assert not report.ok
    assert [left.name for left in report.left_out] == ["set-0001"]
    assert "x/lone.bin" not in consumer.has()


@in_loop
async def test_progress_ends_with_every_byte(
    tmp_path: Path, source: Source, consumer: Consumer
) -> None:
    async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
        await consumer.fetch(seed)

    for shard in source.manifest.shards:
        task = f"fetch {shard.name}"
        advanced = [e for e in consumer.events if isinstance(e, Advanced) and e.task == task]
        assert advanced[-1].done == shard.size
        assert [e.done for e in advanced] == sorted(e.done for e in advanced)


# --- what keeps it from beginning -------------------------------------------------------------


@in_loop
async def test_two_fetches_into_one_folder_do_not_mix(consumer: Consumer) -> None:
    with (
        disk.lock(consumer.home / ".seedbox"),
        pytest.raises(InUseError, match="another seedbox is at work"),
    ):
        await consumer.fetch()


@in_loop
async def test_a_bad_torrent_is_found_before_the_network_is_touched(
    source: Source, consumer: Consumer
) -> None:
    class Untouched(FakeEngine):
        async def __aenter__(self) -> Self:
            raise AssertionError

    consumer.make_engine = Untouched
    torrent = source.path.parent / source.manifest.shards[2].torrent.path
    whole = torrent.read_bytes()

    torrent.write_bytes(whole[:-1])
    with pytest.raises(InvalidTorrentError, match=str(torrent)):
        await consumer.fetch()
    torrent.write_bytes((torrent.parent / "set-0001.torrent").read_bytes())
    with pytest.raises(InvalidManifestError):
        await consumer.fetch()
    assert not consumer.out.exists()


@in_loop
async def test_a_port_that_is_taken_is_an_error_and_the_folder_is_free_again(
    source: Source, consumer: Consumer
) -> None:
    taken = Endpoint("127.0.0.1", 6881)
    consumer.swarm.foreign.add(taken)
    engine = FakeEngine(Settings(listen=(taken,)), consumer.swarm)

    with pytest.raises(PortInUseError, match=r"127\.0\.0\.1:6881"):
        await run_fetch(
            consumer.plan(), engine, source.path, consumer.out, FetchOptions(), consumer.hear
        )

    with disk.lock(consumer.home / ".seedbox"):
        pass


# --- what ends it early -----------------------------------------------------------------------


@in_loop
async def test_an_engine_that_fails_ends_the_fetch_with_its_error(consumer: Consumer) -> None:
    class Failing(FakeEngine):
        async def events(self) -> AsyncIterator[Event]:
            async for event in super().events():
                yield event
                raise RuntimeError("lost alerts")

    consumer.make_engine = Failing

    with pytest.raises(RuntimeError, match="lost alerts"):
        await consumer.fetch()
    with disk.lock(consumer.home / ".seedbox"):
        pass


@in_loop
async def test_an_error_of_one_shard_ends_the_others_cleanly(
    tmp_path: Path, source: Source, consumer: Consumer
) -> None:
    engines: list[FakeEngine] = []

    class Kept(FakeEngine):
        def __init__(self, settings: Settings, swarm: FakeSwarm) -> None:
            super().__init__(settings, swarm)
            engines.append(self)

    consumer.make_engine = Kept
    (consumer.staged(1)).parent.mkdir(parents=True)
    (consumer.staged(1)).write_bytes(b"a file where a folder is needed")
    async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
        with pytest.raises(DiskError, match="cannot make the folder"):
            await consumer.fetch(seed)

    assert engines[0].held == {}
    with disk.lock(consumer.home / ".seedbox"):
        pass


@in_loop
async def test_a_fetch_that_is_cancelled_leaves_what_the_next_one_goes_on_with(
    tmp_path: Path, source: Source, consumer: Consumer
) -> None:
    only = {"set-0001": 3, "set-0002": 1, "set-0003": 0}
    async with peer(consumer.swarm, source, tmp_path / "part", FILES, pieces=only) as part:
        running = asyncio.create_task(consumer.fetch(part, stall=60))
        await _until(consumer, 3 * 16_384)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert consumer.has() == {}

    async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
        report = await consumer.fetch(seed)

    assert report.ok
    assert report.shards[0].received == 120_000 - 3 * 16_384
    assert consumer.has() == FILES


async def _until(consumer: Consumer, done: int) -> None:
    """Wait until so much of the first shard has come."""
    reached = asyncio.Event()

    def watch(event: JobEvent) -> None:
        task = "fetch set-0001"
        if isinstance(event, Advanced) and event.task == task and event.done >= done:
            reached.set()

    consumer.watch = watch
    async with asyncio.timeout(20):
        await reached.wait()


@in_loop
async def test_what_an_earlier_fetch_has_of_other_shards_stays(
    tmp_path: Path, source: Source, consumer: Consumer
) -> None:
    only = {"set-0001": 3}
    async with peer(consumer.swarm, source, tmp_path / "part", FILES, pieces=only) as part:
        partial = await consumer.fetch(part, names=("set-0001",), stall=1)
        assert partial.shards[0].good == 3 * 16_384
        assert (await consumer.fetch(part, names=("set-0002",))).ok

    async with peer(consumer.swarm, source, tmp_path / "peer", FILES) as seed:
        report = await consumer.fetch(seed, names=("set-0001",))

    assert report.shards[0].received == 120_000 - 3 * 16_384


# --- where it asks ----------------------------------------------------------------------------


@in_loop
async def test_the_engine_is_told_of_trackers_and_of_web_seeds_of_torrent_and_manifest(
    tmp_path: Path,
) -> None:
    trackers = (("udp://t.example:1/announce",),)
    source = published(tmp_path / "publisher", FILES, values=USE, trackers=trackers)
    first, *others = source.manifest.shards
    seeds = (WebSeed("https://a.example/"), WebSeed("https://b.example/"))
    manifest = replace(source.manifest, shards=(replace(first, web_seeds=seeds), *others))
    added: list[AddTorrent] = []

    class Keeping(FakeEngine):
        def add(self, torrent: AddTorrent) -> None:
            added.append(torrent)
            super().add(torrent)

    consumer = Consumer(Source(source.path, manifest), tmp_path / "mirror", FakeSwarm())
    consumer.make_engine = Keeping
    await consumer.fetch(stall=0.05, names=("set-0001",))

    assert added[0].trackers == trackers
    assert added[0].web_seeds == ("https://a.example/", "https://b.example/")
    assert added[0].folder == consumer.staged()


@in_loop
async def test_a_record_says_which_files_a_fetch_has_made(tmp_path: Path) -> None:
    source, swarm = published(tmp_path, FILES), FakeSwarm()
    consumer = Consumer(source, tmp_path / "out", swarm)
    async with peer(swarm, source, tmp_path / "peer", FILES) as one:
        assert (await consumer.fetch(one)).ok

    found = {}
    for shard in source.manifest.shards:
        path = record_path(consumer.out, "org.example/set", shard.info_hash.key)
        found.update({each.parts: each for each in read_placed(path)})
    assert sorted("/".join(parts[3:]) for parts in found) == sorted(FILES)
    for parts, each in found.items():
        assert disk.look(consumer.out, parts) == each.located(consumer.out)
