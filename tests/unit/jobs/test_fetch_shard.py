import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.engine.base import AddTorrent, FileFailed, Refused
from seedbox.errors import DestinationTakenError, DiskError, NoSpaceError
from seedbox.jobs.events import Done, Event, Warned
from seedbox.jobs.fetch import FetchReport
from seedbox.jobs.fetch_shard import Outcome, ShardReport
from seedbox.torrent.info_hash import Format
from support.content import contents, write
from support.datasets import published
from support.fake_engine import FakeEngine, FakeSwarm
from support.faults import no_file_over, refusing
from support.fetching import Consumer, peer
from support.swarm import in_loop

KIB = 1024
FILES = contents({"a": 40_000, "b/c": 30_000, "b/empty": 0, "d": 20_000})
SIZE = 90_000
FORMS = [Format.V1, Format.V2, Format.HYBRID]


def made(folder: Path, form: Format = Format.HYBRID) -> Consumer:
    """A consumer of a dataset of one shard with pieces of 16 KiB."""
    source = published(folder / "publisher", FILES, format=form)
    return Consumer(source, folder / "mirror", FakeSwarm())


@pytest.fixture
def consumer(tmp_path: Path) -> Consumer:
    return made(tmp_path)


def only(report: FetchReport) -> ShardReport:
    (shard,) = report.shards
    assert report.ok is (shard.outcome is not Outcome.PARTIAL)
    return shard


@in_loop
async def test_without_peers_a_shard_is_given_up_after_the_stall(consumer: Consumer) -> None:
    shard = only(await consumer.fetch(stall=0.05))

    assert (shard.outcome, shard.good, shard.received) == (Outcome.PARTIAL, 0, 0)
    assert shard.reason == "no data came for 0.05 seconds (0 peers)"
    assert len(shard.missing) == 3  # the empty file needs no peer
    assert consumer.has() == {}


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_part_is_kept_the_missing_files_are_named_and_only_the_rest_comes_later(
    tmp_path: Path, form: Format
) -> None:
    consumer = made(tmp_path, form)
    async with peer(
        consumer.swarm, consumer.source, tmp_path / "p", FILES, pieces={"set-0001": 3}
    ) as part:
        first = only(await consumer.fetch(part, stall=1))

    home = ("org.example", "set", "data")
    assert (first.outcome, first.size) == (Outcome.PARTIAL, SIZE)
    assert first.received == first.good >= 40_000
    assert set(first.missing) >= {(*home, "b", "c"), (*home, "d")}
    assert (*home, "b", "empty") not in first.missing
    assert consumer.has() == {}

    async with peer(consumer.swarm, consumer.source, tmp_path / "q", FILES) as seed:
        rest = only(await consumer.fetch(seed))

    assert (rest.outcome, rest.good) == (Outcome.FETCHED, SIZE)
    assert rest.received == SIZE - first.good
    assert consumer.has() == FILES
    assert not consumer.staging.exists()


@in_loop
async def test_what_the_engine_refuses_is_told(consumer: Consumer) -> None:
    class Refusing(FakeEngine):
        def add(self, torrent: AddTorrent) -> None:
            self._tell(Refused(torrent.key, "not in the mood"))

    consumer.make_engine = Refusing

    assert only(await consumer.fetch()).reason == "not in the mood"


def spoilt(name: str, at: int) -> dict[str, bytes]:
    data = bytearray(FILES[name])
    data[at] ^= 1
    return {**FILES, name: bytes(data)}


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_bad_bytes_of_a_peer_are_told_and_never_kept(tmp_path: Path, form: Format) -> None:
    consumer = made(tmp_path, form)
    bad = spoilt("a", 0)
    async with peer(consumer.swarm, consumer.source, tmp_path / "bad", bad) as liar:
        first = only(await consumer.fetch(liar, stall=1))
        assert first.outcome is Outcome.PARTIAL
        assert consumer.has() == {}
        async with peer(consumer.swarm, consumer.source, tmp_path / "good", FILES) as seed:
            second = only(await consumer.fetch(liar, seed))

    warnings = [event.message for event in consumer.events if isinstance(event, Warned)]
    assert warnings[0] == "set-0001: a peer sent wrong bytes for piece 0"
    assert second.outcome is Outcome.FETCHED
    assert consumer.has() == FILES


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_disk_that_spoils_what_it_was_given_is_given_up_and_nothing_moves(
    tmp_path: Path, form: Format
) -> None:
    consumer = made(tmp_path, form)
    spoiled = 0

    def spoil(event: Event) -> None:
        nonlocal spoiled
        if event == Done("fetch set-0001"):
            spoiled += 1
            with (consumer.staged() / "data" / "a").open("r+b") as stream:
                stream.write(b"spoilt")

    consumer.watch = spoil
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    assert spoiled == 3
    assert (shard.outcome, shard.missing) == (
        Outcome.PARTIAL,
        (("org.example", "set", "data", "a"),),
    )
    assert shard.reason == "the disk does not keep what is written to it"
    assert consumer.has() == {}


