"""Items in order of popularity, cut into shards: what `plan.build` decides, for more than fits.

The order is total: by group (license, then rendition), by falling value, then by id, whose `/`
comes before any other character, as it does between the segments of paths. DuckDB sorts once. Then
the sums of blocks of rows are walked through, and only blocks that a cut may fall into are looked
at row by row: no window function can cut greedily, and the whole need never be in Python.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from operator import itemgetter

from seedbox.catalog.database import Database, Row
from seedbox.errors import ItemsRefusedError, RefusedFile, SourceError, UsageError
from seedbox.manifest import coverage
from seedbox.manifest.model import Head
from seedbox.plan.terms import RefusedItem, Terms, settle

_BLOCK = 4096  # rows that are summed together; a cut costs as many to be looked at
_CHUNK = 50_000  # rows of a shard that come into Python at once
_DIGITS = 60  # enough for exact sums of any popularity values
_MOST_REFUSED = 21  # one more than a message shows
_NANO = Decimal("1e-9")
_OPTIONAL = {  # columns that most tables lack, and that are not sorted along then
    "path": "VARCHAR",
    "url": "VARCHAR",
    "license": "VARCHAR",
    "attribution": "VARCHAR",
    "sha256": "BLOB",
}
_FIELDS = ["row", "id", "path", "url", "size", "value", "license", "attribution", "sha256"]


@dataclass(frozen=True, slots=True)
class Rendition:
    """How items are stored whose value is below a bound."""

    name: str
    below: Decimal | None = None  # None: all that no bound is for


@dataclass(frozen=True, slots=True)
class Cutting:
    """How shards are cut."""

    shard_size: int  # bytes of payload at most, unless one item alone is larger
    shard_items: int | None = None  # at most, but for empty files, which begin no shard
    leave_out_refused: bool = False  # go on without the items that may not be shared
    renditions: tuple[Rendition, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Items that may share a shard."""

    license: str | None  # SPDX; None: the dataset's
    rendition: str | None


@dataclass(frozen=True, slots=True)
class Cut:
    """The items of one shard: the rows from `start` up to `stop` of the ordered table."""

    group: Group
    start: int
    stop: int
    size: int  # bytes
    use: Decimal
    coverage: Decimal | None = None  # None: not in order yet

    @property
    def items(self) -> int:
        """How many items it has."""
        return self.stop - self.start

    @property
    def mean(self) -> Fraction:
        """Use of an item, what orders shards."""
        return Fraction(self.use) / self.items


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """One item, as whoever packs or encodes it needs it."""

    row: int  # in the ordered table
    id: str
    path: str
    url: str | None
    size: int  # bytes
    value: Decimal
    license: str | None  # its own, as written; None: the dataset's
    attribution: str | None
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Ordered:
    """Every shard in the order of the manifest; the items are in the table `ordered`."""

    cuts: tuple[Cut, ...]
    items: int
    size: int  # bytes
    total: Decimal  # the denominator of every coverage
    refused: int  # items that are left out because of their license
    named: tuple[RefusedItem, ...] = ()  # the first of them


@dataclass(frozen=True, slots=True)
class _Withheld:
    """Items that may not be shared."""

    items: int = 0
    use: Decimal = Decimal(0)
    named: tuple[RefusedItem, ...] = ()  # the first of them


@dataclass(frozen=True, slots=True)
class _Written:
    """A license as it is written, in the place of all items that have it."""

    path: tuple[str, ...]
    license: str | None


def order(database: Database, head: Head, cutting: Cutting, *, key: str | None = None) -> Ordered:
    """Sort the items that `tables.settle` found right, and cut them.

    Args:
        database: Has the table `items`, which is used up, as is `used` if there is one.
        head: Of the dataset: its license, its popularity.
        cutting: How.
        key: What joins popularity: id or path; None: there is no table of it.

    Raises:
        ItemsRefusedError: Items are not openly licensed, and are not to be left out.
        LicenseRefusedError: The dataset is not openly licensed.
        SourceError: There is no data, or a group of items is all empty.
        UsageError: popularity.total is less than what is there.
    """
    present = _join(database, key)
    terms = _terms(database, head, present)
    withheld = _refuse(database, head, terms, cutting)
    groups = _sort(database, terms, cutting, present)
    found = list(_cuts(database, groups, cutting))
    if len(groups) > 1:  # one group alone is in order; ties stay in the order of the groups
        found.sort(key=lambda cut: -cut.mean)
    with localcontext(prec=_DIGITS):
        used = sum((cut.use for cut in found), withheld.use)
    total = _total(head, used)
    shares = coverage.running((cut.use for cut in found), total)
    cuts = tuple(replace(cut, coverage=share) for cut, share in zip(found, shares, strict=True))
    items, size = sum(cut.items for cut in cuts), sum(cut.size for cut in cuts)
    return Ordered(cuts, items, size, total, withheld.items, withheld.named)


