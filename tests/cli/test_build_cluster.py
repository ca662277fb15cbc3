"""`seedbox build --scheduler`: the command, with a real scheduler and real workers."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import Process, run_process
from support.cluster import scheduler, worker
from support.content import contents, write

FILES = contents({**{f"f{i}": 30_000 * (i + 1) for i in range(6)}, "d/empty": 0})
SIZE = 30_000 * 21

# Run in a worker: before it first keeps digests, it says so in a FIFO and stands still until it is
# told by another one to go on.
STANDS = """
import os
from seedbox.jobs.journal import Journal
if not hasattr(Journal, "kept"):
    Journal.kept = Journal.add
    def add(self, digests):
        Journal.add = Journal.kept
        open(os.environ["HERE"], "w").close()
        open(os.environ["GO"]).close()
        self.kept(digests)
    Journal.add = add
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with scheduler() as found:
        yield found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


def made(out: Path) -> dict[str, bytes]:
    """What a build made, for people."""
    paths = (path for path in out.rglob("*") if path.is_file() and ".seedbox" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def dataset(folder: Path) -> Path:
    head = folder / "set.yaml"
    head.write_text(
        "seedbox: 1\nid: org.example/set\nversion: '1'\nissued: 2026-01-02T03:04:05Z\n"
        "title: A set\nlicense: {spdx: CC0-1.0}\nsequence: 1\n",
        "utf-8",
    )
    return head


def arguments(folder: Path, out: str, *more: str) -> list[str]:
    place = ["--source", str(folder / "source"), "--out", str(folder / out)]
    return ["build", str(dataset(folder)), *place, "--shard-size", "200kB", *more]


def test_the_command_builds_the_same_with_workers(
    source: Path, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_process(*arguments(tmp_path, "here")).status == 0
    monkeypatch.chdir(source.parent)
    line = arguments(tmp_path, "there", "--scheduler", address, "--json")
    line[line.index(str(tmp_path / "there"))] = "there"  # workers have working folders of their own

    with worker(address, cwd=Path("/")):
        ran = run_process(*line)

    assert (ran.status, ran.err) == (0, ran.err)
    assert json.loads(ran.out)
    assert made(tmp_path / "there") == made(tmp_path / "here")


def test_a_scheduler_that_is_not_there_is_a_network_error_in_time(
    source: Path, tmp_path: Path
) -> None:
    limit = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "300ms"}
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        for port in (silent.getsockname()[1], 9):
            where = f"tcp://127.0.0.1:{port}"
            ran = run_process(*arguments(tmp_path, "out", "--scheduler", where), env=limit)
            assert ran.status == 6
            assert f"error[scheduler]: the scheduler at {where} cannot be reached: " in ran.err
            assert "Traceback" not in ran.err
    assert not (tmp_path / "out").exists()
    assert source.is_dir()


def test_workers_do_not_read_from_servers(tmp_path: Path) -> None:
    ran = run_process(
        *("build", dataset(tmp_path), "--from", "https://example.org/", "--out", tmp_path / "o"),
        *("--scheduler", "tcp://127.0.0.1:9"),
    )
    assert ran.status == 2
    assert "a server is not asked by many machines at once" in ran.err


def test_a_dry_run_asks_no_scheduler(source: Path, tmp_path: Path) -> None:
    where = ("--scheduler", "tcp://127.0.0.1:9", "--dry-run")
    assert run_process(*arguments(tmp_path, "out", *where)).status == 0
    assert source.is_dir()


def test_a_stopped_build_takes_its_shards_back_and_goes_on(
    source: Path, tmp_path: Path, address: str
) -> None:
    assert run_process(*arguments(tmp_path, "here")).status == 0
    (tmp_path / "stands.py").write_text(STANDS, "utf-8")
    here, go = tmp_path / "here.fifo", tmp_path / "go.fifo"
    os.mkfifo(here)
    os.mkfifo(go)
    env = {"HERE": str(here), "GO": str(go)}
    line = arguments(tmp_path, "there", "--scheduler", address)

    with worker(address, preload=tmp_path / "stands.py", env=env):
        with Process(*line) as command:
            here.open("rb").close()  # a worker is at work now
            ran = command.end(signal.SIGINT)
        assert ran.status == 130
        with worker(address), Process(*line) as again:
            told = again.until("started")
            go.open("wb").close()  # the first attempt goes on, sees that nobody wants it, and ends
            assert again.end().status == 0

    assert told["total"] == SIZE
    assert made(tmp_path / "there") == made(tmp_path / "here")
    assert source.is_dir()
