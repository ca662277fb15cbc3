"""`seedbox lint`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import online, options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("lint")
@click.argument(
    "manifests", type=click.Path(path_type=Path), metavar="MANIFEST...", nargs=-1, required=True
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="OLD",
    help="The manifest that MANIFEST replaces; checks what has to agree between the two.",
)
@online.of_lint
@options.key
@options.output
@click.pass_context
def command(
    ctx: click.Context,
    manifests: tuple[Path, ...],
    against: Path | None,
    keys: tuple[str, ...],
    online: online.Checking,
    console: Console,
) -> None:
    """Check manifests against every rule, all problems at once.

    Torrents that lie beside a manifest are held against it too; so is its signature, once a key is
    pinned for its id or given. Web servers are asked only with --web-seeds and --evidence; what
    they do not give is a problem.

    Exit status: 0 nothing is wrong, 1 something is, 2 wrong usage, 4 no such file.
    """
    from seedbox.console import published
    from seedbox.jobs.lint import LintOptions, run_lint

    chosen = LintOptions(against, options.trust(keys), online.settle(console))
    found = [run_lint(path, chosen) for path in manifests]
    console.show(published.lint_document(found), lambda: published.lint_view(found))
    ctx.exit(0 if all(report.ok for report in found) else 1)
