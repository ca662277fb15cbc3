"""What mirrors are told: what was served; and what the demo has shown."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import Document, facts, line, table
from seedbox.console.withdrawn import left_document, left_lines
from seedbox.units import format_duration, format_share, format_size

if TYPE_CHECKING:
    from seedbox.jobs.demo import DemoReport
    from seedbox.jobs.doctor import DoctorReport
    from seedbox.plan.seed import SeedReport


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
    for shard in report.seeded:
        sizes = (format_size(shard.size), format_size(shard.uploaded))
        rows.add_row(
            line(shard.name), *sizes, line(f"lost: {shard.lost}", "red") if shard.lost else ""
        )
    return Group(rows, *left_lines("not seeded", report.skipped))


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


# --- doctor -----------------------------------------------------------------------------------


def doctor_document(report: DoctorReport) -> Document:
    """Return what was found."""
    return {"ok": report.ok, "findings": [asdict(finding) for finding in report.findings]}


def doctor_view(report: DoctorReport) -> RenderableType:
    """Return what was found, for people."""
    rows = table("", "", "")
    rows.show_header = False
    styles = {"PASS": "green", "WARN": "yellow", "FAIL": "red"}
    for finding in report.findings:
        verdict = finding.verdict.value
        row = line(verdict, styles[verdict]), line(finding.point, "bold"), line(finding.found)
        rows.add_row(*row)
        if finding.hint is not None:
            rows.add_row("", "", line(f"hint: {finding.hint}"))
    return rows
