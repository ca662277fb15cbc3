"""Tables of items and of their popularity, in the database: read, joined, and found right.

Rows stream through DuckDB and are never all in Python. What is wrong with them is counted, shown by
up to 20 rows, and refused or let be, as the publisher chose. Rows are numbered from 1, without
the header; a row of CSV may be several lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.catalog import columns
from seedbox.catalog.columns import Table
from seedbox.catalog.database import Database
from seedbox.errors import InvalidItemsError, Problem, UnsafePathsError

_MOST_SHOWN = 20  # rows of each kind of problem in a message
_BATCH = 10_000  # rows that go from Python to DuckDB at once
_ITEMS = """
CREATE TABLE items (
    id VARCHAR,
    path VARCHAR, -- NULL: the id
    url VARCHAR, -- NULL: it is a file
    size BIGINT,
    value DECIMAL(38, 9),
    license VARCHAR, -- NULL: the dataset's
    attribution VARCHAR, -- NULL: the dataset's
    sha256 BLOB,
    fault VARCHAR, -- why the row is no item
    doubt VARCHAR, -- why it has no value
    raw VARCHAR -- what stands where one of them is
)"""
_USED = """
CREATE TABLE used (
    name VARCHAR, value DECIMAL(38, 9), license VARCHAR,
    fault VARCHAR, doubt VARCHAR, raw VARCHAR
)"""
_FAULTS = {
    "id": "has neither id nor path nor url",
    "path": "has neither path nor url",
    "size": "{raw} is no size: a whole number of bytes",
    "sha256": "{raw} is no SHA-256: 64 hex digits",
    "license": "license {raw} is not a line of text",
    "attribution": "attribution {raw} is not a line of text",
}
_DOUBTS = {
    "negative": "popularity {raw} is negative",
    "nan": "popularity {raw} is no number",
    "unreadable": "popularity {raw} is no number from zero up, of at most 24 digits and 9 decimals",
}
_MENDS = {
    "fault": "Correct the rows, or take them out.",
    "invalid": "Correct the rows, or pass --invalid zero to count them as 0.",
    "missing": "Give every item a popularity, or pass --missing zero to count them as 0.",
    "duplicates": "Take the repeated rows out, or pass --duplicates first to keep the first.",
    "unknown": "Take the rows out, or pass --unknown ignore to go on without them.",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What is let be; what is not is refused."""

    missing: bool = True  # an item without a popularity has 0
    unknown: bool = False  # a popularity without an item is ignored
    invalid: bool = False  # a popularity that is negative or no number is 0
    duplicates: bool = False  # of rows of the same item, the first counts


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found; `refused` is what the rules do not let be."""

    items: int
    missing: int = 0
    unknown: int = 0
    invalid: int = 0
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A table in the database."""

    file: str
    key: str = "id"  # of popularity: what its names are, id or path
    distinct: bool = False  # no name can come twice


def read_items(database: Database, file: Path) -> Loaded:
    """Read a table of items: id or path or url, size; popularity, license, sha256, attribution.

    Raises:
        InvalidItemsError: It breaks its format; rows are judged by `settle`.
        UsageError, SourceError, DiskError: See `columns.table`.
    """
    table = columns.table(database, file)
    columns.require(table, ("id", "path", "url"), ("size",))
    path, url = columns.name(table.get("path")), columns.name(table.get("url"))
    named = columns.first(table.get("id"), table.get("path"), table.get("url"))
    places = " AND ".join(f"{part.value} IS NULL" for part in (path, url))
    pathless = places if "path" in table or "url" in table else "false"
    if all(column.kind is columns.Kind.JSON for column in table.columns.values()):
        pathless = "false"  # which columns JSON lines have is not known beforehand
    size, value = columns.size(table.get("size")), columns.popularity(table.get("value"))
    terms = columns.words(table.get("license"), "license")
    line = columns.words(table.get("attribution"), "attribution")
    digest = columns.digest(table.get("sha256"))
    faults = (size, digest, terms, line)
    nameless = f"CASE WHEN {named.sql} IS NULL THEN 'id' WHEN {pathless} THEN 'path' END"
    database.run(_ITEMS)
    database.run(
        f"INSERT INTO items SELECT {named.sql}, nullif({path.value}, {named.sql}), {url.value}, "
        f"{size.value}, {value.value}, {terms.value}, {line.value}, {digest.value}, "
        f"coalesce({nameless}, {', '.join(part.why for part in faults)}), {value.why}, "
        f"{_raw(*faults, value)} FROM {table.sql}",
        str(table.file),
        file=file,
    )
    return Loaded(str(file))


