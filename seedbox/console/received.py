"""What consumers are told: verdicts on data, fetches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import (
    FILES_SHOWN,
    Document,
    line,
    number,
    share,
    table,
)
from seedbox.console.text import plural
from seedbox.console.withdrawn import left_document, left_lines
from seedbox.units import format_share, format_size

if TYPE_CHECKING:
    from seedbox.jobs.fetch import FetchReport
    from seedbox.manifest.model import License
    from seedbox.plan.fetch import FetchPlan
    from seedbox.plan.verify import FileResult, VerifyReport

_RANGES_SHOWN = 5


def verify_document(reports: Iterable[VerifyReport]) -> Document:
    """Return what is known of every file of some torrents."""
    torrents = [
        {
            "name": report.name,
            "ok": report.ok,
            "size": report.size,
            "good": report.good,
            "files": [_file_document(file) for file in report.files],
        }
        for report in reports
    ]
    return {"ok": all(torrent["ok"] for torrent in torrents), "torrents": torrents}


def _file_document(file: FileResult) -> Document:
    return {
        "path": "/".join(file.path),
        "state": file.state.value,
        "length": file.length,
        "found": file.found,
        "bad": [list(span) for span in file.bad],
        "unproven": [list(span) for span in file.unproven],
        "reason": file.reason,
    }


def verify_view(reports: Iterable[VerifyReport]) -> RenderableType:
    """Return a verdict for people: each file that is not right, and the sum."""
    parts: list[RenderableType] = []
    files = wrong = size = good = 0
    for report in reports:
        files, size, good = files + len(report.files), size + report.size, good + report.good
        bad = [file for file in report.files if file.state.value != "ok"]
        wrong += len(bad)
        parts += [_file_line(file) for file in bad[:FILES_SHOWN]]
        if len(bad) > FILES_SHOWN:
            parts.append(line(f"  and {len(bad) - FILES_SHOWN:,} more in {report.name}", "red"))
    verdict = f"{files - wrong:,} of {files:,} files are right, {good:,} of {size:,} bytes"
    parts.append(line(verdict, "red" if wrong else "green"))
    return Group(*parts)


def _file_line(file: FileResult) -> RenderableType:
    path = "/".join(file.path)
    if file.state.value == "missing":
        return line(f"{path}: {file.reason}", "red")
    if file.state.value == "wrong-size":
        return line(f"{path}: {file.found:,} bytes, should have {file.length:,}", "red")
    spans = file.bad or file.unproven
    shown = ", ".join(f"{start:,} to {stop - 1:,}" for start, stop in spans[:_RANGES_SHOWN])
    more = f" and {len(spans) - _RANGES_SHOWN:,} more ranges" if len(spans) > _RANGES_SHOWN else ""
    word = "wrong" if file.bad else "not proven"
    return line(f"{path}: bytes {shown}{more} are {word}", "red" if file.bad else "yellow")


def fetch_plan_document(plan: FetchPlan) -> Document:
    """Return what a fetch would bring."""
    return {
        "id": plan.manifest.head.id,
        "size": plan.size,
        "need": plan.need,
        "coverage": number(plan.coverage),
        "shards": [{"name": shard.name, "size": shard.size} for shard in plan.shards],
        "left_out": [left_document(left) for left in plan.left_out],
    }


def fetch_plan_view(plan: FetchPlan) -> RenderableType:
    """Return what a fetch would bring, for people."""
    rows = table("shard", "size>", "coverage>")
    for shard in plan.shards:
        rows.add_row(line(shard.name), format_size(shard.size), share(shard.coverage))
    left = left_lines("left out", plan.left_out)
    covered = "" if plan.coverage is None else f", {format_share(plan.coverage)} of use"
    whole = f"{format_size(plan.size)} in {plural(len(plan.shards), 'shard')}{covered}"
    return Group(rows, *left, line(f"{whole}; {format_size(plan.need)} to get"))


def fetch_document(report: FetchReport) -> Document:
    """Return what a fetch has brought, with the terms of the data."""
    head = report.manifest.head
    terms = head.license
    licenses = _licenses(report)
    return {
        "ok": report.ok,
        "folder": str(report.folder),
        "license": terms.spdx if terms else None,
        "attribution": terms.attribution if terms else None,
        "cite_as": head.cite_as,
        "shards": [
            {
                "name": shard.name,
                "outcome": shard.outcome.value,
                "size": shard.size,
                "good": shard.good,
                "received": shard.received,
                "reused": shard.reused,
                "missing": ["/".join(path) for path in shard.missing],
                "reason": shard.reason,
                "license": own.spdx if (own := licenses[shard.name]) else None,
                "attribution": own.attribution if own else None,
            }
            for shard in report.shards
        ],
        "left_out": [left_document(left) for left in report.left_out],
    }


def fetch_view(report: FetchReport) -> RenderableType:
    """Return what a fetch has brought, for people."""
    rows = table("shard", "outcome", "here>", "of>", "received>")
    parts: list[RenderableType] = [rows]
    for shard in report.shards:
        sizes = (shard.good, shard.size, shard.received)
        rows.add_row(line(shard.name), shard.outcome.value, *(format_size(size) for size in sizes))
        if shard.reason:
            parts.append(line(f"{shard.name}: {shard.reason}", "red"))
        missing = ["/".join(path) for path in shard.missing]
        parts += [line(f"  missing: {path}", "red") for path in missing[:FILES_SHOWN]]
        if len(missing) > FILES_SHOWN:
            parts.append(line(f"  missing: {len(missing) - FILES_SHOWN:,} more files", "red"))
    parts += left_lines("left out", report.left_out)
    return Group(*parts, *_terms(report))


def _licenses(report: FetchReport) -> dict[str, License | None]:
    """Return the license of each shard that was asked for: its own, or the dataset's."""
    of = {shard.name: report.manifest.license_of(shard) for shard in report.manifest.shards}
    return {shard.name: of[shard.name] for shard in report.shards}


def _terms(report: FetchReport) -> list[RenderableType]:
    """Return the lines that whoever uses the data has to know: each license, each attribution."""
    lines = [f"in {report.folder}"]
    by_terms: dict[tuple[str, str | None], list[str]] = {}
    for name, terms in _licenses(report).items():
        if terms:
            by_terms.setdefault((terms.spdx, terms.attribution), []).append(name)
    for (spdx, attribution), names in by_terms.items():
        of = "" if len(by_terms) == 1 else f" (of {', '.join(names)})"
        lines.append(f"license: {spdx}{of}")
        if attribution:
            lines.append(f"attribution: {attribution}")
    if report.manifest.head.cite_as:
        lines.append(f"cite as: {report.manifest.head.cite_as}")
    return [line(text) for text in lines]
