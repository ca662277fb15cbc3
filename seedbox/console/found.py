"""What is told of items that were searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import Document, line, number, table
from seedbox.console.text import plural
from seedbox.units import format_size

if TYPE_CHECKING:
    from seedbox.catalog.search import CatalogItem
    from seedbox.jobs.search import SearchReport


def found_document(report: SearchReport) -> Document:
    """Return the items that were found, most popular first."""
    return {
        "id": report.source.manifest.head.id,
        "catalog": report.shard.name,
        "more": report.more,
        "items": [_item_document(item) for item in report.items],
    }


def _item_document(item: CatalogItem) -> Document:
    return {
        "rank": item.rank,
        "item": item.id,
        "path": item.path,
        "url": item.url,
        "popularity": number(item.popularity),
        "size": item.size,
        "license": item.license,
        "attribution": item.attribution,
        "sha256": item.sha256,
        "shard": item.shard,
        "rendition": item.rendition,
        "offset": item.offset,
        "length": item.length,
    }


def found_view(report: SearchReport) -> RenderableType:
    """Return the items that were found, for people."""
    if not report.items:
        return Group(line("nothing found"))
    rows = table("rank>", "item", "popularity>", "size>", "license", "shard")
    for item in report.items:
        rows.add_row(
            f"{item.rank:,}",
            line(item.id),
            f"{number(item.popularity):,}",
            format_size(item.size),
            line(item.license or "-"),
            line(item.shard),
        )
    count = f"the first {plural(len(report.items), 'item')}; --limit finds more"
    told = count if report.more else plural(len(report.items), "item")
    return Group(rows, line(told))
