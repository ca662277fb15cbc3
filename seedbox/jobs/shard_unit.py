"""The unit of work of a build: one shard, as a value that another process can be given.

Nothing in it is open or shared, so a unit may be pickled, and what it makes depends on nothing but
it and the files. Whoever makes it holds the journal of the shard locked meanwhile: two attempts
never write one journal or one tar, and the later one goes on where the earlier one was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from seedbox.jobs.content import Content, hash_shard
from seedbox.jobs.events import OnEvent, ignore
from seedbox.jobs.kept_digests import KeptDigests
from seedbox.jobs.pack import Tar, pack
from seedbox.plan.build import ShardPlan
from seedbox.plan.places import STATE
from seedbox.torrent.compose import PieceDigest

JOURNALS = "pieces"  # in the state folder


@dataclass(frozen=True, slots=True)
class ShardUnit:
    """All that making a shard needs."""

    shard: ShardPlan  # without its items, which only the catalog needs
    content: Content  # its files alone
    out: Path
    jobs: int | None  # threads; None: one a core
    digests: bool = False  # keep the SHA-256 of each item that is packed


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a unit."""

    digests: list[PieceDigest]  # of every piece
    read: int  # bytes; the rest an earlier run had hashed
    items: KeptDigests | None = None  # of the shard, in order; None: nobody has them


def unit_of(
    shard: ShardPlan, content: Content, out: Path, jobs: int | None, *, digests: bool = False
) -> ShardUnit:
    """Return the unit of a shard.

    Args:
        shard: To be made.
        content: Has its files, and may have others.
        out: The folder of the build; the main process holds the lock of its state folder.
        jobs: Threads; None: one a core.
        digests: Whether to keep the SHA-256 of each item that is packed.
    """
    return ShardUnit(replace(shard, items=()), content.part(shard), out, jobs, digests)


def make_shard(unit: ShardUnit, on_event: OnEvent = ignore) -> Made:
    """Hash the files of a shard where they lie, or while they are packed.

    Args:
        unit: The shard.
        on_event: Gets progress in bytes. What it raises ends the work.

    Raises:
        SourceChangedError: A file is not as it was when it was located.
        InUseError: Another attempt has been at work on this shard for too long.
        DestinationTakenError, NoSpaceError, DiskError: OUT cannot be written to.
        WebError: A server does not give its files.
    """
    shard, content, out = unit.shard, unit.content, unit.out
    if not shard.packed:
        return Made(*hash_shard(content, shard, out / STATE / JOURNALS, unit.jobs, on_event))
    tar = Tar(shard.name, content.members(shard), shard.layout)
    made = pack(tar, out, jobs=unit.jobs, on_event=on_event, digests=unit.digests)
    return Made(made.digests, shard.layout.size, made.items)
