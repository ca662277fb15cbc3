"""What `seedbox export` says: where the file is, and what was put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import Document, line
from seedbox.console.text import plural

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.jobs.export import ExportReport


def say(report: ExportReport, console: Console) -> None:
    """Tell what whoever publishes the export has to know."""
    for each in report.export.stand_ins:
        console.say(f"{each.field}: not in the manifest; made of {each.source}: {each.value}")
    if report.relative:
        console.say(
            "links to torrents are relative: keep the export beside the manifest, or give the "
            "manifest `mirrors`"
        )
    if report.unnamed:
        console.say(
            f"{plural(len(report.unnamed), 'shard')} of one file got no direct link, since the "
            f"torrent is not beside the manifest: {report.unnamed[0]}"
            f"{', …' if len(report.unnamed) > 1 else ''}"
        )


def document(report: ExportReport) -> Document:
    """Return what was exported, and the export itself if it went to no file."""
    said = {
        "format": "croissant",
        "id": report.manifest.head.id,
        "shards": len(report.manifest.shards),
        "out": str(report.path) if report.path else None,
        "stand_ins": [
            {"field": each.field, "value": each.value, "source": each.source}
            for each in report.export.stand_ins
        ],
        "relative": report.relative,
        "unnamed": list(report.unnamed),
    }
    return said if report.path else {**said, "croissant": report.export.document}


def view(report: ExportReport) -> RenderableType:
    """Return what was exported, for people."""
    return Group(line(f"wrote {report.path}: {plural(len(report.manifest.shards), 'shard')}"))
