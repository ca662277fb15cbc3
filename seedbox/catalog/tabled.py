"""The shards of a table of items: each is planned when it is asked for, from the ordered rows.

What `plan.build` makes of items in memory, this makes of a database: the same names, layouts and
bytes. Only the items of the shard that is planned are in Python.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import overload

from seedbox.catalog import archives
from seedbox.catalog.compared import Compared, compare
from seedbox.catalog.database import Database
from seedbox.catalog.order import Cut, Cutting, Ordered, order
from seedbox.catalog.parquet import NONE, Catalog, Digests, Entry
from seedbox.catalog.safe_paths import refuse_unsafe
from seedbox.manifest.model import Head, License, Pack, Role
from seedbox.plan.build import (
    BuildOptions,
    BuildPlan,
    Contents,
    Item,
    PlannedShards,
    ShardPlan,
    check_piece_length,
    complete,
    plan_shard,
    unmeasured,
)
from seedbox.plan.catalog import catalog_name, shard_name
from seedbox.plan.pack import choose_pack
from seedbox.plan.stages import check_stages

_CHUNK = 50_000  # rows of a shard that come into Python at once
_MOST_KNOWN = 100_000  # names of folders
_READING = 2**28  # bytes; enough to read rows one chunk after the other


@dataclass(frozen=True, slots=True)
class Settled:
    """A table of items that `tables.settle` found right."""

    database: Database
    key: str | None  # what joins popularity; None: there is no table of it
    missing: int  # items without a popularity


def plan_table(settled: Settled, head: Head, options: BuildOptions, *, folder: str) -> BuildPlan:
    """Put the items of a table in order, and cut them into shards.

    Args:
        settled: The table.
        head: What the publisher says of the dataset.
        options: What the publisher chose.
        folder: The source's own name, the torrents' name if the head gives none.

    Raises:
        As `plan.build.plan_build`; and as `order.order`.
    """
    database = settled.database
    check_piece_length(options.piece_length)
    items, size = database.row("SELECT count(*), coalesce(sum(size), 0) FROM items")
    if head.popularity is None and _used(settled):
        raise unmeasured()
    cutting = Cutting(options.shard_size, options.shard_items, options.leave_out_refused)
    ordered = order(database, head, cutting, key=settled.key)
    root = head.torrent_root or folder
    refuse_unsafe(database, root)
    chosen = choose_pack(head, items, int(size), options)
    whole = complete(head, root, chosen.pack, ordered.total)
    check_stages(whole, [(Role.DATA, cut.use) for cut in ordered.cuts])
    known = settled.key is not None or settled.missing < items
    return BuildPlan(
        whole,
        TabledShards(database, whole, ordered, options),
        unlisted=settled.missing if known else 0,
        refused=ordered.named,
        pack_why=chosen.why,
        catalog=catalog_name(whole) if options.catalog else None,
        more_refused=ordered.refused - len(ordered.named),
    )


def _used(settled: Settled) -> bool:
    """Tell whether there is any popularity."""
    tables = ["items"] if settled.key is None else ["items", "used"]
    return any(
        settled.database.row(f"SELECT count(*) FROM {table} WHERE value > 0")[0] for table in tables
    )


class TabledShards(PlannedShards):
    """The shards of an ordered table, as long as its database is open."""

    def __init__(
        self, database: Database, head: Head, ordered: Ordered, options: BuildOptions
    ) -> None:
        """Begin.

        Args:
            database: Has what `order.order` made.
            head: Completed.
            ordered: The shards.
            options: What the publisher chose.
        """
        self._database, self._head, self._options = database, head, options
        self._ordered, self._limits = ordered, database.limits

    def __len__(self) -> int:
        return len(self._ordered.cuts)

    @overload
    def __getitem__(self, index: int) -> ShardPlan: ...

    @overload
    def __getitem__(self, index: slice) -> list[ShardPlan]: ...

    def __getitem__(self, index: int | slice) -> ShardPlan | list[ShardPlan]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        cut = self._ordered.cuts[at]
        self._database.limit(replace(self._limits, memory=min(self._limits.memory, _READING)))
        contents = Contents(self._items(cut), cut.group.license, cut.use)
        shard = plan_shard(self._head, self._name(at), contents, self._options)
        return replace(shard, coverage=cut.coverage if self._head.popularity else None)

    @property
    def items(self) -> int:
        """How many items there are."""
        return self._ordered.items

    @cached_property
    def size(self) -> int:
        """Bytes of all shards."""
        if self._head.pack is not Pack.TAR:
            return self._ordered.size
        self._database.limit(self._limits)
        archives.measure(self._database)
        return sum(archives.size(self._database, cut) for cut in self._ordered.cuts)

    @property
    def licenses(self) -> Iterator[License | None]:
        """The license of each shard; None: the dataset's."""
        for cut in self._ordered.cuts:
            yield None if cut.group.license is None else License(cut.group.license)

    @cached_property
    def gives_digests(self) -> bool:
        """Whether the table says the SHA-256 of any item."""
        return bool(self._database.row("SELECT count(sha256) FROM arranged")[0])

    def compare(self, at: int, digests: Iterable[bytes]) -> Compared:
        """Hold the digests of the items of a shard, in their order, to what the table says."""
        return compare(self._database, self._ordered.cuts[at], digests)

    def catalog(self, folder: Path, digests: Digests = NONE) -> list[Path]:
        """Write the catalog of all items into a folder that lies below `self.folder`.

        Args:
            folder: Gets the files.
            digests: Of the items of packed shards.

        Raises:
            As `parquet.Catalog.write`.
        """
        database, packed = self._database, self._head.pack is Pack.TAR
        database.limit(self._limits)
        catalog = Catalog(database)
        if packed:
            archives.measure(database)
        for at, (cut, terms) in enumerate(zip(self._ordered.cuts, self.licenses, strict=True)):
            held = terms or self._head.license or License("")  # that last passes no gate
            entry = Entry(self._name(at), held.spdx, held.attribution)
            if packed:
                catalog.place_packed(cut, entry, digests.get(at, ()))
            else:
                catalog.place(cut, entry)
        return catalog.write(folder)

    @property
    def folder(self) -> Path:
        """The folder of the database."""
        return self._database.folder

    def _name(self, at: int) -> str:
        return shard_name(self._head, at + 1, of=len(self))

    def _items(self, cut: Cut) -> _Rows:
        rows = _Rows()
        for start in range(cut.start, cut.stop, _CHUNK):
            found = self._database.rows(
                "SELECT path, size, value FROM arranged WHERE row >= ? AND row < ? ORDER BY row",
                start,
                min(start + _CHUNK, cut.stop),
            )
            for path, size, value in found:
                rows.add(path, size, value)
        return rows


class _Rows(Sequence[Item]):
    """The items of a shard, in less memory than a million of them would take as a tuple."""

    def __init__(self) -> None:
        self._paths: list[tuple[str, ...]] = []
        self._sizes = array("Q")
        self._values: list[Decimal] = []
        self._known: dict[str, str] = {}  # names of folders

    def add(self, path: str, size: int, value: Decimal) -> None:
        """Add an item; names of folders, and values that are alike, are one object."""
        *folders, name = path.split("/")
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        parts = (*(self._known.setdefault(each, each) for each in folders), name)
        if self._values and self._values[-1] == value:
            value = self._values[-1]
        self._paths.append(parts)
        self._sizes.append(size)
        self._values.append(value)

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        return Item(self._paths[index], self._sizes[index], self._values[index])
