"""The coverage curve, drawn with characters: how much use a share of the bytes stands for."""

from __future__ import annotations

from collections.abc import Sequence

_LEVELS = " ▁▂▃▄▅▆▇█"
_MARGIN = 8  # columns for the scale on the left


def draw(points: Sequence[tuple[float, float]], *, width: int = 60, height: int = 10) -> str:
    """Return a chart of a rising curve.

    Args:
        points: (share of bytes, share of use), both 0 to 1, rising; the first need not be (0, 0).
        width: Columns of the chart itself.
        height: Rows of the chart itself.
    """
    heights = [_at(points, (column + 1) / width) * height for column in range(width)]
    rows = []
    for row in range(height - 1, -1, -1):
        cells = "".join(_cell(value - row) for value in heights)
        mark = f"{100 * (row + 1) // height:>4} % │" if (row + 1) % 2 == 0 else "       │"
        rows.append(mark + cells.rstrip())
    rows.append("       └" + "─" * width)
    rows.append(" " * _MARGIN + "0 %" + "share of the bytes".center(width - 8) + "100 %")
    return "\n".join(rows)


def _cell(filled: float) -> str:
    """Return the character for a cell that is filled from below by 0 to 1."""
    return _LEVELS[round(max(0.0, min(1.0, filled)) * (len(_LEVELS) - 1))]


def _at(points: Sequence[tuple[float, float]], share: float) -> float:
    """Return the use at a share of bytes, on straight lines between the points."""
    before = (0.0, 0.0)
    for point in points:
        if point[0] >= share:
            run = point[0] - before[0]
            part = 1.0 if run <= 0 else (share - before[0]) / run
            return before[1] + part * (point[1] - before[1])
        before = point
    return before[1]
