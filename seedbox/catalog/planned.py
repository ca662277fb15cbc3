"""The items of shards that are planned already, entered into the database for their catalog.

What `order` makes of a table, this makes of a plan: both give `parquet` the same to write.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from seedbox.catalog.database import Database
from seedbox.catalog.order import Cut, Group
from seedbox.catalog.parquet import NONE, Catalog, Digests, Entry, Member
from seedbox.manifest.model import Head, License
from seedbox.plan import tar
from seedbox.plan.build import Item, ShardPlan

_BATCH = 10_000  # rows that go from Python to DuckDB at once
_ORDERED = """
CREATE TABLE ordered (
    id VARCHAR, path VARCHAR, sha256 BLOB, size BIGINT, value DECIMAL(38, 9), part INTEGER
)"""
_ARRANGED = """
CREATE VIEW arranged AS SELECT *, rowid AS row,
    NULL::VARCHAR AS url, NULL::VARCHAR AS license, NULL::VARCHAR AS attribution FROM ordered
"""
_INSERT = """
INSERT INTO ordered SELECT unnest(?), unnest(?), unhex(CAST(unnest(?) AS VARCHAR)), unnest(?),
    CAST(unnest(?) AS DECIMAL(38, 9)), unnest(?)
"""


def enter(
    database: Database, head: Head, shards: Sequence[ShardPlan], digests: Digests = NONE
) -> Catalog:
    """Enter all items of all shards, and where each lies, into an empty database.

    Args:
        database: Gets the tables that `order.order` makes.
        head: Of the dataset; its license is that of shards without one.
        shards: In the order of the manifest.
        digests: Of the items of packed shards.
    """
    database.run(_ORDERED)
    database.run(_ARRANGED)
    catalog = Catalog(database)
    parts: dict[Group, int] = {}
    start = 0
    for number, shard in enumerate(shards):
        group = Group(shard.license.spdx if shard.license else None, shard.rendition)
        _insert(database, shard.items, parts.setdefault(group, len(parts)))
        cut = Cut(group, start, start + len(shard.items), shard.layout.size, shard.use)
        members = _members(shard, digests.get(number)) if shard.packed else None
        catalog.place(cut, _entry(head, shard), members)
        start = cut.stop
    return catalog


def _entry(head: Head, shard: ShardPlan) -> Entry:
    terms = shard.license or head.license or License("")  # that last passes no gate
    return Entry(shard.name, terms.spdx, terms.attribution, shard.rendition)


def _members(shard: ShardPlan, digests: Iterable[bytes] | None) -> Iterator[Member]:
    """Yield where each item lies in the tar of its shard."""
    archive = tar.Archive((item.path, item.size) for item in shard.items)
    known = itertools.repeat(None, len(shard.items)) if digests is None else digests
    for offset, item, sha256 in zip(archive.data, shard.items, known, strict=True):
        yield Member(offset, item.size, sha256)


def _insert(database: Database, items: Sequence[Item], part: int) -> None:
    """Enter items; what was encoded goes by the name, size and digest of its original."""
    rows = (
        (
            "/".join(item.original.path if item.original else item.path),
            "/".join(item.path),
            item.original.sha256.hex() if item.original else None,
            item.original.size if item.original else item.size,
            f"{item.value:f}",
            part,
        )
        for item in items
    )
    while batch := list(itertools.islice(rows, _BATCH)):
        database.run(_INSERT, *map(list, zip(*batch, strict=True)))
