"""Manifests that change while a daemon runs, and from run to run."""

from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import pytest

from seedbox.daemon.record import Shard as Told
from seedbox.daemon.record import Trouble
from seedbox.jobs.shards import Source
from seedbox.manifest.model import Manifest, Popularity, Shard
from seedbox.manifest.write import write_manifest
from support.content import contents, write
from support.daemons import Running, options, running
from support.datasets import published
from support.fake_engine import FakeEngine, FakeSwarm
from support.fetching import LISTENING
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


@in_loop
async def test_a_newer_manifest_is_taken_on_and_what_it_lists_no_more_is_let_go(
    tmp_path: Path, source: Source
) -> None:
    engine = FakeEngine(LISTENING, FakeSwarm())
    async with running(options(tmp_path, source.path), engine) as daemon:
        await daemon.until_seeded(ONE, TWO)
        rewritten(source, source.manifest.shards[1])
        await daemon.until_why(ONE, Trouble.DROPPED)
        await daemon.until(lambda: list(engine.held) == [daemon.shard(TWO).key])
        assert daemon.shard(ONE).listed is None
        assert daemon.shard(TWO).rank == 1
        rewritten(source, *source.manifest.shards, sequence=3)
        await daemon.until_seeded(ONE, TWO)
    assert daemon.hashed == [ONE, TWO]
    assert (tmp_path / "data" / "x" / "lone.bin").read_bytes() == FILES["x/lone.bin"]


@in_loop
async def test_a_newer_manifest_that_is_refused_is_shown_and_changes_nothing(
    tmp_path: Path, source: Source
) -> None:
    good = source.path.read_bytes()
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded(ONE, TWO)
        assert daemon.desk is not None
        desk = daemon.desk
        source.path.write_text("seedbox: 1\n")
        daemon.signals.reload.set()
        await daemon.until(lambda: desk.view().datasets[0].problem is not None)
        assert daemon.why(ONE) is None
    async with running(options(tmp_path, source.path)) as again:
        await again.until_seeded(ONE, TWO)
        assert again.desk is not None
        view = again.desk.view
        await again.until(lambda: view().datasets[0].problem is not None)
        source.path.write_bytes(good)
        await again.until(lambda: view().datasets[0].problem is None)
    assert again.hashed == []


@in_loop
async def test_a_dataset_that_is_not_given_any_more_is_let_go_and_comes_back_unhashed(
    tmp_path: Path, source: Source
) -> None:
    write(tmp_path / "m" / "data", {"z": b"z"})
    other = published(tmp_path / "m", {"z": b"z"}, id="org.example/z")
    data = (tmp_path, tmp_path / "m")
    async with running(options(tmp_path, source.path, data=data)) as daemon:
        await daemon.until_seeded(ONE, TWO)
    async with running(options(tmp_path, other.path, data=data)) as daemon:
        assert {s.pause and s.pause.why for s in _set(daemon)} == {Trouble.DROPPED}
        await daemon.until(lambda: bool(daemon.hashed))
    async with running(options(tmp_path, source.path.parent, data=data)) as again:
        await again.until(lambda: all(shard.pause is None for shard in _set(again)))
    assert again.hashed == []


def _set(daemon: Running) -> list[Told]:
    assert daemon.desk is not None
    return [shard for shard in daemon.desk.view().shards if shard.dataset == "org.example/set"]
