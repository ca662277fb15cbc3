"""What is told of the stages in which a dataset is released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import RenderableType

from seedbox.console.tables import Document, line, table
from seedbox.manifest.model import Role
from seedbox.plan.stages import Part, Stage, dates, stages
from seedbox.units import format_share, format_size

if TYPE_CHECKING:
    from seedbox.manifest.model import Head, Manifest
    from seedbox.plan.build import BuildPlan

_ROWS_SHOWN = 24  # two years by month


def of_plan(plan: BuildPlan) -> tuple[Stage, ...]:
    """Return the stages of a build that is not made yet; its catalog has no size."""
    if plan.head.release is None:
        return ()
    catalog = [(Role.CATALOG, 0, None)] if plan.catalog is not None else []
    held = [*catalog, *((each.role, each.layout.size, each.use) for each in plan.shards)]
    found = dates(plan.head, ((role, use) for role, _, use in held))
    parts = (Part(*each, release) for each, release in zip(held, found, strict=True))
    return stages(parts, _total(plan.head))


def of_manifest(manifest: Manifest) -> tuple[Stage, ...]:
    """Return the stages of a manifest."""
    shards = manifest.shards
    parts = (Part(each.role, each.size, each.use, each.release) for each in shards)
    return stages(parts, _total(manifest.head))


def _total(head: Head) -> Decimal | None:
    return None if head.popularity is None else head.popularity.total


def stages_document(found: Sequence[Stage]) -> Document:
    """Return what is released when; nothing if nobody has to wait for anything."""
    if not found:
        return {}
    return {
        "stages": [
            {
                "name": stage.name,
                "release": moment(stage.release),
                "shards": stage.shards,
                "size": stage.size or None,
                "coverage": None if stage.coverage is None else round(float(stage.coverage), 6),
            }
            for stage in found
        ]
    }


def moment(release: datetime | None) -> str | None:
    """Return a release date as the manifest has it."""
    return None if release is None else release.isoformat().replace("+00:00", "Z")


def stages_lines(found: Sequence[Stage], expires: datetime | None) -> list[RenderableType]:
    """Return what is released when, for people."""
    if not found:
        return []
    rows = table("stage", "released", "shards>", "size>", "coverage>")
    for stage in found[:_ROWS_SHOWN]:
        rows.add_row(
            stage.name,
            "at once" if stage.release is None else f"{stage.release:%Y-%m-%d %H:%M} UTC",
            f"{stage.shards:,}",
            format_size(stage.size) if stage.size else "-",
            "-" if stage.coverage is None else format_share(stage.coverage),
        )
    lines: list[RenderableType] = [line(""), rows]
    more = found[_ROWS_SHOWN:]
    if more:
        last = more[-1].release
        lines.append(line(f"and {len(more):,} more stages, the last on {last:%Y-%m-%d}"))
    late = [stage for stage in found if expires and stage.release and stage.release >= expires]
    if late:
        told = f"{late[0].name} and what follows come after the manifest expires on "
        lines.append(line(f"{told}{expires:%Y-%m-%d}: issue it again before", "yellow"))
    return lines
