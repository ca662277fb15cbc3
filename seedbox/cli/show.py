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
@options.key
@options.output
def command(what: str, keys: tuple[str, ...], console: Console) -> None:
    """Say what a manifest, a torrent or a magnet link is.

    Of a manifest: license, shards, sizes and the coverage curve. Of a torrent: format, info-hashes,
    pieces and files. Of a magnet link: everything in it. Nothing is fetched.

    Exit status: 0 shown, 2 wrong usage, 4 bad input, 7 refused: the signature.
    """
    from seedbox.console import shows
    from seedbox.console.trusted import signature_lines, with_signature
    from seedbox.jobs.holding import read_torrent
    from seedbox.torrent.magnet import Magnet

    if what.lower().startswith("magnet:"):
        magnet = Magnet.parse(what)
        console.show(shows.magnet_document(magnet), lambda: shows.magnet_view(magnet))
    elif what.endswith(".torrent"):
        metainfo = read_torrent(Path(what))
        console.show(shows.torrent_document(metainfo), lambda: shows.torrent_view(metainfo))
    else:
        admitted = options.inspected(Path(what), keys)
        manifest = admitted.source.manifest
        console.show(
            with_signature(shows.manifest_document(manifest), admitted),
            lambda: signature_lines(shows.manifest_view(manifest), admitted, below=True),
        )
