"""The log of decisions: it only ever grows, and is read page by page."""

from __future__ import annotations

from itertools import starmap

from seedbox.daemon.state.columns import plain
from seedbox.daemon.state.database import Database
from seedbox.daemon.state.records import AuditLine

_MOST = 1000  # lines in an answer
_LONGEST = 4000  # characters of a text: what comes from outside must not fill the disk
_WRITE = "INSERT INTO audit (at, what, subject, detail) VALUES (?, ?, ?, ?) RETURNING id"
_READ = "SELECT id, at, what, subject, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?"


def write(database: Database, line: AuditLine) -> int:
    """Write a line, and return its id."""
    texts = [plain(text)[:_LONGEST] for text in (line.what, line.subject, line.detail)]
    with database.transaction(durable=True) as connection:
        ((id_,),) = connection.execute(_WRITE, (line.at, *texts)).fetchall()
    return int(id_)


def read(database: Database, *, before: int | None, limit: int) -> tuple[AuditLine, ...]:
    """Return a page, newest first."""
    most = max(0, min(limit, _MOST))
    rows = database.rows(_READ, (2**63 - 1 if before is None else before, most))
    return tuple(starmap(AuditLine, rows))
