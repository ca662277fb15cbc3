"""`seedbox export`: manifests in the formats of others, one subcommand for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.group("export")
def command() -> None:
    """Describe a manifest in the formats of data catalogs."""


@command.command("croissant")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="The file to write, or a folder for croissant.json; standard output by default.",
)
@options.output
def croissant(manifest: Path, out: Path | None, console: Console) -> None:
    """Write MANIFEST as Croissant, the JSON-LD of MLCommons.

    Dataset search engines read it from web pages, machine learning tools from files. The same
    manifest gives the same bytes. What Croissant asks for and the manifest lacks gets a stand-in,
    which is named. Nothing is fetched.

    Exit status: 0 written, 2 wrong usage, 4 bad input, 5 disk trouble, 7 the license is not open.
    """
    from seedbox.console import exported
    from seedbox.jobs.export import run_export

    report = run_export(manifest, out)
    exported.say(report, console)
    if out is None and not console.as_json:
        console.write(report.text)
    else:
        console.show(exported.document(report), lambda: exported.view(report))
