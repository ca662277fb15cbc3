"""What publishers are told of renditions: what would be encoded, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType

from seedbox.console.tables import Document, line
from seedbox.console.text import plural
from seedbox.units import format_size

if TYPE_CHECKING:
    from seedbox.jobs.encode import EncodeReport
    from seedbox.jobs.renditions import RenditionsPlan

_FINE = "larger"  # the one reason to keep an original that is no failure (jobs.encode.Why)


def encoding_document(plan: RenditionsPlan | None) -> Document:
    """Return what would be encoded, and by which commands."""
    if plan is None:
        return {}
    wanted = plan.assigned.by_rendition()
    return {
        "encode": [
            {"rendition": name, "items": len(wanted.get(name, ())), "command": command}
            for name, command in plan.commands.items()
        ]
    }


def encoding_lines(plan: RenditionsPlan | None) -> list[RenderableType]:
    """Return what would be encoded, for people; sizes before encoding are those of originals."""
    if plan is None:
        return []
    wanted = plan.assigned.by_rendition()
    return [
        line(f"{name}: {plural(len(wanted.get(name, ())), 'file')} would go through {command}")
        for name, command in plan.commands.items()
    ]


def encoded_document(report: EncodeReport | None) -> Document:
    """Return what became of the items that were to be encoded."""
    if report is None:
        return {}
    return {
        "encoded": {
            "items": len(report.done),
            "before": report.before,
            "after": report.after,
            "reused": report.reused,
            "kept": {why.value: count for why, count in report.kept.items()},
            "named": [
                {"item": each.id, "why": each.why.value, "what": each.words}
                for each in report.named
            ],
        }
    }


def encoded_lines(report: EncodeReport | None) -> list[RenderableType]:
    """Return what became of the items that were to be encoded, for people."""
    if report is None:
        return []
    sizes = f"{format_size(report.before)} became {format_size(report.after)}"
    parts: list[RenderableType] = [line(f"encoded: {plural(len(report.done), 'file')}, {sizes}")]
    for why, count in report.kept.items():
        if count:
            words = f"kept as they are ({why.value}): {plural(count, 'file')}"
            parts.append(line(words, "" if why.value == _FINE else "yellow"))
    failed = (each for each in report.named if each.why.value != _FINE)
    parts += [line(f"  {each.id}: {each.words}", "yellow") for each in failed]
    return parts
