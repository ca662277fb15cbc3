"""What a publisher has taken back is deleted in time, if seedbox itself has made it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.daemon.options import Options
from seedbox.daemon.record import Dataset, Reload, Trouble
from seedbox.jobs.admission import Trust
from seedbox.jobs.shards import Source
from seedbox.manifest.withdrawals import Action, Target
from support.content import contents
from support.daemons import Running, options, quick_clock, running
from support.datasets import published
from support.fake_engine import FakeSwarm
from support.fetching import Consumer, peer
from support.origin import origin
from support.site import Site, site
from support.swarm import in_loop

FILES = contents({"x/lone.bin": 120_000, "a": 60_000, "b/c": 10})
ONE, TWO = "set-0001", "set-0002"
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return published(tmp_path, FILES, values={"x/lone.bin": 9, "a": 5, "b/c": 5})


@pytest.fixture
def server(source: Source) -> Iterator[Site]:
    with origin({}) as made:
        yield site(made, source)


def by_url(folder: Path, server: Site, **changes: object) -> Options:
    """A daemon that trusts the publisher."""
    trust = Trust(folder / "trust", (server.signer.public,))
    return options(folder, urls=(server.url,), trust=trust, **changes)


async def look(daemon: Running) -> None:
    assert daemon.desk is not None
    await daemon.desk.obey(Reload())


async def mirrored(folder: Path, source: Source) -> Path:
    """Fetch the whole dataset, as a mirror does; gives its data folder."""
    swarm, mirror = FakeSwarm(), folder / "mirror"
    async with peer(swarm, source, folder / "peer", FILES) as one:
        assert (await Consumer(source, mirror, swarm).fetch(one)).ok
    return mirror


def files_in(mirror: Path) -> list[str]:
    root = mirror / "org.example" / "set" / "data"
    return sorted("/".join(each.parts) for each in disk.scan(root).files)


def told_of(daemon: Running) -> tuple[Dataset, ...]:
    assert daemon.desk is not None
    return daemon.desk.view().datasets


# --- deleting ---------------------------------------------------------------------------------


@in_loop
async def test_what_fetch_has_made_is_deleted_and_nothing_else(
    tmp_path: Path, server: Site
) -> None:
    mirror = await mirrored(tmp_path, server.source)
    chosen = by_url(tmp_path, server, data=(mirror,), clock=quick_clock(1000))
    async with running(chosen) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.take_back(1, Target(shard=TWO))
        await look(daemon)
        await daemon.until(lambda: files_in(mirror) == ["x/lone.bin"])
        await daemon.until_told("2 files, 60,010 bytes, deleted: ")
        assert daemon.why(ONE) is None
        audited = await daemon.audited()
        assert audited[-3:] == ["withdrawn", "deleting", "deleted"]


@in_loop
async def test_a_file_that_was_changed_or_brought_stays_and_is_named(
    tmp_path: Path, server: Site
) -> None:
    mirror = await mirrored(tmp_path, server.source)
    root = mirror / "org.example" / "set" / "data"
    brought = (root / "a").read_bytes()
    (root / "a").unlink()
    (root / "a").write_bytes(brought)
    chosen = by_url(tmp_path, server, data=(mirror,), clock=quick_clock(1000))
    async with running(chosen) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.take_back(1, Target(shard=TWO))
        await look(daemon)
        await daemon.until_told(f"{root}/a: it is not as seedbox put it there")
    assert files_in(mirror) == ["a", "x/lone.bin"]
    assert (root / "a").read_bytes() == brought


@in_loop
async def test_data_of_the_user_are_only_named(tmp_path: Path, server: Site) -> None:
    async with running(by_url(tmp_path, server, clock=quick_clock(1000))) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.take_back(1, Target(shard=TWO), Target(shard=ONE))
        await look(daemon)
        await daemon.until_told(f"{tmp_path}/data/a: seedbox did not put it there")
        await daemon.until_told(f"{tmp_path}/data/x/lone.bin: seedbox did not put it there")
    for path, data in FILES.items():
        assert (tmp_path / "data" / path).read_bytes() == data


@pytest.mark.parametrize(
    ("action", "days"), [(Action.STOP, -1), (Action.DELETE, 3)], ids=["stop", "not due"]
)
@in_loop
async def test_nothing_is_deleted_unless_it_is_asked_for_and_due(
    tmp_path: Path, server: Site, action: Action, days: int
) -> None:
    mirror = await mirrored(tmp_path, server.source)
    by = max(datetime.now(UTC) + timedelta(days=days), datetime(2026, 3, 2, tzinfo=UTC))
    chosen = by_url(tmp_path, server, data=(mirror,), clock=quick_clock(1000))
    async with running(chosen) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.take_back(1, Target(shard=TWO), by=by, action=action)
        await look(daemon)
        await daemon.until_why(TWO, Trouble.WITHDRAWN)
        began = chosen.clock.now()
        await daemon.until(lambda: chosen.clock.now() > began + 300)
    assert files_in(mirror) == ["a", "b/c", "x/lone.bin"]


@in_loop
async def test_deletion_goes_on_after_a_restart(tmp_path: Path, server: Site) -> None:
    mirror = await mirrored(tmp_path, server.source)
    soon = datetime.now(UTC) + timedelta(days=2)
    chosen = by_url(tmp_path, server, data=(mirror,))
    async with running(chosen) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.take_back(1, Target(shard=TWO), by=soon)
        await look(daemon)
        await daemon.until_why(TWO, Trouble.WITHDRAWN)
    assert files_in(mirror) == ["a", "b/c", "x/lone.bin"]
    server.origin.files.clear()

    late = quick_clock(1000)
    shifted = replace(late, now=lambda: late.now() + 2 * 86_400)
    async with running(replace(chosen, clock=shifted)) as again:
        await again.until(lambda: files_in(mirror) == ["x/lone.bin"])


@in_loop
async def test_one_item_alone_is_deleted_where_it_alone_was_taken_back(
    tmp_path: Path, server: Site
) -> None:
    mirror = await mirrored(tmp_path, server.source)
    chosen = by_url(tmp_path, server, data=(mirror,), clock=quick_clock(1000))
    async with running(chosen) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.take_back(1, Target(items=("a",)))
        await look(daemon)
        await daemon.until(lambda: files_in(mirror) == ["b/c", "x/lone.bin"])
        assert daemon.why(TWO) is Trouble.WITHDRAWN
