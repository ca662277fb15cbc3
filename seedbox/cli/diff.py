"""`seedbox diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path), metavar="OLD")
@click.argument("new", type=click.Path(path_type=Path), metavar="NEW")
@options.output
def command(old: Path, new: Path, console: Console) -> None:
    """Say what the manifest NEW changes against OLD, and what a mirror has to move.

    Files that a mirror of OLD has already are not counted, as far as the torrents beside both
    manifests tell; without them the sizes are upper bounds.

    Exit status: 0 told, also where they differ, 2 wrong usage, 4 bad input.
    """
    from seedbox.console import compared
    from seedbox.jobs.versions import run_diff

    report = run_diff(old, new)
    console.show(compared.diff_document(report), lambda: compared.diff_view(report))
