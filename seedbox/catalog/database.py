"""The one door to DuckDB, which orders tables that are larger than memory.

A database of ours reads the files that it is opened with, writes below its own folder, and nothing
else: no network, no extensions, no other path, whatever a query says. What a query is about comes
as parameters; a table's own names never become a part of it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedbox import disk
from seedbox.errors import (
    DiskError,
    InvalidItemsError,
    MemoryLimitError,
    MissingExtraError,
    NoSpaceError,
    Problem,
)

if TYPE_CHECKING:
    import duckdb

EXTRA = "publish"  # the extra that brings DuckDB
_FILE = "work.duckdb"
_SHOWN = 300  # characters of DuckDB's own words
_LINE = re.compile(r"\bLine: (\d+)|\bin line (\d+)", re.IGNORECASE)
_PLACE = re.compile(r"\n\nLINE \d+:.*|\nOriginal Line:.*?\n|\n?Possible .*", re.DOTALL)
# What DuckDB says when what it moves out of memory finds no place.
_FULL = re.compile(r"no space left|max_temp_directory_size|failed to offload", re.IGNORECASE)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What ordering may take."""

    memory: int = 2 * 2**30  # bytes, resident at most; DuckDB gets 5/8, since it goes over
    threads: int | None = None  # None: one a core


def version() -> str:
    """Return the version of DuckDB; the bytes of Parquet files depend on it.

    Raises:
        MissingExtraError: It is not installed.
    """
    return str(_duckdb().__version__)


@contextlib.contextmanager
def opened(
    folder: Path, *, reads: Sequence[Path] = (), limits: Limits = Limits()
) -> Iterator[Database]:
    """Open an empty database below a folder that seedbox made; it is removed at the end.

    Args:
        folder: Gets the database and what does not fit into memory; nothing else lies in it.
        reads: The files that queries may read.
        limits: What it may take.

    Raises:
        MissingExtraError: DuckDB is not installed.
        DiskError: The folder cannot be made.
    """
    _duckdb()  # before anything is made
    folder = Path(os.path.realpath(folder))
    disk.remove_made(folder)  # of a run that was killed
    disk.make_folder(folder)
    try:
        with contextlib.closing(Database(folder, limits)) as database:
            database.open(reads)
            yield database
    finally:
        disk.remove_made(folder)


@contextlib.contextmanager
def reading(files: Sequence[Path], *, limits: Limits = Limits()) -> Iterator[Database]:
    """Open a database in memory that can only read some files.

    Raises:
        MissingExtraError: DuckDB is not installed.
    """
    connection = _duckdb().connect(":memory:", config=_settings(limits, ""))
    with contextlib.closing(connection):
        database = Database(files[0].parent if files else Path(), limits)
        database.connection = connection
        _shut(database, files, None)
        yield database


def _duckdb() -> Any:  # noqa: ANN401  (a module)
    try:
        import duckdb  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise MissingExtraError("DuckDB, which orders tables of items", EXTRA) from error
    return duckdb


def _settings(limits: Limits, spilled: str) -> dict[str, str | bool | int]:
    return {
        "allow_community_extensions": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": f"{limits.memory * 5 // 8 // 2**10}KiB",
        "preserve_insertion_order": True,  # row numbers are places
        "temp_directory": spilled,
        "threads": limits.threads or os.cpu_count() or 1,
    }


def _shut(database: Database, reads: Sequence[Path], folder: Path | None) -> None:
    """Close everything that is not needed; nothing can open it again."""
    named = ", ".join(quoted(os.path.realpath(path)) for path in reads)
    database.run(f"SET allowed_paths = [{named}]")
    if folder is not None:
        database.run(f"SET allowed_directories = [{quoted(f'{folder}/')}]")
    database.run("SET enable_external_access = false")
    database.run("SET lock_configuration = true")


def quoted(text: str) -> str:
    """Return text as SQL writes it, for the few places that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


class Database:
    """A database; what its queries run into becomes an error of ours."""

    connection: duckdb.DuckDBPyConnection

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Name its folder, for messages, and what it may take."""
        self.folder, self.limits = folder, limits

    def open(self, reads: Sequence[Path] = ()) -> None:
        """Open the file in its folder; queries may read `reads`.

        Raises:
            DiskError: The system refuses.
        """
        settings = _settings(self.limits, str(self.folder / "spilled"))
        with self.told("open"):
            self.connection = _duckdb().connect(str(self.folder / _FILE), config=settings)
        _shut(self, reads, self.folder)

    def limit(self, limits: Limits) -> None:
        """Go on with other limits; what was held in memory is let go.

        Tables and views stay, temporary ones do not, and nothing but its folder can be read then.

        Raises:
            DiskError, NoSpaceError: The system refuses.
        """
        if limits != self.limits:
            with self.told("put items away"):
                self.close()
            self.limits = limits
            self.open()

    def close(self) -> None:
        """Close it, if it is open."""
        if hasattr(self, "connection"):
            self.connection.close()

    def run(self, sql: str, *parameters: object, file: Path | None = None) -> None:
        """Run a statement that gives nothing; `file` is what it reads."""
        with self.told("order items", file):
            self.connection.execute(sql, parameters or None)

    def rows(self, sql: str, *parameters: object, file: Path | None = None) -> list[Row]:
        """Return everything that a query finds, which must be little."""
        with self.told("order items", file):
            return self.connection.execute(sql, parameters or None).fetchall()

    def row(self, sql: str, *parameters: object, file: Path | None = None) -> Row:
        """Return the one row that a query gives."""
        (found,) = self.rows(sql, *parameters, file=file)
        return found

    @contextlib.contextmanager
    def told(self, action: str, file: Path | None = None) -> Iterator[None]:
        """Put what DuckDB raises into words of ours.

        Raises:
            InvalidItemsError: The file that is read breaks its format.
            NoSpaceError: What does not fit into memory has no place on the disk either.
            MemoryLimitError: The limit is too low for what is done.
            DiskError: The system refuses.
        """
        duckdb = _duckdb()
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            if _FULL.search(str(error)):
                raise self._full() from error
            raise MemoryLimitError(f"to {action}", limit=self.limits.memory) from error
        except duckdb.IOException as error:
            if _FULL.search(str(error)):
                raise self._full() from error
            raise DiskError(str(file or self.folder), action, _words(error)) from error
        except (duckdb.DataError, duckdb.InvalidInputException, duckdb.BinderException) as error:
            if file is None:
                raise
            raise _invalid(file, error) from error
        except RuntimeError as error:
            if str(error) == "Query interrupted":  # how it tells of Ctrl-C
                raise KeyboardInterrupt from error
            raise

    def _full(self) -> NoSpaceError:
        free = disk.free_space(self.folder)
        what = "what does not fit into memory"
        return NoSpaceError(what, folder=str(self.folder), need=None, free=free)


def _invalid(file: Path, error: Exception) -> InvalidItemsError:
    found = _LINE.search(str(error))
    line = int(found[1] or found[2]) if found else None
    hint = "Write it as docs/publishing.md says, or let the program that made it write it again."
    problem = Problem("items-format", _words(error), hint, str(file), line)
    return InvalidItemsError(str(file), (problem,))


def _words(error: Exception) -> str:
    """Return what DuckDB says, without its advice and without the query."""
    text = _PLACE.sub("\n", str(error)).strip()
    return " ".join(text.split())[:_SHOWN]