def items_of(database: Database, cut: Cut) -> Iterator[OrderedItem]:
    """Yield the items of a shard in order; few of them are in memory at once."""
    for start in range(cut.start, cut.stop, _CHUNK):
        stop = min(start + _CHUNK, cut.stop)
        rows = database.rows(
            f"SELECT {', '.join(_FIELDS)} FROM arranged WHERE row >= ? AND row < ? ORDER BY row",
            start,
            stop,
        )
        for row in rows:
            yield OrderedItem(*row)


# --- values and licenses ----------------------------------------------------------------------


def _join(database: Database, key: str | None) -> list[str]:
    """Make the view `joined`, and return which columns of it hold anything."""
    counts = ", ".join(f"count({name})" for name in _OPTIONAL)
    found = database.row(f"SELECT {counts} FROM items")
    present = [name for name, count in zip(_OPTIONAL, found, strict=True) if count]
    if key is None:
        database.run(
            "CREATE VIEW joined AS SELECT * REPLACE (coalesce(value, 0) AS value) FROM items"
        )
        return present
    if database.row("SELECT count(license) FROM used")[0]:
        present = list(dict.fromkeys([*present, "license"]))
    on = "items.id" if key == "id" else "coalesce(items.path, items.id)"
    own = "CASE WHEN used.doubt IS NULL OR used.doubt = 'missing' THEN items.value END"
    database.run(
        "CREATE VIEW joined AS SELECT items.* REPLACE ("
        f"coalesce(used.value, {own}, 0) AS value, coalesce(used.license, items.license) AS license"
        f") FROM items LEFT JOIN used ON used.name = {on}"
    )
    return present


def _terms(database: Database, head: Head, present: Sequence[str]) -> Terms[_Written]:
    """Settle every license that comes, once, however many items have it."""
    written: list[str | None] = [None]
    if "license" in present:
        written = [text for (text,) in database.rows("SELECT DISTINCT license FROM joined")]
    elif not database.row("SELECT count(*) FROM items")[0]:
        raise _empty("the table of items")
    in_order = sorted(written, key=lambda text: (text is not None, text or ""))
    return settle(head, [_Written((text or "",), text) for text in in_order])


def _refuse(database: Database, head: Head, terms: Terms[_Written], cutting: Cutting) -> _Withheld:
    """Count the items that may not be shared, and refuse them unless they are to be left out.

    Raises:
        ItemsRefusedError: They are not, or nothing else is there.
    """
    if not terms.refused:
        return _Withheld()
    refused = {item.license: item for item in terms.refused}
    _list_licenses(database, dict.fromkeys(refused, 0))
    join = "FROM joined JOIN licenses ON joined.license IS NOT DISTINCT FROM licenses.name"
    count, whole, rest = database.row(
        f"SELECT count(*), sum(CAST(trunc(value) AS HUGEINT)), sum(value - trunc(value)) {join}"
    )
    rows = database.rows(
        f"SELECT coalesce(path, id), license {join} ORDER BY replace(id, '/', chr(0)) LIMIT ?",
        _MOST_REFUSED,
    )
    named = tuple(replace(refused[text], path=tuple(path.split("/"))) for path, text in rows)
    if cutting.leave_out_refused and terms.groups:
        return _Withheld(count, Decimal(whole) + rest, named)
    (items,) = database.row("SELECT count(*) FROM items")
    files = tuple(RefusedFile(item.name, item.license, item.why) for item in named)
    raise ItemsRefusedError(head.id, files, of=items, count=count)


def _list_licenses(database: Database, numbers: Mapping[str | None, int]) -> None:
    """Make a table of licenses as they are written, each with the number of its group."""
    database.run("CREATE OR REPLACE TEMP TABLE licenses (name VARCHAR, number INTEGER)")
    for text, number in numbers.items():
        database.run("INSERT INTO licenses VALUES (?, ?)", text, number)


def _total(head: Head, used: Decimal) -> Decimal:
    """Return the denominator of every coverage: what the head says, else the sum over all items."""
    popularity = head.popularity
    if popularity is None or popularity.total is None:
        return used
    if popularity.total < used:
        raise UsageError(
            f"popularity.total is {popularity.total}, the items alone have {used}",
            "Leave popularity.total out, or make it the sum over everything that is used.",
        )
    return popularity.total


# --- order and cuts ---------------------------------------------------------------------------


