"""How long a table of items takes to become shards and a catalog, with 2 GiB on two cores.

Each size runs in a process of its own: a Parquet table of synthetic items is read, checked, put
in order, cut into shards of 20 GiB, and written as a catalog. Time should grow as the table does.

Run with: python benchmarks/catalog/run.py [--full] [--sizes 1 4 16 64]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from seedbox.catalog import database

_HERE = Path(__file__).parent
_ROOT = Path(__file__).parents[2]
_MILLION = 10**6
_GIB = 2**30
_SPACE = 160  # bytes of disk for a row: the table, the database, what is spilled, the catalog
_STAGES = ["read", "check", "order", "catalog"]
_WIDTH, _HEIGHT = 760, 420  # pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 80, 50  # pixels
_COLOURS = ["#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#212529"]
_INK, _FAINT = "#212529", "#6c757d"

Point = tuple[float, float]  # millions of rows, seconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--sizes", type=int, nargs="+", default=[1, 4], help="millions of rows")
    size.add_argument("--full", action="store_true", help="1, 4, 16, 64 and 256 M; keeps results")
    parser.add_argument("--keep-results", action="store_true", help="write them as --full does")
    parser.add_argument("--memory", type=int, default=2048, help="MiB")
    parser.add_argument("--folder", type=Path, default=_ROOT / "build", help="data is made in it")
    return parser.parse_args()


def _measure(millions: int, folder: Path, memory: int) -> dict[str, Any]:
    """Make a table and measure what becomes of it; both are removed."""
    rows = millions * _MILLION
    free = shutil.disk_usage(folder).free
    assert free > rows * _SPACE, (
        f"{rows:,} rows may need {rows * _SPACE:,} bytes, {free:,} are free"
    )
    with (
        tempfile.TemporaryDirectory(dir=folder) as made,
        tempfile.TemporaryDirectory(dir=folder) as work,
    ):
        table = Path(made) / "items.parquet"
        subprocess.run([sys.executable, _HERE / "make.py", str(rows), table], check=True)
        size = table.stat().st_size
        stages = [str(_HERE / "stages.py"), str(table), str(Path(work) / "work"), str(memory)]
        done = subprocess.run([sys.executable, *stages], check=True, stdout=subprocess.PIPE)
    measured: dict[str, Any] = json.loads(done.stdout)
    assert measured["items"] == rows
    return {**measured, "millions": millions, "table": size}


def _table(found: list[dict[str, Any]]) -> str:
    head = ["million rows", *(f"{stage}, s" for stage in _STAGES), "all, s", "rows/s"]
    head += ["peak RSS, GiB", "peak disk, GiB", "shards", "table, GiB", "catalog, GiB"]
    lines = [f"| {' | '.join(head)} |", f"|{'---:|' * len(head)}"]
    for each in found:
        seconds = each["seconds"]
        total = sum(seconds.values())
        cells = [f"{each['millions']:,}", *(f"{seconds[stage]:.1f}" for stage in _STAGES)]
        cells += [f"{total:.1f}", f"{each['items'] / total:,.0f}"]
        cells += [f"{each[key] / _GIB:.2f}" for key in ("rss", "disk")]
        cells += [f"{each['shards']:,}"]
        cells += [f"{each[key] / _GIB:.2f}" for key in ("table", "catalog")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _lines(found: list[dict[str, Any]]) -> list[tuple[str, list[Point]]]:
    lines = [
        (stage, [(float(each["millions"]), each["seconds"][stage]) for each in found])
        for stage in _STAGES
    ]
    totals = [(float(each["millions"]), sum(each["seconds"].values())) for each in found]
    return [*lines, ("all", totals)]


# --- the picture ------------------------------------------------------------------------------


def _draw(lines: Sequence[tuple[str, Sequence[Point]]], title: str, subtitle: str) -> str:
    """Return an SVG with a line for each stage, and a dashed one that grows linearly."""
    xs = [x for _, points in lines for x, _ in points]
    ys = [y for _, points in lines for _, y in points]
    low = 2 ** math.floor(math.log2(max(min(ys), 0.0625)))
    scale = _Scale(min(xs), max(*xs, 2 * min(xs)), low, 2 ** math.ceil(math.log2(max(ys))))
    name, total = lines[-1]
    (x, y), end = total[0], total[-1][0]
    parts = [_path([scale.at(x, y), scale.at(end, y * end / x)], _FAINT, dashed=True)]
    labels: list[tuple[float, str, str]] = []
    for (name, points), colour in zip(lines, _COLOURS, strict=True):
        places = [scale.at(x, max(y, low)) for x, y in points]
        parts.append(_path(places, colour))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        labels.append((places[-1][1], f"{name}, {points[-1][1]:,.0f} s", colour))
    below = 0.0
    for height, label, colour in sorted(labels):
        below = max(height + 4, below + 15)  # no label on another
        parts.append(_text(_WIDTH - _RIGHT + 10, below, label, 12, fill=colour))
    for x in sorted(set(xs)):
        parts.append(_text(scale.at(x, low)[0], _HEIGHT - 24, f"{x:g} M", 12, anchor="middle"))
    exponent = round(math.log2(low))
    while 2**exponent <= scale.most:
        y = scale.at(min(xs), 2.0**exponent)[1]
        parts.append(_text(_LEFT - 12, y + 4, f"{2.0**exponent:g} s", 12, anchor="end"))
        exponent += 2
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"',
        f' width="{_WIDTH}" height="{_HEIGHT}" font-family="system-ui, sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#ffffff"/>',
        _text(20, 32, title, 18),
        _text(20, 54, subtitle, 12, fill=_FAINT),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


class _Scale:
    """Where values lie on the picture."""

    def __init__(self, first: float, last: float, least: float, most: float) -> None:
        self._x = first, math.log2(last / first)
        self._y = least, math.log2(most / least) or 1.0
        self.most = most

    def at(self, x: float, y: float) -> Point:
        """Return pixels."""
        across = math.log2(x / self._x[0]) / self._x[1]
        up = math.log2(y / self._y[0]) / self._y[1]
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )


def _path(places: Sequence[Point], colour: str, *, dashed: bool = False) -> str:
    listed = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    style = ' stroke-dasharray="4 3"' if dashed else ' stroke-width="2"'
    return f'<polyline points="{listed}" fill="none" stroke="{colour}"{style}/>'


def _text(
    x: float, y: float, text: str, size: int, *, fill: str = _INK, anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{fill}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def main() -> None:
    """Measure every size, print the table, and keep it if that is asked for."""
    asked = _arguments()
    sizes = [1, 4, 16, 64, 256] if asked.full else asked.sizes
    asked.folder.mkdir(exist_ok=True)
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    found = []
    for millions in sizes:
        found.append(_measure(millions, asked.folder, asked.memory * 2**20))
        print(f"{millions} M: {json.dumps(found[-1])}", file=sys.stderr)
    machine = f"{os.cpu_count()} cores, {platform.platform()}; load before: {load}"
    subtitle = f"DuckDB {database.version()}, {asked.memory} MiB, 2 threads; dashed: linear"
    text = f"{machine}. {subtitle}.\n\n{_table(found)}\n"
    print(text)
    if asked.full or asked.keep_results:
        results = _HERE / "results"
        results.mkdir(exist_ok=True)
        today = dt.datetime.now(dt.UTC).date().isoformat()
        title = "From a table of items to shards and a catalog"
        command = " ".join(["python", "benchmarks/catalog/run.py", *sys.argv[1:]])
        heading = f"# {title}, {today}\n\nCommand: `{command}`\n\n"
        (results / f"{today}.md").write_text(heading + text, encoding="utf-8")
        picture = _draw(_lines(found), title, subtitle)
        (results / f"{today}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
