"""The promises of `seedbox.engine.base` when things go wrong, and at the end."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from seedbox.engine.base import (
    Added,
    Engine,
    FileFailed,
    Finished,
    PieceFailed,
    Progress,
    Refused,
    Removed,
    Settings,
)
from seedbox.errors import PortInUseError
from seedbox.torrent.info_hash import Format, InfoHash
from support.content import content
from support.swarm import (
    KIB,
    LOOPBACK,
    SMALL,
    in_loop,
    read,
    running,
    share,
)

Make: TypeAlias = Callable[[Settings], Engine]

FORMS = [Format.V1, Format.V2, Format.HYBRID]


# --- what cannot be added ---------------------------------------------------------------------


@in_loop
async def test_garbage_is_refused(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path)
    async with running(make(LOOPBACK)) as node:
        node.engine.add(replace(shared.seed(), torrent=b"garbage"))
        await node.until(Refused, shared.key)


@in_loop
async def test_a_torrent_with_another_info_hash_is_refused(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path)
    v1 = shared.metainfo.info_hash.v1
    async with running(make(LOOPBACK)) as node:
        node.engine.add(replace(shared.seed(), info_hash=InfoHash(v1=v1)))  # of two, just one
        assert v1 is not None
        await node.until(Refused, v1.hex())


@in_loop
async def test_a_wrong_number_of_pieces_is_refused(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path)
    async with running(make(LOOPBACK)) as node:
        node.engine.add(replace(shared.seed(), have=(True,)))
        told = await node.until(Refused, shared.key)

        assert "8 pieces, not 1" in told.reason


@in_loop
async def test_a_file_must_keep_a_name(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path, {"one": b"data"}, name="one")
    async with running(make(LOOPBACK)) as node:
        node.engine.add(replace(shared.seed(), drop=1))
        await node.until(Refused, shared.key)


@in_loop
async def test_a_second_add_is_refused_and_the_first_stays(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        seed.engine.add(shared.seed())
        assert await seed.until(Refused) == Refused(shared.key, "already added")
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)


@in_loop
async def test_a_seed_with_a_missing_file_is_refused(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path)
    gone = tmp_path / "set" / "a.bin"
    gone.unlink()
    async with running(make(LOOPBACK)) as node:
        node.engine.add(shared.seed())
        told = await node.until(Refused, shared.key)

    assert node.told == [FileFailed(shared.key, str(gone), "is missing"), told]
    assert not gone.exists()


@in_loop
async def test_a_fetch_that_claims_more_than_its_files_hold_is_refused(
    make: Make, tmp_path: Path
) -> None:
    shared = share(tmp_path, {"one.bin": content("data", 4 * 32 * KIB)}, name="one.bin")
    short = tmp_path / "one.bin"
    short.write_bytes(b"short")
    async with running(make(LOOPBACK)) as node:
        node.engine.add(shared.fetch(tmp_path, (False, True, False, False)))
        told = await node.until(Refused, shared.key)

    reason = "has 5 bytes, but pieces up to byte 65,536 are claimed"
    assert node.told == [FileFailed(shared.key, str(short), reason), told]
    assert short.read_bytes() == b"short"


@in_loop
async def test_a_fetch_whose_empty_files_cannot_be_made_is_refused(
    make: Make, tmp_path: Path
) -> None:
    shared = share(tmp_path / "seed")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "deep").write_bytes(b"a file, where a folder must be")
    async with running(make(LOOPBACK)) as node:
        node.engine.add(shared.fetch(tmp_path))
        await node.until(Refused, shared.key)

    (failed,) = node.of(FileFailed)
    assert failed.path == str(tmp_path / "set" / "deep" / "empty")


# --- what goes wrong later --------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_corrupt_seed_gives_a_failed_piece_and_no_finish(
    make: Make, form: Format, tmp_path: Path
) -> None:
    shared = share(tmp_path / "seed", form=form)
    victim = tmp_path / "seed" / "set" / "a.bin"
    data = bytearray(victim.read_bytes())
    data[40_000] ^= 1
    victim.write_bytes(data)
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        failed = await fetch.until(PieceFailed, shared.key)

    assert failed.piece == 1
    assert fetch.of(Finished) == []
    assert victim.read_bytes() == data


@in_loop
async def test_a_good_seed_makes_up_for_a_corrupt_one(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    shutil.copytree(tmp_path / "seed", tmp_path / "bad")
    (tmp_path / "bad" / "set" / "a.bin").write_bytes(bytes(100_000))
    async with (
        running(make(LOOPBACK)) as bad,
        running(make(LOOPBACK)) as good,
        running(make(LOOPBACK)) as fetch,
    ):
        bad.engine.add(replace(shared.seed(), folder=tmp_path / "bad"))
        await bad.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(bad.address,)))
        await fetch.until(PieceFailed)
        good.engine.add(shared.seed())
        await good.until(Added)
        fetch.engine.connect(shared.key, good.address)
        await fetch.refreshed_until(Finished, shared.key)

        assert read(tmp_path / "fetch") == read(tmp_path / "seed")


@in_loop
async def test_a_file_that_vanishes_under_a_seed_is_named(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    gone = tmp_path / "seed" / "set" / "a.bin"
    size = sum(map(len, SMALL.values()))
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        gone.unlink()
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await seed.until(FileFailed)
        await fetch.refreshed_until(Progress, shared.key, where=lambda p: p.done == size - 100_000)

    assert seed.of(FileFailed) == [FileFailed(shared.key, str(gone), "No such file or directory")]
    assert fetch.of(Finished) == []
    assert not gone.exists()


@in_loop
async def test_a_file_that_shrinks_under_a_seed_is_named(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    victim = tmp_path / "seed" / "set" / "a.bin"
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        victim.write_bytes(SMALL["a.bin"][:50_000])
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await seed.until(FileFailed)

    assert seed.of(FileFailed) == [FileFailed(shared.key, str(victim), "file too short")]
    assert victim.stat().st_size == 50_000


@in_loop
async def test_a_fetch_that_cannot_write_names_the_file(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    (tmp_path / "fetch" / "set" / "deep").mkdir(parents=True)
    (tmp_path / "fetch" / "set" / "deep" / "er").write_bytes(b"a file, where a folder must be")
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        failed = await fetch.until(FileFailed, shared.key)

    assert failed.path == str(tmp_path / "fetch" / "set" / "deep" / "er" / "b.bin")
    assert fetch.of(Finished) == []


# --- removing ---------------------------------------------------------------------------------


@in_loop
async def test_remove_leaves_the_files(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)
        for node in (seed, fetch):
            node.engine.remove(shared.key)
            await node.until(Removed, shared.key)

    assert read(tmp_path / "seed" / "set") == read(tmp_path / "fetch" / "set") == SMALL


@in_loop
async def test_removing_what_is_not_held_is_answered(make: Make) -> None:
    async with running(make(LOOPBACK)) as node:
        node.engine.remove("00" * 20)
        await node.until(Removed, "00" * 20)


@in_loop
async def test_a_torrent_removed_before_it_is_added_is_told_removed_last(
    make: Make, tmp_path: Path
) -> None:
    shared = share(tmp_path)
    async with running(make(LOOPBACK)) as node:
        for times in (1, 2):
            node.engine.add(shared.seed())
            node.engine.remove(shared.key)
            await node.until_many(Removed, times)

    assert isinstance(node.told[-1], Removed)
    assert len(node.of(Removed)) == 2


@in_loop
async def test_a_torrent_can_come_back_once_removed(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path)
    async with running(make(LOOPBACK)) as node:
        node.engine.add(shared.seed())
        await node.until(Added)
        node.engine.remove(shared.key)
        node.engine.remove(shared.key)
        node.engine.add(shared.seed())
        assert await node.until(Refused) == Refused(shared.key, "still being removed")
        await node.until(Removed)
        node.engine.add(shared.seed())
        await node.until_many(Added, 2)

    assert len(node.of(Removed)) == 1


# --- start and end ----------------------------------------------------------------------------


@in_loop
async def test_port_0_is_told_as_the_real_port(make: Make) -> None:
    async with make(LOOPBACK) as engine:
        (endpoint,) = engine.listening

    assert endpoint.host == "127.0.0.1"
    assert endpoint.port > 0


@in_loop
async def test_a_taken_port_is_an_error_with_the_address(make: Make) -> None:
    async with make(LOOPBACK) as first:
        (where,) = first.listening
        with pytest.raises(PortInUseError) as caught:
            await make(Settings(listen=(where,))).__aenter__()

    assert first.listening == ()
    assert caught.value.message == f"cannot listen on {where}: Address already in use"


@in_loop
async def test_an_engine_need_not_listen(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with running(make(LOOPBACK)) as seed, running(make(Settings())) as fetch:
        assert fetch.engine.listening == ()
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)


@in_loop
async def test_what_was_told_before_the_end_is_still_heard(make: Make) -> None:
    async with make(LOOPBACK) as engine:
        engine.remove("00" * 20)
    async with asyncio.timeout(5):
        told = [event async for event in engine.events()]
        again = [event async for event in engine.events()]

    assert told == [Removed("00" * 20)]
    assert again == []


@in_loop
async def test_the_end_finds_torrents_at_work(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed", {"a": content("data", 3_000_000), "b": b"b"})
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.refreshed_until(Progress, shared.key)

    assert read(tmp_path / "seed") == {"set/a": content("data", 3_000_000), "set/b": b"b"}


@in_loop
async def test_an_engine_that_does_not_run_takes_nothing(make: Make, tmp_path: Path) -> None:
    engine = make(LOOPBACK)
    with pytest.raises(RuntimeError):
        engine.add(share(tmp_path).seed())
    async with engine:
        pass
    with pytest.raises(RuntimeError):
        engine.refresh()
