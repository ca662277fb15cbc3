"""The state of one daemon, as the loop asks for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

from seedbox.daemon.record import Pause, Shard
from seedbox.daemon.state import audit, datasets, history, opening, shards, tombstones, uploads
from seedbox.daemon.state.database import Database
from seedbox.daemon.state.records import (
    AuditLine,
    FileStat,
    Sample,
    ShardDay,
    Step,
    StoredDataset,
    StoredShard,
    Tombstone,
    Used,
)
from seedbox.torrent.info_hash import InfoHash


class State:
    """What a daemon remembers; for one thread alone, the one that opened it.

    Every method may raise CorruptStateError, StateUnusableError or NoSpaceError; then nothing of
    that call, or of the whole `together`, is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, folder: Path, *, now: float) -> Self:
        """Open the state in a folder; made if there is none, brought forward if it is older.

        The folder's lock (`Locks`) has to be held. Before an older schema is brought forward, a
        copy is made beside it, named after its schema and the time.

        Args:
            folder: The state folder; made if need be.
            now: The time.

        Raises:
            NewerSchemaError: A later seedbox wrote it.
            CorruptStateError: It is damaged; nothing is changed.
            StateUnusableError: The system does not let us.
            NoSpaceError: The disk is full.
        """
        return cls(opening.open_database(folder, now=now))

    def close(self) -> None:
        """Put everything into the one file, and close it."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make all calls in the context last together, or, if it raises, none of them.

        It costs one wait for the disk instead of one a call.
        """
        with self._database.transaction(durable=True):
            yield

    # --- shards -------------------------------------------------------------------------------

    def shards(self) -> Iterator[StoredShard]:
        """Give every shard, by dataset and rank; `rate` and `peers` are 0."""
        return shards.read(self._database)

    def stats(self, key: str) -> tuple[FileStat, ...]:
        """Return the files of one shard as they were when hashed; none if it is not known."""
        return shards.read_stats(self._database, key)

    def put(self, stored: Iterable[StoredShard]) -> tuple[str, ...]:
        """Keep shards as they are now, new ones and known ones; on the disk when it returns.

        Bytes given to peers are counted by `count`: here they are taken only of a new shard.

        Returns:
            The keys of those that were refused, since they have been withdrawn; kept of them
            is what they were. A withdrawn shard may be put with its pause being `WITHDRAWN`.
        """
        return shards.put(self._database, stored)

    def forget(self, keys: Iterable[str]) -> None:
        """Drop shards, with what they gave by day; tombstones, totals and the log stay."""
        shards.forget(self._database, keys)

    def pause(self, pauses: Mapping[str, Pause | None]) -> None:
        """Keep why shards are not served, or that they are (None), by key; on the disk at once.

        Keys that are not known, and withdrawn shards that are to be resumed, are left alone.
        """
        shards.pause(self._database, pauses)

    def count(self, changed: Iterable[Shard], *, at: float, free: int = 0) -> None:
        """Keep the counters of shards that have changed, in one go; on the disk when it returns.

        Once a minute is enough: what was not told is what a kill costs.

        Kept are uploaded, announced, reachable, served and swarm. What `uploaded` has grown by
        is added to the day's and the month's bytes; it never shrinks. Unknown keys are left out.

        Args:
            changed: The shards as they are now.
            at: The time.
            free: Of the bytes added by this call, those that count against no cap (LAN peers).
        """
        shards.count(self._database, changed, at=at, free=free)

    # --- datasets -----------------------------------------------------------------------------

    def datasets(self) -> tuple[StoredDataset, ...]:
        """Return every manifest as it was last believed, by id."""
        return datasets.read(self._database)

    def put_dataset(self, stored: StoredDataset) -> None:
        """Keep a manifest, in place of the one with the same id; on the disk when it returns."""
        datasets.put(self._database, stored)

    def forget_dataset(self, id: str) -> None:  # noqa: A002  (as the manifest calls it)
        """Drop a manifest; its shards stay until they are forgotten."""
        datasets.forget(self._database, id)

    # --- what was withdrawn, and what was done ------------------------------------------------

    def bury(self, buried: Iterable[Tombstone]) -> None:
        """Refuse shards for ever, by both of their info-hashes; on the disk when it returns.

        A tombstone that stands already stays as it is.
        """
        tombstones.bury(self._database, buried)

    def withdrawn(self, info_hash: InfoHash) -> Tombstone | None:
        """Return the tombstone of a shard, found by any of its info-hashes."""
        return tombstones.find(self._database, info_hash)

    def tombstones(self) -> tuple[Tombstone, ...]:
        """Return every tombstone, oldest first."""
        return tombstones.read(self._database)

    def audit(self, at: float, what: str, subject: str, detail: str = "") -> int:
        """Write a line to the log of decisions; on the disk when it returns.

        Returns:
            Its id, larger than every one before.
        """
        return audit.write(self._database, AuditLine(0, at, what, subject, detail))

    def audit_log(self, *, before: int | None = None, limit: int = 100) -> tuple[AuditLine, ...]:
        """Return a page of the log, newest first.

        Args:
            before: Only lines with a smaller id; None: from the newest.
            limit: At most so many, and never more than 1,000.
        """
        return audit.read(self._database, before=before, limit=limit)

    # --- what was given over time -------------------------------------------------------------

    def sample(self, sample: Sample) -> None:
        """Add a sample to the history at all three steps; points that are too old are dropped."""
        history.add(self._database, sample)

    def history(self, step: Step, since: float, until: float) -> tuple[Sample, ...]:
        """Return the points that begin in [since, until), oldest first.

        At most 5,000: where there may be more, ask again from the last one's time plus a step.
        """
        return history.read(self._database, step, since, until)

    def used(self, now: float) -> Used:
        """Return what was given to peers so far, today and this month (UTC), as counted.

        A clock that jumps back does not make room under a cap: days that are yet to come, as the
        clock now has it, count as well (for today one day, for the month 31). While it is before
        the making of this state, it cannot be right: then it is still the last day counted.
        """
        return uploads.used(self._database, now)

    def shard_days(self, key: str, *, limit: int = 90) -> tuple[ShardDay, ...]:
        """Return what a shard gave by day, the latest first; 90 days are kept."""
        return uploads.shard_days(self._database, key, limit=limit)
