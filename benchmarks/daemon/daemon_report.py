"""The measurements as Markdown and as a picture."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

GIB = 2**30
MIB = 2**20
_WIDTH, _LEFT, _RIGHT = 760, 190, 130  # pixels: all, names, figures
_BAR, _STEP, _TITLE, _HEAD = 16, 22, 40, 60  # pixels
_OURS, _PEER, _INK, _FAINT = "#0b7285", "#adb5bd", "#212529", "#6c757d"
_ASKED = {  # torrents: seconds until all seed, bytes, share of a core
    10_000: (4.0, 200 * MIB, 0.014),
    100_000: (60.0, 1.2 * GIB, 0.20),
}
_ABOUT_STARTS = (
    "Each torrent is a file of 16 KiB and a v1 torrent, known to the program from before. "
    "*all seed*: the program says so; *answered*: at that moment a peer asked for some, chosen at "
    "random, and was told that every piece is there. *all announced*: opentracker, asked by "
    "scrape, knows a seed of each; *lost*: of how many it had not heard in the time given. RSS "
    "and idle CPU (of one core) after all that."
)
_ABOUT_UPLOADS = (
    "TCP, from the page cache, to clients in one other process that ask for 250 blocks at a time "
    "and throw them away. Medians of the rounds, least and most in brackets; the order of the "
    "programs rotates."
)


@dataclass(frozen=True, slots=True)
class Start:
    """A restart of one program, and what followed."""

    program: str
    torrents: int
    load: float  # of the machine before, over a minute
    seeding: float | None  # seconds until it said that all seed; None: it never did
    seeding_cpu: float  # seconds until then
    answered: int  # torrents of which a peer was told at once that every piece is there
    called: int  # torrents that the peer asked for
    announced: float | None  # seconds until the tracker knew all; None: not in time
    waited: float  # seconds that the tracker was watched
    lost: int  # torrents that the tracker never heard of
    failed: int  # lines about trackers in the program's log; only seedbox writes them
    rss: int  # bytes
    idle: float  # cores


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes from one program to clients."""

    program: str
    leechers: int
    load: float
    speed: float | None  # bytes/s; None: it failed
    cpu: float | None  # seconds of the seeder for a GiB
    drained: float | None  # seconds of the clients for a GiB
    rss: int  # bytes
    problem: str


def told(start: Start) -> str:
    """Return a line for whoever waits."""
    return f"{start.program}, {start.torrents:,} torrents: " + ", ".join(_cells(start))


def told_upload(upload: Upload) -> str:
    """Return a line for whoever waits."""
    if upload.speed is None or upload.cpu is None:
        return f"{upload.program}, {upload.leechers} leechers: {upload.problem}"
    speed, rest = f"{upload.speed / 1e6:,.0f} MB/s", f"{upload.cpu:.2f} CPU s/GiB"
    return f"{upload.program}, {upload.leechers} leechers: {speed}, {rest}, load {upload.load:.2f}"


def markdown(head: str, starts: Sequence[Start], uploads: Sequence[Upload]) -> str:
    """Return everything that was measured."""
    parts = [head, ""]
    if starts:
        parts += [*_start_table(starts), ""]
    if uploads:
        parts += [*_upload_table(uploads), ""]
    parts += ["## What was asked", "", *_verdicts(starts, uploads), ""]
    return "\n".join(parts)


# --- starts -----------------------------------------------------------------------------------


def _start_table(starts: Sequence[Start]) -> list[str]:
    heads = ["torrents", "program", "all seed", "CPU until then", "answered", "all announced"]
    heads += ["lost", "RSS", "idle", "load before"]
    lines = ["## A restart with many torrents", ""]
    lines += [
        _ABOUT_STARTS,
        "",
    ]
    lines += [f"| {' | '.join(heads)} |", "|---:|---|" + "---:|" * (len(heads) - 2)]
    for start in starts:
        lines.append(f"| {start.torrents:,} | {start.program} | {' | '.join(_cells(start))} |")
    return lines


def _cells(start: Start) -> list[str]:
    never = f"not in {start.waited:.0f} s"
    return [
        "never" if start.seeding is None else f"{start.seeding:.1f} s",
        f"{start.seeding_cpu:.1f} s",
        f"{start.answered} of {start.called}",
        never if start.announced is None else f"{start.announced:.1f} s",
        f"{start.lost:,}",
        f"{start.rss / MIB:.0f} MiB",
        f"{start.idle:.1%}",
        f"{start.load:.2f}",
    ]


# --- uploads ----------------------------------------------------------------------------------


