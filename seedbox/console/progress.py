"""Events as they happen: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console as Terminal
from rich.console import RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column
from rich.text import Text

from seedbox import units
from seedbox.console.text import plural, safe
from seedbox.jobs.events import (
    Advanced,
    Done,
    Event,
    Listening,
    Note,
    Seeding,
    Served,
    Started,
    Warned,
)

Clock = Callable[[], float]

_NAME_SHARE = 3  # of the terminal's width, one part in so many is for a task's name
_SERVED_SHOWN = 5  # shards, those that peers took from last
_MINUTE = 60  # seconds
_PAUSE = 60.0  # seconds between two lines on the same task, where lines are all there is


class _Amount(DownloadColumn):
    """Bytes so far, of all if there is an end."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(units.format_size(int(task.completed)), "green")
        return super().render(task)


class _Rate(ProgressColumn):
    """Bytes/s, as the job measured it, else as the clock says."""

    def render(self, task: Task) -> Text:
        rate = _rate(task)
        return Text("" if rate is None else units.format_rate(rate), "cyan")


class _Left(ProgressColumn):
    """The time that is left at this rate."""

    def render(self, task: Task) -> Text:
        rate, left = _rate(task), task.remaining
        if not rate or left is None:
            return Text("")
        seconds = math.ceil(left / rate)
        shown = f"{seconds} s" if seconds < _MINUTE else units.format_duration(_seconds(seconds))
        return Text(f"{shown} left")


class _Bar(ProgressColumn):
    """A bar, for work that has an end."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = BarColumn(bar_width=None)

    def render(self, task: Task) -> RenderableType:
        return Text("") if task.total is None else self._bar.render(task)


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _rate(task: Task) -> float | None:
    rate: float | None = task.fields["rate"]
    return task.speed if rate is None else rate


class Bars:
    """A bar for each piece of work, with bytes, rate and the time that is left."""

    def __init__(
        self, terminal: Terminal, *, clock: Clock = time.monotonic, ticking: bool = True
    ) -> None:
        """Show nothing yet.

        Args:
            terminal: Where to draw.
            clock: In seconds.
            ticking: Draw ten times a second, and not only at `refresh`.
        """
        name = Column(no_wrap=True, overflow="ellipsis", max_width=terminal.width // _NAME_SHARE)
        self._progress = Progress(
            TextColumn("{task.description}", table_column=name, markup=False),
            _Bar(),
            _Amount(binary_units=True, table_column=Column(no_wrap=True)),
            _Rate(table_column=Column(no_wrap=True)),
            _Left(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[peers]}", table_column=Column(no_wrap=True)),
            console=terminal,
            transient=True,
            get_time=clock,
            auto_refresh=ticking,
        )
        self._tasks: dict[str, TaskID] = {}
        self._served: dict[str, TaskID] = {}  # by shard, the last one last

    def show(self, event: Event) -> None:
        """Move a bar, or print a line above the bars."""
        match event:
            case Started(task=task, total=total):
                self._remove(self._tasks, task)
                self._tasks[task] = self._add(task, total)
            case Advanced(task=task, done=done, rate=rate, peers=peers) if task in self._tasks:
                self._progress.update(
                    self._tasks[task], completed=done, rate=rate, peers=_peers(peers)
                )
            case Done(task=task):
                self._remove(self._tasks, task)
            case Served(shard=shard, uploaded=uploaded, peers=peers):
                row = self._served.pop(shard, None)
                self._served[shard] = row = self._add(f"served {shard}") if row is None else row
                self._progress.update(row, completed=uploaded, peers=_peers(peers))
                if len(self._served) > _SERVED_SHOWN:
                    self._remove(self._served, next(iter(self._served)))
            case _:
                if line := sentence(event):
                    self._progress.console.print(safe(line), markup=False)

    def _add(self, name: str, total: int | None = None) -> TaskID:
        self._progress.start()  # an empty one would fight with whatever else draws
        shown = safe(name, lines=False)
        return self._progress.add_task(shown, total=total, peers="", rate=None)

    def _remove(self, tasks: dict[str, TaskID], name: str) -> None:
        if name in tasks:
            self._progress.remove_task(tasks.pop(name))

    def refresh(self) -> None:
        """Draw the bars as they are now."""
        self._progress.refresh()

    def close(self) -> None:
        """Take the bars away."""
        self._progress.stop()


@dataclass(slots=True)
class _Work:
    """A task as lines know it."""

    began: float  # on the clock
    total: int  # bytes
    done: int = 0  # bytes


class Worth:
    """What is worth a line: each piece of work that has ended, and now and then a long one."""

    def __init__(self, clock: Clock) -> None:
        """Know of nothing yet; `clock` is in seconds."""
        self._clock = clock
        self._works: dict[str, _Work] = {}
        self._told: dict[str, float] = {}  # when there was a line on a task or shard

    def line(self, event: Event) -> str | None:
        """Return the line for an event; None: it is worth none."""
        match event:
            case Started(task=task, total=total):
                self._told[task] = self._clock()
                self._works[task] = _Work(self._clock(), total)
                return None
            case Advanced(task=task, done=done) if work := self._works.get(task):
                work.done = done
                return f"{task}: {self._so_far(work)}" if self._is_time(task) else None
            case Done(task=task) if work := self._works.pop(task, None):
                return f"{task}: {self._so_far(work)}" if work.total else None
            case Served(shard=shard) if not self._is_time(f"served {shard}"):
                return None
            case _:
                return sentence(event)

    def _is_time(self, name: str) -> bool:
        """Tell whether it is long enough since the last line on this."""
        now = self._clock()
        if now - self._told.get(name, now - _PAUSE) < _PAUSE:
            return False
        self._told[name] = now
        return True

    def _so_far(self, work: _Work) -> str:
        took = units.format_duration(_seconds(self._clock() - work.began))
        done = f"{units.format_size(work.done)} of " if work.done < work.total else ""
        return f"{done}{units.format_size(work.total)} in {took}"


class Lines:
    """Lines for what is worth one, where there are no bars."""

    def __init__(self, terminal: Terminal, *, clock: Clock = time.monotonic) -> None:
        """Show nothing yet."""
        self._terminal = terminal
        self._worth = Worth(clock)

    def show(self, event: Event) -> None:
        """Print what is worth a line."""
        if line := self._worth.line(event):
            self._terminal.print(safe(line), markup=False)

    def close(self) -> None:
        """Leave the lines where they are."""


def sentence(event: Event) -> str | None:
    """Return an event as a line, or None if it only moves a bar."""
    match event:
        case Note(message=message):
            return message
        case Warned(message=message):
            return f"warning: {message}"
        case Listening(endpoint=endpoint):
            return f"listening on {endpoint}"
        case Seeding(shard=shard):
            return f"seeding {shard}"
        case Served(shard=shard, uploaded=uploaded, peers=peers):
            return f"served {units.format_size(uploaded)} of {shard} ({_peers(peers)} connected)"
        case _:
            return None


def _peers(count: int | None) -> str:
    return "" if count is None else plural(count, "peer")
