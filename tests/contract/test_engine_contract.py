"""The promises of `seedbox.engine.base`, kept by every engine."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from seedbox.engine.base import (
    Added,
    Endpoint,
    Engine,
    Finished,
    Progress,
    Settings,
)
from seedbox.torrent.info_hash import Format
from support.content import content
from support.swarm import (
    KIB,
    LOOPBACK,
    SMALL,
    free_port,
    in_loop,
    read,
    running,
    share,
)

Make: TypeAlias = Callable[[Settings], Engine]

FORMS = [Format.V1, Format.V2, Format.HYBRID]


# --- fetching ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_fetch_gets_every_file_from_a_seed(
    make: Make, form: Format, tmp_path: Path
) -> None:
    shared = share(tmp_path / "seed", form=form)
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added, shared.key)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished, shared.key)

        assert read(tmp_path / "fetch" / "set") == SMALL


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_torrent_of_one_file_has_no_folder(
    make: Make, form: Format, tmp_path: Path
) -> None:
    files = {"one.bin": content("data", 100_001)}
    shared = share(tmp_path / "seed", files, form, name="one.bin")
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)

        assert read(tmp_path / "fetch") == files


@in_loop
async def test_files_keep_names_that_libtorrent_would_mend(make: Make, tmp_path: Path) -> None:
    files = {"ن\u200cم/" + "x" * 250: content("data", 40_000), "\ufeffbom": content("bom", 10)}
    shared = share(tmp_path / "seed", files, name="\u200dset")
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)

        assert read(tmp_path / "fetch" / "\u200dset") == files


@in_loop
async def test_a_folder_may_stand_for_the_torrents_own(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path)
    here = replace(shared.seed(), folder=tmp_path / "set", drop=1)
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(here)
        await seed.until(Added)
        there = replace(shared.fetch(tmp_path / "fetch"), drop=1, peers=(seed.address,))
        fetch.engine.add(there)
        await fetch.until(Finished)

        assert read(tmp_path / "fetch") == SMALL


@in_loop
async def test_a_fetch_goes_on_from_the_pieces_it_has(make: Make, tmp_path: Path) -> None:
    files = {"one.bin": content("data", 10 * 32 * KIB)}
    shared = share(tmp_path / "seed", files, Format.V1, name="one.bin")
    part = tmp_path / "fetch" / "one.bin"
    part.parent.mkdir()
    part.write_bytes(files["one.bin"][: 4 * 32 * KIB])
    have = (True,) * 4 + (False,) * 6
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(part.parent, have), peers=(seed.address,)))
        await fetch.until(Finished)
        sent = await seed.refreshed_until(
            Progress, shared.key, where=lambda p: p.uploaded >= 6 * 32 * KIB
        )

        assert read(part.parent) == files
        assert sent.uploaded == 6 * 32 * KIB


@in_loop
async def test_a_fetch_with_all_pieces_finishes_at_once(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path)
    async with running(make(LOOPBACK)) as node:
        node.engine.add(shared.fetch(tmp_path, (True,) * shared.metainfo.num_pieces))
        await node.until(Finished, shared.key)

        kinds = [type(event) for event in node.told]
        assert kinds == [Added, Progress, Finished]


@in_loop
async def test_one_fetch_takes_from_two_seeds(make: Make, tmp_path: Path) -> None:
    shared = share(
        tmp_path / "seed", {"a": content("data", 600_000), "b": b"b"}, piece_length=16 * KIB
    )
    async with (
        running(make(LOOPBACK)) as one,
        running(make(LOOPBACK)) as two,
        running(make(LOOPBACK)) as fetch,
    ):
        for seed in (one, two):
            seed.engine.add(shared.seed())
            await seed.until(Added)
        peers = (one.address, two.address)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=peers))
        await fetch.until(Finished)

        assert read(tmp_path / "fetch") == read(tmp_path / "seed")


@in_loop
async def test_a_fetch_gives_on_what_it_has(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with (
        running(make(LOOPBACK)) as seed,
        running(make(LOOPBACK)) as first,
        running(make(LOOPBACK)) as second,
    ):
        seed.engine.add(shared.seed())
        first.engine.add(replace(shared.fetch(tmp_path / "first"), peers=(seed.address,)))
        second.engine.add(replace(shared.fetch(tmp_path / "second"), peers=(first.address,)))
        await second.until(Finished)

        assert read(tmp_path / "second") == read(tmp_path / "seed")


@in_loop
async def test_thirty_torrents_at_once(make: Make, tmp_path: Path) -> None:
    shares = [
        share(tmp_path / "seed", {"f": content(f"{n}", 50_000), "g": b"g"}, name=f"set{n}")
        for n in range(30)
    ]
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        for shared in shares:
            seed.engine.add(shared.seed())
            fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until_many(Finished, 30)

        assert read(tmp_path / "fetch") == read(tmp_path / "seed")
        assert {event.key for event in fetch.of(Finished)} == {shared.key for shared in shares}


# --- peers ------------------------------------------------------------------------------------


@in_loop
async def test_a_peer_may_be_named_right_after_add(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        fetch.engine.add(shared.fetch(tmp_path / "fetch"))
        fetch.engine.connect(shared.key, seed.address)
        await fetch.until(Finished)


@in_loop
async def test_a_peer_may_be_named_once_added(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        fetch.engine.add(shared.fetch(tmp_path / "fetch"))
        await fetch.until(Added)
        fetch.engine.connect(shared.key, seed.address)
        await fetch.until(Finished)


@in_loop
async def test_a_seed_may_call_the_fetch(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        fetch.engine.add(shared.fetch(tmp_path / "fetch"))
        await fetch.until(Added)
        seed.engine.add(replace(shared.seed(), peers=(fetch.address,)))
        await fetch.until(Finished)


@in_loop
async def test_a_peer_is_called_until_it_is_up(make: Make, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    later = Endpoint("127.0.0.1", free_port())
    async with running(make(LOOPBACK)) as fetch:
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(later,)))
        await fetch.until(Added)
        async with running(make(Settings(listen=(later,)))) as seed:
            seed.engine.add(shared.seed())
            await fetch.refreshed_until(Finished, shared.key)


@in_loop
async def test_a_peer_of_no_torrent_is_nothing(make: Make) -> None:
    async with running(make(LOOPBACK)) as node:
        node.engine.connect("00" * 20, Endpoint("127.0.0.1", 9))

    assert node.told == []


# --- progress ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_progress_counts_payload_on_both_sides(
    make: Make, form: Format, tmp_path: Path
) -> None:
    shared = share(tmp_path / "seed", form=form)
    size = sum(map(len, SMALL.values()))
    padding = 3 * 16 * KIB if form is Format.HYBRID else 0  # after each file
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(shared.seed())
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)
        last = fetch.of(Progress)[-1]
        sent = await seed.refreshed_until(Progress, shared.key, where=lambda p: p.uploaded >= size)

        assert (last.done, last.size, last.uploaded) == (size, size, 0)
        assert (sent.done, sent.size) == (size, size)
        assert sent.uploaded - size <= padding


@in_loop
async def test_progress_of_a_part_counts_its_pieces(make: Make, tmp_path: Path) -> None:
    files = {"one.bin": content("data", 3 * 32 * KIB + 5)}
    shared = share(tmp_path, files, name="one.bin")
    async with running(make(LOOPBACK)) as node:
        node.engine.add(shared.fetch(tmp_path, (False, True, False, True)))
        await node.until(Added)
        told = await node.refreshed_until(Progress, shared.key)

        assert (told.done, told.size) == (32 * KIB + 5, 3 * 32 * KIB + 5)


@in_loop
async def test_the_last_progress_is_told_in_the_end(make: Make, tmp_path: Path) -> None:
    files = {"one.bin": content("data", 100_000)}
    shared = share(tmp_path / "seed", files, Format.V1, name="one.bin")
    async with running(make(LOOPBACK)) as seed:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        async with running(make(LOOPBACK)) as fetch:
            fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
            await fetch.until(Finished)

    assert seed.of(Progress)[-1].uploaded == 100_000