def _upload_table(uploads: Sequence[Upload]) -> list[str]:
    lines = ["## Uploads on loopback", ""]
    lines += [
        _ABOUT_UPLOADS,
        "",
        "| leechers | program | MB/s | CPU s/GiB | clients' CPU s/GiB | RSS | load before |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for leechers, program in dict.fromkeys((each.leechers, each.program) for each in uploads):
        runs = [each for each in uploads if (each.leechers, each.program) == (leechers, program)]
        good = [each for each in runs if each.speed is not None]
        if not good:
            lines.append(f"| {leechers} | {program} | {runs[0].problem} | | | | |")
            continue
        cells = [
            _spread([(each.speed or 0.0) / 1e6 for each in good], ",.0f"),
            _spread([each.cpu or 0.0 for each in good], ".2f"),
            f"{statistics.median(each.drained or 0.0 for each in good):.2f}",
            f"{max(each.rss for each in good) / MIB:,.0f} MiB",
            _spread([each.load for each in good], ".1f"),
        ]
        if len(good) < len(runs):
            cells[0] += f", {len(runs) - len(good)} of {len(runs)} failed"
        lines.append(f"| {leechers} | {program} | {' | '.join(cells)} |")
    return lines


def _spread(values: Sequence[float], form: str) -> str:
    median = statistics.median(values)
    return f"{median:{form}} ({min(values):{form}} to {max(values):{form}})"


def _median(uploads: Sequence[Upload], program: str, leechers: int) -> tuple[float, float] | None:
    """Return bytes/s and CPU seconds for a GiB; None: not measured."""
    mine = [each for each in uploads if (each.program, each.leechers) == (program, leechers)]
    speeds = [each.speed for each in mine if each.speed is not None]
    costs = [each.cpu for each in mine if each.cpu is not None]
    return (statistics.median(speeds), statistics.median(costs)) if speeds else None


# --- what was asked ---------------------------------------------------------------------------


def _verdicts(starts: Sequence[Start], uploads: Sequence[Upload]) -> list[str]:
    lines: list[str] = []
    for start in starts:
        if start.program == "seedbox":
            lines += _of_start(start)
    for leechers in dict.fromkeys(each.leechers for each in uploads):
        ours = _median(uploads, "seedbox", leechers)
        for peer in dict.fromkeys(each.program for each in uploads):
            theirs = _median(uploads, peer, leechers)
            if peer == "seedbox" or ours is None or theirs is None:
                continue
            faster, cheaper = ours[0] / theirs[0], theirs[1] / ours[1]
            what = f"{leechers} leechers: {faster:.2f} times the speed of {peer}, "
            what += f"{cheaper:.2f} times less CPU time"
            lines.append(_line(what, "ahead", met=faster > 1 and cheaper > 1))
    return lines


def _of_start(start: Start) -> list[str]:
    name = f"{start.torrents:,} torrents"
    lost = f"{name}: {start.lost} announces lost, {start.failed} complaints about the tracker"
    lines = [_line(lost, "none", met=not start.lost and not start.failed)]
    if start.torrents in _ASKED:
        seconds, memory, cores = _ASKED[start.torrents]
        took = start.seeding
        told = "never" if took is None else f"after {took:.1f} s"
        good = took is not None and took < seconds and start.answered == start.called
        lines.append(_line(f"{name}: all seed {told}", f"under {seconds:g} s", met=good))
        what, asked = f"{name}: {start.rss / MIB:.0f} MiB", f"under {memory / MIB:.0f} MiB"
        lines.append(_line(what, asked, met=start.rss < memory))
        what, asked = f"{name}: {start.idle:.2%} of a core when idle", f"under {cores:.1%}"
        lines.append(_line(what, asked, met=start.idle < cores))
    return lines


def _line(what: str, asked: str, *, met: bool) -> str:
    return f"- {'met' if met else '**missed**'}: {what} (asked: {asked})"


# --- the picture ------------------------------------------------------------------------------


def picture(starts: Sequence[Start], uploads: Sequence[Upload]) -> str:
    """Return an SVG with bars of how long starts take and how fast uploads are."""
    blocks = [
        (f"{count:,} torrents: seconds until all seed", _start_bars(starts, count))
        for count in dict.fromkeys(start.torrents for start in starts)
    ]
    blocks += [
        (f"Upload to {leechers}: MB/s", _upload_bars(uploads, leechers))
        for leechers in dict.fromkeys(each.leechers for each in uploads)
    ]
    parts: list[str] = []
    y = _HEAD
    for title, bars in blocks:
        parts.append(_text(20, y + 26, title, 15, weight="600"))
        y += _TITLE
        most = max((value for _, value, _ in bars), default=0) or 1.0
        for name, value, words in bars:
            parts.append(_bar(name, words, (_WIDTH - _LEFT - _RIGHT) * value / most, y))
            y += _STEP
    height, title = y + 24, "Seeding: seedbox beside its peers"
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"',
        f' width="{_WIDTH}" height="{height}" font-family="system-ui, sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
        _text(20, 32, title, 18, weight="600"),
        _text(20, 54, "restarts: shorter is better; uploads: longer is better", 12, fill=_FAINT),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


Bar = tuple[str, float, str]  # name, value, words


def _start_bars(starts: Sequence[Start], count: int) -> list[Bar]:
    return [
        (start.program, start.seeding, f"{start.seeding:.1f} s, {start.rss / MIB:.0f} MiB")
        for start in starts
        if start.torrents == count and start.seeding is not None
    ]


def _upload_bars(uploads: Sequence[Upload], leechers: int) -> list[Bar]:
    bars = []
    for program in dict.fromkeys(each.program for each in uploads):
        if (found := _median(uploads, program, leechers)) is not None:
            speed, cpu = found
            bars.append((program, speed / 1e6, f"{speed / 1e6:,.0f}, {cpu:.2f} CPU s/GiB"))
    return bars


def _bar(name: str, words: str, width: float, y: int) -> str:
    fill = _OURS if name == "seedbox" else _PEER
    return (
        f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{fill}"/>'
        + _text(_LEFT - 8, y + 13, name, 12, anchor="end")
        + _text(round(_LEFT + width) + 6, y + 13, words, 12)
    )


def _text(  # noqa: PLR0913 - a drawing primitive
    x: int,
    y: int,
    text: str,
    size: int,
    *,
    weight: str = "400",
    fill: str = _INK,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )
