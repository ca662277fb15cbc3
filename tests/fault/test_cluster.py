"""Shards made by other processes, a real scheduler's workers among them: the same bytes, always."""

import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from seedbox.jobs.build import run_build
from seedbox.jobs.events import Advanced, Done, Event, Started, ignore
from seedbox.jobs.workers import Pool
from seedbox.manifest.model import Pack, Role
from support.cluster import DIES, FILES, SIZE, clustered, made, scheduler, worker
from support.content import write
from support.datasets import build, plan

KINDS = [{"pack": Pack.FILES}, {"pack": Pack.TAR}, {"pack": Pack.TAR, "catalog": True}]
NAMES = ["files", "tar", "tar and catalog"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with scheduler() as found:
        yield found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


def executors() -> list[Executor]:
    return [ThreadPoolExecutor(3), ProcessPoolExecutor(2, mp_context=get_context("spawn"))]


@pytest.mark.parametrize("how", KINDS, ids=NAMES)
def test_every_executor_makes_the_same_bytes(
    source: Path, tmp_path: Path, address: str, how: dict[str, Any]
) -> None:
    build(source, tmp_path / "whole", **how)
    whole = made(tmp_path / "whole")
    planned, listing = plan(source, **how)
    assert len(planned.shards) > 6
    for number, executor in enumerate(executors()):
        out = tmp_path / f"out{number}"
        with executor:
            pool = Pool(executor, 2)
            report = run_build(planned, listing, out, jobs=1, on_event=ignore, workers=pool)
        assert made(out) == whole
        assert report.hashed == (SIZE if how["pack"] is Pack.FILES else planned.size) + sum(
            shard.size for shard in report.manifest.shards if shard.role is Role.CATALOG
        )

    with worker(address), worker(address, cwd=Path("/")):
        clustered(address, source, tmp_path / "cluster", **how)

    assert made(tmp_path / "cluster") == whole


def test_progress_is_told_with_each_shard(source: Path, tmp_path: Path, address: str) -> None:
    events: list[Event] = []
    with worker(address):
        report = clustered(address, source, tmp_path / "out", on_event=events.append)

    count = len(report.manifest.shards)
    task = f"make {count} shards"
    done = [event.done for event in events if isinstance(event, Advanced)]
    assert events[0] == Started(task, SIZE)
    assert events[-1] == Done(task)
    assert done == sorted(done)
    assert (len(done), done[-1]) == (count, SIZE)


@pytest.mark.parametrize("how", KINDS, ids=NAMES)
def test_a_worker_killed_in_the_middle_costs_its_shard_at_most(
    source: Path, tmp_path: Path, address: str, how: dict[str, Any]
) -> None:
    build(source, tmp_path / "whole", **how)
    (tmp_path / "dies.py").write_text(DIES, "utf-8")

    with worker(address), worker(address, preload=tmp_path / "dies.py") as victim:
        report = clustered(address, source, tmp_path / "out", **how)
        assert victim.status == -signal.SIGKILL

    assert made(tmp_path / "out") == made(tmp_path / "whole")
    if how["pack"] is Pack.FILES:  # what the journal has is not read again
        assert 0 < report.hashed < SIZE
