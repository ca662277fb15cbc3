"""A build of a table that is killed, at any moment, goes on and makes the same bytes."""

import random
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from support.cli import environment
from support.content import contents
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
    data = contents(SIZES)
    rows = [
        f"{path},{size},{values.get(path, 0)},{sha256(data[path]).hexdigest() if size % 2 else ''}"
        for path, size in SIZES.items()
    ]
    made.table.write_text("\n".join(["path,size,popularity,sha256", *rows, ""]))
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
    """What has its name; a write that was killed leaves a hidden file beside it."""
    found = (path for path in out.rglob("*") if path.is_file() and ".seedbox" not in path.parts)
    paths = (path for path in found if path.suffix != ".part")
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def digests(out: Path) -> dict[str, str | None]:
    with duckdb.connect() as connection:
        table = str(out / "set-catalog" / "items" / "0000.parquet")
        rows = connection.execute("SELECT id, sha256 FROM read_parquet(?)", [table]).fetchall()
    return dict(rows)


def digests_of_the_source() -> dict[str, str | None]:
    return {path: sha256(data).hexdigest() for path, data in contents(SIZES).items()}


@pytest.mark.parametrize("pack", ["files", "tar"])
def test_a_build_of_a_table_killed_at_random_moments_makes_the_same_bytes(
    dataset: Publisher, tmp_path: Path, pack: str
) -> None:
    calls = ran(dataset, pack, tmp_path / "whole", NEVER)
    whole = made(tmp_path / "whole")
    if pack == "tar":
        assert digests(tmp_path / "whole") == digests_of_the_source()
    draw = random.Random(7)
    out = tmp_path / "out"

    for moment in sorted(draw.sample(range(1, calls), 8)):
        ran(dataset, pack, out, moment)
        # Whatever has its name is whole, and the manifest comes last.
        assert made(out).items() <= whole.items()

    assert ran(dataset, pack, out, NEVER)
    assert made(out) == whole
    assert not (out / ".seedbox" / "items" / "work").exists()
