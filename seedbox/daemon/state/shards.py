"""Shards in the database: facts, the files as they were hashed, and counters."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from seedbox.daemon.record import Evidence, Pause, Shard, Trouble
from seedbox.daemon.state import columns, uploads
from seedbox.daemon.state.database import Database, damaged
from seedbox.daemon.state.packing import pack, unpack
from seedbox.daemon.state.records import FileStat, StoredShard
from seedbox.manifest.model import Role
from seedbox.torrent.info_hash import InfoHash

_PAGE = 1000  # shards read at once: no cursor stays open while the caller works
_ROLES = {role.value: role for role in Role}

_READ = """SELECT
        s.v1, s.v2, s.dataset, s.name, s.rank, s.role, s.items, s.size, s.license,
        s.use, s.coverage, s.rendition, s.folder, s.skip, s.made_here,
        s.listed_at, s.listed_by, s.listed_detail,
        s.verified_at, s.verified_by, s.verified_detail,
        s.pause_why, s.pause_since, s.pause_detail, s.pause_path,
        c.uploaded, c.announced_at, c.announced_by, c.announced_detail,
        c.reachable_at, c.reachable_by, c.reachable_detail,
        c.served_at, c.served_by, c.served_detail, c.seeds, c.leechers, c.swarm_at,
        f.files, s.id
    FROM shards AS s JOIN counters AS c ON c.shard = s.id LEFT JOIN stats AS f ON f.shard = s.id
    WHERE (s.dataset, s.rank, s.id) > (?, ?, ?) ORDER BY s.dataset, s.rank, s.id LIMIT ?"""

_PUT = """INSERT INTO shards (
        key, v1, v2, dataset, name, rank, role, items, size, license,
        use, coverage, rendition, folder, skip, made_here,
        listed_at, listed_by, listed_detail, verified_at, verified_by, verified_detail,
        pause_why, pause_since, pause_detail, pause_path
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
        v1 = excluded.v1, v2 = excluded.v2, dataset = excluded.dataset, name = excluded.name,
        rank = excluded.rank, role = excluded.role, items = excluded.items, size = excluded.size,
        license = excluded.license, use = excluded.use, coverage = excluded.coverage,
        rendition = excluded.rendition, folder = excluded.folder, skip = excluded.skip,
        made_here = excluded.made_here,
        listed_at = excluded.listed_at, listed_by = excluded.listed_by,
        listed_detail = excluded.listed_detail, verified_at = excluded.verified_at,
        verified_by = excluded.verified_by, verified_detail = excluded.verified_detail,
        pause_why = excluded.pause_why, pause_since = excluded.pause_since,
        pause_detail = excluded.pause_detail, pause_path = excluded.pause_path
    RETURNING id"""

_PUT_COUNTERS = """INSERT INTO counters (
        shard, uploaded, before,
        announced_at, announced_by, announced_detail,
        reachable_at, reachable_by, reachable_detail,
        served_at, served_by, served_detail, seeds, leechers, swarm_at
    ) VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
    ON CONFLICT (shard) DO UPDATE SET
        announced_at = excluded.announced_at, announced_by = excluded.announced_by,
        announced_detail = excluded.announced_detail,
        reachable_at = excluded.reachable_at, reachable_by = excluded.reachable_by,
        reachable_detail = excluded.reachable_detail,
        served_at = excluded.served_at, served_by = excluded.served_by,
        served_detail = excluded.served_detail,
        seeds = excluded.seeds, leechers = excluded.leechers, swarm_at = excluded.swarm_at"""

_PUT_STATS = """INSERT INTO stats (shard, files) VALUES (?, ?)
    ON CONFLICT (shard) DO UPDATE SET files = excluded.files"""

_COUNT = """UPDATE counters SET uploaded = max(uploaded, ?),
        announced_at = ?, announced_by = ?, announced_detail = ?,
        reachable_at = ?, reachable_by = ?, reachable_detail = ?,
        served_at = ?, served_by = ?, served_detail = ?, seeds = ?, leechers = ?, swarm_at = ?
    WHERE shard = (SELECT id FROM shards WHERE key = ?)"""

_PAUSE = """UPDATE shards SET pause_why = ?1, pause_since = ?2, pause_detail = ?3, pause_path = ?4
    WHERE key = ?5 AND (
        ?1 = 'withdrawn' OR NOT EXISTS (SELECT 1 FROM buried WHERE hash IN (v1, v2)))"""


def read(database: Database) -> Iterator[StoredShard]:
    """Give every shard, by dataset and rank."""
    texts: dict[object, Any] = {}  # most shards say the same: of equal texts one is kept
    after: tuple[object, ...] = ("", -(2**63), 0)
    while rows := database.rows(_READ, (*after, _PAGE)):
        with _no_collecting():
            page = [_read_row(database, row, texts.setdefault) for row in rows]
        yield from page
        last = rows[-1]
        after = (last[2], last[4], last[-1])


@contextlib.contextmanager
def _no_collecting() -> Iterator[None]:
    """Keep the garbage collector from looking at values that all stay: half of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _read_row(
    database: Database, row: tuple[Any, ...], one: Callable[[object, Any], Any]
) -> StoredShard:
    try:
        return _stored(row, one)
    except (ValueError, TypeError) as error:  # a column of another kind, or a bad blob
        raise damaged(database.path, f"shard {row[-1]}: {error}") from error


def _stored(row: tuple[Any, ...], one: Callable[[object, Any], Any]) -> StoredShard:
    shard = Shard(
        (row[0] if row[1] is None else row[1]).hex(),
        InfoHash(row[0], row[1]),
        one(row[2], row[2]),
        row[3],
        row[4],
        _ROLES.get(row[5]) or Role(row[5]),
        row[6],
        row[7],
        one(row[8], row[8]),
        columns.decimal(row[9]),
        columns.decimal(row[10]),
        one(row[11], row[11]),
        one(row[12], columns.path_text(row[12])),
        listed=_evidence(row, 15, one),
        verified=_evidence(row, 18, one),
        pause=columns.pause(*row[21:25]),
        uploaded=row[25],
        announced=_evidence(row, 26, one),
        reachable=_evidence(row, 29, one),
        served=_evidence(row, 32, one),
        swarm=columns.swarm(row[35], row[36], row[37]),
    )
    return StoredShard(shard, row[13], () if row[38] is None else unpack(row[38]), row[14] == 1)


def _evidence(
    row: tuple[Any, ...], first: int, one: Callable[[object, Any], Any]
) -> Evidence | None:
    by, detail = row[first + 1], row[first + 2]
    return columns.evidence(row[first], one(by, by), one(detail, detail))


def read_stats(database: Database, key: str) -> tuple[FileStat, ...]:
    """Return the files of one shard as they were when hashed."""
    row = database.row(
        "SELECT files FROM stats WHERE shard = (SELECT id FROM shards WHERE key = ?)",
        (bytes.fromhex(key),),
    )
    if row is None:
        return ()
    try:
        return unpack(row[0])
    except ValueError as error:
        raise damaged(database.path, f"files of shard {key}: {error}") from error


def put(database: Database, stored: Iterable[StoredShard]) -> tuple[str, ...]:
    """Keep shards as they are now; return the keys of the withdrawn ones that were refused."""
    refused = []
    with database.transaction(durable=True) as connection:
        graves = database.number("SELECT EXISTS (SELECT 1 FROM buried)")
        for each in stored:
            shard = each.shard
            hashes = (shard.info_hash.v1, shard.info_hash.v2)
            allowed = shard.pause is not None and shard.pause.why is Trouble.WITHDRAWN
            if graves and not allowed and _buried(connection, hashes):
                refused.append(shard.key)
            else:
                _put(connection, each)
    return tuple(refused)


def _buried(connection: sqlite3.Connection, hashes: tuple[bytes | None, bytes | None]) -> bool:
    found = connection.execute("SELECT 1 FROM buried WHERE hash IN (?, ?)", hashes)
    return found.fetchone() is not None


def _put(connection: sqlite3.Connection, stored: StoredShard) -> None:
    shard = stored.shard
    facts = (
        bytes.fromhex(shard.key),
        shard.info_hash.v1,
        shard.info_hash.v2,
        columns.plain(shard.dataset),
        columns.plain(shard.name),
        shard.rank,
        shard.role.value,
        shard.items,
        shard.size,
        columns.plain(shard.license),
        columns.decimal_text(shard.use),
        columns.decimal_text(shard.coverage),
        shard.rendition,
        columns.path_bytes(shard.folder),
        stored.drop,
        int(stored.made_here),
        *columns.evidence_columns(shard.listed),
        *columns.evidence_columns(shard.verified),
        *columns.pause_columns(shard.pause),
    )
    ((row,),) = connection.execute(_PUT, facts).fetchall()
    connection.execute(_PUT_COUNTERS, (row, shard.uploaded, *_seen(shard)))
    if stored.stats:
        connection.execute(_PUT_STATS, (row, pack(stored.stats)))
    else:
        connection.execute("DELETE FROM stats WHERE shard = ?", (row,))


def _seen(shard: Shard) -> tuple[object, ...]:
    return (
        *columns.evidence_columns(shard.announced),
        *columns.evidence_columns(shard.reachable),
        *columns.evidence_columns(shard.served),
        *columns.swarm_columns(shard.swarm),
    )


def forget(database: Database, keys: Iterable[str]) -> None:
    """Drop shards and what belongs to them."""
    with database.transaction(durable=True) as connection:
        named = [(bytes.fromhex(key),) for key in keys]
        connection.executemany("DELETE FROM shards WHERE key = ?", named)


def pause(database: Database, pauses: Mapping[str, Pause | None]) -> None:
    """Keep why shards are not served, or that they are."""
    rows = [(*columns.pause_columns(why), bytes.fromhex(key)) for key, why in pauses.items()]
    with database.transaction(durable=True) as connection:
        connection.executemany(_PAUSE, rows)


def count(database: Database, changed: Iterable[Shard], *, at: float, free: int) -> None:
    """Keep counters, and add what they have grown by to the bytes of the day."""
    rows = [(each.uploaded, *_seen(each), bytes.fromhex(each.key)) for each in changed]
    with database.transaction(durable=True) as connection:  # once a minute, a wait costs nothing
        day = uploads.begin_day(database, at)
        before = database.number("SELECT sum(uploaded) FROM counters")
        connection.executemany(_COUNT, rows)
        grown = database.number("SELECT sum(uploaded) FROM counters") - before
        uploads.add(database, day, grown, free=free)
