"""What may be said of a shard, from what was seen: whether it is served, and if not, why.

Pure. A shard is served when nothing speaks against it: neither its manifest, nor a person, nor its
release date, nor its files. What was hashed once is believed as long as size, time and inode of
every file are what they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Literal, TypeAlias

from seedbox.daemon.record import Evidence, Pause, Shard, Trouble
from seedbox.daemon.state.records import FileStat, StoredShard

UNKNOWN_RELEASE = float("inf")  # until its manifest is read again
_SWEEP_FASTEST = 5.0  # seconds for a look at every file
_SWEEP_SLOWEST = 60.0
_SWEEP_A_FILE = 0.004  # seconds; a look takes 8 microseconds, so that is 0.2 % of a core
_REFRESH_SLOWEST = 20.0  # seconds
_REFRESH_A_SHARD = 0.001  # seconds; asking libtorrent takes a microsecond for each torrent it holds
_RETRY_SLOWEST = 3600.0  # seconds between two tries at a file that the system refuses to read
_BY_MANIFEST = {Trouble.REFUSED, Trouble.WITHDRAWN, Trouble.DROPPED}
_NOT_AS_HASHED = {Trouble.ABSENT, Trouble.MISSING, Trouble.CHANGED, Trouble.CORRUPT}


@dataclass(frozen=True, slots=True)
class Unseen:
    """A file that cannot be looked at."""

    missing: bool  # False: something is there, and the system does not let us
    reason: str


Sight: TypeAlias = tuple[int, int, int] | Unseen
"""A file as it was seen: bytes, nanoseconds since 1970 and inode; or why it was not."""


@dataclass(frozen=True, slots=True)
class Held:
    """A shard, and all that speaks for and against serving it."""

    shard: Shard  # as it is told; `settled` makes it follow from the rest
    stats: tuple[FileStat, ...] = ()  # of the files, when they were hashed last
    proven: Evidence | None = None  # that hash found all right; None: it did not, or never was
    drop: int = 0  # leading segments of a path that Shard.folder stands for
    made_here: bool = False
    blocked: Pause | None = None  # by its manifest or the engine: REFUSED, WITHDRAWN, DROPPED
    by_hand: Pause | None = None  # PAUSED
    release: float | None = None  # not served before
    fault: Pause | None = None  # its files: ABSENT to UNREADABLE, VERIFYING
    carried: int = 0  # bytes given to peers before the engine took it on last

    @property
    def key(self) -> str:
        """How the shard is named inside."""
        return self.shard.key

    @property
    def served(self) -> bool:
        """It belongs into its swarm."""
        return self.shard.pause is None


def settled(held: Held, *, now: float) -> Held:
    """Return a shard whose told state follows from what is known of it."""
    shard = held.shard
    pause = _pause(held, now)
    if pause is not None and shard.pause is not None and pause.why is shard.pause.why:
        pause = replace(pause, since=shard.pause.since)
    unlike = held.fault is not None and held.fault.why in _NOT_AS_HASHED
    verified = None if unlike else held.proven
    if pause is None:
        return replace(held, shard=replace(shard, pause=None, verified=verified))
    return replace(held, shard=replace(_out_of_swarm(shard), pause=pause, verified=verified))


def _out_of_swarm(shard: Shard) -> Shard:
    return replace(shard, announced=None, reachable=None, rate=0, peers=0)


def _pause(held: Held, now: float) -> Pause | None:
    for reason in (held.blocked, held.by_hand):
        if reason is not None:
            return reason
    if held.release is not None and held.release > now:
        return Pause(
            Trouble.UNRELEASED, now, f"it is released on {moment(held.release, 'minutes')}"
        )
    if held.fault is None and held.proven is None:
        return Pause(Trouble.VERIFYING, now, "it waits to be hashed")
    return held.fault


def stored(held: Held) -> StoredShard:
    """Return what is kept of a shard: the hash is remembered though a file may be gone now."""
    shard = replace(held.shard, verified=held.proven)
    return StoredShard(shard, held.drop, held.stats, held.made_here)


def loaded(kept: StoredShard) -> Held:
    """Return a shard as a restart finds it: who announced or called is of the run before."""
    shard, pause = _out_of_swarm(replace(kept.shard, swarm=None)), kept.shard.pause
    why = None if pause is None else pause.why
    if why is Trouble.REFUSED and shard.listed is not None:
        why = pause = None  # not by its license: by the engine, or by a bad .torrent; tried again
    return Held(
        shard=shard,
        stats=kept.stats,
        proven=shard.verified,
        drop=kept.drop,
        made_here=kept.made_here,
        blocked=pause if why in _BY_MANIFEST else None,
        by_hand=pause if why is Trouble.PAUSED else None,
        release=UNKNOWN_RELEASE if why is Trouble.UNRELEASED else None,
        fault=None if why in {*_BY_MANIFEST, Trouble.PAUSED, Trouble.UNRELEASED} else pause,
    )


# --- files ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the files of a shard, by the first that is."""

    why: Trouble  # MISSING, CHANGED or UNREADABLE
    path: str  # in full
    detail: str

    def pause(self, now: float) -> Pause:
        """Return why the shard is not served."""
        return Pause(self.why, now, self.detail, self.path)


