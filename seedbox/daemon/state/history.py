"""What was given over time, at three steps, each kept for as long as its place on a page is."""

from __future__ import annotations

from itertools import starmap

from seedbox.daemon.state.database import Database
from seedbox.daemon.state.records import Sample, Step

_MOST = 5000  # points in an answer
# Points, not ages, are counted: a clock that is wrong for an hour does not erase what is right.
_KEPT = {Step.MINUTE: 2 * 24 * 60, Step.HOUR: 60 * 24, Step.DAY: None}

_ADD = """INSERT INTO samples (
        step, at, uploaded, rate, peers, listed, verified, announced, reachable, served
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (step, at) DO UPDATE SET
        uploaded = uploaded + excluded.uploaded,
        rate = max(rate, excluded.rate), peers = max(peers, excluded.peers),
        listed = excluded.listed, verified = excluded.verified, announced = excluded.announced,
        reachable = excluded.reachable, served = excluded.served"""

_PRUNE = """DELETE FROM samples WHERE step = ?1 AND at <= (
    SELECT at FROM samples WHERE step = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2)"""

_READ = """SELECT at, uploaded, rate, peers, listed, verified, announced, reachable, served
    FROM samples WHERE step = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?"""


def add(database: Database, sample: Sample) -> None:
    """Add a sample to the minute, the hour and the day it falls into."""
    values = (
        sample.uploaded,
        sample.rate,
        sample.peers,
        sample.listed,
        sample.verified,
        sample.announced,
        sample.reachable,
        sample.served,
    )
    with database.transaction(durable=False) as connection:
        for step, kept in _KEPT.items():
            begin = int(sample.at // step.seconds) * step.seconds
            connection.execute(_ADD, (step.seconds, begin, *values))
            if kept is not None:
                connection.execute(_PRUNE, (step.seconds, kept))


def read(database: Database, step: Step, since: float, until: float) -> tuple[Sample, ...]:
    """Return the points that begin in a span, oldest first, at most so many."""
    rows = database.rows(_READ, (step.seconds, since, until, _MOST))
    return tuple(starmap(Sample, rows))
