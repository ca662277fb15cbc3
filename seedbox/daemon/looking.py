"""Looking at files, for a daemon: is all as it was, where does a shard lie, is it right.

All of it waits for disks and runs in threads. Nothing is ever written.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from seedbox import disk
from seedbox.daemon.archive import Archive
from seedbox.daemon.record import Evidence, Pause, Trouble
from seedbox.daemon.state.records import FileStat
from seedbox.daemon.truth import Held, Sight, Unseen, as_hashed, paths
from seedbox.engine.base import AddTorrent, Mode
from seedbox.errors import DiskError, InvalidTorrentError, SeedboxError, SourceChangedError
from seedbox.jobs.events import OnEvent
from seedbox.jobs.holding import Holding
from seedbox.jobs.shards import Source, find, shard_torrent
from seedbox.jobs.verify import run_verify, sightings
from seedbox.manifest import model
from seedbox.plan.verify import FileResult, State, VerifyReport, plan_verify
from seedbox.torrent.metainfo import Metainfo

_GONE = {errno.ENOENT, errno.ENOTDIR}


def see(path: str) -> Sight:
    """Look at one file; no link is followed at its end."""
    try:
        found = os.lstat(path)
    except OSError as error:
        reason = "is missing" if error.errno in _GONE else f"cannot be read: {error.strerror}"
        return Unseen(error.errno in _GONE, reason)
    return found.st_size, found.st_mtime_ns, found.st_ino


def see_all(held: Held) -> tuple[Sight, ...]:
    """Look at every file of a shard that was hashed."""
    return tuple(map(see, paths(held.shard.folder, held.drop, held.stats)))


def differing(all_held: Iterable[Held]) -> list[tuple[str, tuple[Sight, ...]]]:
    """Return what is seen of the files of those shards that are not as they were hashed."""
    found = []
    for held in all_held:
        seen = see_all(held)
        if not as_hashed(held.stats, seen):
            found.append((held.key, seen))
    return found


def unreadable(held: Held) -> str | None:
    """Read a byte of each file of a shard; return why one cannot be, with its path."""
    for path in paths(held.shard.folder, held.drop, held.stats):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.pread(fd, 1, 0)
            finally:
                os.close(fd)
        except OSError as error:
            return f"{path}: {error.strerror}"
    return None


# --- where a shard lies, and whether it is right ----------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """A shard to look for, and all that it takes."""

    held: Held
    source: Source
    shard: model.Shard
    data: tuple[Path, ...]
    archive: Archive


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of a shard."""

    fault: Pause | None  # None: it is proven
    folder: str | None = None
    drop: int = 0
    stats: tuple[FileStat, ...] = ()  # of the files that were hashed
    proven: Evidence | None = None
    hashed: int = 0  # bytes


@dataclass(frozen=True, slots=True)
class Hashing:
    """How shards are hashed."""

    jobs: int | None  # threads; None: one a core
    max_read: int | None  # bytes/s at most; None: no limit
    on_event: OnEvent  # gets progress


def look_for(wanted: Wanted, hashing: Hashing, *, now: float) -> Looked:
    """Find a shard in the data folders, and hash it unless that was done before.

    Raises:
        SeedboxError: Its .torrent cannot be read, or cannot be kept.
    """
    metainfo = read_torrent(wanted)
    holding = best(wanted, metainfo)
    if not holding.size:
        where = ", ".join(str(data) for data in wanted.data)
        return Looked(Pause(Trouble.ABSENT, now, f"none of its files is in {where}"))
    folder, drop = str(holding.data.joinpath(*holding.place.folder)), holding.place.drop
    stats, held = _stats(metainfo, holding), wanted.held
    wrong = _wrong_sizes(metainfo, holding)
    if wrong is not None:
        return Looked(Pause(wrong[0], now, wrong[1], wrong[2]), folder, drop)
    known = held.shard.folder, held.drop, held.stats
    if held.proven is not None and (folder, drop, stats) == known:
        return Looked(None, folder, drop, stats, held.proven)
    return _hash(wanted, metainfo, holding, hashing, Looked(None, folder, drop, stats), now)