def _raw(*parts: columns.Read) -> str:
    """Return the text of the first value that is wrong, as SQL."""
    wrong = (f"CASE WHEN {part.why} IS NOT NULL THEN {part.raw} END" for part in parts)
    return f"left(coalesce({', '.join(wrong)}), 40)"


def list_files(database: Database, files: Iterable[disk.Located], *, root: Path) -> Loaded:
    """Make a table of items of the files of a source; the id of each is its path.

    Raises:
        UnsafePathsError: Names that are not UTF-8, which no torrent holds.
    """
    database.run(_ITEMS)
    insert = "INSERT INTO items (id, size, doubt) SELECT unnest(?), unnest(?), 'missing'"
    unsafe: list[str] = []
    rows = iter(files)
    while batch := list(itertools.islice(rows, _BATCH)):
        names = ["/".join(file.parts) for file in batch]
        bad = [name for name in names if not _is_unicode(name)]
        unsafe += bad[: _MOST_SHOWN - len(unsafe)]
        if not unsafe:
            database.run(insert, names, [file.size for file in batch])
    if unsafe:
        hint = "Rename the file, or leave it out."
        words = (f"{name!r} is not valid UTF-8" for name in unsafe)
        problems = tuple(Problem("unsafe-path", why, hint) for why in words)
        raise UnsafePathsError(str(root), problems)
    return Loaded(str(root), distinct=True)


