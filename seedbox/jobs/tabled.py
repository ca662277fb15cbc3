"""Builds from a table of items: read, judged and put in order in a database below OUT.

The database is there as long as the build is, since each shard is planned from its rows. OUT is
locked while it is made, as it is again while shards are built; and another build of a table is kept
out all the time.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.catalog import tables
from seedbox.catalog.database import Database, Limits, opened
from seedbox.catalog.tabled import Settled, plan_table
from seedbox.errors import SourceError, UsageError
from seedbox.jobs.content import NamedFolder
from seedbox.jobs.events import Note, OnEvent
from seedbox.manifest.model import Head
from seedbox.plan.build import BuildOptions, BuildPlan
from seedbox.plan.places import STATE

_FOLDER = "items"  # in the state folder


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables that say what is published, and what is let be in them."""

    items: Path
    popularity: Path | None  # beside what the items themselves say
    rules: tables.Rules
    limits: Limits

    @property
    def files(self) -> list[Path]:
        """What is read."""
        return [file for file in (self.items, self.popularity) if file is not None]


@dataclass(frozen=True, slots=True)
class Tabled:
    """What a build of a table is made from."""

    plan: BuildPlan
    folder: NamedFolder


@contextmanager
def planned(
    head: Head,
    source: Path,
    given: Tables,
    options: BuildOptions,
    *,
    out: Path | None,
    on_event: OnEvent,
) -> Iterator[Tabled]:
    """Plan the build of the items of a table; its shards can be had as long as the context lasts.

    Args:
        head: What the publisher says of the dataset.
        source: The folder that the items lie in.
        given: The tables.
        options: What the publisher chose.
        out: Gets the database, in its state folder; None: a temporary folder does.
        on_event: Is told what is done.

    Raises:
        As `tables.settle` and `plan_table`.
        UsageError, SourceError: The head asks for encoders, or there is no such folder.
        InUseError: Another build is at work in OUT.
    """
    folder = _folder(source)
    _refuse_encoders(head)
    with ExitStack() as held:
        work = _work(out, held)
        with ExitStack() as planning:
            if out is not None:
                planning.enter_context(disk.lock(out / STATE))
            made = opened(work / "work", reads=given.files, limits=given.limits)
            database = held.enter_context(made)
            settled = _settled(database, given, on_event)
            plan = plan_table(settled, head, options, folder=folder.root.name)
        on_event(Note(f"shards: {len(plan.shards):,}"))
        yield Tabled(plan, folder)


def _work(out: Path | None, held: ExitStack) -> Path:
    """Return the folder for the database, which nobody else uses until `held` is closed."""
    if out is None:
        return Path(held.enter_context(tempfile.TemporaryDirectory(prefix="seedbox-")))
    work = out / STATE / _FOLDER
    held.enter_context(disk.lock(work))
    return work


def _folder(source: Path) -> NamedFolder:
    root = Path(os.path.realpath(source))
    if not root.is_dir():
        hint = "Pass the folder that the paths in the table of items are below."
        why = "is no folder" if disk.exists(root) else "does not exist"
        raise SourceError(str(root), why, hint)
    return NamedFolder(root)


def _refuse_encoders(head: Head) -> None:
    """Refuse renditions that are to be made: shards are cut by the sizes in the table.

    Raises:
        UsageError: There are some.
    """
    if names := [each.name for each in head.renditions if each.encode or each.command]:
        raise UsageError(
            f"items of a table are not encoded, and dataset.yaml asks for {', '.join(names)}",
            "Take the renditions out, or build from the folder, without --items.",
        )


def _settled(database: Database, given: Tables, on_event: OnEvent) -> Settled:
    """Read the tables, and refuse what is wrong with them."""
    on_event(Note(f"reading {given.items}"))
    items = tables.read_items(database, given.items)
    used = None
    if given.popularity is not None:
        on_event(Note(f"reading {given.popularity}"))
        used = tables.read_popularity(database, given.popularity)
    counts = tables.settle(database, items, used, given.rules)
    _refuse_urls(database, given.items)
    on_event(Note(_told(given, counts)))
    on_event(Note("putting items in order"))
    return Settled(database, used.key if used else None, counts.missing)


def _told(given: Tables, counts: tables.Counts) -> str:
    """Return how many items there are, and what was let be."""
    let_be = {
        "unknown values ignored": counts.unknown,
        "wrong values counted as 0": counts.invalid,
        "repeated rows left out": counts.duplicates,
    }
    more = [f"{words}: {count:,}" for words, count in let_be.items() if count]
    return "; ".join([f"items in {given.items}: {counts.items:,}", *more])


def _refuse_urls(database: Database, file: Path) -> None:
    """Refuse items that have a URL and no path.

    Raises:
        UsageError: There are some.
    """
    count, first = database.row(
        "SELECT count(*), min(id) FROM items WHERE id = url AND path IS NULL"
    )
    if count:
        raise UsageError(
            f"{count:,} items of {file} have a URL and no path, such as {first!r:.200}",
            "Add a column path; the files are read below --source, and not from servers.",
        )
