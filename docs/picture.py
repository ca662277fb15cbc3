"""Draw docs/images/demo.svg: what `seedbox demo` prints, shortened.

Run it where the extra `demo` is installed: `python docs/picture.py`. Only times and the port
change from one run to the next. Bars are drawn as shapes, since fonts leave gaps between them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

PICTURE = Path(__file__).parent / "images" / "demo.svg"
COLUMNS, CELL, LINE, MARGIN, TOP = 106, 8.4, 18, 20, 44  # the last four in pixels
PROGRESS = re.compile(r"(?:hash|fetch|verify) \S+: .* in .* s")
INK, DIM, GREEN, RED, BLUE = "#c9d1d9", "#6e7681", "#3fb950", "#ff7b72", "#58a6ff"
COLORS = (
    (r"\$ .*", BLUE),
    (r" *…", DIM),
    (r"shard  .*", DIM),
    (r".*(?:no problem|125 of 125).*", GREEN),
    (r".* are wrong|124 of 125 .*", RED),
)
BARS = "▁▂▃▄▅▆▇█"
AXIS = "│└─"


def steps() -> list[list[str]]:
    """Return the lines of each step of a demo: its command, then what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "seedbox", "demo"],
        env={**os.environ, "COLUMNS": str(COLUMNS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    printed = re.sub(r"(?<=\s)/\S*(?=/by-country)", "…", done.stdout)  # where the package lies
    lines = [line.rstrip() for line in printed.splitlines() if not PROGRESS.fullmatch(line)]
    return [step.strip().splitlines() for step in "\n".join(lines).split("\n$ ")[1:]]


def excerpt(step: list[str], head: int, tail: int) -> list[str]:
    """Return a step with its middle left out."""
    command, *printed = step
    gap = ["…"] if head + tail < len(printed) else []
    return [f"$ {command}", *printed[:head], *gap, *printed[len(printed) - tail :], ""]


def story() -> list[str]:
    """Return the lines of the picture."""
    build, _, _, sign, trust, show, _, seed, first_fetch, _, verify, damaged = steps()
    return [
        *excerpt(build, 6, 2),
        *excerpt(sign, len(sign), 0),
        *excerpt(trust, len(trust), 0),
        *excerpt(show, 0, 14),
        *excerpt(seed, len(seed), 0),
        *excerpt(first_fetch, len(first_fetch), 0),
        *excerpt(verify, len(verify), 0),
        *excerpt(damaged, len(damaged), 0),
    ]


def shapes(line: str, top: float) -> Iterator[str]:
    """Yield the bars and axes of a line, each run of one character as one shape."""
    for run in re.finditer(rf"([{BARS}{AXIS}])\1*", line):
        left, width = MARGIN + run.start() * CELL, len(run[0]) * CELL
        if run[1] in BARS:
            height = LINE * (BARS.index(run[1]) + 1) / len(BARS)
            place = f'x="{left:g}" y="{top + LINE - height:g}" width="{width:.1f}"'
            yield (
                f'<rect {place} height="{height:g}" fill="{BLUE}" shape-rendering="crispEdges"/>'
            )
            continue
        middle, down = left + CELL / 2, top + (LINE if run[1] == "│" else LINE / 2)
        if run[1] in "│└":
            yield f'<path d="M{middle:g} {top:g}V{down:g}" stroke="{DIM}"/>'
        if run[1] in "└─":
            start = middle if run[1] == "└" else left
            yield f'<path d="M{start:g} {down:g}H{left + width:g}" stroke="{DIM}"/>'


def drawn(lines: Iterable[str]) -> Iterator[str]:
    """Yield the elements of the picture."""
    for number, line in enumerate(lines):
        top = TOP + number * LINE
        yield from shapes(line, top)
        words = re.sub(rf"[{BARS}{AXIS}]", " ", line).rstrip()
        color = next((ink for pattern, ink in COLORS if re.fullmatch(pattern, line)), INK)
        if words.strip():
            place = f'x="{MARGIN}" y="{top + LINE * 0.72:g}" textLength="{len(words) * CELL:g}"'
            spaced = escape(words).replace(" ", "\N{NO-BREAK SPACE}")  # others may be merged
            yield f'<text {place} fill="{color}">{spaced}</text>'


def main() -> None:
    """Write the picture."""
    lines = story()
    width, height = COLUMNS * CELL + 2 * MARGIN, TOP + len(lines) * LINE
    fonts = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
    dots = "".join(
        f'<circle cx="{MARGIN + 6 + 20 * at}" cy="22" r="6" fill="{color}"/>'
        for at, color in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    body = "\n".join(drawn(lines))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">\n'
        f"<title>What seedbox demo prints, shortened</title>\n"
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="#161b22"/>\n{dots}\n'
        f'<g font-family="{fonts}" font-size="14">\n{body}\n</g>\n</svg>\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
