"""What `seedbox init` guessed: as JSON, and as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import Document, line, table

if TYPE_CHECKING:
    from seedbox.jobs.init import InitReport

_SHOWN = 60  # characters of a value in the table


def document(report: InitReport) -> Document:
    """Return what was guessed and written."""
    return {
        "dataset": str(report.path),
        "guessed": [
            {
                "field": mark.field,
                "value": mark.said.words,
                "from": mark.said.source,
                "others": [{"value": each.words, "from": each.source} for each in mark.others],
            }
            for mark in report.guess.marks
        ],
        "missing": list(report.missing),
        "popularity": report.guess.popularity,
        "warnings": list(report.warnings),
        "next": report.build,
    }


def view(report: InitReport) -> RenderableType:
    """Return what was guessed and written, for people."""
    rows = table("field", "guessed", "from")
    for mark in report.guess.marks:
        words = " ".join(mark.said.words.split())
        shown = words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"
        rows.add_row(mark.field, line(shown), line(mark.said.source))
    for key in report.missing:
        table_name = (report.guess.popularity or "") if key == "popularity" else ""
        rows.add_row(key, line("to fill in", "yellow"), line(table_name))
    todo = f"; first fill in {' and '.join(report.missing)} there" if report.missing else ""
    return Group(
        rows,
        *(line(warning, "yellow") for warning in report.warnings),
        line(f"wrote {report.path}; look at it{todo}, then run:"),
        line(f"  {report.build}"),
    )
