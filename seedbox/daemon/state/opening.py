"""Opening the database: made, checked, brought forward, or refused; never replaced."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from seedbox import disk
from seedbox.daemon.state.database import FILE_NAME, Database, damaged, latest_backup, telling
from seedbox.daemon.state.schema import APPLICATION_ID, STEPS
from seedbox.disk.writing import replace_made
from seedbox.errors import NewerSchemaError, StateUnusableError

_OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
_LOG_PAGES = 1000  # of 4 KiB: past that, the log is put into the file at the next commit
_LOG_BYTES = 16 * 1024 * 1024  # what a log that one large change has made shrinks to afterwards
_CACHE_KIB = 16 * 1024


def open_database(
    folder: Path,
    *,
    now: float,
    steps: Sequence[Sequence[str]] = STEPS,
) -> Database:
    """Open the database in a folder, ready for use.

    Args:
        folder: The state folder; made if need be.
        now: The time: when a new database was made, and the name of a backup.
        steps: The schema, version by version.

    Raises:
        NewerSchemaError: Its schema has more steps than we know.
        CorruptStateError: It is damaged; nothing is changed.
        StateUnusableError: The system does not let us.
    """
    path = folder / FILE_NAME
    _need_sqlite(path)
    disk.make_folder(folder)
    if not os.path.lexists(path):
        _make(path, now=now, steps=steps)
    log = path.with_name(f"{path.name}-wal")
    killed = log.exists() and log.stat().st_size > 0  # a clean end leaves none
    database = Database(path)
    try:
        found = _schema(database, known=len(steps))
        _settle(database)
        if killed:
            _check(database)
        if found < len(steps):
            _check(database)
            _bring_forward(database, found, steps=steps, now=now)
        _compare(database, steps)
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # the first failure is the one to tell
            database.connection.close()
        raise
    return database


def _need_sqlite(path: Path) -> None:
    """Refuse a Python whose SQLite cannot read our tables."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        oldest = ".".join(map(str, _OLDEST_SQLITE))
        reason = f"this Python has SQLite {sqlite3.sqlite_version}, it takes {oldest} or later"
        raise StateUnusableError(str(path), "open", reason)


def _make(path: Path, *, now: float, steps: Sequence[Sequence[str]]) -> None:
    """Make a new database beside its place, then move it there: it is never seen half made."""
    beside = path.with_name(f".{path.name}.new")
    for leftover in (beside, beside.with_name(f"{beside.name}-journal")):
        disk.remove_made(leftover)
    database = Database(beside)
    try:
        with database.transaction(durable=True) as connection:
            for step in steps:
                for statement in step:
                    connection.execute(statement)
            connection.execute("INSERT INTO meta (one, created) VALUES (1, ?)", (now,))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(steps)}")
    finally:
        database.connection.close()
    replace_made(beside, path)


def _schema(database: Database, *, known: int) -> int:
    """Return the version of the schema; nothing is changed for it."""
    path = database.path
    if path.is_file() and path.stat().st_size == 0:  # SQLite would take it for a new database
        raise damaged(path, "it is empty")
    application = database.number("PRAGMA application_id")
    if application != APPLICATION_ID:
        raise damaged(path, f"it is another program's database (application id {application})")
    found = database.number("PRAGMA user_version")
    if found < 1:
        raise damaged(path, f"its schema version is {found}")
    if found > known:
        raise NewerSchemaError(str(path), found=found, known=known, backup=latest_backup(path))
    return found


def _settle(database: Database) -> None:
    """Set what holds for a connection, and not for the file.

    Raises:
        StateUnusableError: The file system cannot do what WAL takes.
    """
    mode = database.row("PRAGMA journal_mode = WAL")
    if mode != ("wal",):
        reason = "its file system has no shared memory, which SQLite's log needs"
        raise StateUnusableError(str(database.path), "open", reason)
    for pragma in (
        "foreign_keys = ON",
        "synchronous = NORMAL",
        f"wal_autocheckpoint = {_LOG_PAGES}",
        f"journal_size_limit = {_LOG_BYTES}",
        f"cache_size = -{_CACHE_KIB}",
        "temp_store = MEMORY",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        database.rows(f"PRAGMA {pragma}")


def _check(database: Database) -> None:
    """Read the whole file and refuse it if its pages do not fit together."""
    row = database.row("PRAGMA quick_check(1)")
    if row != ("ok",):
        raise damaged(database.path, "no answer" if row is None else str(row[0]))


def _check_references(database: Database) -> None:
    """Refuse a database with rows that belong to rows that are not there."""
    row = database.row("PRAGMA foreign_key_check")
    if row is not None:
        raise damaged(database.path, f"a row of {row[0]} refers to one of {row[2]} that is gone")


def _bring_forward(
    database: Database, found: int, *, steps: Sequence[Sequence[str]], now: float
) -> None:
    """Run the steps that are missing, in one transaction, after a copy was made."""
    backup = _back_up(database, found, now=now)
    try:
        database.rows("PRAGMA foreign_keys = OFF")  # a step may build a table anew
        with database.transaction(durable=True) as connection:
            for step in steps[found:]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(steps)}")
            _check_references(database)
        database.rows("PRAGMA foreign_keys = ON")
    except BaseException:
        if database.number("PRAGMA user_version") == found:  # a copy a try would fill the disk
            disk.remove_made(backup)
        raise


def _back_up(database: Database, found: int, *, now: float) -> Path:
    """Copy the database beside itself and return the copy, which is whole and on the disk."""
    at = datetime.fromtimestamp(now, UTC)
    path = database.path
    beside = path.with_name(f".{path.name}.backup")
    name = f"seedbox-schema-{found}-{at:%Y%m%dT%H%M%S.%fZ}.sqlite"
    disk.remove_made(beside)
    try:
        with telling("copy", path), contextlib.closing(sqlite3.connect(beside)) as copy:
            copy.execute("PRAGMA synchronous = FULL")
            database.connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, that can be copied alone
        replace_made(beside, path.with_name(name))
    except BaseException:
        disk.remove_made(beside)
        raise
    return path.with_name(name)


def _compare(database: Database, steps: Sequence[Sequence[str]]) -> None:
    """Refuse a database whose tables are not those of its schema."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        for step in steps:
            for statement in step:
                fresh.execute(statement)
        wanted = set(fresh.execute(_COLUMNS))
    if missing := wanted - set(database.rows(_COLUMNS)):
        table, column = min(missing)
        raise damaged(database.path, f"table {table} has no column {column}")


_COLUMNS = """SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
    WHERE t.type = 'table'"""
