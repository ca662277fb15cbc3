"""`seedbox build`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options
from seedbox.torrent.info_hash import Format

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.disk import Listing
    from seedbox.manifest.model import Head
    from seedbox.plan.build import BuildOptions, BuildPlan


@click.command("build")
@click.argument("dataset", type=click.Path(path_type=Path), metavar="DATASET.yaml")
@click.option("--source", type=click.Path(path_type=Path), required=True, help="The data.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Gets manifest.yaml and torrents/.",
)
@click.option(
    "--popularity", type=click.Path(path_type=Path), help="CSV with the columns path,value."
)
@click.option(
    "--shard-size",
    type=options.SIZE,
    default="20GiB",
    show_default=True,
    help="Most bytes in a shard.",
)
@click.option(
    "--pack", type=click.Choice(["files"]), help="How items lie in a shard; overrides DATASET.yaml."
)
@click.option(
    "--format", "form", type=click.Choice([f.value for f in Format]), help="Overrides DATASET.yaml."
)
@click.option(
    "--piece-length", type=options.SIZE, help="A power of two; chosen for each shard by default."
)
@click.option(
    "--tracker",
    "trackers",
    type=options.TRACKER,
    multiple=True,
    help="Announce URL; each makes a tier. Overrides DATASET.yaml.",
)
@click.option(
    "--web-seed",
    "web_seeds",
    type=options.BASE_URL,
    multiple=True,
    help="URL of the folder that the root lies in, with a / at its end.",
)
@options.jobs
@options.dry_run
@options.output
@click.pass_context
def command(
    ctx: click.Context,
    dataset: Path,
    source: Path,
    out: Path,
    popularity: Path | None,
    shard_size: int,
    pack: str | None,
    form: str | None,
    piece_length: int | None,
    trackers: tuple[str, ...],
    web_seeds: tuple[str, ...],
    jobs: int | None,
    dry_run: bool,
    console: Console,
) -> None:
    """Turn a folder into shards, torrents and a manifest.

    Files are ordered by popularity and cut into shards of --shard-size. The source is only read:
    it seeds the shards in place. A build that was stopped goes on where it was, and the same
    input gives the same bytes on every machine.

    Exit status: 0 built, 2 wrong usage, 4 bad input, 5 disk trouble, 7 license refused.
    """
    from seedbox import disk
    from seedbox.console import published
    from seedbox.jobs.build import run_build
    from seedbox.plan.build import BuildOptions

    listing = disk.scan(source, leave_out=(dataset, out))
    head = _head(dataset, pack, form, trackers)
    plan = _plan(head, listing, popularity, BuildOptions(shard_size, piece_length, web_seeds))
    if dry_run:
        console.show(published.build_plan_document(plan), lambda: published.build_plan_view(plan))
        return
    report = run_build(plan, listing, out, jobs=jobs, on_event=console.show_event)
    console.show(published.build_document(report), lambda: published.build_view(report))
    ctx.exit(0 if report.ok else 1)


def _plan(head: Head, listing: Listing, popularity: Path | None, chosen: BuildOptions) -> BuildPlan:
    """Decide which shards there are."""
    from seedbox.catalog.items import items_in
    from seedbox.plan.build import plan_build

    items, unlisted = items_in(listing, popularity)
    return plan_build(head, items, chosen, folder=listing.root.name, unlisted=unlisted)


def _head(dataset: Path, pack: str | None, form: str | None, trackers: tuple[str, ...]) -> Head:
    """Return what the dataset says of itself, with what the command line says instead."""
    from seedbox.jobs.shards import read_head
    from seedbox.manifest.model import Pack

    head = read_head(dataset)
    return replace(
        head,
        pack=Pack(pack) if pack else head.pack,
        format=Format(form) if form else head.format,
        trackers=tuple((url,) for url in trackers) or head.trackers,
    )
