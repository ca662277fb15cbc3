"""`seedbox show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("show")
@click.argument("what", metavar="MANIFEST|TORRENT|MAGNET")
@options.output
def command(what: str, console: Console) -> None:
    """Say what a manifest, a torrent or a magnet link is.

    Of a manifest: license, shards, sizes and the coverage curve. Of a torrent: format, info-hashes,
    pieces and files. Of a magnet link: everything in it. Nothing is fetched.

    Exit status: 0 shown, 2 wrong usage, 4 bad input.
    """
    from seedbox.console import shows
    from seedbox.jobs.shards import read_manifest, read_torrent
    from seedbox.torrent.magnet import Magnet

    if what.lower().startswith("magnet:"):
        magnet = Magnet.parse(what)
        console.show(shows.magnet_document(magnet), lambda: shows.magnet_view(magnet))
    elif what.endswith(".torrent"):
        metainfo = read_torrent(Path(what))
        console.show(shows.torrent_document(metainfo), lambda: shows.torrent_view(metainfo))
    else:
        manifest = read_manifest(Path(what))
        console.show(shows.manifest_document(manifest), lambda: shows.manifest_view(manifest))
