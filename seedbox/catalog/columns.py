"""What the columns of a table of items mean, as SQL that reads and judges each value.

A table may be CSV, JSON lines or Parquet, so a column comes as text or as a number. Every value
becomes one of ours, or the reason why it is none beside the text that stood there.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from seedbox import disk
from seedbox.catalog.database import Database
from seedbox.errors import InvalidItemsError, Problem, SourceError, UsageError

_MAX_HEADER = 1 << 20  # bytes
_HINT = "See docs/publishing.md, Tables of items, for the columns that there are."
_NAMES = {  # as people write them -> as we do
    "id": "id",
    "path": "path",
    "url": "url",
    "size": "size",
    "popularity": "value",
    "value": "value",
    "license": "license",
    "attribution": "attribution",
    "sha256": "sha256",
}
_CSV = (
    "read_csv(?, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
    "strict_mode = true, encoding = 'utf-8', columns = {%s})"
)
_JSON = "read_json(?, format = 'newline_delimited', columns = {%s})"
_ENDS = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
}
_FLOATS = {"DOUBLE", "FLOAT"}
_WHOLE = {"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT"}
_WHOLE |= {f"U{name}" for name in _WHOLE}
_NUMBER = r"\d{1,24}(\.\d{1,9})?"  # as catalog.popularity has it
_LONGEST = 1000  # characters of a license or attribution


class Kind(Enum):
    """How a column comes."""

    TEXT = "text"
    JSON = "json"  # text of a JSON value, whose numbers may have exponents
    NUMBER = "number"  # whole or decimal
    FLOAT = "float"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Column:
    """A column as SQL."""

    sql: str
    kind: Kind

    @property
    def text(self) -> str:
        """Its text; NULL for none."""
        if self.kind is Kind.BYTES:
            return f"hex({self.sql})"
        return self.sql if self.kind in {Kind.TEXT, Kind.JSON} else f"CAST({self.sql} AS VARCHAR)"

    @property
    def line(self) -> str:
        """Its text without spaces around; NULL for nothing."""
        return f"nullif(trim({self.text}), '')"


@dataclass(frozen=True, slots=True)
class Table:
    """A file as SQL."""

    file: Path
    sql: str  # what stands behind FROM; its parameter is the file
    columns: Mapping[str, Column]

    def get(self, name: str) -> Column:
        """Return a column, or one that is always empty."""
        return self.columns.get(name, Column("NULL::VARCHAR", Kind.TEXT))

    def __contains__(self, name: str) -> bool:
        return name in self.columns


def table(database: Database, file: Path) -> Table:
    """Find out which columns a file has, by the end of its name.

    Raises:
        UsageError: Its name ends otherwise.
        InvalidItemsError: It is no such file, or has a column twice.
        SourceError, DiskError: It cannot be read.
    """
    form = _ENDS.get(file.suffix.lower())
    if form is None:
        ends = ", ".join(_ENDS)
        raise UsageError(f"{file} is no table by its name", f"Name it with one of {ends}.")
    if not disk.exists(file):
        raise SourceError(str(file), "does not exist", "Pass the path of a file that exists.")
    file = Path(os.path.realpath(file))
    if form == "csv":
        return _csv(file)
    if form == "json":
        listed = ", ".join(f"'{name}': 'VARCHAR'" for name in _NAMES)
        columns = {name: Column(f'"{name}"', Kind.JSON) for name in _NAMES}
        value = Column('coalesce("popularity", "value")', Kind.JSON)
        columns = {_NAMES[name]: column for name, column in columns.items()}
        return Table(file, _JSON % listed, columns | {"value": value})
    described = database.rows("DESCRIBE SELECT * FROM read_parquet(?)", str(file), file=file)
    found = [(name, Column(f'"{name.lower()}"', _kind(kind))) for name, kind, *_ in described]
    return Table(file, "read_parquet(?)", _known(file, found))


def _csv(file: Path) -> Table:
    with disk.attempt("read", file), file.open("rb") as stream:
        header = stream.readline(_MAX_HEADER)
    try:
        names = next(csv.reader([header.decode("utf-8-sig")], strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise _broken(file, f"the first line is no CSV in UTF-8: {error}") from None
    if not names:
        raise _broken(file, "the first line names no columns")
    found = [(name, Column(f"c{at}", Kind.TEXT)) for at, name in enumerate(names)]
    listed = ", ".join(f"'{column.sql}': 'VARCHAR'" for _, column in found)
    return Table(file, _CSV % listed, _known(file, found))


def _known(file: Path, found: Iterable[tuple[str, Column]]) -> dict[str, Column]:
    """Return the columns that mean something to us.

    Raises:
        InvalidItemsError: Two columns mean the same.
    """
    known: dict[str, Column] = {}
    for written, column in found:
        name = _NAMES.get(written.strip().lower())
        if name in known:
            raise _broken(file, f"the first line names the column {written.strip()!r:.80} again")
        if name is not None:
            known[name] = column
    return known


def _kind(kind: str) -> Kind:
    if kind in _FLOATS:
        return Kind.FLOAT
    if kind in _WHOLE or kind.startswith("DECIMAL"):
        return Kind.NUMBER
    return Kind.BYTES if kind == "BLOB" else Kind.TEXT


def _broken(file: Path, message: str) -> InvalidItemsError:
    return InvalidItemsError(str(file), (Problem("items-format", message, _HINT, str(file), 1),))


def require(table: Table, *names: Sequence[str]) -> None:
    """Refuse a table without some columns; of each sequence one will do.

    Raises:
        InvalidItemsError: It names none of them.
    """
    for choice in names:
        if not any(name in table for name in choice):
            words = " or ".join("popularity" if name == "value" else name for name in choice)
            raise _broken(table.file, f"there is no column {words}")


# --- what the values are ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """A value as SQL, and why it is none: a word, or NULL."""

    value: str
    why: str
    raw: str  # what stood there


def popularity(column: Column) -> Read:
    """Read an exact number from zero up; `why` is missing, negative, nan or unreadable."""
    line = column.line
    match column.kind:
        case Kind.NUMBER:
            value, negative, nan = _decimal(column.sql), f"{column.sql} < 0", "false"
        case Kind.FLOAT:
            value, negative = _decimal(column.sql), f"{column.sql} < 0"
            nan = f"isnan({column.sql})"
        case _:
            exact = f"regexp_full_match({line}, '{_NUMBER}')"
            double = f"TRY_CAST({line} AS DOUBLE)"
            other = _decimal(double) if column.kind is Kind.JSON else "NULL"
            cast = f"TRY_CAST({line} AS DECIMAL(38, 9))"
            value = f"CASE WHEN {exact} THEN {cast} ELSE {other} END"
            negative, nan = f"{double} < 0", f"isnan({double})"
    why = (
        f"CASE WHEN {line} IS NULL THEN 'missing' WHEN {nan} THEN 'nan' "
        f"WHEN {negative} THEN 'negative' WHEN {value} IS NULL THEN 'unreadable' END"
    )
    return Read(value, why, line)


def _decimal(number: str) -> str:
    """Return a number as ours; NULL if it is negative or has more than 24 digits."""
    cast = f"TRY_CAST({number} AS DECIMAL(38, 9))"
    return f"CASE WHEN {number} >= 0 AND {number} < 1e24 THEN {cast} END"


def size(column: Column) -> Read:
    """Read a number of bytes."""
    line = column.line
    if column.kind in {Kind.NUMBER, Kind.FLOAT, Kind.JSON}:
        number = f"TRY_CAST({line} AS DOUBLE)" if column.kind is Kind.JSON else column.sql
        fits = f"{number} >= 0 AND {number} < 1e18 AND {number} = floor({number})"
        value = f"CASE WHEN {fits} THEN TRY_CAST({number} AS BIGINT) END"
    else:
        digits = f"regexp_full_match({line}, '\\d{{1,18}}')"
        value = f"CASE WHEN {digits} THEN TRY_CAST({line} AS BIGINT) END"
    return Read(value, f"CASE WHEN {value} IS NULL THEN 'size' END", line)


def digest(column: Column) -> Read:
    """Read a SHA-256, as hex or as 32 bytes; it need not be there."""
    line = column.line
    hexed = f"regexp_full_match({line}, '[0-9a-fA-F]{{64}}')"
    value = f"CASE WHEN {hexed} THEN unhex({line}) END"
    return Read(value, f"CASE WHEN NOT {hexed} THEN 'sha256' END", line)


def words(column: Column, name: str) -> Read:
    """Read a line of text; it need not be there."""
    line = column.line
    bad = f"length({line}) > {_LONGEST} OR regexp_matches({line}, '[[:cntrl:]]')"
    return Read(line, f"CASE WHEN {bad} THEN '{name}' END", line)


def name(column: Column) -> Read:
    """Read an id, path or URL, as it stands; whether it may be missing is not asked here."""
    text = f"nullif({column.text}, '')"
    return Read(text, "NULL", text)


def first(*choices: Column) -> Column:
    """Return a column that is the first of some that is not empty."""
    parts = ", ".join(f"nullif({choice.text}, '')" for choice in choices)
    return replace(choices[0], sql=f"coalesce({parts})", kind=Kind.TEXT)
