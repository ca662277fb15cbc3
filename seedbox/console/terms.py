"""What publishers are told of files that may not be shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from seedbox.console.tables import FILES_SHOWN, Document, line
from seedbox.console.text import plural

if TYPE_CHECKING:
    from seedbox.plan.terms import RefusedItem


def refused_document(refused: Sequence[RefusedItem]) -> list[Document]:
    """Return what was left out because of its license, and which rule says so."""
    return [
        {"path": item.name, "license": item.license, "rule": item.rule, "why": item.why}
        for item in refused
    ]


def refused_lines(refused: Sequence[RefusedItem], more: int = 0) -> list[RenderableType]:
    """Return what was left out because of its license, for people; nothing if nothing was.

    Args:
        refused: Files that were left out.
        more: How many there are beside those.
    """
    if not refused:
        return []
    count = len(refused) + more
    parts: list[RenderableType] = [
        line(f"left out, not openly licensed: {plural(count, 'file')}", "yellow")
    ]
    parts += [line(f"  {item.name}: {_license(item)}", "yellow") for item in refused[:FILES_SHOWN]]
    if count > FILES_SHOWN:
        parts.append(line(f"  {count - FILES_SHOWN:,} more", "yellow"))
    return parts


def _license(item: RefusedItem) -> str:
    return item.why if item.license is None else f"license {item.license!r}: {item.why}"
