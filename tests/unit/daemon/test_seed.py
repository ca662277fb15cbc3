import asyncio
import errno
import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.engine.base import (
    AddTorrent,
    Endpoint,
    FileFailed,
    Refused,
    Settings,
    TrackerFailed,
)
from seedbox.errors import InvalidTorrentError, LicenseRefusedError, PortInUseError, SourceError
from seedbox.jobs.events import Advanced, Event, Listening, Note, Seeding, Served, Started, Warned
from seedbox.jobs.shards import Source
from seedbox.plan.seed import Seeded, SeedReport, Skipped
from seedbox.torrent.info_hash import Format
from support.content import contents, write
from support.datasets import CLOSED, published
from support.fake_engine import FakeEngine
from support.faults import nothing_left_open, refusing
from support.fetching import NOW, Consumer, Peer
from support.hashing import forced
from support.seeding import DEADLINE, messages, seeder
from support.swarm import in_loop

FILES = contents({"x/lone.bin": 120_000, "a": 60_000, "b/c": 10, "b/empty": 0})
USE = {"x/lone.bin": 9, "a": 5, "b/c": 5, "b/empty": 5}
FORMS = [Format.V1, Format.V2, Format.HYBRID]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A dataset of two shards, its data below `data`."""
    return published(tmp_path, FILES, values=USE)


# --- what is seeded ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_what_is_right_is_served_until_the_stop_and_counted(
    tmp_path: Path, form: Format
) -> None:
    source = published(tmp_path, FILES, values=USE, format=form)
    seed = seeder()
    before = disk.scan(tmp_path / "data")
    async with seed.running(source, data=tmp_path / "data") as running:
        await seed.until(Seeding, 2)
        consumer = Consumer(source, tmp_path / "mirror", seed.engine.swarm)
        assert (await consumer.fetch(Peer(seed.engine))).ok
        await seed.until(Served, 2)
    report = running.result()

    assert report == SeedReport(
        (Seeded("set-0001", 120_000, 120_000), Seeded("set-0002", 60_010, 60_010)), ()
    )
    assert report.ok
    assert {(e.shard, e.uploaded) for e in seed.events if isinstance(e, Served)} == {
        ("set-0001", 120_000),
        ("set-0002", 60_010),
    }
    assert consumer.has() == FILES
    assert disk.scan(tmp_path / "data") == before


@pytest.mark.parametrize("where", [".", "data", "mirror"])
@in_loop
async def test_data_is_seeded_as_the_root_beside_it_and_in_a_mirror(
    tmp_path: Path, source: Source, where: str
) -> None:
    write(tmp_path / "mirror/org.example/set/data", FILES)
    seed = seeder()
    async with seed.running(source, data=tmp_path / where):
        await seed.until(Seeding, 2)
        consumer = Consumer(source, tmp_path / "out", seed.engine.swarm)

        assert (await consumer.fetch(Peer(seed.engine))).ok


@in_loop
async def test_of_several_folders_the_one_that_has_most_of_a_shard_is_seeded(
    tmp_path: Path, source: Source
) -> None:
    write(tmp_path / "part/data", {"a": FILES["a"]})
    write(tmp_path / "other/data", {"x/lone.bin": FILES["x/lone.bin"]})
    seed = seeder()
    seed.watch = lambda _: seed.stop.set() if len(seed.said(Seeding)) == 2 else None

    report = await seed.run(source, data=(tmp_path / "part", tmp_path / "other", tmp_path / "data"))

    assert report.ok


@in_loop
async def test_it_says_where_it_listens(tmp_path: Path, source: Source) -> None:
    seed = seeder()
    async with seed.running(source, data=tmp_path):
        await seed.until(Seeding, 2)

    assert seed.events[0] == Listening("127.0.0.1:40001")


@in_loop
async def test_a_torrent_that_two_manifests_list_is_seeded_once(
    tmp_path: Path, source: Source
) -> None:
    newer = published(tmp_path / "newer", {**FILES, "x/lone.bin": bytes(120_000)}, values=USE)
    seed = seeder()
    async with seed.running(source, newer, data=tmp_path) as running:
        await seed.until(Note)

    assert [shard.name for shard in running.result().seeded] == ["set-0001", "set-0002"]
    assert messages(seed, Note) == [f"set-0002 of {newer.path} is seeded already, as set-0002"]


# --- what is not ------------------------------------------------------------------------------


def spoil(path: Path, how: str) -> None:
    match how:
        case "flip":
            path.write_bytes(b"\xff" + path.read_bytes()[1:])
        case "cut":
            os.truncate(path, 100)
        case _:
            path.unlink()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("flip", "1 of 3 files are not right: a is bad"),
        ("cut", "1 of 3 files are not right: a is wrong-size"),
        ("remove", "1 of 3 files are not right: a is missing"),
    ],
)
@in_loop
async def test_a_shard_that_is_not_right_is_skipped_and_the_others_are_seeded(
    tmp_path: Path, source: Source, how: str, words: str
) -> None:
    spoil(tmp_path / "data" / "a", how)
    seed = seeder()
    async with seed.running(source, data=tmp_path / "data") as running:
        await seed.until(Warned)
        await seed.until(Seeding)
    report = running.result()

    assert [shard.name for shard in report.seeded] == ["set-0001"]
    assert report.skipped == (Skipped("set-0002", words),)
    assert messages(seed, Warned) == [f"set-0002 is not seeded: {words}"]
    assert not report.ok


@in_loop
async def test_a_shard_whose_file_cannot_be_read_is_skipped_with_the_reason(
    tmp_path: Path, source: Source
) -> None:
    seed = seeder()
    with forced("hashlib"), refusing("preadv", "*/lone.bin", errno.EIO):
        async with seed.running(source, data=tmp_path / "data") as running:
            await seed.until(Seeding)
    report = running.result()

    path = tmp_path / "data" / "x" / "lone.bin"
    assert report.skipped == (Skipped("set-0001", f"cannot read {path}: Input/output error"),)
    assert [shard.name for shard in report.seeded] == ["set-0002"]


@in_loop
async def test_a_shard_cut_while_it_is_hashed_is_skipped(tmp_path: Path, source: Source) -> None:
    path = tmp_path / "data" / "x" / "lone.bin"
    begun = Started("verify set-0001", 120_000)
    seed = seeder()
    seed.watch = lambda event: os.truncate(path, 20_000) if event == begun else None
    async with seed.running(source, data=tmp_path / "data") as running:
        await seed.until(Seeding)
    report = running.result()

    told = [(skipped.name, f"{path} changed" in skipped.reason) for skipped in report.skipped]
    assert told == [("set-0001", True)]
    assert [shard.name for shard in report.seeded] == ["set-0002"]


@in_loop
async def test_with_nothing_to_seed_it_ends_at_once(tmp_path: Path, source: Source) -> None:
    seed = seeder()
    with nothing_left_open():
        report = await seed.run(source, data=(tmp_path / "out", tmp_path / "nothing"))
        await asyncio.get_running_loop().shutdown_default_executor()

    where = f"{tmp_path}/out, {tmp_path}/nothing"
    assert report.seeded == ()
    assert report.skipped == (
        Skipped("set-0001", f"none of its files is in {where}"),
        Skipped("set-0002", f"none of its files is in {where}"),
    )


@in_loop
async def test_a_shard_waits_for_its_release_and_for_an_open_license(
    tmp_path: Path, source: Source
) -> None:
    first, second = source.manifest.shards
    later = replace(first, release=NOW + timedelta(days=1))
    shards = (later, replace(second, license=CLOSED))
    seed = seeder()

    report = await seed.run(
        Source(source.path, replace(source.manifest, shards=shards)), data=(tmp_path,)
    )

    assert [skipped.name for skipped in report.skipped] == ["set-0001", "set-0002"]
    assert messages(seed, Warned)[0] == (
        "set-0001 is not seeded: it is released on 2026-11-02 00:00 UTC"
    )


# --- what is lost -----------------------------------------------------------------------------


@in_loop
async def test_a_shard_whose_file_fails_is_let_go_and_the_others_stay(
    tmp_path: Path, source: Source
) -> None:
    seed = seeder()
    async with seed.running(source, data=tmp_path / "data") as running:
        await seed.until(Seeding, 2)
        (tmp_path / "data" / "a").unlink()
        consumer = Consumer(source, tmp_path / "mirror", seed.engine.swarm)
        fetched = await consumer.fetch(Peer(seed.engine), stall=1)
        await seed.until(Warned)
        assert list(seed.engine.held) == [source.manifest.shards[0].info_hash.key]
    report = running.result()

    assert [shard.outcome.value for shard in fetched.shards] == ["fetched", "partial"]
    kept, lost = report.seeded
    assert (kept.name, kept.lost) == ("set-0001", None)
    assert lost.name == "set-0002"
    assert lost.lost == f"{tmp_path}/data/a: No such file or directory"
    assert messages(seed, Warned) == [f"set-0002 is no longer seeded: {lost.lost}"]
    assert not report.ok


@in_loop
async def test_when_the_last_shard_is_lost_it_ends(tmp_path: Path, source: Source) -> None:
    class Failing(FakeEngine):
        def add(self, torrent: AddTorrent) -> None:
            super().add(torrent)
            self._tell(TrackerFailed(torrent.key, "udp://t", "timed out"))
            self._tell(FileFailed(torrent.key, "/x", "Input/output error"))
            self._tell(FileFailed(torrent.key, "/y", "Input/output error"))

    seed = seeder(Failing)
    report = await seed.run(source, data=(tmp_path,))

    assert [shard.lost for shard in report.seeded] == ["/x: Input/output error"] * 2
    assert messages(seed, Warned)[::2] == [
        "set-0001: tracker udp://t: timed out",
        "set-0002: tracker udp://t: timed out",
    ]
    assert len(messages(seed, Warned)) == 4


@in_loop
async def test_a_shard_that_the_engine_refuses_is_lost_with_its_reason(
    tmp_path: Path, source: Source
) -> None:
    class Refusing(FakeEngine):
        def add(self, torrent: AddTorrent) -> None:
            self._tell(Refused(torrent.key, "not in the mood"))

    report = await seeder(Refusing).run(source, data=(tmp_path,))

    assert [shard.lost for shard in report.seeded] == ["not in the mood"] * 2


# --- what keeps it from beginning, and what ends it -------------------------------------------


@in_loop
async def test_a_dataset_that_is_not_open_is_refused_before_anything_starts(
    tmp_path: Path, source: Source
) -> None:
    manifest = source.manifest
    closed = replace(manifest, head=replace(manifest.head, license=CLOSED))
    seed = seeder()

    with pytest.raises(LicenseRefusedError):
        await seed.run(source, Source(source.path, closed), data=(tmp_path,))
    assert seed.events == []


@in_loop
async def test_a_bad_torrent_is_found_before_anything_starts(
    tmp_path: Path, source: Source
) -> None:
    torrent = tmp_path / "out" / "torrents" / "set-0002.torrent"
    torrent.write_bytes(torrent.read_bytes()[:-1])
    seed = seeder()

    with pytest.raises(InvalidTorrentError, match=str(torrent)):
        await seed.run(source, data=(tmp_path,))
    torrent.unlink()
    with pytest.raises(SourceError, match="is missing"):
        await seed.run(source, data=(tmp_path,))
    assert seed.events == []


@in_loop
async def test_a_port_that_is_taken_is_an_error(tmp_path: Path, source: Source) -> None:
    taken = Endpoint("127.0.0.1", 6881)
    seed = seeder(settings=Settings(listen=(taken,)))
    seed.engine.swarm.foreign.add(taken)

    with pytest.raises(PortInUseError):
        await seed.run(source, data=(tmp_path,))


@in_loop
async def test_an_engine_that_fails_ends_it_with_its_error(tmp_path: Path, source: Source) -> None:
    class Failing(FakeEngine):
        def refresh(self) -> None:
            raise RuntimeError("lost alerts")

    with pytest.raises(RuntimeError, match="lost alerts"):
        await seeder(Failing).run(source, data=(tmp_path,))


@in_loop
async def test_a_stop_while_files_are_hashed_ends_the_hashing_too(
    tmp_path: Path, source: Source
) -> None:
    seed = seeder()
    loop, ended = asyncio.get_running_loop(), threading.Event()

    def watch(event: Event) -> None:
        if isinstance(event, Advanced):
            loop.call_soon_threadsafe(seed.stop.set)
            ended.wait(DEADLINE)

    seed.watch = watch
    with nothing_left_open():
        report = await seed.run(source, data=(tmp_path,))
        ended.set()  # the thread goes on hashing only now
        await loop.shutdown_default_executor()

    assert report.seeded == ()
    assert len(seed.said(Advanced)) == 1