@in_loop
async def test_no_file_has_its_final_name_before_all_of_the_shard_is_verified(
    tmp_path: Path, consumer: Consumer
) -> None:
    seen: list[set[str]] = []
    consumer.watch = lambda _: seen.append(set(consumer.has()))
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        await consumer.fetch(seed)

    done = [event.task for event in consumer.events if isinstance(event, Done)]
    assert done == ["verify set-0001", "fetch set-0001", "verify set-0001"]
    assert len(seen) == len(consumer.events)
    assert set().union(*seen) == set()
    assert consumer.has() == FILES


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("theirs", [b"theirs", b"x" * 40_000, FILES["a"] + b"\n", b""])
@in_loop
async def test_a_file_with_other_content_is_never_touched_and_named(
    tmp_path: Path, form: Format, theirs: bytes
) -> None:
    consumer = made(tmp_path, form)
    write(consumer.home / "data", {"a": theirs})
    before = disk.scan(consumer.home / "data")
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    path = consumer.home / "data" / "a"
    assert shard.outcome is Outcome.PARTIAL
    assert shard.reason == DestinationTakenError(str(path)).message
    assert disk.scan(consumer.home / "data") == before
    assert consumer.has() == {"a": theirs}


@pytest.mark.parametrize(
    ("stand", "words"),
    [
        (lambda path: path.symlink_to("d"), "data/a is a symbolic link"),
        (lambda path: path.symlink_to("nothing"), "data/a is a symbolic link"),
        (Path.mkdir, "data/a is no regular file"),
        (os.mkfifo, "data/a is no regular file"),
    ],
)
@in_loop
async def test_what_is_no_file_is_never_touched_and_named(
    tmp_path: Path, consumer: Consumer, stand: Callable[[Path], None], words: str
) -> None:
    write(consumer.home / "data", {"d": FILES["d"]})
    stand(consumer.home / "data" / "a")
    before = disk.scan(consumer.home / "data")
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    assert shard.outcome is Outcome.PARTIAL
    assert shard.reason is not None
    assert shard.reason.endswith(words)
    assert disk.scan(consumer.home / "data") == before


@in_loop
async def test_no_file_goes_through_a_folder_that_is_a_link(
    tmp_path: Path, consumer: Consumer
) -> None:
    (tmp_path / "outside").mkdir()
    (consumer.home / "data").mkdir(parents=True)
    (consumer.home / "data" / "b").symlink_to(tmp_path / "outside")
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    assert shard.outcome is Outcome.PARTIAL
    assert shard.reason is not None
    assert "symbolic link" in shard.reason
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("gone", ["a", "b/c", "b/empty"])
@in_loop
async def test_a_file_that_was_removed_comes_back_and_the_others_are_not_written_to(
    tmp_path: Path, form: Format, gone: str
) -> None:
    consumer = made(tmp_path, form)
    write(consumer.home / "data", {name: FILES[name] for name in FILES if name != gone})
    before = set(disk.scan(consumer.home / "data").files)
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    assert shard.outcome is Outcome.FETCHED
    assert shard.received <= len(FILES[gone]) + 4 * 16 * KIB
    assert consumer.has() == FILES
    assert before < set(disk.scan(consumer.home / "data").files)


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_stopped_repair_blames_no_file_that_is_in_its_place(
    tmp_path: Path, form: Format
) -> None:
    consumer = made(tmp_path, form)
    write(consumer.home / "data", {name: FILES[name] for name in FILES if name != "b/c"})
    holed = FILES["b/c"][:20_000] + bytes(10_000)
    write(consumer.staged() / "data", {"b/c": bytes(5_000) + holed[5_000:]})
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    assert (shard.outcome, shard.reason) == (Outcome.FETCHED, None)
    assert consumer.has() == FILES


