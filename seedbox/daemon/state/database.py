"""The one connection to the database: transactions, and what SQLite says put into our words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from seedbox import disk
from seedbox.errors import CorruptStateError, NoSpaceError, StateUnusableError

FILE_NAME = "seedbox.sqlite"
BACKUPS = "seedbox-schema-*.sqlite"  # copies made before a schema was brought forward

_WAIT = 2.0  # seconds for another program that reads the file, such as a backup
_PRIMARY = 0xFF  # the part of an extended result code that names its kind
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_REFUSED = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS,
}


def latest_backup(path: Path) -> str | None:
    """Return the latest copy of an older schema beside a database."""
    found = sorted(path.parent.glob(BACKUPS), key=lambda each: each.name.rsplit("-", 1)[-1])
    return str(found[-1]) if found else None


def damaged(path: Path, reason: str) -> CorruptStateError:
    """Return the error that says how a database is damaged, and names its backup."""
    return CorruptStateError(str(path), reason, backup=latest_backup(path))


@contextlib.contextmanager
def telling(action: str, path: Path) -> Iterator[None]:
    """Turn what SQLite refuses into an error that names the file and the next step.

    Raises:
        CorruptStateError: The file is damaged, or is no database.
        NoSpaceError: The disk is full.
        StateUnusableError: The system refuses it.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY  # 0: raised by Python itself
        name = getattr(error, "sqlite_errorname", "")
        if code in _DAMAGED:
            raise damaged(path, str(error)) from error
        if code == sqlite3.SQLITE_FULL:
            free = disk.free_space(path.parent)
            raise NoSpaceError(path.name, folder=str(path.parent), need=None, free=free) from error
        if code in _REFUSED:
            raise StateUnusableError(str(path), action, f"{error} ({name})") from error
        raise  # a bug in a statement of ours


class Database:
    """A connection, and the path for messages."""

    def __init__(self, path: Path) -> None:
        """Connect; nothing is read yet. A file that is not there is made, empty.

        Raises:
            StateUnusableError: The system refuses it.
        """
        self.path = path
        self._closed = False
        with telling("open", path):
            self._connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)

    @property
    def connection(self) -> sqlite3.Connection:
        """For what only a connection can do: copying itself."""
        return self._connection

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows."""
        with telling("read", self.path):
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
        """Run a statement and return its first row."""
        with telling("read", self.path):
            cursor = self._connection.execute(statement, values)
            found: tuple[Any, ...] | None = cursor.fetchone()
            cursor.close()
            return found

    def number(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement that has one row of one whole number; 0 for none."""
        row = self.row(statement, values)
        return 0 if row is None or row[0] is None else int(row[0])

    @contextlib.contextmanager
    def transaction(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """Keep all changes of the context or, if it raises, none.

        Inside another transaction it is a part of that one, and lasts with it.

        Args:
            durable: Whether to wait until the changes are on the disk, whatever happens to the
                machine. Without, they outlive the process but maybe not a power cut.
        """
        inner = self._connection.in_transaction
        begin, commit, rollback = _SAVEPOINT if inner else _TRANSACTION
        with telling("write", self.path):
            if durable and not inner:  # in WAL mode, FULL waits for the log at each commit
                self._connection.execute("PRAGMA synchronous = FULL")
            try:
                self._connection.execute(begin)
                yield self._connection
                self._connection.execute(commit)
            except BaseException:
                if self._connection.in_transaction:  # some failures have ended it already
                    for statement in rollback:
                        self._connection.execute(statement)
                raise
            finally:
                if durable and not inner:
                    self._connection.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Put everything into the one file, and close it; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            with telling("close", self.path):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._connection.close()


_TRANSACTION = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_SAVEPOINT = ("SAVEPOINT inner_", "RELEASE inner_", ("ROLLBACK TO inner_", "RELEASE inner_"))
