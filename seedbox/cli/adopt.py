"""`seedbox adopt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.jobs.admission import Admitted
    from seedbox.jobs.adopt import AdoptOptions


@click.command("adopt")
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@click.argument(
    "manifests", type=click.Path(path_type=Path), metavar="MANIFEST...", nargs=-1, required=True
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="The data folder that is seeded from; links go there.",
)
@click.option(
    "--link",
    type=click.Choice(["hard", "none"]),
    default="hard",
    show_default=True,
    help="How a file gets its place in DATA; none: only say what is here.",
)
@click.option("--partial", is_flag=True, help="Link shards too of which some files are missing.")
@click.option("--max-read", type=options.RATE, help="Most bytes to read each second.")
@options.key
@options.jobs
@options.dry_run
@options.output
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    manifests: tuple[Path, ...],
    data: Path,
    link: str,
    partial: bool,
    max_read: int | None,
    keys: tuple[str, ...],
    jobs: int | None,
    dry_run: bool,
    console: Console,
) -> None:
    """Seed data that lies in FOLDER already: find it, verify it, link it to where it is seeded.

    Files are found by name and size, else by content, and hashed. What lies where `seed` looks is
    only reported. Anything else gets a second name below DATA, a hard link: nothing is copied,
    moved or written to. With --dry-run names and sizes alone are compared.

    Exit status: 0 every shard is whole on this disk, 1 one is not, 2 wrong usage, 4 bad input,
    5 disk trouble, 7 refused: the license or the signature.
    """
    from seedbox.jobs.adopt import AdoptOptions

    admitted = [
        options.admitted(path, keys, console, taking=False, remember=not dry_run)
        for path in manifests
    ]
    chosen = None if dry_run else AdoptOptions(link == "hard", partial, jobs, max_read)
    ctx.exit(0 if _adopt(admitted, folder, data, chosen, console) else 1)


def _adopt(
    admitted: list[Admitted],
    folder: Path,
    data: Path,
    chosen: AdoptOptions | None,
    console: Console,
) -> bool:
    """Look through a folder, adopt what is there unless nothing is to be read, and show it."""
    import os
    from datetime import UTC, datetime

    from seedbox.console import adopted
    from seedbox.console.trusted import signature_lines, with_signatures
    from seedbox.jobs.adopt import plan_adopt, run_adopt

    sources, told = [each.source for each in admitted], console.show_event
    out = Path(os.path.abspath(data))  # noqa: PTH100  (links stay)
    plan = plan_adopt(sources, folder, out, now=datetime.now(UTC), on_event=told)
    if chosen is None:
        document = with_signatures(adopted.plan_document(plan), admitted)
        console.show(document, lambda: signature_lines(adopted.plan_view(plan), *admitted))
        return True
    report = run_adopt(plan, chosen, told)
    document = with_signatures(adopted.report_document(report), admitted)
    console.show(document, lambda: signature_lines(adopted.report_view(report), *admitted))
    return report.ok
