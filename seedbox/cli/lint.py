"""`seedbox lint`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("lint")
@click.argument(
    "manifests", type=click.Path(path_type=Path), metavar="MANIFEST...", nargs=-1, required=True
)
@options.output
@click.pass_context
def command(ctx: click.Context, manifests: tuple[Path, ...], console: Console) -> None:
    """Check manifests against every rule, all problems at once.

    Torrents that lie beside a manifest are held against it too.

    Exit status: 0 nothing is wrong, 1 something is, 2 wrong usage, 4 no such file.
    """
    from seedbox.console import published
    from seedbox.jobs.lint import run_lint

    found = [run_lint(path) for path in manifests]
    console.show(published.lint_document(found), lambda: published.lint_view(found))
    ctx.exit(0 if all(report.ok for report in found) else 1)
