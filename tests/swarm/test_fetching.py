"""What a fetch writes, and when it says so: real sessions on 127.0.0.1."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import pytest

from seedbox.engine.base import (
    Added,
    FileFailed,
    Finished,
    PieceFailed,
    Progress,
    Removed,
    Settings,
)
from seedbox.engine.libtorrent import LibtorrentEngine
from seedbox.torrent.compose import Extras
from seedbox.torrent.info_hash import Format
from support import reference
from support.content import content, write
from support.swarm import KIB, LOOPBACK, MIB, SMALL, Node, Shared, in_loop, read, running, share
from support.torrents import FORMS, make
from support.web import files_over_http


def engine(settings: Settings = LOOPBACK) -> LibtorrentEngine:
    return LibtorrentEngine(settings)


async def start_seed(seed: Node, shared: Shared) -> None:
    seed.engine.add(shared.seed())
    await seed.until(Added, shared.key)


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_the_files_can_be_read_the_moment_finished_is_told(
    form: Format, tmp_path: Path
) -> None:
    files = {"big": content("big", 20 * MIB + 1), "more": content("more", 3 * MIB)}
    shared = share(tmp_path / "seed", files, form, piece_length=256 * KIB)
    async with running(engine()) as seed:
        await start_seed(seed, shared)
        for time in range(4):
            folder = tmp_path / f"fetch{time}"
            async with LibtorrentEngine(LOOPBACK) as fetch:
                fetch.add(replace(shared.fetch(folder), peers=(seed.address,)))
                async for event in fetch.events():
                    if isinstance(event, Finished):
                        assert read(folder / "set") == files
                        break


@in_loop
async def test_what_was_told_as_done_is_on_the_disk_after_a_stop(tmp_path: Path) -> None:
    data = content("data", 4 * MIB)
    shared = share(tmp_path / "seed", {"one": data}, Format.V1, name="one", piece_length=64 * KIB)
    slow = replace(LOOPBACK, download_limit=4 * MIB)
    async with running(engine()) as seed, running(engine(slow)) as fetch:
        await start_seed(seed, shared)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        told = await fetch.refreshed_until(Progress, shared.key, where=lambda p: p.done >= MIB)
        fetch.engine.remove(shared.key)
        await fetch.until(Removed)

    pieces = shared.metainfo.pieces
    found = reference.v1_pieces([(tmp_path / "fetch/one").read_bytes()], 64 * KIB, padded=False)
    good = [hashed for at, hashed in enumerate(found) if hashed == pieces[at * 20 : at * 20 + 20]]
    assert len(good) * 64 * KIB >= told.done
    assert fetch.of(Finished) == []


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """As a full disk: the system refuses to write past a size."""
    soft, hard = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("writable", [MIB, 3 * MIB - 1])
@in_loop
async def test_a_fetch_whose_pieces_pass_but_cannot_be_written_never_finishes(
    writable: int, form: Format, tmp_path: Path
) -> None:
    files = {"big": content("big", 3 * MIB), "small": content("small", 100)}
    shared = share(tmp_path / "seed", files, form, piece_length=64 * KIB)
    big = tmp_path / "fetch" / "set" / "big"
    big.parent.mkdir(parents=True)
    with big.open("xb") as sparse:
        sparse.truncate(3 * MIB)
    async with running(engine()) as seed, running(engine()) as fetch:
        await start_seed(seed, shared)
        with no_file_longer_than(writable):
            fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
            failed = await fetch.until(FileFailed)
            await fetch.refreshed_until(Progress, shared.key)
            fetch.engine.remove(shared.key)
            await fetch.until(Removed)

    assert failed == FileFailed(shared.key, str(big), "File too large")
    assert fetch.of(Finished) == []


@in_loop
async def test_files_are_closed_once_removed_is_told(tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with running(engine()) as seed, running(engine()) as fetch:
        await start_seed(seed, shared)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)
        for node in (seed, fetch):
            node.engine.remove(shared.key)
            await node.until(Removed)

        assert [path for path in open_files() if path.startswith(str(tmp_path))] == []


def open_files() -> list[str]:
    fds = Path("/proc/self/fd")
    return [str(fd.readlink()) for fd in fds.iterdir() if fd.is_symlink()]


@in_loop
async def test_no_file_of_a_similar_torrent_is_linked_in(tmp_path: Path) -> None:
    seeded = share(tmp_path / "seed")
    v1 = seeded.metainfo.info_hash.v1
    assert v1 is not None
    metainfo = make(SMALL, Format.HYBRID, name="set2", extras=Extras(similar=(v1,)))
    again = Shared(metainfo, tmp_path / "seed2")
    write(tmp_path / "seed2" / "set2", SMALL)
    async with running(engine()) as seed, running(engine()) as node:
        await start_seed(node, seeded)
        await start_seed(seed, again)
        node.engine.add(replace(again.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await node.until(Finished)

        assert read(tmp_path / "fetch" / "set2") == SMALL
        assert [file.stat().st_nlink for file in (tmp_path / "seed" / "set").glob("*.*")] == [1, 1]


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_a_web_seed_alone_is_enough(form: Format, tmp_path: Path) -> None:
    shared = share(tmp_path / "web", form=form, name="set é")
    with files_over_http(tmp_path / "web") as (url, asked):
        async with running(engine()) as fetch:
            fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), web_seeds=(url,)))
            await fetch.until(Finished)

    assert read(tmp_path / "fetch" / "set é") == SMALL
    assert set(asked) == {f"/set é/{path}" for path, data in SMALL.items() if data}


@in_loop
async def test_a_web_seed_of_one_file_is_asked_for_that_url(tmp_path: Path) -> None:
    data = content("data", 300_000)
    shared = share(tmp_path / "web", {"one": data}, name="one")
    with files_over_http(tmp_path / "web") as (url, asked):
        async with running(engine()) as fetch:
            wanted = replace(shared.fetch(tmp_path / "fetch"), web_seeds=(url + "one",))
            fetch.engine.add(wanted)
            await fetch.until(Finished)

    assert read(tmp_path / "fetch") == {"one": data}
    assert set(asked) == {"/one"}


@in_loop
async def test_a_corrupt_web_seed_gives_a_failed_piece(tmp_path: Path) -> None:
    shared = share(tmp_path / "web")
    (tmp_path / "web" / "set" / "a.bin").write_bytes(bytes(100_000))
    with files_over_http(tmp_path / "web") as (url, _):
        async with running(engine()) as fetch:
            fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), web_seeds=(url,)))
            await fetch.until(PieceFailed)

    assert fetch.of(Finished) == []
