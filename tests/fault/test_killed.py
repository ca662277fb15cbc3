"""A build that is killed, at any moment, goes on where it was and makes the same bytes."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seedbox.manifest.write import write_head
from support.cli import Process, Ran, environment, run
from support.content import contents, write
from support.datasets import head

KIB = 1024
FILES = contents({"a": 3_000_000, "b/c": 2_000_000, "b/empty": 0, "lone": 4_000_000, "z": 1})
SIZE = 9_000_001  # bytes, in shards of at most 5,000,000
LARGE = 128_000_000  # bytes in one more shard: 31 runs of pieces with hashlib, and with
MANY = 16  # threads 16 in each shard with the C extension

# Runs seedbox, and dies right before the n-th call that makes a written file last or appear.
DIES = """
import os, signal, sys
from seedbox.cli import main
left = int(sys.argv[1])
def deadly(real):
    def call(*args, **more):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **more)
    return call
os.fsync, os.replace = deadly(os.fsync), deadly(os.replace)
main(sys.argv[2:])
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    (tmp_path / "dataset.yaml").write_bytes(write_head(head(popularity=None)))
    return tmp_path / "source"


def arguments(source: Path, out: Path) -> list[object]:
    wishes = ["--shard-size", 5_000_000, "--piece-length", 16 * KIB, "--jobs", MANY]
    dataset = source.parent / "dataset.yaml"
    return ["build", dataset, "--source", source, "--out", out, *wishes, "--json"]


def built(source: Path, out: Path, path: str = "", more: tuple[str, ...] = ()) -> Ran:
    ran = run(*arguments(source, out), *more, "--quiet", env={"SEEDBOX_HASH": path})
    assert ran.status == 0
    return ran


def made(out: Path) -> dict[str, bytes]:
    """What a build made, for people."""
    paths = (path for path in out.rglob("*") if path.is_file() and ".seedbox" not in path.parts)
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if not name.endswith(".part")}


@pytest.fixture
def whole(source: Path, tmp_path: Path) -> dict[str, bytes]:
    """What a build makes that nobody disturbs."""
    built(source, tmp_path / "whole")
    return made(tmp_path / "whole")


def killed_at(count: int, source: Path, out: Path, path: str) -> None:
    """Start a build, and kill it once it has told of so many runs of pieces."""
    line = arguments(source, out)
    with Process(*line, env={"SEEDBOX_HASH": path}, close=True) as process:
        for _ in range(count):
            process.until("advanced")
        assert process.end(signal.SIGKILL).status == -signal.SIGKILL


@pytest.mark.parametrize("path", ["", "hashlib"], ids=["fastest", "hashlib"])
@pytest.mark.parametrize("seed", range(4))
def test_a_build_killed_at_random_moments_ends_with_the_same_bytes(
    source: Path, tmp_path: Path, seed: int, path: str
) -> None:
    with (source / "large").open("wb") as stream:
        stream.truncate(LARGE)
    built(source, tmp_path / "whole")
    whole = made(tmp_path / "whole")
    draw = random.Random(seed)
    out = tmp_path / "out"
    for _ in range(2):
        killed_at(draw.randint(1, 4), source, out, path)
        assert made(out).items() <= whole.items()

    ran = built(source, out, path)

    assert made(out) == whole
    assert 0 < ran.document["hashed"] < SIZE + LARGE


def test_a_build_killed_at_any_write_leaves_whole_files_and_ends_with_the_same_bytes(
    source: Path, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    # Two torrents and the manifest; for each a record and the file; each is synced, renamed, and
    # then its folder is synced: 3 * 2 * 3.
    for count in range(19):
        out = tmp_path / f"out{count}"
        line = [sys.executable, "-c", DIES, str(count), *map(str, arguments(source, out))]
        child = subprocess.run(line, capture_output=True, env=environment(), check=False)
        assert child.returncode == (-signal.SIGKILL if count < 18 else 0), child.stderr
        assert made(out).items() <= whole.items()

        ran = built(source, out)

        assert made(out) == whole
        assert count == 18 or ran.document["hashed"] < SIZE


def test_a_build_killed_at_any_write_of_its_catalog_ends_with_the_same_bytes(
    source: Path, tmp_path: Path
) -> None:
    built(source, tmp_path / "whole", more=("--catalog",))
    whole = made(tmp_path / "whole")
    # Two tables, each synced; for each a record, which is synced, renamed and its folder synced,
    # then the table is renamed and its folder synced: 2 + 2 * 5. The torrents of the two shards
    # come before, 2 * 2 * 3, its own one after.
    for count in range(12, 24):
        out = tmp_path / f"out{count}"
        line = [sys.executable, "-c", DIES, str(count), *map(str, arguments(source, out))]
        line.append("--catalog")
        child = subprocess.run(line, capture_output=True, env=environment(), check=False)
        assert child.returncode == -signal.SIGKILL, child.stderr
        assert made(out).items() <= whole.items()
        assert len(list((out / "torrents").iterdir())) == 2

        built(source, out, more=("--catalog",))

        assert made(out) == whole
