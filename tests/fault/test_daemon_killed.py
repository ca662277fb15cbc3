"""A daemon that is killed at any moment and started again: nothing is lost, nothing is touched.

SEEDBOX_KILLS says how often; a few are enough to find what is broken every time.
"""

import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seedbox.daemon.record import PauseShards
from seedbox.daemon.state import State, StoredShard
from support.cli import DEADLINE, Process, command, environment, run_process, snapshot
from support.content import contents
from support.daemons import options, running
from support.datasets import published
from support.swarm import free_port, in_loop

KILLS = int(os.environ.get("SEEDBOX_KILLS", "6"))
LONGEST = 1.5  # seconds that a daemon lives; it takes one to hash all, and a half to start
SHARDS = 40


@contextmanager
def daemon(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon that nobody listens to, and kill it at the end."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command("seed", *arguments, "--quiet"), stdout=quiet, stderr=quiet, env=environment()
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def remembered(state: Path) -> dict[str, StoredShard]:
    if not (state / "seedbox.sqlite").exists():
        return {}
    with State.open(state, now=0) as opened:
        return {stored.shard.name: stored for stored in opened.shards()}


def test_what_was_proven_stays_so_whenever_it_is_killed(tmp_path: Path) -> None:
    files = contents({f"d{n:02}/f.bin": 200_000 for n in range(SHARDS)})
    source = published(tmp_path, files, shard_size=1)
    state, peer = tmp_path / "daemon", f"127.0.0.1:{free_port()}"
    before, chance = snapshot(tmp_path / "data"), random.Random(6)
    arguments = (source.path, "--data", tmp_path / "data", "--state", state, "--listen", peer)
    at: dict[str, float] = {}
    for _ in range(KILLS):
        with daemon(*arguments) as process:
            fetch = ("fetch", source.path, "--out", tmp_path / "mirror", "--peer", peer)
            load = subprocess.Popen(
                command(*fetch, "--quiet", "--stall", "1s"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
            threading.Event().wait(chance.uniform(0.1, LONGEST))
            assert process.poll() is None
            process.kill()
            load.kill()
            load.wait(DEADLINE)
        proven = {
            name: stored.shard.verified.at
            for name, stored in remembered(state).items()
            if stored.shard.verified is not None
        }
        assert proven.items() >= at.items()  # nothing forgotten, nothing hashed again
        at = proven
        assert snapshot(tmp_path / "data") == before

    with Process("seed", *arguments) as seed:
        for shard in source.manifest.shards:
            seed.until("seeding", shard=shard.name)
        started = {event["task"] for event in seed.told if event["event"] == "started"}
        assert started.isdisjoint(f"verify {name}" for name in at)
        out = tmp_path / "whole"
        assert run_process("fetch", source.path, "--out", out, "--peer", peer).status == 0
        seed.send(signal.SIGKILL)
    assert snapshot(tmp_path / "data") == before


@in_loop
async def test_a_pause_by_hand_is_kept_before_it_is_confirmed(tmp_path: Path) -> None:
    source = published(tmp_path, contents({"a": 1000, "b": 1000}), shard_size=1)
    async with running(options(tmp_path, source.path)) as daemon:
        await daemon.until_seeded("set-0001", "set-0002")
        assert daemon.desk is not None
        await daemon.desk.obey(PauseShards((daemon.shard("set-0001").key,)))
        # What another connection reads is what a restart would find.
        kept = remembered(tmp_path / "daemon")
        pause = kept["set-0001"].shard.pause
        assert pause is not None
        assert pause.detail == "paused by hand"
