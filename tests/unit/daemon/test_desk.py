"""What can be asked of a daemon that runs."""

from pathlib import Path

import pytest

from seedbox.daemon.record import PauseShards, ResumeShards, Trouble
from seedbox.daemon.state import Step
from seedbox.jobs.shards import Source
from support.content import contents
from support.daemons import options, running
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


@in_loop
async def test_a_pause_by_hand_outlives_a_restart_until_it_is_resumed(
    tmp_path: Path, source: Source
) -> None:
    engine = FakeEngine(LISTENING, FakeSwarm())
    async with running(options(tmp_path, source.path), engine) as daemon:
        await daemon.until_seeded(ONE, TWO)
        assert daemon.desk is not None
        key = daemon.shard(ONE).key
        done = await daemon.desk.obey(PauseShards((key, "none", key)))
        assert (done.changed, done.notes) == ((key,), ("there is no shard none",))
        twice = await daemon.desk.obey(PauseShards((key,)))
        assert twice.notes == (f"{ONE} is paused already",)
        await daemon.until(lambda: key not in engine.held or engine.held[key].gone)
    async with running(options(tmp_path, source.path)) as again:
        await again.until_seeded(TWO)
        assert again.desk is not None
        assert again.why(ONE) is Trouble.PAUSED
        assert (await again.desk.obey(ResumeShards((key,)))).changed == (key,)
        await again.until_seeded(ONE, TWO)
        unpaused = await again.desk.obey(ResumeShards((key,)))
        assert unpaused.notes == (f"{ONE} is not paused by hand",)
        assert (await again.audited())[-1] == "resumed"


@in_loop
async def test_the_past_is_kept(tmp_path: Path, source: Source) -> None:
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded(ONE, TWO)
    async with running(options(tmp_path, source.path)) as again:
        assert again.desk is not None
        (sample,) = await again.desk.history(Step.MINUTE, 0, 1e11)  # type: ignore[arg-type]
        assert (sample.listed, sample.verified, sample.served) == (2, 2, 0)
        assert await again.audited() == ["listed", "verified", "verified"]
