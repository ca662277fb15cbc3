"""Who makes the shards of a build: this thread, any executor, or a cluster.

Shards are planned and handed out in the order of the manifest, and taken back as they are done, so
that one slow shard holds up no other. A few are under way at a time, never all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import closing
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from seedbox.jobs.events import Advanced, Done, OnEvent, Started
from seedbox.jobs.shard_unit import Made, ShardUnit, make_shard
from seedbox.plan.build import ShardPlan

P = ParamSpec("P")
T = TypeVar("T")

_LOOK = 1.0  # seconds without a finished shard, after which the workers are looked at


class Workers(Protocol):
    """Whoever makes shards; what their futures hold is their own affair."""

    @property
    def count(self) -> int:
        """How many shards they make at a time; 0: whoever hands one out makes it."""
        ...

    def submit(self, unit: ShardUnit, on_event: OnEvent) -> Future[Any]:
        """Hand out a unit."""
        ...

    def collect(self, unit: Future[Any], name: str) -> Made:
        """Return what came of a unit that has ended, or raise what it raised."""
        ...

    def look_after(self) -> None:
        """Raise an error if nobody is at work any more; is called while nothing is finished."""
        ...


class Here(Executor):
    """Does everything at once, in the thread that asks for it; `submit` raises what that raises."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function and return its result as a future."""
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@dataclass(frozen=True, slots=True)
class Pool:
    """An executor of this machine; by default one shard after the other, here, on all cores."""

    executor: Executor
    count: int = 0

    def submit(self, unit: ShardUnit, on_event: OnEvent) -> Future[Made]:
        """Hand out a unit; only in this thread it tells how it gets on."""
        if self.count:
            return self.executor.submit(make_shard, unit)
        return self.executor.submit(make_shard, unit, on_event)

    def collect(self, unit: Future[Made], name: str) -> Made:
        """Return what came of a unit."""
        del name
        return unit.result()

    def look_after(self) -> None:
        """Do nothing: an executor reports what becomes of its workers."""


def in_turn() -> Pool:
    """Return workers that make one shard after the other, in the calling thread."""
    return Pool(Here())


Numbered = tuple[int, ShardPlan, Made]


def made_by(
    workers: Workers,
    shards: Iterable[ShardPlan],
    unit_of: Callable[[ShardPlan], ShardUnit],
    on_event: OnEvent,
) -> Generator[Numbered, None, None]:
    """Have shards made, and yield each with its number from 0 as soon as it is done.

    Closing the iterator takes back what is not done.

    Args:
        workers: Who makes them; one more than they make at a time is under way.
        shards: In the order of the manifest; iterated once, each only when its turn comes.
        unit_of: Returns the unit of a shard.
        on_event: Gets what the units tell, if `workers` passes it on.
    """
    under_way: dict[Future[Any], tuple[int, ShardPlan]] = {}
    try:
        for number, shard in enumerate(shards):
            under_way[workers.submit(unit_of(shard), on_event)] = number, shard
            del shard  # it may take up much memory
            while len(under_way) > workers.count:
                yield from _finished(workers, under_way)
        while under_way:
            yield from _finished(workers, under_way)
    finally:
        for future in under_way:
            future.cancel()


def _finished(
    workers: Workers, under_way: dict[Future[Any], tuple[int, ShardPlan]]
) -> Generator[Numbered, None, None]:
    """Wait until a unit ends, and yield those that have, in the order of the manifest."""
    ended: set[Future[Any]] = set()
    while not ended:
        ended, _ = wait(under_way, timeout=_LOOK, return_when=FIRST_COMPLETED)
        if not ended:
            workers.look_after()
    for future in sorted(ended, key=lambda each: under_way[each][0]):
        number, shard = under_way.pop(future)
        yield number, shard, workers.collect(future, shard.name)


def told(
    made: Generator[Numbered, None, None], on_event: OnEvent, *, task: str, total: int
) -> Generator[Numbered, None, None]:
    """Pass shards on, and tell how many bytes of them are done.

    Args:
        made: Shards that tell nothing themselves.
        on_event: Gets progress in bytes.
        task: What they are together.
        total: Bytes of all of them.
    """
    done = 0
    on_event(Started(task, total))
    with closing(made):
        for number, shard, what in made:
            done += shard.layout.size
            on_event(Advanced(task, done))
            yield number, shard, what
            del shard  # as in `made_by`
    on_event(Done(task))
