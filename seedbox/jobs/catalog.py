"""Catalog: write the table of a dataset's items beside its manifest, as a shard of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from seedbox import disk
from seedbox.catalog.database import Limits, opened
from seedbox.catalog.parquet import Digests
from seedbox.catalog.planned import enter
from seedbox.catalog.tabled import TabledShards
from seedbox.disk.writing import replace_made
from seedbox.errors import DestinationTakenError, DiskError
from seedbox.jobs.digests import hash_all
from seedbox.jobs.events import Note, OnEvent
from seedbox.jobs.packed import Made
from seedbox.manifest.model import License, Role
from seedbox.plan.build import BuildPlan, ShardPlan
from seedbox.plan.catalog import catalog_license
from seedbox.plan.places import STATE
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.layout import arrange

_FOLDER = "catalog"  # in the state folder


def make_catalog(
    plan: BuildPlan,
    name: str,
    out: Path,
    digests: Digests,
    *,
    jobs: int | None,
    on_event: OnEvent,
) -> tuple[ShardPlan, list[PieceDigest]]:
    """Write the catalog of a plan to OUT/<name>, and hash it.

    Args:
        plan: Of the data.
        name: Of the catalog's shard.
        out: The caller holds the lock in its state folder.
        digests: Of the items of packed shards.
        jobs: Threads; None: one a core.
        on_event: Gets progress in bytes.

    Raises:
        MissingExtraError: DuckDB is not installed.
        DestinationTakenError: A file that seedbox did not make stands in the way.
        DiskError, NoSpaceError, MemoryLimitError: It cannot be written.
    """
    shards, state = plan.shards, out / STATE / _FOLDER
    if isinstance(shards, TabledShards):
        items, terms = shards.items, list(shards.licenses)
    else:
        items, terms = sum(len(each.items) for each in shards), [each.license for each in shards]
    on_event(Note(f"{name}: writing a table of {items:,} items"))
    with _written(plan, state, digests, jobs) as (folder, made):
        files = _published(made, folder, state, (out, name))
    shard = _shard(plan, name, files, terms)
    by_path = {file.parts: file for file in files}
    in_order = [by_path[path] for path in shard.sources]
    return shard, list(hash_all(name, shard.layout, in_order, jobs, on_event))


@contextmanager
def _written(
    plan: BuildPlan, state: Path, digests: Digests, jobs: int | None
) -> Iterator[tuple[Path, list[Path]]]:
    """Write the files of a catalog into a folder, from which they are to be moved."""
    if isinstance(plan.shards, TabledShards):
        folder = plan.shards.folder / "made"
        yield folder, plan.shards.catalog(folder, digests)
        return
    with opened(state / "work", limits=Limits(threads=jobs)) as database:
        folder = database.folder / "made"
        yield folder, enter(database, plan.head, plan.shards, digests).write(folder)


def _published(
    made: Iterable[Path], folder: Path, state: Path, to: tuple[Path, str]
) -> list[disk.Located]:
    """Move the files of a catalog to their final places; see `_settled`."""
    disk.make_folder(state)
    return [_settled(file, file.relative_to(folder).parts, state, to) for file in made]


def _shard(
    plan: BuildPlan, name: str, files: Sequence[disk.Located], terms: Iterable[License | None]
) -> ShardPlan:
    layout = arrange(name, ((file.parts, file.size) for file in files), form=plan.head.format)
    return ShardPlan(
        name=name,
        layout=layout,
        sources=tuple(file.path[1:] for file in layout.files),
        use=Decimal(0),
        coverage=None,
        at=None,
        web_seeds=(),
        license=catalog_license(plan.head, terms),
        role=Role.CATALOG,
    )


def _settled(file: Path, parts: tuple[str, ...], state: Path, to: tuple[Path, str]) -> disk.Located:
    """Move a file to its final place, unless the same stands there; what seedbox made goes.

    Raises:
        DestinationTakenError: Something that seedbox did not make stands there.
        DiskError: It cannot be moved, or is gone again.
    """
    with disk.attempt("read", file), file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    out, name = to
    target = disk.make_folders_below(out, (name, *parts[:-1])) / parts[-1]
    made = Made(state / f"{'-'.join(parts)}.made", digest)
    if made.stranger(target):
        raise DestinationTakenError(str(target))
    if not made.still(target):
        made.keep(file, target)  # first: a file with no record is a stranger's
        replace_made(file, target)
    found = disk.look(out / name, parts)
    if isinstance(found, disk.Absent):
        raise DiskError(str(target), "look at", found.reason)
    return found
