"""Items: the files of a source, each with its popularity."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from seedbox.catalog.popularity import PopularityTable, Row, read_popularity
from seedbox.errors import InvalidPopularityError, Problem
from seedbox.plan.build import Item

_MOST_SHOWN = 20  # unknown paths in a message


class File(Protocol):
    """A file of a source."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Its path below the root."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...


class Listing(Protocol):
    """The files of a source, in a folder or on a server."""

    @property
    def root(self) -> object:
        """What is shown of where they lie."""
        ...

    @property
    def files(self) -> Sequence[File]:
        """All of them."""
        ...


def items_in(listing: Listing, popularity: Path | None) -> tuple[list[Item], int]:
    """Join the files of a source with a popularity table.

    Args:
        listing: The files.
        popularity: The table; None: nothing is known of any file's popularity.

    Returns:
        The items, and how many of them the table does not name; those get 0.

    Raises:
        InvalidPopularityError: The table is wrong, or names paths that are not in the source.
    """
    if popularity is None:
        return [Item(file.parts, file.size, Decimal(0)) for file in listing.files], 0
    table = read_popularity(popularity)
    named = {"/".join(file.parts): file for file in listing.files}
    _refuse_unknown(table, set(table.rows) - set(named), str(listing.root))
    unlisted = Row(Decimal(0), 0)
    items = []
    for name, file in named.items():
        row = table.rows.get(name, unlisted)
        items.append(Item(file.parts, file.size, row.value, row.license))
    return items, sum(name not in table.rows for name in named)


def _refuse_unknown(table: PopularityTable, unknown: set[str], source: str) -> None:
    if not unknown:
        return
    found = sorted((table.rows[path].line, f"path {path!r} is not in {source}") for path in unknown)
    if len(found) > _MOST_SHOWN:
        line, _ = found[_MOST_SHOWN]
        more = f"{len(found) - _MOST_SHOWN:,} more paths from here on are not in {source}"
        found = [*found[:_MOST_SHOWN], (line, more)]
    hint = "Write paths relative to the source, with `/`; take lines of files that are gone out."
    problems = (Problem("unknown-path", why, hint, table.file, line) for line, why in found)
    raise InvalidPopularityError(table.file, tuple(problems))