def _is_unicode(name: str) -> bool:
    """Tell whether a name has no bytes that Python kept as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_popularity(database: Database, file: Path) -> Loaded:
    """Read a popularity table: path or id, value (or popularity) and, if there are any, license.

    Raises:
        InvalidItemsError: It breaks its format; rows are judged by `settle`.
        UsageError, SourceError, DiskError: See `columns.table`.
    """
    table = columns.table(database, file)
    columns.require(table, ("path", "id"), ("value",))
    key = _key(database, table)
    name, value = columns.name(table.get(key)), columns.popularity(table.get("value"))
    terms = columns.words(table.get("license"), "license")
    database.run(_USED)
    database.run(
        f"INSERT INTO used SELECT {name.value}, {value.value}, {terms.value}, "
        f"coalesce(CASE WHEN {name.value} IS NULL THEN 'path' END, {terms.why}), {value.why}, "
        f"{_raw(terms, value)} FROM {table.sql}",
        str(table.file),
        file=file,
    )
    return Loaded(str(file), key)


def _key(database: Database, table: Table) -> str:
    """Return what joins: the path if there is one, which JSON lines tell only when looked at."""
    if not all(column.kind is columns.Kind.JSON for column in table.columns.values()):
        return "path" if "path" in table else "id"
    (paths,) = database.row(
        f"SELECT count({table.get('path').sql}) FROM (SELECT * FROM {table.sql} LIMIT 1)",
        str(table.file),
        file=table.file,
    )
    return "path" if paths else "id"


def settle(
    database: Database, items: Loaded, popularity: Loaded | None = None, rules: Rules = Rules()
) -> Counts:
    """Join items with their popularity, and refuse what the rules do not let be.

    Args:
        database: Has the table `items`, and `used` if there is a popularity table. Its values go
            before those of the items themselves, and so do its licenses.
        items: Where the items are from.
        popularity: Where the popularity is from; None: only the items themselves have it.
        rules: What is let be.

    Raises:
        InvalidItemsError: All that is wrong with either table, up to 20 rows of each kind.
    """
    judged = _Judged(database, rules)
    judged.faults("items", "id", items.file)
    if not items.distinct:
        judged.duplicates("items", "id", items.file)
        if database.row("SELECT count(path) FROM items")[0]:
            judged.duplicates("items", "coalesce(path, id)", items.file)
    judged.doubts("items", "id", items.file)
    if popularity is None:
        judged.missing(items.file)
        judged.refuse(items.file)
    else:
        judged.faults("used", "name", popularity.file)
        judged.duplicates("used", "name", popularity.file)
        judged.doubts("used", "name", popularity.file)
        key = "id" if popularity.key == "id" else "coalesce(path, id)"
        judged.unknown(popularity, key, items.file)
        judged.unlisted(key, items.file)
        judged.refuse(popularity.file)
    (count,) = database.row("SELECT count(*) FROM items")
    return Counts(items=count, **judged.counts)


class _Judged:
    """What was found so far."""

    def __init__(self, database: Database, rules: Rules) -> None:
        self._database, self._rules = database, rules
        self.counts = {"missing": 0, "unknown": 0, "invalid": 0, "duplicates": 0}
        self._problems: list[Problem] = []

    def refuse(self, file: str) -> None:
        """Raise what was found, if there is anything.

        Raises:
            InvalidItemsError: There is.
        """
        if self._problems:
            raise InvalidItemsError(self._problems[0].file or file, tuple(self._problems))

    def faults(self, table: str, name: str, file: str) -> None:
        """Find rows that are no items; they are never let be."""
        for fault, words in _FAULTS.items():
            self._found(table, name, f"fault = '{fault}'", (file, words, "fault"))

    def doubts(self, table: str, name: str, file: str) -> None:
        """Find values that are none."""
        for doubt, words in _DOUBTS.items():
            self._let(table, name, f"doubt = '{doubt}'", (file, words, "invalid"))
        if table == "used":
            where, words = "doubt = 'missing'", "has no popularity"
            self._let(table, name, where, (file, words, "missing"))

    def missing(self, file: str) -> None:
        """Find items without a value."""
        self._let("items", "id", "doubt = 'missing'", (file, "has no popularity", "missing"))

    def unlisted(self, key: str, file: str) -> None:
        """Find items that neither have a value nor are named by the popularity table."""
        self._database.run(
            "CREATE OR REPLACE TEMP TABLE alone AS SELECT items.rowid AS found FROM items "
            f"ANTI JOIN used ON {key} = name WHERE doubt = 'missing'"
        )
        where = "rowid IN (SELECT found FROM alone)"
        self._let("items", "id", where, (file, "has no popularity", "missing"))

    def unknown(self, popularity: Loaded, key: str, items: str) -> None:
        """Find names that no item has."""
        self._database.run(
            "CREATE OR REPLACE TEMP TABLE alone AS SELECT used.rowid AS found FROM used "
            f"ANTI JOIN items ON name = {key} WHERE name IS NOT NULL"
        )
        where, words = "rowid IN (SELECT found FROM alone)", f"is not in {items}"
        self._let("used", "name", where, (popularity.file, words, "unknown"))

    def duplicates(self, table: str, name: str, file: str) -> None:
        """Find rows after the first of each name; taken out if that is let be.

        Hashes are counted, which are short; only names whose hashes are alike are compared.
        """
        database = self._database
        database.run(
            f"CREATE OR REPLACE TEMP TABLE alike AS SELECT hash({name}) AS mark FROM {table} "
            "GROUP BY mark HAVING count(*) > 1"
        )
        if not database.row("SELECT count(*) FROM alike")[0]:
            return
        database.run(
            f"CREATE OR REPLACE TEMP TABLE again AS SELECT found FROM (SELECT rowid AS found, "
            f"row_number() OVER (PARTITION BY {name} ORDER BY rowid) AS nth FROM {table} "
            f"WHERE {name} IS NOT NULL AND hash({name}) IN (SELECT mark FROM alike)) WHERE nth > 1"
        )
        where = "rowid IN (SELECT found FROM again)"
        self._let(table, name, where, (file, "comes again", "duplicates"))
        if self._rules.duplicates:
            database.run(f"DELETE FROM {table} WHERE {where}")

    def _let(self, table: str, name: str, where: str, what: tuple[str, str, str]) -> None:
        """Count rows, and remember them as problems if they are not let be."""
        if getattr(self._rules, what[2]):
            self.counts[what[2]] += self._count(table, where)
        else:
            self._found(table, name, where, what)

    def _count(self, table: str, where: str) -> int:
        (count,) = self._database.row(f"SELECT count(*) FROM {table} WHERE {where}")
        return int(count)

    def _found(self, table: str, name: str, where: str, what: tuple[str, str, str]) -> None:
        """Remember rows as problems: the first of them, and how many there are."""
        count = self._count(table, where)
        if not count:
            return
        file, words, kind = what
        rows = self._database.rows(
            f"SELECT rowid + 1, {name}, raw FROM {table} WHERE {where} "
            f"ORDER BY rowid LIMIT {_MOST_SHOWN}"
        )
        hint = _MENDS[kind]
        for row, known, raw in rows:
            said = words.format(raw=repr(raw))
            message = said if known is None else f"{known!r:.200} {_joined(said)}"
            self._problems.append(Problem("items", message, hint, file, path=f"row {row:,}"))
        if count > len(rows):
            message = f"{count - len(rows):,} more rows like these, {count:,} in all"
            self._problems.append(Problem("items", message, hint, file))


def _joined(said: str) -> str:
    """Return what is wrong with a row as it stands behind the row's name."""
    return said if said.startswith(("is ", "has ", "comes ")) else f"has a wrong value: {said}"
