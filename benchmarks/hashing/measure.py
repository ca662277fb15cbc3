"""Whole processes, measured in turn with a yardstick: A B A C, so that a noisy machine cancels out.

Compare ratios, which come from neighbours in time; speeds are medians over all runs.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Run:
    """What one process cost."""

    seconds: float
    cpu: float  # seconds, user and system
    rss: int  # bytes, at its peak


@dataclass(frozen=True, slots=True)
class Command:
    """A process to measure."""

    name: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    makes: Path | None = None  # removed before each run
    inside: bool = False  # it prints the seconds that count: its start is not what is measured


@dataclass(frozen=True, slots=True)
class Row:
    """One command's runs, each with the yardstick's run just before it."""

    name: str
    pairs: tuple[tuple[Run, Run], ...]  # yardstick, command; none: it took too long

    @property
    def seconds(self) -> float:
        """Median wall time."""
        return statistics.median(run.seconds for _, run in self.pairs)

    @property
    def cpu(self) -> float:
        """Median CPU time, in seconds."""
        return statistics.median(run.cpu for _, run in self.pairs)

    @property
    def rss(self) -> int:
        """Highest peak, in bytes."""
        return max(run.rss for _, run in self.pairs)

    @property
    def slower(self) -> float:
        """Median of wall time over the yardstick's."""
        return statistics.median(run.seconds / lead.seconds for lead, run in self.pairs)

    @property
    def slower_cpu(self) -> float:
        """Median of CPU time over the yardstick's."""
        return statistics.median(run.cpu / lead.cpu for lead, run in self.pairs)


def run(command: Command, patience: float) -> Run | None:
    """Run once; None: killed after `patience` seconds.

    Raises:
        RuntimeError: It failed, which no figure may hide.
    """
    if command.makes:
        command.makes.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile() as output:
        launched = [sys.executable, "-I", "-S", str(_LAUNCH), str(patience), output.name]
        cost = json.loads(
            subprocess.run(
                [*launched, *command.arguments],
                env=dict(command.environ),
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        )
        printed = Path(output.name).read_text(encoding="utf-8", errors="replace")
    if cost["late"]:
        return None
    if cost["status"] != 0:
        raise RuntimeError(f"{command.name}: exit status {cost['status']}: {printed[-2000:]}")
    if command.inside:
        cost |= json.loads(printed)
    return Run(cost["seconds"], cost["cpu"], cost["rss"])


def in_turn(lead: Command, others: Sequence[Command], *, rounds: int, patience: float) -> list[Row]:
    """Measure every command next to the yardstick; the yardstick's own row comes first.

    Raises:
        RuntimeError: A command failed, or the yardstick took too long.
    """
    pairs: dict[str, list[tuple[Run, Run]]] = {lead.name: [], **{c.name: [] for c in others}}
    late: set[str] = set()
    for _ in range(rounds):
        for command in others or [lead]:
            if command.name in late:
                continue
            yardstick = run(lead, patience)
            if yardstick is None:
                raise RuntimeError(f"{lead.name} was not done in {patience:.0f} s")
            pairs[lead.name].append((yardstick, yardstick))
            if command is lead:
                continue
            measured = run(command, patience)
            if measured is None:
                late.add(command.name)
                pairs[command.name].clear()
            else:
                pairs[command.name].append((yardstick, measured))
    return [Row(name, tuple(found)) for name, found in pairs.items()]
