"""Encode: items into their renditions, on all cores, going on where an earlier run was stopped.

An item that cannot be encoded keeps its original and is counted; the work goes on. What an encoder
makes is used only if it is smaller and stands the encoder's check. A full disk and a source that
changes end the work, since they would spoil every item that comes after.
"""

from __future__ import annotations

import os
import threading
from bisect import insort
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from seedbox import disk
from seedbox.catalog.encoders import filled
from seedbox.errors import NoSpaceError
from seedbox.jobs import encoded, programs
from seedbox.jobs.checks import Checker, Pair
from seedbox.jobs.encoded import Encoded
from seedbox.jobs.encoder_programs import Ready
from seedbox.jobs.events import Advanced, Done, Note, OnEvent, Started

_TASK = "encode"
_MOST_SHOWN = 20  # items of one kind that a report names
_AHEAD = 2  # tasks a thread that are begun or wait for one


@dataclass(frozen=True, slots=True)
class EncodeTask:
    """An item to encode."""

    id: str
    file: disk.Located
    ready: Ready


class Why(StrEnum):
    """Why an item keeps its original."""

    LARGER = "larger"  # encoded, it is no smaller; all is well
    FAILED = "failed"  # the encoder did not do it
    TIME_LIMIT = "time-limit"  # the encoder did not end
    CHECK = "check"  # the encoder made something that does not stand for the original


@dataclass(frozen=True, slots=True)
class Kept:
    """An item that keeps its original."""

    id: str
    why: Why
    words: str  # what happened, for people


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """What became of which item."""

    done: Mapping[str, Encoded]  # by id
    kept: Mapping[Why, int]  # how many items keep their originals
    named: tuple[Kept, ...]  # some of them: the first of each kind
    reused: int  # of `done`; an earlier run had encoded them

    @property
    def ok(self) -> bool:
        """No item failed; one that would not get smaller is no failure."""
        return not any(count for why, count in self.kept.items() if why is not Why.LARGER)

    @property
    def before(self) -> int:
        """Bytes of the originals of what was encoded."""
        return sum(each.original.size for each in self.done.values())

    @property
    def after(self) -> int:
        """Bytes of what was encoded."""
        return sum(each.file.size for each in self.done.values())


def encode_all(
    tasks: Sequence[EncodeTask], folder: Path, *, jobs: int | None, on_event: OnEvent
) -> EncodeReport:
    """Encode items, as many at once as there are threads.

    Stopping it, as Ctrl-C does, ends all encoders within 100 ms; what was finished is kept.

    Args:
        tasks: With ids that differ.
        folder: For seedbox alone, such as OUT/.seedbox/renditions; keeps what was encoded.
        jobs: Threads; one a core if None.
        on_event: Gets progress in bytes of originals.

    Raises:
        SourceChangedError: An item is not as it was when it was located.
        NoSpaceError, DiskError: `folder` cannot be written to, or an item cannot be read.
        InUseError: Another seedbox encodes there.
    """
    found = _Found()
    folder = folder.absolute()  # encoders work elsewhere
    on_event(Started(_TASK, sum(task.file.size for task in tasks)))
    with disk.lock(folder):
        work = folder / "work"
        for left in (work, *folder.rglob(".*.part")):  # of a run that was killed
            disk.remove_made(left)
        disk.make_folder(work)
        size = 0
        with closing(_results(tasks, folder, jobs or os.cpu_count() or 1)) as results:
            for number, outcome in results:
                found.add(number, tasks[number].id, outcome)
                size += tasks[number].file.size
                on_event(Advanced(_TASK, size))
        disk.remove_made(work)
    on_event(Done(_TASK))
    report = found.report()
    if report.reused:
        on_event(Note(f"{report.reused:,} of {len(report.done):,} items were encoded before"))
    return report


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one item."""

    result: Encoded | tuple[Why, str]
    fresh: bool  # it was made in this run


@dataclass(slots=True)
class _Found:
    """What is known so far."""

    done: dict[str, Encoded] = field(default_factory=dict)
    counts: dict[Why, int] = field(default_factory=dict)
    named: dict[Why, list[tuple[int, str, str]]] = field(default_factory=dict)
    reused: int = 0

    def add(self, number: int, name: str, outcome: _Outcome) -> None:
        if isinstance(outcome.result, Encoded):
            self.done[name] = outcome.result
            self.reused += not outcome.fresh
            return
        why, words = outcome.result
        self.counts[why] = self.counts.get(why, 0) + 1
        first = self.named.setdefault(why, [])
        insort(first, (number, name, words))  # the same ones, whichever thread was quicker
        del first[_MOST_SHOWN:]

    def report(self) -> EncodeReport:
        kinds = [why for why in Why if why in self.counts]
        named = [Kept(name, why, words) for why in kinds for _, name, words in self.named[why]]
        counts = {why: self.counts[why] for why in kinds}
        return EncodeReport(dict(sorted(self.done.items())), counts, tuple(named), self.reused)


def _results(
    tasks: Sequence[EncodeTask], folder: Path, jobs: int
) -> Generator[tuple[int, _Outcome], None, None]:
    """Yield what becomes of each item, in whatever order they end; closing it stops them all."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="encode")
    try:
        yield from _in_turn(pool, tasks, folder, jobs, stop)
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _in_turn(
    pool: ThreadPoolExecutor,
    tasks: Sequence[EncodeTask],
    folder: Path,
    jobs: int,
    stop: threading.Event,
) -> Iterator[tuple[int, _Outcome]]:
    pending: dict[Future[_Outcome], int] = {}
    waiting = iter(enumerate(tasks))
    while True:
        while len(pending) < _AHEAD * jobs and (following := next(waiting, None)) is not None:
            number, task = following
            pending[pool.submit(_Item(task, folder, number, stop).outcome)] = number
        if not pending:
            return
        ended, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in ended:
            yield pending.pop(future), future.result()


