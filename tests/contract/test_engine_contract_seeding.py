"""The promises of `seedbox.engine.base` to who seeds many torrents, kept by every engine."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from seedbox.engine.base import Added, Announcing, Engine, Finished, PeerCame, Refused, Settings
from seedbox.torrent.info_hash import Format
from support.swarm import LOOPBACK, SMALL, in_loop, read, running, share

Make: TypeAlias = Callable[[Settings], Engine]

NAMES = tuple(f"set/{name}" for name in ["a.bin", "deep/empty", "deep/er/b.bin", "z.txt"])


@pytest.mark.parametrize("form", [Format.V1, Format.V2, Format.HYBRID])
@in_loop
async def test_files_that_were_looked_at_are_seeded_from_where_they_lie(
    form: Format, make: Make, tmp_path: Path
) -> None:
    shared = share(tmp_path / "seed", form=form)
    (tmp_path / "seed" / "set" / "a.bin").rename(tmp_path / "seed" / "moved ü\u200d.bin")
    files = ("moved ü\u200d.bin", *NAMES[1:])
    async with running(make(LOOPBACK)) as seed, running(make(LOOPBACK)) as fetch:
        seed.engine.add(replace(shared.seed(), files=files))
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)

    assert read(tmp_path / "fetch" / "set") == SMALL


@in_loop
async def test_files_that_were_looked_at_are_not_looked_at_again(
    make: Make, tmp_path: Path
) -> None:
    shared = share(tmp_path)
    (tmp_path / "set" / "a.bin").unlink()
    async with running(make(LOOPBACK)) as seed:
        seed.engine.add(replace(shared.seed(), files=NAMES))
        await seed.until(Added)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (NAMES[1:], "it has 4 files, not 3"),
        ((), "it has 4 files, not 0"),
        (("../a", *NAMES[1:]), "'../a' is no path below a folder"),
        (("/a", *NAMES[1:]), "'/a' is no path below a folder"),
        (("", *NAMES[1:]), "'' is no path below a folder"),
    ],
)
@in_loop
async def test_files_that_cannot_be_those_of_the_torrent_are_refused(
    files: tuple[str, ...], reason: str, make: Make, tmp_path: Path
) -> None:
    shared = share(tmp_path)
    async with running(make(LOOPBACK)) as seed:
        seed.engine.add(replace(shared.seed(), files=files))
        assert await seed.until(Refused) == Refused(shared.key, reason)


@in_loop
async def test_the_upload_limit_can_be_changed_while_it_runs(make: Make) -> None:
    async with make(LOOPBACK) as engine:
        for limit in (1000, None, 1 << 40):
            engine.limit(limit)
        with pytest.raises(ValueError, match="None"):
            engine.limit(0)
    with pytest.raises(RuntimeError):
        engine.limit(1000)


@in_loop
async def test_nothing_waits_to_be_announced_without_trackers(make: Make, tmp_path: Path) -> None:
    async with running(make(LOOPBACK)) as seed:
        seed.engine.add(share(tmp_path).seed())
        await seed.until(Added)
        assert seed.engine.announcing == Announcing()


@pytest.mark.parametrize("counts", [True, False])
@in_loop
async def test_a_caller_on_this_machine_is_told_if_it_is_to_count(
    counts: bool, make: Make, tmp_path: Path
) -> None:
    shared = share(tmp_path / "seed")
    settings = replace(LOOPBACK, count_local_peers=counts)
    async with running(make(settings)) as seed, running(make(settings)) as fetch:
        seed.engine.add(shared.seed())
        await seed.until(Added)
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)
        if counts:
            await seed.until(PeerCame)

    assert [came.peer.host for came in seed.of(PeerCame)] == ["127.0.0.1"] * counts
    assert fetch.of(PeerCame) == []