def _sort(
    database: Database, terms: Terms[_Written], cutting: Cutting, present: Sequence[str]
) -> list[Group]:
    """Make the table `ordered`, and the view `arranged` that has all fields and the row numbers."""
    renditions = _renditions(cutting.renditions)
    groups = [Group(name, each) for name in terms.groups for each in renditions]
    source, number = "joined", "0"
    if len(terms.groups) > 1 or terms.refused:
        numbers = {w.license: at for at, g in enumerate(terms.groups.values()) for w in g}
        _list_licenses(database, numbers)
        source = "joined JOIN licenses ON joined.license IS NOT DISTINCT FROM licenses.name"
        number = "licenses.number"
    if len(renditions) > 1:
        number = f"{number} * {len(renditions)} + {_rendition_number(cutting.renditions)}"
    (sloped,) = database.row("SELECT coalesce(bool_or(contains(id, '/')), false) FROM items")
    tie = "replace(id, '/', chr(0))" if sloped else "id"  # what needs no second text has none
    fields = ", ".join(["id", *present, "size", "value", f"CAST({number} AS INTEGER) AS part"])
    database.run(
        f"CREATE TABLE ordered AS SELECT {fields} FROM {source} ORDER BY part, value DESC, {tie}"
    )
    database.run("DROP VIEW joined")
    database.run("DROP TABLE items")
    database.run("DROP TABLE IF EXISTS used")
    absent = [f"NULL::{_OPTIONAL[name]} AS {name}" for name in _OPTIONAL if name not in present]
    path = "* REPLACE (coalesce(path, id) AS path)" if "path" in present else "*, id AS path"
    others = [column for column in absent if not column.endswith(" AS path")]
    database.run(
        f"CREATE VIEW arranged AS SELECT {', '.join([path, 'rowid AS row', *others])} FROM ordered"
    )
    return groups


def _renditions(renditions: Sequence[Rendition]) -> list[str | None]:
    """Return the names of the groups that items fall into by their value, smallest bound last."""
    return [rendition.name for rendition in _falling(renditions)] or [None]


def _falling(renditions: Sequence[Rendition]) -> list[Rendition]:
    return sorted(
        renditions, key=lambda each: (each.below is not None, -(each.below or Decimal(0)))
    )


def _rendition_number(renditions: Sequence[Rendition]) -> str:
    """Return the number of an item's rendition as SQL; nothing is to be encoded of empty files."""
    falling = list(enumerate(_falling(renditions)))
    cases = [
        # Values have nine decimals: those below a bound are those below it rounded up.
        f"WHEN value < CAST('{each.below.quantize(_NANO, ROUND_CEILING):f}' AS DECIMAL(38, 9)) "
        f"THEN {at}"
        for at, each in reversed(falling)
        if each.below is not None
    ]
    return f"(CASE WHEN size = 0 THEN 0 {' '.join(cases)} ELSE 0 END)"


@dataclass(slots=True)
class _Open:
    """The shard that is being filled."""

    start: int
    items: int = 0
    size: int = 0
    use: Decimal = Decimal(0)

    def add(self, items: int, size: int, use: Decimal) -> None:
        self.items += items
        self.size += size
        self.use += use


def _cuts(database: Database, groups: Sequence[Group], cutting: Cutting) -> Iterator[Cut]:
    """Yield the shards of each group; none is empty of data.

    A shard ends before an item that has data and would make it too large or too many, if it has
    data itself. So empty files go along with what is before them.
    """
    blocks = database.rows(
        "SELECT part, rowid // ? AS block, min(rowid), count(*), sum(size), sum(value) "
        "FROM ordered GROUP BY part, block ORDER BY part, block",
        _BLOCK,
    )
    if not blocks:
        raise _empty("the table of items")
    for part, of_group in itertools.groupby(blocks, key=itemgetter(0)):
        group = groups[part]
        with localcontext(prec=_DIGITS):
            cuts = list(_cut_group(database, group, of_group, cutting))
        if not cuts[0].size:
            terms = " ".join(
                filter(None, [group.license or "the dataset's license", group.rendition])
            )
            raise _empty(f"the group of items under {terms}")
        yield from cuts


def _cut_group(
    database: Database, group: Group, blocks: Iterable[Row], cutting: Cutting
) -> Iterator[Cut]:
    most = cutting.shard_items if cutting.shard_items is not None else sys.maxsize
    held: _Open | None = None
    for _, _, start, count, size, use in blocks:
        held = held or _Open(start)
        if held.size + size <= cutting.shard_size and held.items + count <= most:
            held.add(count, int(size), use)
            continue
        for row, (item_size, value) in enumerate(_block(database, start, count), start):
            over = held.size + item_size > cutting.shard_size or held.items >= most
            if over and held.size and item_size:
                yield Cut(group, held.start, row, held.size, held.use)
                held = _Open(row)
            held.add(1, item_size, value)
    if held is not None:
        yield Cut(group, held.start, held.start + held.items, held.size, held.use)


def _block(database: Database, start: int, count: int) -> list[Row]:
    return database.rows(
        "SELECT size, value FROM ordered WHERE rowid >= ? AND rowid < ? ORDER BY rowid",
        start,
        start + count,
    )


def _empty(what: str) -> SourceError:
    return SourceError(what, "holds no data", "Give at least one item that is not empty.")
