"""What is told of files that earlier builds have made, and that no manifest names any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType

from seedbox.console.tables import FILES_SHOWN, Document, line
from seedbox.console.text import plural
from seedbox.units import format_size

if TYPE_CHECKING:
    from seedbox.jobs.leftovers import Leftovers


def leftovers_document(leftovers: Leftovers) -> Document:
    """Return what is left of earlier builds; nothing if nothing is."""
    if not leftovers.removed and not leftovers.kept:
        return {}
    return {
        "leftovers": {
            "removed": list(leftovers.removed),
            "kept": [{"path": str(file.path), "size": file.size} for file in leftovers.kept],
        }
    }


def leftovers_lines(leftovers: Leftovers) -> list[RenderableType]:
    """Return what is left of earlier builds, for people."""
    lines = _shortened([f"removed, of an earlier build: {name}" for name in leftovers.removed])
    if leftovers.kept:
        size = sum(file.size for file in leftovers.kept)
        told = f"{plural(len(leftovers.kept), 'tar')} of an earlier build, {format_size(size)}"
        lines.append(line(f"{told}: remove them once nobody seeds them", "yellow"))
        lines += _shortened([f"  {file.path}" for file in leftovers.kept])
    return lines


def _shortened(texts: list[str]) -> list[RenderableType]:
    more = len(texts) - FILES_SHOWN
    lines: list[RenderableType] = [line(text) for text in texts[:FILES_SHOWN]]
    return [*lines, line(f"  and {more:,} more")] if more > 0 else lines
