from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from seedbox.errors import SourceError
from seedbox.jobs.build import run_build
from seedbox.jobs.content import content_of
from seedbox.jobs.events import Event, OnEvent, ignore
from seedbox.jobs.shard_unit import Made, ShardUnit, make_shard, unit_of
from seedbox.jobs.workers import in_turn, made_by
from seedbox.plan.build import ShardPlan
from support.content import contents, write
from support.datasets import build, plan

FILES = contents({f"f{i}": 20_000 * (i + 1) for i in range(8)})


class Slow:
    """Workers that make what they were given last first, and nothing before they must."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._left: list[tuple[ShardUnit, Future[Made]]] = []
        self.most = self.looks = 0

    def submit(self, unit: ShardUnit, on_event: OnEvent) -> Future[Made]:
        del on_event
        self._left.append((unit, Future()))
        self.most = max(self.most, len(self._left))
        if len(self._left) > self.count:
            self.make()
        return self._left[-1][1] if self._left else Future()

    def make(self) -> None:
        unit, future = self._left.pop(-2 if len(self._left) > 1 else -1)
        future.set_result(make_shard(unit))

    def collect(self, unit: Future[Any], name: str) -> Made:
        assert name
        made: Made = unit.result()
        return made

    def look_after(self) -> None:
        self.looks += 1
        self.make()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


def test_shards_that_are_done_in_another_order_make_the_same_manifest(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbox.jobs.workers._LOOK", 0.0)
    report = build(source, tmp_path / "here")
    planned, listing = plan(source)
    workers = Slow(2)

    again = run_build(planned, listing, tmp_path / "out", jobs=1, on_event=ignore, workers=workers)

    assert workers.looks > 0
    assert again.manifest == report.manifest
    assert again.manifest_path.read_bytes() == report.manifest_path.read_bytes()


def test_no_more_shards_are_planned_than_workers_and_one(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbox.jobs.workers._LOOK", 0.0)
    planned, listing = plan(source)
    workers, asked, taken = Slow(2), 0, 0

    def shards() -> Iterator[ShardPlan]:
        nonlocal asked
        for shard in planned.shards:
            assert asked - taken < 3
            asked += 1
            yield shard

    def unit(shard: ShardPlan) -> ShardUnit:
        return unit_of(shard, content_of(listing), source.parent / "out", 1)

    for _ in made_by(workers, shards(), unit, ignore):
        taken += 1

    assert asked == taken == len(planned.shards)
    assert workers.most == 3


@pytest.mark.parametrize("workers", [in_turn, lambda: Slow(3)], ids=["in turn", "slow"])
def test_twins_are_named_in_the_order_of_the_manifest(
    tmp_path: Path, workers: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbox.jobs.workers._LOOK", 0.0)
    write(tmp_path / "source", {"a/x": b"1" * 50_000, "b/x": b"1" * 50_000})
    planned, listing = plan(tmp_path / "source", shard_size=50_000)

    with pytest.raises(SourceError) as caught:
        run_build(planned, listing, tmp_path / "out", jobs=1, on_event=ignore, workers=workers())

    assert caught.value.data["path"] == str(tmp_path / "source" / "b" / "x")
    assert "would make set-0002 the same torrent as set-0001" in caught.value.message


def test_what_is_under_way_is_taken_back_when_a_build_ends_early(source: Path) -> None:
    planned, _ = plan(source)
    under_way: list[Future[Made]] = []

    class Never(Slow):
        def submit(self, unit: ShardUnit, on_event: OnEvent) -> Future[Made]:
            del unit, on_event
            under_way.append(Future())
            if len(under_way) == 2:
                raise SourceError("a", "b", "c")
            return under_way[-1]

    events: list[Event] = []
    with pytest.raises(SourceError):
        list(made_by(Never(2), planned.shards, lambda _: None, events.append))  # type: ignore[arg-type, return-value]

    assert under_way[0].cancelled()
