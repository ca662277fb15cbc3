"""`seedbox init`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file to write; FOLDER/dataset.yaml by default.",
)
@click.option(
    "--id", "dataset_id", metavar="PUBLISHER/DATASET", help="Such as org.example/wiki-graph."
)
@options.output
def command(folder: Path, out: Path | None, dataset_id: str | None, console: Console) -> None:
    """Write a dataset.yaml beside the data in FOLDER, with guesses to check.

    Title, license and the like are guessed from LICENSE, README, CITATION, datapackage.json and
    Croissant files; each guess says where it comes from. What is not found is left to fill in,
    and `seedbox build` refuses the file until it is. Nothing is ever overwritten.

    Exit status: 0 written, 2 wrong usage, 4 no data, 5 the file exists or disk trouble.
    """
    from datetime import UTC, datetime

    from seedbox.console import guesses
    from seedbox.jobs.init import run_init

    report = run_init(folder, out=out, dataset_id=dataset_id, now=datetime.now(UTC))
    console.show(guesses.document(report), lambda: guesses.view(report))
