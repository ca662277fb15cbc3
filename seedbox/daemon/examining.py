"""The state folder of a daemon, looked at from outside: who holds it, and what its database is."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbox.daemon import sockets
from seedbox.daemon.client import SOCKET
from seedbox.daemon.state.database import FILE_NAME, telling
from seedbox.daemon.state.locks import holder_of
from seedbox.daemon.state.schema import APPLICATION_ID, SCHEMA
from seedbox.errors import DiskError, SeedboxError
from seedbox.jobs.doctor import Finding, Verdict

_LOCKS = Path("/proc/locks")  # proc(5)


# --- who holds it -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hold:
    """Who has a state folder, and what lies there of a daemon."""

    known: bool  # the system tells who holds locks
    pid: int | None  # who holds the folder
    socket: bool  # a socket of the interface lies there
    answers: bool  # somebody takes connections on it


def hold(folder: Path) -> Hold:
    """Look at who has a state folder."""
    path = folder / SOCKET
    lies = answers = False
    with contextlib.suppress(OSError):
        lies = stat.S_ISSOCK(path.lstat().st_mode)
    if lies:
        with contextlib.suppress(DiskError):
            answers = sockets.answers(path)
    return Hold(_LOCKS.exists(), _pid(folder), lies, answers)


def _pid(folder: Path) -> int | None:
    try:
        return holder_of(folder)
    except DiskError:  # it is not there, or not ours: that is another point
        return None


def peer(path: Path) -> int | None:
    """Return the process that listens on a socket; None: the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    size = struct.calcsize("3i")  # unix(7): struct ucred
    try:
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock,
            sockets.short(path) as name,
        ):
            sock.connect(name)
            found = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    except (OSError, DiskError):
        return None
    pid: int = struct.unpack("3i", found)[0]
    return pid or None


def lock(seen: Hold, about: str) -> Finding:
    """Judge whether a daemon can have a state folder, or the one that has it is well."""
    if seen.answers:
        who = "a daemon" if seen.pid is None else f"process {seen.pid}"
        return Finding("lock", Verdict.PASS, f"{who} has it, and answers", about=about)
    if seen.pid is not None:
        found = f"process {seen.pid} holds it, and nobody answers at its socket"
        hint = f"Look at its log; if it hangs, end it: kill {seen.pid}"
        return Finding("lock", Verdict.FAIL, found, hint, about)
    if seen.socket:
        found = f"{SOCKET} lies there and nobody answers: its daemon was killed"
        hint = "Start the daemon again; it takes the place of what was left behind."
        return Finding("lock", Verdict.WARN, found, hint, about)
    if not seen.known:
        return Finding("lock", Verdict.UNKNOWN, "the system has no /proc/locks", about=about)
    return Finding("lock", Verdict.PASS, "free", about=about)


def data_locks(data: Sequence[Path], own: int | None) -> tuple[Finding, ...]:
    """Judge whether data folders are held by another daemon than the one meant, process `own`."""
    found = []
    for folder in data:
        pid = _pid(folder)
        if pid is None or pid == own:
            continue
        words = f"process {pid} holds it: another daemon serves this folder"
        hint = "Stop it (`seedbox status --state …` shows it), or pass the --state that it has."
        found.append(Finding("lock", Verdict.FAIL, words, hint, str(folder)))
    return tuple(found)


# --- the database -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Database:
    """What a database says of itself."""

    application: int
    schema: int
    last: float | None  # time of the newest line of its log


def look_at_database(folder: Path) -> Database | None:
    """Read what a daemon's database says of itself; None: there is none.

    Raises:
        CorruptStateError: It is damaged.
        StateUnusableError: The system refuses it.
    """
    path = folder / FILE_NAME
    if not os.path.lexists(path):
        return None
    # A log that is not empty belongs to it. Without one nothing need be made beside it to read.
    log = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    where = f"{path.absolute().as_uri()}?{how}"
    with (
        telling("read", path),
        contextlib.closing(sqlite3.connect(where, timeout=2.0, uri=True)) as connection,
    ):
        application, version = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("application_id", "user_version")
        )
        last = None
        if application == APPLICATION_ID and 1 <= version <= SCHEMA:
            row = connection.execute("SELECT at FROM audit ORDER BY id DESC LIMIT 1").fetchone()
            last = None if row is None else float(row[0])
        return Database(application, version, last)


def schema(seen: Database | SeedboxError | None, about: str) -> Finding:
    """Judge the database of a daemon: as it says itself, or what kept it from being read."""
    if seen is None:
        return Finding("schema", Verdict.PASS, "there is no database yet", about=about)
    if isinstance(seen, SeedboxError):
        return Finding("schema", Verdict.FAIL, seen.message, seen.hint, about)
    if seen.application != APPLICATION_ID or seen.schema < 1:
        hint = f"Move {FILE_NAME} away, or pass another --state."
        found = f"{FILE_NAME} is no database of seedbox"
        return Finding("schema", Verdict.FAIL, found, hint, about)
    if seen.schema > SCHEMA:
        found = f"schema {seen.schema}, this seedbox knows up to {SCHEMA}: a later one wrote it"
        hint = "Install the later seedbox that wrote it, or pass another --state."
        return Finding("schema", Verdict.FAIL, found, hint, about)
    if seen.schema < SCHEMA:
        found = f"schema {seen.schema}, this seedbox has {SCHEMA}: an older one wrote it"
        hint = "Nothing to do: the next start brings it forward, and keeps a copy of it beside."
        return Finding("schema", Verdict.WARN, found, hint, about)
    return Finding("schema", Verdict.PASS, f"schema {seen.schema}", about=about)