@in_loop
async def test_bytes_that_are_wrong_where_a_piece_spans_files_are_found_in_the_end(
    tmp_path: Path,
) -> None:
    consumer = made(tmp_path, Format.V1)
    theirs = spoilt("a", 39_999)["a"]  # its last piece reaches into b/c
    write(consumer.home / "data", {"a": theirs, "d": FILES["d"], "b/empty": b""})
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    path = consumer.home / "data" / "a"
    assert shard.reason == DestinationTakenError(str(path)).message
    assert consumer.has()["a"] == theirs
    assert "b/c" not in consumer.has()


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
@in_loop
async def test_a_crash_between_two_moves_is_mended_without_peers(
    tmp_path: Path, consumer: Consumer, moved: int
) -> None:
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        with (
            refusing("link", "*/staging/*", errno.EIO, after=moved),
            pytest.raises(DiskError, match="cannot move a file to"),
        ):
            await consumer.fetch(seed)
    assert len(consumer.has()) == moved

    shard = only(await consumer.fetch())

    assert (shard.outcome, shard.received) == (Outcome.FETCHED, 0)
    assert consumer.has() == FILES
    assert not consumer.staging.exists()


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_file_that_a_crash_left_under_both_names_is_never_written_to(
    tmp_path: Path, form: Format
) -> None:
    consumer = made(tmp_path, form)
    write(consumer.home / "data", {"a": FILES["a"]})
    (consumer.staged() / "data").mkdir(parents=True)
    os.link(consumer.home / "data" / "a", consumer.staged() / "data" / "a")
    before = disk.look(consumer.home, ("data", "a"))
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    assert shard.outcome is Outcome.FETCHED
    assert disk.look(consumer.home, ("data", "a")) == before
    assert consumer.has() == FILES


@in_loop
async def test_half_a_copy_that_a_crash_left_in_staging_is_not_believed(
    tmp_path: Path, consumer: Consumer
) -> None:
    write(consumer.home / "data", {"a": FILES["a"]})
    write(consumer.staged() / "data", {"a": FILES["a"][:1000]})
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        shard = only(await consumer.fetch(seed))

    assert (shard.outcome, shard.received) == (Outcome.FETCHED, SIZE - 40_000)


@in_loop
async def test_staging_that_a_crash_left_behind_a_whole_shard_is_removed(
    consumer: Consumer,
) -> None:
    write(consumer.home / "data", FILES)
    write(consumer.staged() / "data", {"a": b"left"})

    assert only(await consumer.fetch()).outcome is Outcome.HELD
    assert not consumer.staging.exists()


@in_loop
async def test_a_file_that_the_engine_cannot_write_is_an_error_of_the_disk(
    tmp_path: Path, consumer: Consumer
) -> None:
    async with peer(consumer.swarm, consumer.source, tmp_path / "p", FILES) as seed:
        with no_file_over(35_000), pytest.raises(DiskError) as caught:
            await consumer.fetch(seed)

        path = consumer.staged() / "data" / "a"
        assert caught.value.message == f"cannot fetch into {path}: File too large"
        assert consumer.has() == {}
        assert only(await consumer.fetch(seed)).outcome is Outcome.FETCHED


@in_loop
async def test_a_disk_that_cannot_hold_the_rest_is_told_with_both_numbers(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(FakeEngine):
        def add(self, torrent: AddTorrent) -> None:
            self._tell(FileFailed(torrent.key, "/x", os.strerror(errno.ENOSPC)))

    consumer.make_engine = Failing
    usage = os.statvfs_result((4096, 4096, 100, 1, 1, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: usage)

    with pytest.raises(NoSpaceError, match=r"set-0001 needs 90,000 bytes in .*, 4,096 are free"):
        await consumer.fetch()
