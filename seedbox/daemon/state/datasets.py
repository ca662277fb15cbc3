"""Manifests in the database, as they were last believed."""

from __future__ import annotations

from typing import Any

from seedbox.daemon.record import Dataset
from seedbox.daemon.state import columns
from seedbox.daemon.state.database import Database
from seedbox.daemon.state.records import StoredDataset

_READ = """SELECT id, source, title, version, sequence, issued, expires, license, shards, items,
        size, signed_by, loaded, looked, next_look, problem, digest, etag, last_modified
    FROM datasets ORDER BY id"""

_PUT = """REPLACE INTO datasets (id, source, title, version, sequence, issued, expires, license,
        shards, items, size, signed_by, loaded, looked, next_look, problem,
        digest, etag, last_modified)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def read(database: Database) -> tuple[StoredDataset, ...]:
    """Return every manifest, by id."""
    return tuple(_stored(row) for row in database.rows(_READ))


def _stored(row: tuple[Any, ...]) -> StoredDataset:
    source = columns.path_text(row[1]) or ""
    return StoredDataset(Dataset(row[0], source, *row[2:16]), *row[16:])


def put(database: Database, stored: StoredDataset) -> None:
    """Keep a manifest, in place of the one with the same id."""
    each = stored.dataset
    values = (
        each.id,
        columns.path_bytes(each.source),
        columns.plain(each.title),
        each.version,
        each.sequence,
        each.issued,
        each.expires,
        each.license,
        each.shards,
        each.items,
        each.size,
        each.signed_by,
        each.loaded,
        each.looked,
        each.next_look,
        None if each.problem is None else columns.plain(each.problem),
        stored.digest,
        stored.etag,
        stored.last_modified,
    )
    with database.transaction(durable=True) as connection:
        connection.execute(_PUT, values)


def forget(database: Database, id: str) -> None:  # noqa: A002  (as the manifest calls it)
    """Drop a manifest."""
    with database.transaction(durable=True) as connection:
        connection.execute("DELETE FROM datasets WHERE id = ?", (id,))
