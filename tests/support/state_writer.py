"""A program that tells a state facts and counters for ever, saying each once it is kept.

`python -m support.state_writer FOLDER TICKS` dies by SIGKILL when SQLite has done so many times ten
instructions, which is in the middle of a statement; TICKS -1: not by itself.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from seedbox.daemon.record import Pause, Trouble
from seedbox.daemon.state import Sample, State
from support.stored import NOON, info_hash, shard, stored, tombstone

COUNTED = 20  # shards whose counters change
_EVERY = 10  # instructions of SQLite's machine


def main(folder: Path, ticks: int) -> None:
    """Write until killed."""
    if ticks >= 0:
        _die_after(ticks)
    state = State.open(folder, now=NOON)
    _say("opened", 0)
    state.put([stored(n) for n in range(COUNTED)])
    _say("put", 0)
    for n in itertools.count(1):
        state.put([stored(1000 + n)])
        _say("verified", n)
        state.pause({info_hash(1000 + n).key: Pause(Trouble.PAUSED, NOON, "by hand")})
        _say("paused", n)
        state.bury([tombstone(100_000 + n)])
        _say("buried", n)
        with state.together():
            state.put([stored(200_000 + n)])
            state.audit(NOON, "verified", str(n))
        _say("together", n)
        _say("counting", n)
        state.count([shard(s, uploaded=s * 100 + n) for s in range(COUNTED)], at=NOON)
        _say("counted", n)
        state.sample(Sample(NOON, 1, 0, 0))
        _say("sampled", n)


def _say(what: str, n: int) -> None:
    os.write(1, json.dumps([what, n]).encode() + b"\n")


def _die_after(ticks: int) -> None:
    left = itertools.count(ticks, -1)
    real = sqlite3.connect

    def tick() -> int:
        if next(left) <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def connect(*args: Any, **more: Any) -> sqlite3.Connection:  # noqa: ANN401 (as it comes)
        connection: sqlite3.Connection = real(*args, **more)
        connection.set_progress_handler(tick, _EVERY)
        return connection

    sqlite3.connect = connect  # type: ignore[assignment]  # fewer overloads


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