@dataclass(frozen=True, slots=True)
class _Item:
    """The work on one item."""

    task: EncodeTask
    folder: Path
    number: int
    stop: threading.Event

    def outcome(self) -> _Outcome:
        """Encode the item, or find that it was encoded before."""
        original = self.task.file
        at = encoded.place(self.folder, original, self.task.ready)
        known = encoded.recall(at, original)
        if known is not None:
            encoded.refuse_changed(original)
            return _Outcome((Why.LARGER, known) if isinstance(known, str) else known, fresh=False)
        # An encoder of a run that was killed may live on, and must not write into this one's work.
        work = self.folder / "work" / f"{os.getpid()}-{self.number}"
        disk.make_folder(work)
        try:
            result = self._encode(work, at)
        finally:
            disk.remove_made(work)
        if isinstance(result, tuple) and result[0] is Why.LARGER:
            encoded.keep_refusal(at, result[1])
        return _Outcome(result, fresh=True)

    def _encode(self, work: Path, at: encoded.Place) -> Encoded | tuple[Why, str]:
        original, ready = self.task.file, self.task.ready
        digest = encoded.sha256_of(original, self.stop)
        target = work / f"made{ready.encoder.suffix}"
        words = filled(ready.encoder.run, source=str(original.path), target=str(target))
        seconds = ready.encoder.seconds(original.size)
        bounds = programs.Bounds(seconds, target, original.size, self.stop)
        ran = programs.run([ready.where[words[0]], *words[1:]], work, bounds)
        encoded.refuse_changed(original)  # or else what follows would be blamed on the encoder
        made = self._judged(ran, disk.look(work, (target.name,)))
        if isinstance(made, tuple):
            return self._unless_full(ran, made)
        checker = Checker(
            ready.encoder, ready.where, work, programs.Bounds(seconds, stop=self.stop)
        )
        why = checker.problem(Pair(original.path, digest, made.path))
        encoded.refuse_changed(original)
        if why is not None:
            return self._unless_full(ran, (Why.CHECK, why))
        return encoded.keep(at, made, (original, digest), ran.seconds, self.stop)

    def _judged(
        self, ran: programs.Ran, made: disk.Located | disk.Absent
    ) -> disk.Located | tuple[Why, str]:
        """Return what an encoder made, or why there is nothing to use."""
        size = self.task.file.size
        larger = Why.LARGER, f"it would have no less than its {size:,} bytes"
        if ran.end is programs.End.SIZE:
            return larger
        if not ran.well:
            return (Why.TIME_LIMIT if ran.end is programs.End.TIME else Why.FAILED), ran.words
        if isinstance(made, disk.Absent):
            return Why.FAILED, f"what the encoder should have made {made.reason}"
        if made.size >= size:
            return larger
        return made if made.size else (Why.FAILED, "the encoder made an empty file")

    def _unless_full(self, ran: programs.Ran, kept: tuple[Why, str]) -> tuple[Why, str]:
        """Return why an item keeps its original, unless it is that the disk is full.

        Raises:
            NoSpaceError: The program said so, or what it failed at would not have fitted.
        """
        if kept[0] in {Why.FAILED, Why.CHECK}:
            size, free = self.task.file.size, disk.free_space(self.folder)
            if ran.disk_full or free < size:
                what = f"what is made of {self.task.id}"
                raise NoSpaceError(what, folder=str(self.folder), need=None, free=free)
        return kept
