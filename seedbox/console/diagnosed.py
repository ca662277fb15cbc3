"""What the doctor has found."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import RenderableType

from seedbox.console.tables import Document, line, table

if TYPE_CHECKING:
    from seedbox.jobs.doctor import DoctorReport

_STYLES = {"PASS": "green", "WARN": "yellow", "FAIL": "red", "N/A": "dim"}


def doctor_document(report: DoctorReport) -> Document:
    """Return what was found."""
    return {"ok": report.ok, "findings": [asdict(finding) for finding in report.findings]}


def doctor_view(report: DoctorReport) -> RenderableType:
    """Return what was found, for people."""
    rows = table("", "", "")
    rows.show_header = False
    for finding in report.findings:
        verdict = finding.verdict.value
        about = "" if finding.about is None else f"{finding.about}: "
        found = line(f"{about}{finding.found}")
        rows.add_row(line(verdict, _STYLES[verdict]), line(finding.point, "bold"), found)
        if finding.hint is not None:
            rows.add_row("", "", line(f"hint: {finding.hint}"))
    return rows
