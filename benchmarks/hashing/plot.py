"""The speeds as a picture: bars of GiB/s, one block for each format."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from report import Case
from tools import CHECK, START, VERIFY

_WIDTH, _LEFT, _RIGHT = 760, 190, 70  # pixels: all, names, figures
_BAR, _STEP, _TITLE = 16, 22, 40  # pixels: a bar, from bar to bar, a block's title
_HEAD, _FOOT = 60, 24  # pixels
_OURS, _PEER, _LIMIT = "#0b7285", "#adb5bd", "#e9ecef"
_INK, _FAINT = "#212529", "#6c757d"


def draw(cases: Sequence[Case], title: str, subtitle: str) -> str:
    """Return an SVG of the builders and the limits of one kind of data."""
    shown = [(case, _bars(case)) for case in cases]
    most = max(speed for _, bars in shown for _, speed in bars)
    parts: list[str] = []
    y = _HEAD
    for case, bars in shown:
        parts.append(_text(20, y + 26, f"{case.form}", 15, weight="600"))
        y += _TITLE
        for name, speed in bars:
            parts.append(_bar(name, speed, (_WIDTH - _LEFT - _RIGHT) * speed / most, y))
            y += _STEP
    height = y + _FOOT
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"',
        f' width="{_WIDTH}" height="{height}" font-family="system-ui, sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
        _text(20, 32, title, 18, weight="600"),
        _text(20, 54, subtitle, 12, fill=_FAINT),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def _bars(case: Case) -> list[tuple[str, float]]:
    """Return names and speeds, fastest first, limits above all."""
    checks = (VERIFY, CHECK, START)
    built = [row.name for row in case.rows if not row.name.endswith(checks)]
    speeds = [(name, speed) for name in built if (speed := case.speed(name))]
    return sorted(speeds, key=lambda bar: (not bar[0].startswith("limit"), -bar[1]))


def _bar(name: str, speed: float, width: float, y: int) -> str:
    limit = name.startswith("limit")
    fill = _OURS if name.startswith("seedbox") else _LIMIT if limit else _PEER
    dashed = f' stroke="{_FAINT}" stroke-dasharray="3 2"' if limit else ""
    return (
        f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{fill}"{dashed}/>'
        + _text(_LEFT - 8, y + 13, name, 12, anchor="end")
        + _text(round(_LEFT + width) + 6, y + 13, f"{speed:.2f}", 12)
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
