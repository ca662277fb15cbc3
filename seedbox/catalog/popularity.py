"""Popularity tables: which path is used how much, from CSV.

A table names its columns in its first line; `path` (relative to the source, with `/`), `value` and
the optional `license` are read, others are left alone. Values are exact decimal numbers, since
coverage must come out the same on every machine. Whether a license is open is not asked here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from seedbox import disk
from seedbox.errors import InvalidPopularityError, Problem

_MAX_BYTES = 1 << 30
_MAX_PROBLEMS = 100
_MAX_LICENSE = 1000  # characters; the longest that SPDX expressions of real packages have
_NUMBER = re.compile(r"\d{1,24}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """What a table says of one path."""

    value: Decimal  # in the unit of the dataset's popularity metric; never negative
    line: int  # 1-based, for messages
    license: str | None = None  # what its publisher wrote; None: the dataset's


@dataclass(frozen=True, slots=True)
class PopularityTable:
    """A popularity table that has been read and found right."""

    file: str
    rows: Mapping[str, Row]  # by path


def read_popularity(path: Path) -> PopularityTable:
    """Read a popularity table in CSV (RFC 4180), UTF-8.

    Raises:
        InvalidPopularityError: No such columns, a value that is no number from zero up, a license
            that is no line of text, or a path that comes twice; all problems at once.
        SourceError: There is no such file.
    """
    return parse_popularity(disk.read_whole(path, _MAX_BYTES), file=str(path))


def parse_popularity(data: bytes, *, file: str) -> PopularityTable:
    """Read the bytes of a popularity table; see `read_popularity`."""
    problems: list[Problem] = []
    rows: dict[str, Row] = {}
    for found in _entries(data, file):
        if isinstance(found, Problem):
            problems.append(found)
        elif found[0] in rows:
            first, line = rows[found[0]].line, found[1].line
            problems.append(
                _problem(file, line, f"path {found[0]!r} comes again, first in line {first}")
            )
        else:
            rows[found[0]] = found[1]
        if len(problems) == _MAX_PROBLEMS:
            line = problems[-1].line or 1
            problems.append(_problem(file, line, f"has {_MAX_PROBLEMS} problems up to here"))
            break
    if problems:
        raise InvalidPopularityError(file, tuple(problems))
    return PopularityTable(file, rows)


def _entries(data: bytes, file: str) -> Iterator[tuple[str, Row] | Problem]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield _problem(file, line, f"is not UTF-8: byte {data[error.start]:#04x}")
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        for name in ("path", "value"):
            if (count := header.count(name)) != 1:
                words = f"the first line names the column {name!r} {count} times, not once"
                yield _problem(file, 1, f"{words}: {header!r:.80}")
                return
        if (count := header.count("license")) > 1:
            yield _problem(
                file, 1, f"the first line names the column 'license' {count} times, not once"
            )
            return
        known = [header.index(name) for name in ("path", "value", "license") if name in header]
        columns = _Columns(known[0], known[1], known[2] if count else None, max(known))
        for cells in reader:
            if cells:
                yield _entry(file, reader.line_num, cells, columns)
    except csv.Error as error:
        yield _problem(file, reader.line_num, f"is no CSV: {error}")


class _Columns(NamedTuple):
    """Where in a line what stands."""

    path: int
    value: int
    license: int | None  # None: there is no such column
    last: int


def _entry(file: str, line: int, cells: list[str], columns: _Columns) -> tuple[str, Row] | Problem:
    if len(cells) <= columns.last:
        return _problem(file, line, f"has {len(cells)} cells, the header names more")
    path, text = cells[columns.path], cells[columns.value].strip()
    if not path:
        return _problem(file, line, "has no path")
    if not _NUMBER.fullmatch(text):
        return _problem(
            file, line, f"value {text[:40]!r} of {path!r:.200} is no number from zero up"
        )
    if columns.license is None:
        return path, Row(Decimal(text), line)
    terms = cells[columns.license].strip()
    if len(terms) > _MAX_LICENSE or not terms.isprintable():
        message = f"license {terms[:40]!r} of {path!r:.200} is not a line of text"
        return Problem("popularity", message, "Write an SPDX expression.", file=file, line=line)
    return path, Row(Decimal(text), line, terms or None)


def _problem(file: str, line: int, message: str) -> Problem:
    hint = (
        "Write the header `path,value`, then one line a file: its path in the source and a number."
    )
    return Problem("popularity", message, hint, file=file, line=line)
