"""`seedbox demo`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("demo")
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    help="An empty folder to work in and to leave as it is; by default nothing is left.",
)
@options.output
@click.pass_context
def command(ctx: click.Context, keep: Path | None, console: Console) -> None:
    """Go the whole way on real open data, on this machine alone.

    Builds shards of 125 files of postal codes in order of population, checks them, seeds them on
    loopback, fetches the part that covers 80 % of the people with a second program, then the rest,
    verifies, flips a bit and shows that it is found. Each command is printed as it runs.

    Exit status: 0 all of it worked, 2 wrong usage, 5 something is missing or went wrong.
    """
    from seedbox import disk
    from seedbox.console import served
    from seedbox.errors import UsageError
    from seedbox.jobs.demo import run_demo

    with tempfile.TemporaryDirectory(prefix="seedbox-demo-") as made:
        folder = Path(made) if keep is None else keep.resolve()
        disk.make_folder(folder)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "Pass a new folder to --keep.")
        alone = console.quiet or console.json_events  # the commands' own lines would be in between
        report = run_demo(folder, on_event=console.show_event, quiet=alone)
        console.show(served.demo_document(report), lambda: served.demo_view(report))
    ctx.exit(0 if report.ok else 1)
