"""A disk that is full: an error with its code, and nothing half-written under a final name."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seedbox.errors import DiskError, NoSpaceError, SeedboxError
from seedbox.jobs.fetch_shard import Outcome
from seedbox.manifest.write import write_head
from support.cli import Process, Ran, environment, paths, run, snapshot
from support.content import contents, write
from support.datasets import build, head, published
from support.fake_engine import FakeSwarm
from support.faults import no_file_over, refusing
from support.fetching import Consumer, peer
from support.swarm import in_loop

KIB = 1024
FILES = contents({"a": 300_000, "b/c": 200_000, "b/empty": 0, "lone": 400_000})
LIMITED = """
import resource, sys
from seedbox.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
main(sys.argv[2:])
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    (tmp_path / "dataset.yaml").write_bytes(write_head(head(popularity=None)))
    return tmp_path / "source"


def limited(most: int, *arguments: object) -> Ran:
    """Run seedbox where no file may grow over a size."""
    line = [sys.executable, "-c", LIMITED, str(most), *map(str, arguments)]
    # No coverage: its file would not fit either.
    env = {name: value for name, value in environment().items() if not name.startswith("COVERAGE")}
    done = subprocess.run(line, capture_output=True, text=True, env=env, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def made(out: Path) -> dict[str, bytes]:
    """What a build made, for people."""
    return {
        path: (out / path).read_bytes() for path in paths(out) if not path.startswith(".seedbox")
    }


# --- build ------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [0, 50, 100, 500, 1000, 1500])
def test_a_build_that_runs_out_of_room_ends_with_status_5_and_whole_files_only(
    source: Path, tmp_path: Path, most: int
) -> None:
    wishes = ["--shard-size", 500_000, "--piece-length", 16 * KIB, "--json", "--quiet"]
    line = ["build", tmp_path / "dataset.yaml", "--source", source, *wishes, "--out"]
    assert run(*line, tmp_path / "whole").status == 0
    whole = made(tmp_path / "whole")
    assert max(len(data) for data in whole.values()) > 1500

    ran = limited(most, *line, tmp_path / "out")

    status, code, message, _ = ran.error
    assert (status, code) == (5, "disk")
    assert message.endswith("File too large")
    assert made(tmp_path / "out").items() <= whole.items()
    assert "manifest.yaml" not in made(tmp_path / "out")
    assert run(*line, tmp_path / "out").status == 0
    assert made(tmp_path / "out") == whole


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize(
    "where",
    [
        "*/.seedbox/.made.*.part",
        "*/torrents/.set-0001.torrent.*.part",
        "*/torrents/.set-0002.torrent.*.part",
        "*/.manifest.yaml.*.part",
    ],
)
def test_a_build_whose_disk_is_full_at_one_file_says_so_and_goes_on_later(
    source: Path, tmp_path: Path, where: str, code: int
) -> None:
    how: dict[str, Any] = {"shard_size": 500_000, "popularity": None, "values": {}}
    build(source, tmp_path / "whole", **how)

    with refusing("fsync", where, code) as refused, pytest.raises(NoSpaceError) as caught:
        build(source, tmp_path / "out", **how)

    assert refused
    assert (caught.value.code, caught.value.exit_status) == ("no-space", 5)
    assert made(tmp_path / "out").items() <= made(tmp_path / "whole").items()
    assert "manifest.yaml" not in made(tmp_path / "out")
    build(source, tmp_path / "out", **how)
    assert made(tmp_path / "out") == made(tmp_path / "whole")


def test_a_rebuild_whose_disk_is_full_leaves_the_old_manifest(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "out", title="old")
    before = made(tmp_path / "out")

    with refusing("fsync", "*/.manifest.yaml.*", errno.ENOSPC), pytest.raises(NoSpaceError):
        build(source, tmp_path / "out", title="new", trackers=())

    assert made(tmp_path / "out")["manifest.yaml"] == before["manifest.yaml"]


# --- fetch ------------------------------------------------------------------------------------


def fetching(tmp_path: Path) -> Consumer:
    source = published(tmp_path / "publisher", FILES, shard_size=10**6)
    return Consumer(source, tmp_path / "mirror", FakeSwarm())


@pytest.mark.parametrize(
    ("call", "where", "code", "expected"),
    [
        ("open", "*/staging/*/data/a", errno.ENOSPC, DiskError),  # by the engine
        ("open", "*/staging/*/b/empty", errno.ENOSPC, NoSpaceError),
        ("fsync", "*/staging/*", errno.ENOSPC, NoSpaceError),
        ("link", "*/staging/*", errno.ENOSPC, NoSpaceError),
        ("link", "*/staging/*", errno.EROFS, DiskError),
        ("mkdir", "*/staging*", errno.ENOSPC, NoSpaceError),
        ("mkdir", "*/set/data", errno.ENOSPC, NoSpaceError),
    ],
)
@in_loop
async def test_a_fetch_whose_disk_refuses_moves_nothing_and_goes_on_later(
    tmp_path: Path, call: str, where: str, code: int, expected: type[SeedboxError]
) -> None:
    consumer = fetching(tmp_path)
    async with peer(consumer.swarm, consumer.source, tmp_path / "peer", FILES) as seed:
        with refusing(call, where, code) as refused, pytest.raises(expected) as caught:
            await consumer.fetch(seed)
        assert refused
        assert caught.value.exit_status == 5
        assert consumer.has() == {}

        report = await consumer.fetch(seed)

    assert [shard.outcome for shard in report.shards] == [Outcome.FETCHED]
    assert consumer.has() == FILES


@pytest.mark.parametrize("most", [1, 100_000, 250_000, 399_999])
@in_loop
async def test_a_fetch_that_runs_out_of_room_keeps_what_it_has(tmp_path: Path, most: int) -> None:
    consumer = fetching(tmp_path)
    async with peer(consumer.swarm, consumer.source, tmp_path / "peer", FILES) as seed:
        with no_file_over(most), pytest.raises(DiskError, match="File too large"):
            await consumer.fetch(seed)
        assert consumer.has() == {}

        report = await consumer.fetch(seed)

    assert consumer.has() == FILES
    assert report.shards[0].received <= 900_000 - most // (32 * KIB) * 32 * KIB


def test_a_real_fetch_that_runs_out_of_room_ends_with_status_5(tmp_path: Path) -> None:
    source = published(tmp_path / "publisher", FILES, shard_size=10**6)
    out = tmp_path / "mirror"
    seed = ["seed", source.path, "--data", tmp_path / "publisher", "--listen", "127.0.0.1:0"]
    with Process(*seed) as seeding:
        address = seeding.until("listening")["endpoint"]
        seeding.until("seeding")
        fetch = ["fetch", source.path, "--out", out, "--peer", address, "--json", "--quiet"]

        ran = limited(250_000, *fetch)
        assert ran.error[:2] == (5, "disk")
        assert ran.error[2].endswith("File too large")
        assert [path for path in paths(out) if "/.seedbox/" not in path] == []

        assert run(*fetch).status == 0

    assert {path: (out / "org.example/set/data" / path).read_bytes() for path in FILES} == FILES


def test_a_folder_that_cannot_hold_the_dataset_is_refused_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = published(tmp_path / "publisher", FILES, shard_size=10**6)
    full = os.statvfs_result((4096, 4096, 1000, 10, 10, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    before = snapshot(tmp_path)

    status, code, message, hint = run(
        "fetch", source.path, "--out", tmp_path / "mirror", "--json"
    ).error

    assert (status, code) == (5, "no-space")
    assert "needs 900,000 bytes" in message
    assert "40,960 are free" in message
    assert "859,040" in hint
    assert snapshot(tmp_path) == before
