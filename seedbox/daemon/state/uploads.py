"""Bytes given by day (UTC): for the caps, for the totals, and of each shard."""

from __future__ import annotations

from datetime import date

from seedbox.daemon.state.database import Database
from seedbox.daemon.state.records import ShardDay, Used

_DAY = 86400  # seconds
_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date.max.toordinal() - _EPOCH
_AHEAD_DAY, _AHEAD_MONTH = 1, 31  # days that a clock which jumped back may have left behind it
_SHARD_DAYS = 90  # days kept of each shard; the days of all shards together are kept for ever

_BETWEEN = "SELECT sum(uploaded), sum(free) FROM days WHERE day BETWEEN ? AND ?"

_END_DAY = """INSERT INTO shard_days (shard, day, uploaded)
    SELECT c.shard, m.day, c.uploaded - c.before FROM counters AS c, meta AS m
    WHERE c.uploaded > c.before
    ON CONFLICT (shard, day) DO UPDATE SET uploaded = uploaded + excluded.uploaded"""

_PRUNE = """DELETE FROM shard_days WHERE day <= (
    SELECT day FROM days ORDER BY day DESC LIMIT 1 OFFSET ?)"""

_ADD = """INSERT INTO days (day, uploaded, free) VALUES (?, ?, ?)
    ON CONFLICT (day) DO UPDATE SET
        uploaded = uploaded + excluded.uploaded, free = free + excluded.free"""

_SHARD = """SELECT day, sum(uploaded) FROM (
        SELECT d.day, d.uploaded FROM shard_days AS d JOIN shards AS s ON s.id = d.shard
        WHERE s.key = ?1
        UNION ALL
        SELECT m.day, c.uploaded - c.before FROM meta AS m, shards AS s
        JOIN counters AS c ON c.shard = s.id
        WHERE s.key = ?1 AND c.uploaded > c.before
    ) GROUP BY day ORDER BY day DESC LIMIT ?2"""


def today(database: Database, at: float) -> int:
    """Return the day that a time counts for: the clock's, unless that cannot be."""
    row = database.row("SELECT created, (SELECT max(day) FROM days) FROM meta")
    created, last = (at, None) if row is None else row
    if at < created and last is not None:
        return int(last)
    return min(int(at // _DAY), _LAST)


def begin_day(database: Database, at: float) -> int:
    """Return the day that a time counts for; if it is another than before, close that one."""
    day = today(database, at)
    if day != database.number("SELECT day FROM meta"):
        with database.transaction(durable=False) as connection:
            connection.execute(_END_DAY)
            connection.execute("UPDATE counters SET before = uploaded WHERE before <> uploaded")
            connection.execute("UPDATE meta SET day = ?", (day,))
            connection.execute(_PRUNE, (_SHARD_DAYS - 1,))  # and the day that begins
    return day


def add(database: Database, day: int, uploaded: int, *, free: int) -> None:
    """Add bytes to a day."""
    with database.transaction(durable=False) as connection:
        connection.execute(_ADD, (day, uploaded, min(free, uploaded)))


def used(database: Database, now: float) -> Used:
    """Return what was given so far, today and this month."""
    day = today(database, now)
    month = date.fromordinal(day + _EPOCH).replace(day=1).toordinal() - _EPOCH
    total = database.number("SELECT sum(uploaded) FROM days")
    of_day, free_of_day = _sums(database, day, day + _AHEAD_DAY)
    of_month, free_of_month = _sums(database, month, day + _AHEAD_MONTH)
    return Used(total, of_day, of_month, of_day - free_of_day, of_month - free_of_month)


def _sums(database: Database, first: int, last: int) -> tuple[int, int]:
    uploaded, free = database.row(_BETWEEN, (first, last)) or (0, 0)
    return uploaded or 0, free or 0


def shard_days(database: Database, key: str, *, limit: int) -> tuple[ShardDay, ...]:
    """Return what a shard gave by day, the latest first."""
    bounded = max(0, min(limit, _SHARD_DAYS))
    rows = database.rows(_SHARD, (bytes.fromhex(key), bounded))
    return tuple(ShardDay(*row) for row in rows)
