"""What a build is made from: the dataset's head, its items, where they lie, how they are stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from seedbox import disk
from seedbox.catalog import database
from seedbox.catalog.items import items_in
from seedbox.catalog.renditions import choice
from seedbox.errors import UsageError
from seedbox.jobs.encode import EncodeReport
from seedbox.jobs.events import OnEvent
from seedbox.jobs.remote import RemoteListing, survey
from seedbox.jobs.renditions import RenditionsPlan, plan_renditions, run_renditions
from seedbox.manifest.model import Head, Pack
from seedbox.plan.build import BuildOptions, BuildPlan, Item, plan_build


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that decides what a build makes."""

    head: Head
    listing: disk.Listing | RemoteListing
    items: tuple[Item, ...]
    unlisted: int  # items that the popularity table does not name
    options: BuildOptions
    encoded: EncodeReport | None = None  # None: nothing was encoded

    def plan(self) -> BuildPlan:
        """Decide which shards there are.

        Raises:
            As `plan_build`.
        """
        folder = Path(self.listing.root).name
        return plan_build(
            self.head, self.items, self.options, folder=folder, unlisted=self.unlisted
        )


def found(
    head: Head,
    source: Path | None,
    origin: str | None,
    *,
    leave_out: tuple[Path, ...],
    on_event: OnEvent,
) -> disk.Listing | RemoteListing:
    """Return where the files of a dataset lie: below a folder, or on a server.

    Raises:
        UsageError: Neither or both are given.
        SourceError, DiskError: The folder cannot be listed.
        InvalidListError, WebError: Nor the server.
    """
    if origin is not None and source is None:
        return survey(origin, head, on_event=on_event)
    if source is not None and origin is None:
        return disk.scan(source, leave_out=leave_out)
    hint = "Pass --source FOLDER for data on this machine, --from URL for data on a server."
    raise UsageError("either --source or --from is needed, and not both", hint)


def gather(
    head: Head,
    listing: disk.Listing | RemoteListing,
    popularity: Path | None,
    options: BuildOptions,
) -> Inputs:
    """Join files with their popularity; a server that they come from is a web seed of theirs.

    Raises:
        InvalidPopularityError: The table is wrong, or names paths that are not there.
        UsageError: Items on a server are to be packed.
        MissingExtraError: There is to be a catalog, and DuckDB is not installed.
    """
    if options.catalog:
        database.version()  # before anything takes long
    items, unlisted = items_in(listing, popularity)
    if isinstance(listing, RemoteListing):
        if head.pack is Pack.TAR:
            hint = "Fetch the data first and pass --source, or pass --pack files."
            raise UsageError("items on a server cannot be packed", hint)
        head = replace(listing.plan.head(head), pack=Pack.FILES)
        seeds = dict.fromkeys((listing.plan.web_seed, *options.web_seeds))
        options = replace(options, web_seeds=tuple(seeds))
    return Inputs(head, listing, tuple(items), unlisted, options)


def plan_encoding(
    inputs: Inputs, plan: BuildPlan, *, file: Path, allow_commands: bool
) -> RenditionsPlan | None:
    """Decide what is encoded before the shards are cut; None: nothing is.

    Args:
        inputs: As they were found.
        plan: Made from them, so that nothing is encoded that is not shared.
        file: The dataset.yaml, for messages.
        allow_commands: The user has agreed to commands that this file brings.

    Raises:
        CommandsNotAllowedError: It brings commands, and the user has not.
        UsageError: A threshold without popularity, an unknown encoder, or items on a server.
    """
    head, refused = inputs.head, {each.path for each in plan.refused}
    encoding = plan_renditions(
        [item for item in inputs.items if item.path not in refused],
        [
            choice(each.name, encode=each.encode, below=each.below, command=each.command)
            for each in head.renditions
        ],
        popular=head.popularity is not None,
        file=str(file),
        allow_commands=allow_commands,
    )
    if encoding.assigned.wanted and not isinstance(inputs.listing, disk.Listing):
        hint = "Fetch the data first and pass --source, or take the renditions out."
        raise UsageError("items on a server cannot be encoded", hint)
    return encoding if encoding.assigned.wanted else None


def encode(
    inputs: Inputs, encoding: RenditionsPlan, out: Path, *, jobs: int | None, on_event: OnEvent
) -> Inputs:
    """Encode what is to be encoded; return the dataset as it is stored.

    Raises:
        As `run_renditions`.
    """
    head, listing = inputs.head, inputs.listing
    if not isinstance(listing, disk.Listing):
        raise TypeError("items on a server are refused by plan_encoding")
    root = head.torrent_root or listing.root.name
    made = run_renditions(encoding, listing, out, root=root, jobs=jobs, on_event=on_event)
    renditions = tuple(replace(each, made=made.made.get(each.name)) for each in head.renditions)
    stored = [
        replace(item, rendition=name, original=made.originals.get(item.path))
        for item, name in made.items
    ]
    return replace(
        inputs,
        head=replace(head, renditions=renditions, root=root),
        listing=made.listing,
        items=(*stored, *_others(inputs.items, encoding.items)),
        encoded=made.report,
    )


def _others(items: Collection[Item], of: Collection[Item]) -> list[Item]:
    """Return the items that were not looked at: those that are refused still count as used."""
    known = {item.path for item in of}
    return [item for item in items if item.path not in known]