def _hash(
    wanted: Wanted,
    metainfo: Metainfo,
    holding: Holding,
    hashing: Hashing,
    looked: Looked,
    now: float,
) -> Looked:
    """Read all of a shard; if it is right, its .torrent is kept and its proof returned."""
    plan, name = plan_verify(metainfo, sightings(holding.found)), wanted.held.shard.name
    how = {"jobs": hashing.jobs, "max_read": hashing.max_read}
    try:
        report = run_verify(plan, holding.found, name=name, on_event=hashing.on_event, **how)
    except (SourceChangedError, DiskError) as error:
        changed = isinstance(error, SourceChangedError)
        why = Trouble.CHANGED if changed else Trouble.UNREADABLE
        return Looked(_pause(why, now, error), looked.folder, looked.drop)
    if not report.ok:
        return replace(looked, fault=_corrupt(report, holding, now), hashed=plan.size)
    wanted.archive.put_torrent(wanted.held.key, metainfo.raw)
    proven = Evidence(now, "hash", f"{plan.size:,} bytes in {looked.folder}")
    return replace(looked, proven=proven, hashed=plan.size)


def read_torrent(wanted: Wanted) -> Metainfo:
    """Return the .torrent of a shard: the one that was kept, else that beside the manifest.

    Raises:
        SeedboxError: It cannot be read, or is another than the manifest says.
    """
    kept = _kept_torrent(wanted.held.key, wanted.archive)
    return shard_torrent(wanted.source, wanted.shard) if kept is None else kept


def _kept_torrent(key: str, archive: Archive) -> Metainfo | None:
    """Return a .torrent from the state folder; None: it is not there, or damaged."""
    raw = archive.torrent(key)
    try:
        metainfo = None if raw is None else Metainfo.parse(raw)
    except InvalidTorrentError:
        return None
    return metainfo if metainfo is not None and metainfo.info_hash.key == key else None


def best(wanted: Wanted, metainfo: Metainfo) -> Holding:
    """Return the place that may have all of a shard, else the one that has most."""
    manifest = wanted.source.manifest
    found = [find(manifest, wanted.shard, metainfo, data) for data in wanted.data]
    return max(
        found,
        key=lambda holding: (_wrong_sizes(metainfo, holding) is None, holding.size),
    )


def _stats(metainfo: Metainfo, holding: Holding) -> tuple[FileStat, ...]:
    return tuple(
        FileStat("/".join(file.path), at.size, at.mtime_ns, at.inode)
        for file, at in zip(metainfo.files, holding.found, strict=True)
        if isinstance(at, disk.Located)
    )


def _wrong_sizes(metainfo: Metainfo, holding: Holding) -> tuple[Trouble, str, str] | None:
    """Return what sizes alone show to be wrong, in words, with the first path."""
    wrong = [
        (file, at)
        for file, at in zip(metainfo.files, holding.found, strict=True)
        if isinstance(at, disk.Absent) or at.size != file.length
    ]
    if not wrong:
        return None
    absent = [at for _, at in wrong if isinstance(at, disk.Absent)]
    first, at = wrong[0]
    name = "/".join(holding.place.parts(first.path))
    what = State.MISSING if isinstance(at, disk.Absent) else State.WRONG_SIZE
    words = f"{len(wrong)} of {len(metainfo.files)} files are not right: {name} is {what}"
    return Trouble.MISSING if absent else Trouble.CORRUPT, words, str(at.path)


def _corrupt(report: VerifyReport, holding: Holding, now: float) -> Pause:
    wrong = [index for index, file in enumerate(report.files) if file.state is not State.OK]
    first: FileResult = report.files[wrong[0]]
    name = "/".join(holding.place.parts(first.path))
    words = f"{len(wrong)} of {len(report.files)} files are not right: {name} is {first.state}"
    return Pause(Trouble.CORRUPT, now, words, str(holding.found[wrong[0]].path))


def _pause(why: Trouble, now: float, error: SeedboxError) -> Pause:
    path = error.data.get("path")
    return Pause(why, now, error.message, None if path is None else str(path))


# --- into the engine --------------------------------------------------------------------------


Tiers = tuple[tuple[str, ...], ...]


def to_add(held: Held, tiers: Tiers, archive: Archive) -> AddTorrent | tuple[Sight, ...] | None:
    """Look at the files of a shard once more, and return what the engine needs of it.

    Args:
        held: The shard, which is proven.
        tiers: The trackers of its manifest, for a .torrent without any.
        archive: Where the torrents are.

    Returns:
        What was seen of the files if they are not as they were hashed; None: the .torrent is gone.
    """
    seen = see_all(held)
    if not as_hashed(held.stats, seen):
        return seen
    metainfo = _kept_torrent(held.key, archive)
    if metainfo is None:
        return None
    return AddTorrent(
        torrent=metainfo.raw,
        info_hash=metainfo.info_hash,
        folder=Path(held.shard.folder or ""),
        mode=Mode.SEED,
        have=(True,) * metainfo.num_pieces,
        trackers=metainfo.trackers or tiers,
        drop=held.drop,
        files=tuple("/".join(stat.path.split("/")[held.drop :]) for stat in held.stats),
    )