def paths(folder: str | None, drop: int, stats: Sequence[FileStat]) -> tuple[str, ...]:
    """Return where the files of a shard lie, in full."""
    base = folder or ""
    if not drop:
        return tuple(f"{base}/{stat.path}" for stat in stats)
    return tuple("/".join((base, *stat.path.split("/")[drop:])) for stat in stats)


def as_hashed(stats: Sequence[FileStat], seen: Sequence[Sight]) -> bool:
    """Tell whether every file is what it was when it was hashed."""
    return all(
        (stat.size, stat.mtime_ns, stat.inode) == sight
        for stat, sight in zip(stats, seen, strict=True)
    )


def judge(stats: Sequence[FileStat], seen: Sequence[Sight], where: Sequence[str]) -> Finding | None:
    """Return what is wrong with files that were hashed, missing ones first; None: nothing."""
    found: list[Finding] = []
    for stat, sight, path in zip(stats, seen, where, strict=True):
        if isinstance(sight, Unseen):
            why = Trouble.MISSING if sight.missing else Trouble.UNREADABLE
            found.append(Finding(why, path, sight.reason))
        elif sight != (stat.size, stat.mtime_ns, stat.inode):
            found.append(Finding(Trouble.CHANGED, path, _difference(stat, sight)))
    first = min(found, key=lambda finding: finding.why is not Trouble.MISSING, default=None)
    if first is None or len(stats) == 1:
        return first
    more = f"{len(found)} of {len(stats)} files are not as they were hashed: this one"
    return replace(first, detail=f"{more} {first.detail}")


def _difference(stat: FileStat, sight: tuple[int, int, int]) -> str:
    size, mtime_ns, inode = sight
    if size != stat.size:
        return f"has {size:,} bytes, had {stat.size:,} when it was hashed"
    if mtime_ns != stat.mtime_ns:
        was, is_ = moment(stat.mtime_ns / 1e9), moment(mtime_ns / 1e9)
        return f"was changed on {is_}; what was hashed was of {was}"
    return f"is another file than was hashed: inode {inode}, was {stat.inode}"


class Step(Enum):
    """What to do about a shard whose files are in trouble."""

    WAIT = auto()
    SERVE = auto()  # all is as it was when it was hashed
    HASH = auto()  # something new stands still


def next_step(held: Held, seen: Sequence[Sight], before: Sequence[Sight] | None) -> Step:
    """Decide how to go on with a shard in trouble.

    Args:
        held: The shard, which has been hashed.
        seen: Its files now.
        before: Its files in the sweep before; None: they were not looked at.
    """
    if as_hashed(held.stats, seen):
        return Step.WAIT if held.proven is None else Step.SERVE
    whole = not any(isinstance(sight, Unseen) for sight in seen)
    return Step.HASH if whole and seen == before else Step.WAIT


def retry_after(failures: int, period: float) -> float:
    """Return the seconds until a file is tried again that the system refused to read so often."""
    return min(period * 2.0 ** min(failures, 20), _RETRY_SLOWEST)


# --- paces ------------------------------------------------------------------------------------


def sweep_period(files: int) -> float:
    """Return the seconds in which every file is looked at once."""
    return min(max(files * _SWEEP_A_FILE, _SWEEP_FASTEST), _SWEEP_SLOWEST)


def refresh_period(shards: int) -> float:
    """Return the seconds between two looks at what peers took."""
    return min(max(shards * _REFRESH_A_SHARD, 1.0), _REFRESH_SLOWEST)


# --- words ------------------------------------------------------------------------------------


def moment(at: float, to: Literal["minutes", "seconds"] = "seconds") -> str:
    """Return a time for people."""
    try:
        return f"{datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(' ', to)} UTC"
    except (ValueError, OverflowError, OSError):  # a file system may hold any 64 bits
        return f"{at:.0f} seconds after 1970"


def inside(path: str, folders: Sequence[Path]) -> str:
    """Return the data folder that a path lies in; without one, the path."""
    return next((str(folder) for folder in folders if Path(path).is_relative_to(folder)), path)
