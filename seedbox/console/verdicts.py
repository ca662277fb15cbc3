"""Why a license is open or not: as JSON, and as a list of its parts for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import Document, facts, line, table
from seedbox.manifest.license_terms import Source

if TYPE_CHECKING:
    from seedbox.manifest.licenses import Verdict

_MAX_SHOWN = 200  # characters of what was asked about
_SOURCES = {
    Source.OPEN_DEFINITION: "the Open Definition's list",
    Source.OSI: "the OSI's approvals",
    Source.READING: "seedbox's own reading",
    Source.CATEGORY: "the license's category in the license database",
}


def document(asked: str, found: Verdict) -> Document:
    """Return a verdict with all its parts."""
    return {
        "expression": asked,
        "normalised": found.expression,
        **_judged(found),
        "parts": _parts(found, decides=True),
    }


def _parts(whole: Verdict, *, decides: bool) -> list[Document]:
    """Return the parts of an expression.

    Args:
        whole: The expression.
        decides: Whether it decides the verdict on the expression that it is part of.
    """
    return [
        {
            "expression": part.expression,
            **_judged(part),
            "decides": (counts := decides and part in whole.deciding),
            "parts": _parts(part, decides=counts),
        }
        for part in whole.parts
    ]


def _judged(found: Verdict) -> Document:
    return {"open": found.open, "rule": found.rule, "source": found.source, "why": found.why}


def view(asked: str, found: Verdict) -> RenderableType:
    """Return a verdict for people."""
    shown = asked if len(asked) <= _MAX_SHOWN else f"{asked[:_MAX_SHOWN]}…"
    top = facts(
        [
            ("license", shown),
            ("read as", found.expression if found.expression != asked else None),
            ("verdict", _word(found)),
            ("rule", found.rule),
            ("decided by", _SOURCES[found.source] if found.source else None),
            ("why", found.why),
        ]
    )
    if not found.parts:
        return top
    rows = table("part", "verdict", "decides", "why")
    for depth, part, decides in _listed(found, depth=0, decides=True):
        style = "bold" if decides else ""
        words = "" if part.parts else part.why
        name = f"{'  ' * depth}{part.expression}"
        rows.add_row(
            line(name, style), line(_word(part)), line("yes" if decides else "-"), line(words)
        )
    return Group(top, line(""), rows)


def _listed(whole: Verdict, *, depth: int, decides: bool) -> Iterator[tuple[int, Verdict, bool]]:
    """Yield each part with how deep it is nested, and whether it decides the verdict."""
    for part in whole.parts:
        counts = decides and part in whole.deciding
        yield depth, part, counts
        yield from _listed(part, depth=depth + 1, decides=counts)


def _word(found: Verdict) -> str:
    return "open" if found.open else "refused"
