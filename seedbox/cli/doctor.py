"""`seedbox doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("doctor")
@options.output
@click.pass_context
def command(ctx: click.Context, console: Console) -> None:
    """Say what this installation can do, and which code hashes.

    Each point is PASS, WARN or FAIL.

    Exit status: 0 nothing failed, 1 something did, 2 wrong usage.
    """
    from seedbox.console import served
    from seedbox.jobs.doctor import run_doctor

    report = run_doctor()
    console.show(served.doctor_document(report), lambda: served.doctor_view(report))
    ctx.exit(0 if report.ok else 1)
