"""`seedbox fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from datetime import timedelta
    from fractions import Fraction

    from seedbox.console import Console
    from seedbox.engine.base import Endpoint, Settings
    from seedbox.jobs.fetch import FetchReport
    from seedbox.jobs.fetch_shard import FetchOptions
    from seedbox.plan.fetch import FetchPlan, Selection


@click.command("fetch")
@click.argument("manifest_path", type=click.Path(path_type=Path), metavar="MANIFEST")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The data folder to fetch into."
)
@click.option(
    "--coverage", type=options.SHARE, help="The part that covers this share of use, such as 95%."
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="So many of the most popular shards.",
)
@click.option("--shard", "names", metavar="NAME", multiple=True, help="These shards alone.")
@click.option("--budget", type=options.SIZE, help="At most so many bytes, the most popular first.")
@click.option(
    "--peer", "peers", type=options.PEERS, multiple=True, help="A peer to ask; may be repeated."
)
@click.option("--listen", type=options.ENDPOINT, multiple=True, help="Address for peers to call.")
@click.option(
    "--stall",
    type=options.DURATION,
    default="2m",
    show_default=True,
    help="Give a shard up after so long without data.",
)
@options.jobs
@options.dry_run
@options.output
@click.pass_context
def command(
    ctx: click.Context,
    manifest_path: Path,
    out: Path,
    coverage: Fraction | None,
    top: int | None,
    names: tuple[str, ...],
    budget: int | None,
    peers: tuple[tuple[Endpoint, ...], ...],
    listen: tuple[Endpoint, ...],
    stall: timedelta,
    jobs: int | None,
    dry_run: bool,
    console: Console,
) -> None:
    """Get a dataset, or the part of it that you ask for; all of it by default.

    Shards come from peers and web seeds into a staging folder, are verified, and only then move
    to OUT/<publisher>/<dataset>/. A fetch that was stopped goes on where it was.

    Exit status: 0 all of it is here, 1 a part is missing, 2 wrong usage, 4 bad input,
    5 disk trouble, 7 license refused.
    """
    from itertools import chain

    from seedbox.console import received
    from seedbox.engine.base import Settings
    from seedbox.jobs.fetch_shard import FetchOptions
    from seedbox.plan.fetch import Selection

    plan = _plan(manifest_path, out, Selection(coverage, top, names, budget))
    if dry_run:
        console.show(received.fetch_plan_document(plan), lambda: received.fetch_plan_view(plan))
        return
    chosen = FetchOptions(peers=tuple(chain(*peers)), stall=stall.total_seconds(), jobs=jobs)
    report = _run(plan, Settings(listen=listen), manifest_path, out, chosen, console)
    console.show(received.fetch_document(report), lambda: received.fetch_view(report))
    ctx.exit(0 if report.ok else 1)


def _plan(manifest_path: Path, out: Path, wanted: Selection) -> FetchPlan:
    """Decide what to fetch, knowing what is there already and what there is room for."""
    from datetime import UTC, datetime

    from seedbox.disk import free_space
    from seedbox.jobs.shards import Source, held_bytes, read_manifest
    from seedbox.plan.fetch import plan_fetch, select

    manifest = read_manifest(manifest_path)
    source = Source(manifest_path, manifest)
    return plan_fetch(
        manifest,
        wanted,
        held=held_bytes(source, select(manifest, wanted), out),
        free=free_space(out),
        folder=str(out),
        now=datetime.now(UTC),
    )


def _run(
    plan: FetchPlan,
    settings: Settings,
    manifest_path: Path,
    out: Path,
    chosen: FetchOptions,
    console: Console,
) -> FetchReport:
    """Fetch with libtorrent."""
    from seedbox.cli.stopping import run_until_done
    from seedbox.engine.libtorrent import LibtorrentEngine
    from seedbox.jobs.fetch import run_fetch

    engine = LibtorrentEngine(settings)
    return run_until_done(
        run_fetch(plan, engine, manifest_path, out, chosen, on_event=console.show_event)
    )
