"""What is told of data that lay on the disk already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import FILES_SHOWN, Document, line, table
from seedbox.console.text import plural
from seedbox.units import format_size

if TYPE_CHECKING:
    from seedbox.jobs.adopt import Adopted, AdoptPlan, AdoptReport

_STYLES = {"in-place": "green", "linked": "green", "found": "green", "absent": "", "skipped": ""}


def plan_document(plan: AdoptPlan) -> Document:
    """Return what sizes and names say of each shard."""
    return {
        **_searched(plan),
        "shards": [
            {
                "id": offer.source.manifest.head.id,
                "name": offer.shard.name,
                "size": offer.shard.size,
                "files": offer.shard.files,
                "here": offer.likely.here if offer.likely else 0,
                "named": offer.likely.named if offer.likely else 0,
                "sized": offer.likely.sized if offer.likely else 0,
                "likely": offer.likely.size if offer.likely else 0,
                "reason": offer.skipped,
            }
            for offer in plan.offers
        ],
    }


def _searched(plan: AdoptPlan) -> Document:
    return {
        "folder": str(plan.folder),
        "data": str(plan.data),
        "seen": plan.seen,
        "candidates": len(plan.found),
        "closed": [{"path": str(each.path), "reason": each.reason} for each in plan.closed],
    }


def plan_view(plan: AdoptPlan) -> RenderableType:
    """Return what sizes and names say of each shard, for people."""
    rows = table("shard", "files>", "in place>", "same name>", "same size>", "size>")
    notes: list[RenderableType] = []
    for offer in plan.offers:
        name, found = offer.shard.name, offer.likely
        if found is None:
            notes.append(line(f"{name}: {offer.skipped}", "yellow"))
            continue
        counts = (found.files, found.here, found.named, found.sized)
        rows.add_row(line(name), *(f"{count:,}" for count in counts), format_size(found.size))
    last = f"{plural(len(plan.found), 'file')} of {plan.seen:,} to look at; nothing was read yet"
    return Group(rows, *notes, *_closed(plan), line(last))


def report_document(report: AdoptReport) -> Document:
    """Return what became of each shard."""
    return {
        "ok": report.ok,
        **_searched(report.plan),
        "shards": [
            {
                "id": shard.id,
                "name": shard.name,
                "fate": shard.fate.value,
                "size": shard.size,
                "right": shard.right,
                "files": shard.files,
                "files_right": shard.files_right,
                "links": shard.links,
                "place": shard.place,
                "reason": shard.reason,
                "hint": shard.hint,
            }
            for shard in report.shards
        ],
    }


def report_view(report: AdoptReport) -> RenderableType:
    """Return what became of each shard, for people."""
    rows = table("shard", "what", "here>", "of>", "links>")
    notes: list[RenderableType] = []
    for shard in report.shards:
        sizes = (format_size(shard.right), format_size(shard.size))
        rows.add_row(line(shard.name), line(_word(shard)), *sizes, f"{shard.links:,}")
        notes += _notes(shard)
    whole = [shard for shard in report.shards if shard.fate.well]
    size = sum(shard.size for shard in whole)
    of = f"{len(whole):,} of {plural(len(report.shards), 'shard')}"
    last = line(f"{of} whole on this disk, {format_size(size)}", "green" if report.ok else "yellow")
    return Group(rows, *notes, *_closed(report.plan), last)


def _word(shard: Adopted) -> str:
    return "seeded in place" if shard.fate.value == "in-place" else shard.fate.value


def _notes(shard: Adopted) -> list[RenderableType]:
    said = [text for text in (shard.reason, shard.hint) if text]
    if not said:
        return []
    first = line(f"{shard.name}: {said[0]}", _STYLES.get(shard.fate.value, "red"))
    return [first, *(line(f"  {text}") for text in said[1:])]


def _closed(plan: AdoptPlan) -> list[RenderableType]:
    lines: list[RenderableType] = [
        line(f"not looked into: {each.path} {each.reason}", "yellow")
        for each in plan.closed[:FILES_SHOWN]
    ]
    if (more := len(plan.closed) - FILES_SHOWN) > 0:
        lines.append(line(f"not looked into: {plural(more, 'more folder')}", "yellow"))
    return lines
