"""`seedbox torrent`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options
from seedbox.torrent.info_hash import Format

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("torrent")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, help="The .torrent to write."
)
@click.option(
    "--format",
    "form",
    type=click.Choice([f.value for f in Format]),
    default="hybrid",
    show_default=True,
    help="Which clients can read it: v1 all, v2 few, hybrid most.",
)
@click.option(
    "--piece-length", type=options.SIZE, help="A power of two; chosen by size by default."
)
@click.option(
    "--tracker",
    "trackers",
    type=options.TRACKER,
    multiple=True,
    help="Announce URL; each makes a tier.",
)
@click.option(
    "--web-seed", "web_seeds", type=options.WEB_SEED, multiple=True, help="Base URL (BEP 19)."
)
@click.option("--comment", help="A line for people.")
@options.jobs
@options.output
def command(
    path: Path,
    out: Path,
    form: str,
    piece_length: int | None,
    trackers: tuple[str, ...],
    web_seeds: tuple[str, ...],
    comment: str | None,
    jobs: int | None,
    console: Console,
) -> None:
    """Make one torrent from the file or folder at PATH.

    The same content under the same name gives the same torrent on every machine: no date, no
    file modes, files in the order of BEP 52.

    Exit status: 0 written, 2 wrong usage, 4 bad input, 5 disk trouble.
    """
    from seedbox import disk
    from seedbox.console import published
    from seedbox.jobs.torrent import plan_torrent, run_torrent
    from seedbox.torrent.compose import Extras

    listing = disk.scan(path, leave_out=(out,))
    extras = Extras(tuple((url,) for url in trackers), web_seeds, comment=comment)
    plan = plan_torrent(
        listing, is_file=path.is_file(), form=Format(form), piece_length=piece_length, extras=extras
    )
    report = run_torrent(plan, listing, out, jobs=jobs, on_event=console.show_event)
    console.show(published.torrent_document(report), lambda: published.torrent_view(report))
