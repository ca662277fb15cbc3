"""Where the items of an ordered table lie in the tars of their shards, without them in Python.

A header's length depends on name and size. In nearly all rows it is one block, which SQL can tell;
`plan.tar` says it of the others. A running sum does the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbox.catalog.database import Database, Row
from seedbox.catalog.order import Cut
from seedbox.plan import tar

_BATCH = 10_000  # rows that go from Python to DuckDB at once
_WIDE = (  # which headers may be longer; length() counts characters, strlen() bytes
    f"strlen(path) > {tar.NAME} OR strlen(path) > length(path) OR size > {tar.MOST}"
)
_ROWS = f"""
SELECT row, size, coalesce(wide.header, {tar.BLOCK}) AS header,
    -- A file is filled up to whole blocks.
    (size + {tar.BLOCK - 1}) // {tar.BLOCK} * {tar.BLOCK} AS filled
FROM arranged LEFT JOIN wide ON wide.item = row WHERE row >= ? AND row < ?
"""
PLACES = f"""
SELECT row AS item, size AS length,
    CAST(sum(header + filled) OVER (ORDER BY row ROWS UNBOUNDED PRECEDING) AS BIGINT) - filled
        AS "offset"
FROM ({_ROWS})
"""  # its parameters: the rows of a shard


def measure(database: Database) -> None:
    """Make the table `wide`, of all rows whose header is longer than one block."""
    database.run("CREATE OR REPLACE TABLE wide (item BIGINT, header BIGINT)")
    for batch in batches(database, _WIDE, "size"):
        headers = [tar.header_size(tuple(path.split("/")), size) for _, path, size in batch]
        insert = "INSERT INTO wide SELECT unnest(?), unnest(?)"
        database.run(insert, [row for row, *_ in batch], headers)


def batches(database: Database, where: str, *columns: str) -> Iterator[list[Row]]:
    """Yield the rows of the ordered table that a condition holds for: number, path and columns."""
    first, last = database.row(f"SELECT min(row), max(row) FROM arranged WHERE {where}")
    if first is None:
        return
    for start in range(first, last + 1, _BATCH):
        yield database.rows(
            f"SELECT {', '.join(['row', 'path', *columns])} FROM arranged "
            f"WHERE row >= ? AND row < ? AND ({where}) ORDER BY row",
            start,
            start + _BATCH,
        )


def size(database: Database, cut: Cut) -> int:
    """Return the bytes of the tar of a shard."""
    query = f"SELECT sum(header + filled) FROM ({_ROWS})"
    (end,) = database.row(query, cut.start, cut.stop)
    return tar.size_of(int(end))
