"""A build of a table that is killed, at any moment, goes on and makes the same bytes."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import environment
from support.publisher import SIZES, TABLE, Publisher, publisher

# Runs seedbox, and dies right before the n-th call that asks the database for something, or that
# writes, makes last or names a file; prints how many there were.
DIES = """
import os, signal, sys, threading
from seedbox.catalog.database import Database
from seedbox.cli import group
left, lock = int(sys.argv[1]), threading.Lock()
def deadly(real):
    def call(*args, **more):
        global left
        with lock:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()
        return real(*args, **more)
    return call
for name in ("pwrite", "ftruncate", "fsync", "replace"):
    setattr(os, name, deadly(getattr(os, name)))
for name in ("run", "rows", "close"):
    setattr(Database, name, deadly(getattr(Database, name)))
group(sys.argv[2:], standalone_mode=False)
print("calls", int(sys.argv[1]) - left)
"""
NEVER = 1_000_000


@pytest.fixture
def dataset(tmp_path: Path) -> Publisher:
    made = publisher(tmp_path / "publisher")
    values = dict(line.split(",") for line in TABLE.splitlines()[1:])
    rows = [f"{path},{size},{values.get(path, 0)}" for path, size in SIZES.items()]
    made.table.write_text("\n".join(["path,size,popularity", *rows, ""]))
    return made


def ran(dataset: Publisher, pack: str, out: Path, calls: int) -> int:
    """Build, or die after so many calls; returns how many there were, 0 if it died."""
    words = dataset.arguments(popularity=None, out=out, items=dataset.table, pack=pack)
    line = [sys.executable, "-c", DIES, str(calls), *words, "--catalog", "--quiet"]
    done = subprocess.run(line, capture_output=True, env=environment(), check=False, text=True)
    if calls < NEVER:
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    else:
        assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1]) if done.returncode == 0 else 0


def made(out: Path) -> dict[str, bytes]:
    paths = (path for path in out.rglob("*") if path.is_file() and ".seedbox" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize("pack", ["files", "tar"])
def test_a_build_of_a_table_killed_at_random_moments_makes_the_same_bytes(
    dataset: Publisher, tmp_path: Path, pack: str
) -> None:
    calls = ran(dataset, pack, tmp_path / "whole", NEVER)
    whole = made(tmp_path / "whole")
    draw = random.Random(7)
    out = tmp_path / "out"

    for moment in sorted(draw.sample(range(1, calls), 8)):
        ran(dataset, pack, out, moment)
        # Whatever has its name is whole, and the manifest comes last.
        assert made(out).items() <= whole.items()

    assert ran(dataset, pack, out, NEVER)
    assert made(out) == whole
    assert not (out / ".seedbox" / "items" / "work").exists()
