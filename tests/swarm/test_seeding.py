"""What seeds give, and that they never touch a file: real sessions on 127.0.0.1."""

from dataclasses import replace
from pathlib import Path
from time import monotonic

import libtorrent as lt
import pytest

from seedbox.engine.base import Added, Finished, PieceFailed, Progress, Removed, Settings
from seedbox.engine.libtorrent import LibtorrentEngine
from seedbox.engine.libtorrent.intake import Loaded, load
from support.content import content
from support.swarm import KIB, LOOPBACK, SMALL, Shared, in_loop, read, running, share


@in_loop
async def test_a_corrupt_file_is_not_mended_and_a_grown_one_not_cut(tmp_path: Path) -> None:
    good = share(tmp_path / "good")
    bad = Shared(good.metainfo, share(tmp_path / "bad").folder)
    corrupt, grown = tmp_path / "bad/set/a.bin", tmp_path / "bad/set/deep/er/b.bin"
    corrupt.write_bytes(b"\0" * 100_000)
    grown.write_bytes(SMALL["deep/er/b.bin"] + b"grown")
    before = state(bad.folder)
    async with (
        running(LibtorrentEngine(LOOPBACK)) as owner,
        running(LibtorrentEngine(LOOPBACK)) as other,
        running(LibtorrentEngine(LOOPBACK)) as fetch,
    ):
        # While something is fetched seeds stay connected to each other, and could mend themselves.
        more = share(tmp_path / "more", name="more")
        owner.engine.add(more.fetch(tmp_path / "owner"))
        other.engine.add(more.fetch(tmp_path / "other"))
        other.engine.add(good.seed())
        await other.until(Added, good.key)
        owner.engine.add(replace(bad.seed(), peers=(other.address,)))
        await owner.refreshed_until(Progress, good.key, where=lambda p: p.peers > 0)
        fetch.engine.add(replace(good.fetch(tmp_path / "fetch"), peers=(owner.address,)))
        await fetch.until(PieceFailed)
        fetch.engine.connect(good.key, other.address)
        await fetch.until(Finished)

    assert read(tmp_path / "fetch" / "set") == SMALL
    assert state(bad.folder) == before


def state(folder: Path) -> dict[Path, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_seed_is_added_so_that_libtorrent_never_writes(tmp_path: Path) -> None:
    loaded = load(share(tmp_path).seed())
    assert isinstance(loaded, Loaded)
    flags = loaded.params.flags

    assert flags & lt.torrent_flags.upload_mode
    assert flags & lt.torrent_flags.no_verify_files
    assert not flags & lt.torrent_flags.auto_managed  # it would end upload mode
    assert not flags & lt.torrent_flags.paused


@in_loop
async def test_an_empty_file_that_is_missing_is_not_made(tmp_path: Path) -> None:
    shared = share(tmp_path)
    (tmp_path / "set" / "deep" / "empty").unlink()
    async with running(LibtorrentEngine(LOOPBACK)) as node:
        node.engine.add(shared.seed())
        await node.until(Added)

    assert not (tmp_path / "set" / "deep" / "empty").exists()


@pytest.mark.parametrize("side", ["seed", "fetch"])
@in_loop
async def test_limits_bind_on_this_machine_too(side: str, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed", {"a": content("a", 300 * KIB), "b": b"b"})
    up, down = (500 * KIB, None) if side == "seed" else (None, 500 * KIB)
    limits = replace(LOOPBACK, upload_limit=up), replace(LOOPBACK, download_limit=down)
    async with (
        running(LibtorrentEngine(limits[0])) as seed,
        running(LibtorrentEngine(limits[1])) as fetch,
    ):
        seed.engine.add(shared.seed())
        await seed.until(Added)
        start = monotonic()
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)

        assert monotonic() - start > 0.5  # seconds; without a limit it takes a tenth of that


@in_loop
async def test_more_torrents_than_start_at_once(tmp_path: Path) -> None:
    shares = [share(tmp_path, {f"f{n}": b"%d" % n}, name=f"f{n}") for n in range(700)]
    async with running(LibtorrentEngine(LOOPBACK)) as node:
        for shared in shares:
            node.engine.add(shared.seed())
        await node.until_many(Added, 700)
        node.engine.remove(shares[7].key)
        node.engine.add(shares[8].seed())

    assert {event.key for event in node.of(Added)} == {shared.key for shared in shares}


@in_loop
async def test_torrents_can_be_removed_however_far_they_have_come(tmp_path: Path) -> None:
    shares = [share(tmp_path, {f"f{n}": b"%d" % n}, name=f"f{n}") for n in range(100)]
    async with running(LibtorrentEngine(LOOPBACK)) as node:
        for shared in shares:
            node.engine.add(shared.seed())
        await node.until(Added)  # by now some are in each stage of being added
        for shared in shares:
            node.engine.remove(shared.key)
        await node.until_many(Removed, 100)

    last = {event.key: event for event in node.told}
    assert last == {shared.key: Removed(shared.key) for shared in shares}
    assert len(node.of(Removed)) == 100


@in_loop
async def test_a_seed_may_live_without_listening(tmp_path: Path) -> None:
    shared = share(tmp_path / "seed")
    async with (
        running(LibtorrentEngine(Settings())) as seed,
        running(LibtorrentEngine(LOOPBACK)) as fetch,
    ):
        fetch.engine.add(shared.fetch(tmp_path / "fetch"))
        await fetch.until(Added)
        seed.engine.add(replace(shared.seed(), peers=(fetch.address,)))
        await fetch.until(Finished)
