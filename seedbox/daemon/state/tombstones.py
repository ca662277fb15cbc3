"""What was withdrawn: every info-hash of it is known for ever, whatever manifest lists it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seedbox.daemon.state.columns import plain
from seedbox.daemon.state.database import Database, damaged
from seedbox.daemon.state.records import Tombstone
from seedbox.torrent.info_hash import InfoHash

_READ = "SELECT v1, v2, dataset, name, reason, at FROM tombstones ORDER BY id"
_FIND = """SELECT v1, v2, dataset, name, reason, at FROM tombstones
    WHERE id IN (SELECT tombstone FROM buried WHERE hash IN (?, ?)) ORDER BY id LIMIT 1"""
_PUT = """INSERT INTO tombstones (v1, v2, dataset, name, reason, at)
    VALUES (?, ?, ?, ?, ?, ?) RETURNING id"""


def bury(database: Database, buried: Iterable[Tombstone]) -> None:
    """Refuse shards for ever."""
    with database.transaction(durable=True) as connection:
        for each in buried:
            pair = (each.info_hash.v1, each.info_hash.v2)
            known = connection.execute("SELECT hash FROM buried WHERE hash IN (?, ?)", pair)
            new = {hash_ for hash_ in pair if hash_ is not None} - {row[0] for row in known}
            if new:
                texts = (plain(each.dataset), plain(each.name), plain(each.reason))
                ((id_,),) = connection.execute(_PUT, (*pair, *texts, each.at)).fetchall()
                rows = [(hash_, id_) for hash_ in sorted(new)]
                connection.executemany("INSERT INTO buried (hash, tombstone) VALUES (?, ?)", rows)


def find(database: Database, info_hash: InfoHash) -> Tombstone | None:
    """Return the oldest tombstone that has one of the info-hashes."""
    row = database.row(_FIND, (info_hash.v1, info_hash.v2))
    return None if row is None else _tombstone(database, row)


def read(database: Database) -> tuple[Tombstone, ...]:
    """Return every tombstone, oldest first."""
    return tuple(_tombstone(database, row) for row in database.rows(_READ))


def _tombstone(database: Database, row: tuple[Any, ...]) -> Tombstone:
    try:
        return Tombstone(InfoHash(row[0], row[1]), *row[2:])
    except ValueError as error:
        raise damaged(database.path, f"a tombstone: {error}") from error
