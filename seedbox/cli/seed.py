"""`seedbox seed`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.engine.base import Endpoint


@click.command("seed")
@click.argument(
    "manifests", type=click.Path(path_type=Path), metavar="MANIFEST...", nargs=-1, required=True
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Folder to look for shards in; may be repeated.",
)
@click.option(
    "--listen",
    type=options.ENDPOINT,
    multiple=True,
    help="Address for peers to call, port 0 for any free one; by default port 6881 everywhere.",
)
@click.option("--up", type=options.RATE, help="Most bytes to serve each second, such as 20MB/s.")
@options.key
@options.jobs
@options.output
@click.pass_context
def command(
    ctx: click.Context,
    manifests: tuple[Path, ...],
    data: tuple[Path, ...],
    listen: tuple[Endpoint, ...],
    up: int | None,
    keys: tuple[str, ...],
    jobs: int | None,
    console: Console,
) -> None:
    """Serve the shards of manifests that are on this disk, until stopped.

    Each shard is hashed first and served as soon as it is proven; nothing is ever written to
    the data. Ctrl-C stops cleanly and says what was served.

    Exit status: 1 nothing to serve, 2 wrong usage, 4 bad input, 5 disk or port trouble,
    7 refused: the license, the signature or the withdrawals, 130 or 143 stopped.
    """
    from datetime import UTC, datetime

    from seedbox.cli.stopping import run_until_stopped
    from seedbox.console import served
    from seedbox.console.trusted import signature_lines, with_signatures
    from seedbox.daemon.seed import SeedOptions, run_seed
    from seedbox.engine.base import Endpoint, Settings
    from seedbox.engine.libtorrent import LibtorrentEngine

    admitted = [options.admitted(path, keys, console, taking=False) for path in manifests]
    sources = [each.source for each in admitted]
    everywhere = tuple(Endpoint(host, _PORT) for host in _ALL_ADDRESSES)
    engine = LibtorrentEngine(Settings(listen=listen or everywhere, upload_limit=up))
    chosen = SeedOptions(data, datetime.now(UTC), jobs)
    report, stopped_by = run_until_stopped(
        lambda stop: run_seed(sources, engine, chosen, stop, console.show_event)
    )
    console.show(
        with_signatures(served.seed_document(report), admitted),
        lambda: signature_lines(served.seed_view(report), *admitted),
    )
    ctx.exit(stopped_by or 1)


_ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104  (a seed is for everybody)
_PORT = 6881  # the first of those that clients have always used
