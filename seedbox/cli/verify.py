"""`seedbox verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("verify")
@click.argument("listed", type=click.Path(path_type=Path), metavar="MANIFEST|TORRENT")
@click.argument("data", type=click.Path(path_type=Path), metavar="PATH")
@click.option(
    "--shard",
    "names",
    metavar="NAME",
    multiple=True,
    help="Check these shards of a manifest alone.",
)
@click.option(
    "--max-read",
    type=options.RATE,
    help="Most bytes to read each second, such as 50MB/s, beside a seeding daemon.",
)
@options.key
@options.jobs
@options.output
@click.pass_context
def command(
    ctx: click.Context,
    listed: Path,
    data: Path,
    names: tuple[str, ...],
    max_read: int | None,
    keys: tuple[str, ...],
    jobs: int | None,
    console: Console,
) -> None:
    """Check the data at PATH against a manifest or a .torrent.

    Says of each file: right, missing, of the wrong size, or which byte ranges are wrong. PATH is
    the file or folder itself, the folder it lies in, or a mirror's data folder.

    Exit status: 0 all is right, 1 something is not, 2 wrong usage, 4 bad input, 5 disk trouble,
    7 refused: the signature.
    """
    from seedbox.console import received
    from seedbox.console.trusted import signature_lines, with_signature
    from seedbox.jobs.verify_all import verify_all

    admitted = None if listed.suffix == ".torrent" else options.inspected(listed, keys)
    found = verify_all(
        admitted.source if admitted else listed,
        data,
        names=names,
        jobs=jobs,
        on_event=console.show_event,
        max_read=max_read,
    )
    console.show(
        with_signature(received.verify_document(found), admitted),
        lambda: signature_lines(received.verify_view(found), admitted),
    )
    ctx.exit(0 if all(report.ok for report in found) else 1)
