"""`seedbox search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("search")
@click.argument("manifest_path", type=click.Path(path_type=Path), metavar="MANIFEST")
@click.argument("words", nargs=-1, metavar="[WORDS]...")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The folder that the catalog was fetched into; that of the manifest by default.",
)
@click.option("--item", metavar="ID", help="The one item with this id, instead of words.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="So many items at most.",
)
@options.key
@options.output
@click.pass_context
def command(
    ctx: click.Context,
    manifest_path: Path,
    words: tuple[str, ...],
    data: Path | None,
    item: str | None,
    limit: int,
    keys: tuple[str, ...],
    console: Console,
) -> None:
    """Find items in the catalog of a dataset, and the shard that holds each.

    Items whose id or path has all of the words, the most used first; upper and lower case are the
    same. The catalog shard has to be on this disk: fetch it first.

    Exit status: 0 found, 1 nothing found, 2 wrong usage, 4 bad input, or the catalog is not here,
    5 DuckDB is not installed, 7 refused: the signature.
    """
    from seedbox.console import found
    from seedbox.console.trusted import signature_lines, with_signature
    from seedbox.jobs.search import run_search

    admitted = options.inspected(manifest_path, keys)
    report = run_search(
        admitted.source, data or manifest_path.parent, words, limit=limit, item=item
    )
    console.show(
        with_signature(found.found_document(report), admitted),
        lambda: signature_lines(found.found_view(report), admitted),
    )
    ctx.exit(0 if report.ok else 1)
