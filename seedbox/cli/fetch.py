"""`seedbox fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from fractions import Fraction

    from seedbox.console import Console
    from seedbox.console.tables import Document
    from seedbox.engine.base import Endpoint
    from seedbox.jobs.admission import Admitted
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
@options.key
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
    keys: tuple[str, ...],
    jobs: int | None,
    dry_run: bool,
    console: Console,
) -> None:
    """Get a dataset, or the part of it that you ask for; all of it by default.

    Shards come from peers and web seeds into a staging folder, are verified, and only then move
    to OUT/<publisher>/<dataset>/. A fetch that was stopped goes on where it was.

    Exit status: 0 all of it is here, 1 a part is missing, 2 wrong usage, 4 bad input,
    5 disk trouble, 7 refused: the license, the signature, or withdrawn.
    """
    from itertools import chain

    from seedbox.console import received
    from seedbox.jobs.fetch_shard import FetchOptions
    from seedbox.plan.fetch import Selection

    admitted = options.admitted(manifest_path, keys, console, taking=True, remember=not dry_run)
    plan = _plan(admitted, out, Selection(coverage, top, names, budget), console)
    if dry_run:
        document = received.fetch_plan_document(plan)
        _show(document, lambda: received.fetch_plan_view(plan), admitted, console)
        return
    chosen = FetchOptions(peers=tuple(chain(*peers)), stall=stall.total_seconds(), jobs=jobs)
    report = _run(plan, listen, manifest_path, out, chosen, console)
    _show(received.fetch_document(report), lambda: received.fetch_view(report), admitted, console)
    ctx.exit(0 if report.ok else 1)


def _show(
    document: Document, view: Callable[[], Any], admitted: Admitted, console: Console
) -> None:
    """Show a result with who has signed the manifest."""
    from seedbox.console.trusted import signature_lines, with_signature

    signed = with_signature(document, admitted)
    console.show(signed, lambda: signature_lines(view(), admitted))


def _plan(admitted: Admitted, out: Path, wanted: Selection, console: Console) -> FetchPlan:
    """Decide what to fetch, and say what nobody can tell about it."""
    from datetime import UTC, datetime

    from seedbox.jobs.events import Warned
    from seedbox.jobs.fetch import decide

    plan = decide(admitted.source, wanted, out, now=datetime.now(UTC))
    for warning in plan.warnings:
        console.show_event(Warned(warning))
    return plan


def _run(
    plan: FetchPlan,
    listen: tuple[Endpoint, ...],
    manifest_path: Path,
    out: Path,
    chosen: FetchOptions,
    console: Console,
) -> FetchReport:
    """Fetch with libtorrent."""
    from seedbox.cli.stopping import run_until_done
    from seedbox.engine.base import Settings
    from seedbox.engine.libtorrent import LibtorrentEngine
    from seedbox.jobs.fetch import run_fetch

    engine = LibtorrentEngine(Settings(listen=listen))
    return run_until_done(
        run_fetch(plan, engine, manifest_path, out, chosen, on_event=console.show_event)
    )
