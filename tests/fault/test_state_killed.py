"""A daemon that is killed, at any moment, loses no fact that it was told is kept."""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from seedbox.daemon.state import State, Step
from support.cli import environment
from support.state_writer import COUNTED
from support.stored import NOON, content, info_hash, old_state, stored, tombstone

TESTS = Path(__file__).parents[1]
KILLS = 30
TICKS = 6700  # about what the writer takes for 25 rounds
TICKS_FORWARD = 700  # what it takes to bring the small state of schema 1 forward
LINES = 150  # about as many rounds


def killed(folder: Path, *, ticks: int = -1, lines: int | None = None) -> dict[str, int]:
    """Let a program write until it is killed: by itself, or once it has said so many lines.

    Returns:
        The last round that it told of, by what it told.
    """
    line = [sys.executable, "-m", "support.state_writer", str(folder), str(ticks)]
    env = environment({"PYTHONPATH": str(TESTS)})
    with subprocess.Popen(line, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        said = []
        for each in process.stdout:
            said.append(each)
            if len(said) == lines:
                process.kill()
    assert process.returncode == -signal.SIGKILL
    return dict(json.loads(each) for each in said if each.endswith(b"\n"))


@pytest.mark.parametrize("seed", range(KILLS))
def test_every_fact_is_there_and_counters_are_one_flush_behind_at_most(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    at = {"ticks": chance.randrange(TICKS)} if seed % 2 else {"lines": chance.randrange(1, LINES)}
    folder = tmp_path / "state"
    told = killed(folder, **at)

    with State.open(folder, now=NOON) as state:
        shards = {each.shard.key: each for each in state.shards()}
        expected = [stored(1000 + n) for n in range(1, told.get("verified", 0) + 1)]
        expected += [stored(200_000 + n) for n in range(1, told.get("together", 0) + 1)]
        for each in expected:
            found = shards[each.shard.key]
            assert (found.shard.verified, found.stats) == (each.shard.verified, each.stats)
        for n in range(1, told.get("paused", 0) + 1):
            assert shards[info_hash(1000 + n).key].shard.pause is not None
        buried = [tombstone(100_000 + n) for n in range(1, told.get("buried", 0) + 1)]
        assert list(state.tombstones()[: len(buried)]) == buried
        log = sorted(int(each.subject) for each in state.audit_log(limit=1000))
        assert log == list(range(1, len(log) + 1))
        assert len(log) >= told.get("together", 0)
        assert {info_hash(200_000 + n).key for n in log} <= shards.keys()

        counted = told.get("counted", 0)
        grown = [
            shards[info_hash(s).key].shard.uploaded - s * 100
            for s in range(COUNTED)
            if "put" in told
        ]
        assert len(set(grown)) <= 1  # a flush is kept whole or not at all
        assert all(counted <= each <= told.get("counting", 0) + 1 for each in grown)
        assert state.used(NOON).total == sum(grown)
        points = state.history(Step.DAY, 0.0, 2 * NOON)
        assert sum(each.uploaded for each in points) >= told.get("sampled", 0)
    content(folder / "seedbox.sqlite")  # says that all pages are well


@pytest.mark.parametrize("seed", range(8))
def test_a_kill_while_it_is_brought_forward_leaves_the_old_state_or_the_new_one(
    tmp_path: Path, seed: int
) -> None:
    old = old_state(tmp_path / "state")
    shutil.copytree(old.parent, tmp_path / "calm")
    State.open(tmp_path / "calm", now=NOON).close()
    before, after = content(old), content(tmp_path / "calm" / old.name)
    assert killed(old.parent, ticks=seed * TICKS_FORWARD // 8) == {}

    with closing(sqlite3.connect(old)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
    assert content(old) == {(1,): before, (2,): after}[version]
    for backup in old.parent.glob("seedbox-schema-1-*.sqlite"):
        assert content(backup) == before
    State.open(old.parent, now=NOON + 1).close()
    assert content(old) == after
    assert [content(each) == before for each in old.parent.glob("seedbox-schema-1-*.sqlite")]
