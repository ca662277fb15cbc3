"""What is told of two releases of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import Document, line, table
from seedbox.console.text import plural
from seedbox.manifest.versions import Change
from seedbox.units import format_size

if TYPE_CHECKING:
    from seedbox.jobs.shards import Source
    from seedbox.jobs.versions import DiffReport
    from seedbox.manifest.versions import Row

_STYLES = {
    Change.NEW: "green",
    Change.SUPERSEDED: "yellow",
    Change.SAME: "",
    Change.GONE: "red",
}


_NOT_EXACT = (
    "upper bounds: not every shard has a v2 torrent beside its manifest, "
    "which would tell the files that both releases have"
)


def diff_document(report: DiffReport) -> Document:
    """Return what a new manifest changes."""
    diff = report.diff
    return {
        "id": report.new.manifest.head.id,
        "old": _release(report.old),
        "new": _release(report.new),
        "counts": {change.value: len(diff.of(change)) for change in Change},
        "moved": sum(row.moved for row in diff.rows),
        "move": diff.move,
        "free": diff.free,
        "exact": diff.exact,
        "shards": [_row_document(row) for row in diff.rows],
    }


def _release(source: Source) -> Document:
    head = source.manifest.head
    return {
        "manifest": str(source.path),
        "sequence": head.sequence,
        "version": head.version,
        "shards": len(source.manifest.shards),
        "size": source.manifest.size,
    }


def _row_document(row: Row) -> Document:
    terms = row.relicensed
    return {
        "name": row.name,
        "change": row.change.value,
        "size": row.size,
        "rank": row.rank,
        "old_rank": row.old_rank,
        "replaces": list(row.replaces),
        "moved": row.moved,
        "relicensed": None if terms is None else {"old": terms[0], "new": terms[1]},
    }


def diff_view(report: DiffReport) -> RenderableType:
    """Return what a new manifest changes, for people: what differs, and the sums."""
    diff = report.diff
    rows = table("shard", "change", "size>", "rank>", "")
    for row in diff.rows:
        if row.change is not Change.SAME or row.moved or row.relicensed or _renamed(row):
            rank = "-" if row.rank is None else f"{row.rank:,}"
            rows.add_row(
                line(row.name),
                line(row.change.value, _STYLES[row.change]),
                format_size(row.size),
                rank,
                line("; ".join(_remarks(row))),
            )
    old, new = report.old.manifest.head, report.new.manifest.head
    counts = ", ".join(f"{len(diff.of(change)):,} {change.value}" for change in Change)
    most = "" if diff.exact else "at most "
    numbers = f"sequence {old.sequence} to {new.sequence}"
    gets, frees = (f"{most}{format_size(n)} ({n:,} bytes)" for n in (diff.move, diff.free))
    sums = [
        f"{new.id}: {numbers}, version {old.version} to {new.version}",
        f"{plural(len(diff.rows), 'shard')}: {counts}",
        f"a mirror of all of it gets {gets} and frees {frees}",
    ]
    if not diff.exact:
        sums.append(_NOT_EXACT)
    shown = [rows] if rows.row_count else []
    return Group(*shown, *(line(text) for text in sums))


def _renamed(row: Row) -> bool:
    return bool(row.replaces) and row.replaces != (row.name,)


def _remarks(row: Row) -> list[str]:
    remarks = []
    if _renamed(row):
        verb = "was" if row.change is Change.SAME else "supersedes"
        remarks.append(f"{verb} {', '.join(row.replaces)}")
    if row.moved:
        remarks.append(f"moved from rank {row.old_rank:,}")
    if row.relicensed:
        old, new = (spdx or "no license" for spdx in row.relicensed)
        remarks.append(f"license {old} to {new}")
    return remarks
