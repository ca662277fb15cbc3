"""The catalog: the table of all items as Parquet files, for search engines, notebooks and us.

`items/` has everything, most popular first, so the first files are what most people look for.
`ids/` has (id, rank) sorted by id, in files by the first digits of the id's SHA-256. Whoever wants
one item reads a row group of either: the id's rank, then the row with that rank. Files and row
groups are small enough for that over HTTP, and there are few enough that a footer stays small.

The same items give the same bytes on every machine: order, row groups and compression are
fixed, and nothing in a file depends on threads or time. DuckDB writes its version into each, so the
bytes are those of one version of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from seedbox import disk
from seedbox.catalog.archives import PLACES
from seedbox.catalog.database import Database, quoted
from seedbox.catalog.order import Cut

Digests: TypeAlias = "Mapping[int, Iterable[bytes]]"
"""By the number of a packed shard, from 0: the SHA-256 of each of its items, in their order."""

NONE: Digests = MappingProxyType({})
ITEMS, IDS = "items", "ids"  # folders
_PART = 2**22  # rows of a file of items
_GROUP = 2**14  # rows of a row group of items
_ID_PART = 2**20  # rows of a file of ids at most, about: digests spread evenly
_ID_GROUP = 2**12  # rows of a row group of ids
_BATCH = 10_000  # rows that go from Python to DuckDB at once
_FORMAT = (
    "FORMAT parquet, PARQUET_VERSION v1, COMPRESSION zstd, COMPRESSION_LEVEL 3, "
    "WRITE_BLOOM_FILTER false, PER_THREAD_OUTPUT false"
)
_SHARDS = """
CREATE TABLE shards (
    number INTEGER, name VARCHAR, license VARCHAR, attribution VARCHAR, rendition VARCHAR,
    start BIGINT, stop BIGINT, -- rows in the ordered table
    packed BOOLEAN -- its items are placed one by one
)"""
_PLACED = """
CREATE TABLE placed (
    item BIGINT, -- its row in the ordered table
    shard INTEGER,
    "offset" BIGINT, -- in the shard's tar; NULL: the item is a file of its own
    length BIGINT,
    sha256 BLOB -- of these bytes; NULL: nobody has read them
)"""
_DIGESTS = "CREATE OR REPLACE TEMP TABLE digests (item BIGINT, sha256 BLOB)"
_ITEMS = """
SELECT place + 1 AS rank, id, nullif(path, id) AS path, url, value AS popularity, size,
    shards.license AS license, coalesce(listed.attribution, shards.attribution) AS attribution,
    lower(hex(coalesce(listed.sha256, placed.sha256))) AS sha256,
    shards.name AS shard, shards.rendition AS rendition, "offset", length
FROM listed JOIN placed ON listed.row = placed.item JOIN shards ON placed.shard = shards.number
WHERE place >= {start} AND place < {stop}{near}
ORDER BY rank
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a catalog says of every item of a shard."""

    name: str  # the shard's
    license: str | None  # SPDX
    attribution: str | None = None  # of items that have none of their own
    rendition: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Where an item lies in its shard's tar."""

    offset: int  # of its first byte
    length: int  # bytes
    sha256: bytes | None = None  # of these bytes; None: nobody has read them


