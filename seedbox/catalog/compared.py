"""What a table of items says of digests, beside what was read."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from seedbox.catalog.database import Database
from seedbox.catalog.order import Cut

_CHUNK = 10_000  # rows that are in Python at once
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Differs:
    """An item whose digest is not the one in the table."""

    path: str
    read: bytes
    said: bytes


@dataclass(frozen=True, slots=True)
class Compared:
    """How many items of a shard have another digest."""

    count: int = 0
    named: tuple[Differs, ...] = ()  # the first of them


def compare(database: Database, cut: Cut, digests: Iterable[bytes]) -> Compared:
    """Compare digests with those that the table gives, as far as it gives any.

    Args:
        database: Has what `order.order` made.
        cut: The shard.
        digests: Of each of its items, in their order; few are in memory at once.
    """
    count, named = 0, list[Differs]()
    rest = iter(digests)
    for start in range(cut.start, cut.stop, _CHUNK):
        stop = min(start + _CHUNK, cut.stop)
        read = list(itertools.islice(rest, stop - start))
        rows = database.rows(
            "SELECT row, path, sha256 FROM arranged "
            "WHERE row >= ? AND row < ? AND sha256 IS NOT NULL ORDER BY row",
            *(start, stop),
        )
        for row, path, said in rows:
            if said != read[row - start]:
                count += 1
                if len(named) < _MOST_NAMED:
                    named.append(Differs(path, read[row - start], said))
    return Compared(count, tuple(named))
