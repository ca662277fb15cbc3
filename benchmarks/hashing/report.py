"""The measurements as Markdown: tables, and what became of each target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from data import Data
from measure import Row
from tools import FORMS, LANES, LIBTORRENT, READING, START, V1_PEERS, VERIFY

GIB = 2**30
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of data built, checked and read in one format."""

    data: Data
    form: str
    piece_length: int  # bytes
    rows: tuple[Row, ...]  # the yardstick first
    agreement: Mapping[str, str]  # tool -> in what its torrent agrees with the yardstick's

    def speed(self, name: str) -> float | None:
        """Return GiB/s of a tool; None: not measured."""
        row = self.row(name)
        return self.data.size / GIB / row.seconds if row else None

    def row(self, name: str) -> Row | None:
        """Return a tool's row; None: not measured, or never done in time."""
        return next((row for row in self.rows if row.name == name and row.pairs), None)

    @property
    def lead(self) -> Row:
        """The yardstick's row."""
        return self.rows[0]

    @property
    def verify(self) -> Row | None:
        """The yardstick's check of its own torrent."""
        return self.row(self.lead.name + VERIFY)


def table(cases: Sequence[Case]) -> str:
    """Return one table: tools down, formats across."""
    rows = [row for case in cases for row in case.rows if not row.name.endswith(START)]
    names = list(dict.fromkeys(row.name for row in rows))
    head = ["", *(f"{form} GiB/s | time | CPU s/GiB" for form in FORMS), "peak RSS, MiB"]
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * 10]
    for name in names:
        cells: list[str] = []
        for case in cases:
            cells += _cells(case, name)
        found = [row for case in cases if (row := case.row(name))]
        cells.append(f"{max(row.rss for row in found) / MIB:.0f}" if found else "")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def start(cases: Sequence[Case]) -> str:
    """Return what the yardstick takes before it hashes and after, measured on a tiny file."""
    rows = [row for case in cases if (row := case.row(case.lead.name + START))]
    told = ", ".join(f"{row.seconds:.2f} s ({row.cpu:.2f} CPU s)" for row in rows)
    return f"Of this, seedbox's start and end, measured on a file of 16 KiB, are {told}."


def agreement(cases: Sequence[Case]) -> str:
    """Return in what the torrents of all tools agree."""
    lines = []
    for case in cases:
        for words in dict.fromkeys(case.agreement.values()):
            names = ", ".join(name for name, told in case.agreement.items() if told == words)
            lines.append(f"- {case.data.title}, {case.form}: {words}: {names}")
    return "\n".join(lines)


def _cells(case: Case, name: str) -> list[str]:
    row = case.row(name)
    if row is None:
        asked = any(row.name == name for row in case.rows)
        return ["not done in time", "", ""] if asked else ["-", "", ""]
    size = case.data.size / GIB
    return [f"{size / row.seconds:.2f}", f"{row.slower:.2f}", f"{row.cpu / size:.2f}"]


def targets(large: Sequence[Case], small: Sequence[Case]) -> list[str]:
    """Return one line for each target: what was asked, what was measured, and whether it is met."""
    of = {case.form: case for case in large}
    lines = [_times(of[form], [LIBTORRENT], 8.0) for form in ("v2", "hybrid")]
    lines.append(_times(of["v1"], V1_PEERS, 4.0))
    if large[0].lead.name.endswith("avx512"):
        lines += [_half(of[form], [LIBTORRENT], 4.0) for form in ("v2", "hybrid")]
        lines.append(_half(of["v1"], V1_PEERS, 2.0))
    for case in large:
        lines += _of_limits(case)
    for one, many in zip(large, small, strict=True):
        was, now = one.speed(one.lead.name), many.speed(many.lead.name)
        if was and now:
            what = f"{many.form}, {many.data.title} beside one file: {now / was:.2f} of the speed"
            lines.append(_line(what, "at least 0.6", met=now / was >= 0.6))
    for case in [*large, *small]:
        if verify := case.verify:
            what = f"{case.form}, {case.data.title}, verify: {verify.slower:.2f} of build's time"
            lines.append(_line(what, "at most 1.10", met=verify.slower <= 1.10))
    seedbox = [r for c in [*large, *small] for r in c.rows if r.name.startswith("seedbox")]
    most = max(row.rss for row in seedbox if row.pairs) / MIB
    lines.append(_line(f"peak RSS of seedbox: {most:.0f} MiB", "under 150", met=most < 150))
    return lines


def _line(what: str, asked: str, *, met: bool) -> str:
    return f"- {'met' if met else '**missed**'}: {what} (asked: {asked})"


def _fastest(case: Case, names: Iterable[str]) -> Row | None:
    found = [row for name in names if (row := case.row(name))]
    return min(found, key=lambda row: row.slower, default=None)


def _times(case: Case, names: Iterable[str], asked: float) -> str:
    best = _fastest(case, names)
    if best is None:
        return f"- not measured: {case.form} beside {', '.join(names)}"
    what = f"{case.form}, {case.data.title}: {best.slower:.1f} times as fast as {best.name}"
    what += f", {best.slower_cpu:.1f} times less CPU time"
    return _line(what, f"at least {asked:g}", met=best.slower >= asked)


def _half(case: Case, names: Iterable[str], asked: float) -> str:
    best, avx2 = _fastest(case, names), case.row("seedbox avx2")
    if best is None or avx2 is None:
        return f"- not measured: {case.form} with AVX2 beside {', '.join(names)}"
    times = best.slower / avx2.slower
    what = f"{case.form}, {case.data.title}, AVX2: {times:.1f} times as fast as {best.name}"
    return _line(what, f"at least {asked:g}", met=times >= asked)


def _of_limits(case: Case) -> list[str]:
    lanes, reading = case.row(LANES), case.row(READING)
    begin = case.row(case.lead.name + START)
    if lanes is None or reading is None or begin is None:
        return []
    share, both = lanes.slower, lanes.slower + reading.slower
    what = f"{case.form}, {case.data.title}: {share:.2f} of the in-cache lane limit in wall time, "
    what += f"{lanes.slower_cpu:.2f} in CPU time; lanes, reading and start one after another "
    what += f"would be {both + begin.slower:.2f} ({share:.2f} + {reading.slower:.2f} + "
    what += f"{begin.slower:.2f}), and without the start it is {share / (1 - begin.slower):.2f}"
    return [_line(what, "at least 0.85", met=share >= 0.85)]
