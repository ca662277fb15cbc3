"""What mirrors are told: what was served; and what the demo has shown."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import Document, facts, line, table
from seedbox.console.withdrawn import left_document, left_lines
from seedbox.units import format_duration, format_share, format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedbox.jobs.demo import DemoReport
    from seedbox.plan.seed import Seeded, SeedReport

_SHOWN = 100  # shards; ten thousand would take longer to draw than to stop


def seed_document(report: SeedReport) -> Document:
    """Return what was seeded."""
    return {
        "ok": report.ok,
        "seeded": [
            {"name": s.name, "size": s.size, "uploaded": s.uploaded, "lost": s.lost}
            for s in report.seeded
        ],
        "skipped": [left_document(skipped) for skipped in report.skipped],
    }


def seed_view(report: SeedReport) -> RenderableType:
    """Return what was seeded, for people."""
    rows = table("shard", "size>", "served>", "")
    shown = _most_telling(report.seeded)
    for shard in shown:
        sizes = (format_size(shard.size), format_size(shard.uploaded))
        rows.add_row(
            line(shard.name), *sizes, line(f"lost: {shard.lost}", "red") if shard.lost else ""
        )
    left = [*left_lines("not seeded", report.skipped[:_SHOWN])]
    for what, more in (
        ("seeded", len(report.seeded) - len(shown)),
        ("not seeded", len(report.skipped) - _SHOWN),
    ):
        if more > 0:
            left.append(line(f"and {more:,} more that were {what}; --json has all"))
    return Group(rows, *left)


def _most_telling(seeded: Sequence[Seeded]) -> Sequence[Seeded]:
    """Return what is shown of many shards: first those that were lost, then by what they gave."""
    if len(seeded) <= _SHOWN:
        return seeded
    return sorted(seeded, key=lambda shard: (shard.lost is None, -shard.uploaded))[:_SHOWN]


def demo_document(report: DemoReport) -> Document:
    """Return what the demo has shown."""
    return {
        "folder": str(report.folder),
        "files": report.files,
        "size": report.size,
        "first_fetch": report.first,
        "flipped": report.flipped,
        "license": report.license,
        "attribution": report.attribution,
        "popularity_source": report.popularity_source,
        "steps": [{"command": s.command, "seconds": round(s.seconds, 3)} for s in report.steps],
    }


def demo_view(report: DemoReport) -> RenderableType:
    """Return the closing table of the demo."""
    first = format_share(Fraction(report.first, report.size))
    took = timedelta(seconds=sum(step.seconds for step in report.steps))
    rows = (
        ("data", f"{report.files:,} files, {report.size:,} bytes ({format_size(report.size)})"),
        ("80 % of use", f"{report.first:,} bytes, {first} of the data"),
        ("flipped and found", report.flipped),
        ("time", format_duration(took)),
        ("license", report.license),
        ("attribution", report.attribution),
        ("popularity", report.popularity_source),
    )
    return Group(line(""), facts(rows))
