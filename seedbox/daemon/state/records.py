"""What the state keeps, as values. Pure; times are seconds since the epoch, UTC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seedbox.daemon.record import Dataset, Shard
from seedbox.torrent.info_hash import InfoHash


@dataclass(frozen=True, slots=True)
class FileStat:
    """A file as it was when its bytes were hashed: while this holds, they need not be again."""

    path: str  # as in the torrent, segments joined by "/"; no NUL
    size: int  # bytes
    mtime_ns: int  # nanoseconds since 1970; before that, negative
    inode: int


@dataclass(frozen=True, slots=True)
class StoredShard:
    """A shard and what it takes to seed it after a restart without hashing it again."""

    shard: Shard
    drop: int = 0  # leading segments of a file's path that Shard.folder stands for (plan.places)
    stats: tuple[FileStat, ...] = ()  # of the files that were hashed; none: hash them
    made_here: bool = False  # seedbox fetched its files, so it may delete them


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """A manifest as it was last believed, and what its server said of that version."""

    dataset: Dataset
    digest: bytes  # SHA-256 of the manifest's file
    etag: str | None = None  # as the header had it
    last_modified: str | None = None  # as the header had it


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A shard that was withdrawn: neither of its info-hashes is ever served again."""

    info_hash: InfoHash
    dataset: str  # id
    name: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Something that was decided or done, and is never changed or removed."""

    id: int  # grows by the order of writing, whatever the clock does
    at: float
    what: str  # a word, such as "withdrawn"
    subject: str  # a key, an id, a path
    detail: str  # for people


class Step(StrEnum):
    """How far apart the points of a history are, and how many of them are kept."""

    MINUTE = "minute"  # 2 days' worth
    HOUR = "hour"  # 60 days' worth
    DAY = "day"  # for ever

    @property
    def seconds(self) -> int:
        """The length of a step."""
        return {"minute": 60, "hour": 3600, "day": 86400}[self.value]


@dataclass(frozen=True, slots=True)
class Sample:
    """What happened up to a moment; in a history, during the step that begins at `at`."""

    at: float
    uploaded: int  # bytes since the sample before; in a history the sum
    rate: int  # bytes/s; in a history the largest
    peers: int  # connected; in a history the most
    listed: int = 0  # shards that have reached the state; in a history those at the step's end
    verified: int = 0
    announced: int = 0
    reachable: int = 0
    served: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """What was given to peers, for the caps and for Traffic."""

    total: int  # bytes, in all runs
    today: int  # bytes since midnight UTC
    month: int  # bytes since the first of the month, UTC
    capped_today: int  # of today's, those that count against the caps
    capped_month: int


@dataclass(frozen=True, slots=True)
class ShardDay:
    """What one shard gave to peers on one day, UTC."""

    day: int  # days since 1970-01-01
    uploaded: int  # bytes