class Catalog:
    """A catalog in the making: shards come as they are built, files at the end."""

    def __init__(self, database: Database) -> None:
        """Begin; the database has what `order.order` made."""
        self._database = database
        self._shards = 0
        self._one_part = True
        self._pending: list[tuple[int, int, int, int, bytes | None]] = []  # rows of `placed`
        database.run(_SHARDS)
        database.run(_PLACED)

    def place(self, cut: Cut, entry: Entry, members: Iterable[Member] | None = None) -> None:
        """Say what became of a shard's items.

        Args:
            cut: The shard.
            entry: What holds for all of them.
            members: One for each item, in order; None: they are files of their own.

        Raises:
            ValueError: There are fewer or more members than items: a bug in the caller.
        """
        number = self._number(cut, entry, packed=members is not None)
        if members is None:
            return
        item = cut.start
        for member in members:
            self._pending.append((item, number, member.offset, member.length, member.sha256))
            item += 1
            if len(self._pending) == _BATCH:
                self._flush()
        if item != cut.stop:
            raise ValueError(f"{entry.name} has {cut.items} items, {item - cut.start} were placed")

    def place_packed(self, cut: Cut, entry: Entry, digests: Iterable[bytes] = ()) -> None:
        """Say that a shard's items lie in its tar, in their order; `archives.measure` has run.

        Args:
            cut: The shard.
            entry: What holds for all of them.
            digests: The SHA-256 of each item, or none at all.
        """
        database, number = self._database, self._number(cut, entry, packed=True)
        database.run(_DIGESTS)
        rest, start = iter(digests), cut.start
        while batch := list(itertools.islice(rest, _BATCH)):
            insert = "INSERT INTO digests SELECT unnest(range(?, ?)), unnest(?)"
            database.run(insert, start, start + len(batch), batch)
            start += len(batch)
        database.run(
            f'INSERT INTO placed SELECT item, ?, "offset", length, sha256 FROM ({PLACES}) '
            "LEFT JOIN digests USING (item)",
            *(number, cut.start, cut.stop),
        )

    def _number(self, cut: Cut, entry: Entry, *, packed: bool) -> int:
        number = self._shards
        self._shards += 1
        self._database.run(
            "INSERT INTO shards VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(number, entry.name, entry.license, entry.attribution, entry.rendition),
            *(cut.start, cut.stop, packed),
        )
        return number

    def _flush(self) -> None:
        if self._pending:
            fields = ", ".join("unnest(?)" for _ in self._pending[0])
            self._database.run(
                f"INSERT INTO placed SELECT {fields}", *zip(*self._pending, strict=True)
            )
            self._pending.clear()

    def write(self, folder: Path) -> list[Path]:
        """Write the files into a folder below the database's own, and return them in order.

        Raises:
            DiskError, NoSpaceError: They cannot be written.
        """
        for name in (ITEMS, IDS):
            disk.make_folders_below(self._database.folder, (*_below(self._database, folder), name))
        self._flush()
        self._database.run(
            "INSERT INTO placed SELECT unnest(range(start, stop)), number, NULL, NULL, NULL "
            "FROM shards WHERE NOT packed ORDER BY start"
        )
        rows = self._list()
        files = [*self._items(folder / ITEMS, rows), *self._ids(folder / IDS, rows)]
        for file in files:
            found = disk.look(file.parent, (file.name,))
            if isinstance(found, disk.Located):
                disk.sync(found)
        return files

    def _list(self) -> int:
        """Make the view `listed`: all items, most popular first; return how many there are."""
        database = self._database
        parts, rows = database.row("SELECT count(DISTINCT part), count(*) FROM ordered")
        source, place = "arranged", "row"
        if parts > 1:
            source, place = "ranked", "rowid"
            database.run(
                "CREATE TABLE ranked AS SELECT * FROM arranged "
                "ORDER BY value DESC, replace(id, '/', chr(0))"
            )
        database.run(f"CREATE VIEW listed AS SELECT *, {place} AS place FROM {source}")
        self._one_part = parts == 1
        return int(rows)

    def _items(self, folder: Path, rows: int) -> Iterator[Path]:
        for number, start in enumerate(range(0, rows, _PART)):
            stop = min(start + _PART, rows)
            # Where items lie as they were ordered, only the rows of this file have to be looked at.
            near = f" AND item >= {start} AND item < {stop}" if self._one_part else ""
            query = _ITEMS.format(start=start, stop=stop, near=near)
            yield self._copy(query, folder / f"{number:04}.parquet", _GROUP)

    def _ids(self, folder: Path, rows: int) -> Iterator[Path]:
        """Write ids by the fewest digits that keep files small; without any: one file."""
        digits = 0
        while rows > _ID_PART * 16**digits:
            digits += 1
        prefix = f"left(sha256(id), {digits})" if digits else "''"
        database = self._database
        database.run(
            f"CREATE TABLE by_id AS SELECT {prefix} AS prefix, id, place + 1 AS rank FROM listed "
            "ORDER BY prefix, id"
        )
        starts = database.rows(
            "SELECT prefix, min(rowid), count(*) FROM by_id GROUP BY prefix ORDER BY prefix"
        )
        for name, start, count in starts:
            query = (
                f"SELECT id, rank FROM by_id WHERE rowid >= {start} AND rowid < {start + count} "
                "ORDER BY rowid"
            )
            yield self._copy(query, folder / f"{name or 'all'}.parquet", _ID_GROUP)

    def _copy(self, query: str, file: Path, group: int) -> Path:
        self._database.run(
            f"COPY ({query}) TO {quoted(str(file))} ({_FORMAT}, ROW_GROUP_SIZE {group})"
        )
        return file


def _below(database: Database, folder: Path) -> tuple[str, ...]:
    return folder.relative_to(database.folder).parts
