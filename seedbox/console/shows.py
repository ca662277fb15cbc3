"""What `seedbox show` says of manifests, torrents and magnet links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from seedbox.console.curve import draw
from seedbox.console.stages import moment, of_manifest, stages_document, stages_lines
from seedbox.console.tables import Document, facts, hashes, line, magnet_of, number, share, table
from seedbox.console.text import plural
from seedbox.manifest import coverage
from seedbox.units import format_size

if TYPE_CHECKING:
    from seedbox.manifest.model import Manifest
    from seedbox.torrent.magnet import Magnet
    from seedbox.torrent.metainfo import Metainfo

_ROWS_SHOWN = 40


# --- manifest ---------------------------------------------------------------------------------


def manifest_document(manifest: Manifest) -> Document:
    """Return what a manifest says, in short."""
    head = manifest.head
    return {
        "id": head.id,
        "sequence": head.sequence,
        "version": head.version,
        "title": head.title,
        "license": head.license.spdx if head.license else None,
        "attribution": head.license.attribution if head.license else None,
        "format": head.format.value,
        "size": manifest.size,
        "files": sum(shard.files for shard in manifest.shards),
        "shards": [
            {
                "name": shard.name,
                "role": shard.role.value,
                "rendition": shard.rendition,
                "license": terms.spdx if (terms := manifest.license_of(shard)) else None,
                "files": shard.files,
                "size": shard.size,
                "use": number(shard.use),
                "coverage": number(shard.coverage),
                "release": moment(shard.release),
                "info_hash": hashes(shard.info_hash.v1, shard.info_hash.v2),
            }
            for shard in manifest.shards
        ],
        **stages_document(of_manifest(manifest)),
    }


def manifest_view(manifest: Manifest) -> RenderableType:
    """Return what a manifest says, for people."""
    head = manifest.head
    popularity = head.popularity
    said = facts(
        (
            ("title", head.title),
            ("id", f"{head.id}, version {head.version}, sequence {head.sequence}"),
            ("issued", f"{head.issued:%Y-%m-%d %H:%M} UTC"),
            ("license", head.license.spdx if head.license else None),
            ("attribution", head.license.attribution if head.license else None),
            ("cite as", head.cite_as),
            ("popularity", popularity.metric if popularity else None),
            ("source", popularity.source if popularity else None),
            ("size", f"{format_size(manifest.size)} in {plural(len(manifest.shards), 'shard')}"),
        )
    )
    rows = table("shard", "license", "files>", "size>", "coverage>")
    for shard in manifest.shards[:_ROWS_SHOWN]:
        terms = manifest.license_of(shard)
        rows.add_row(
            line(shard.name),
            line(terms.spdx if terms else "none"),
            f"{shard.files:,}",
            format_size(shard.size),
            share(shard.coverage),
        )
    more = len(manifest.shards) - _ROWS_SHOWN
    tail = [line(f"and {more:,} more shards")] if more > 0 else []
    staged = stages_lines(of_manifest(manifest), head.expires)
    return Group(said, line(""), rows, *tail, *staged, *_curve(manifest))


def _curve(manifest: Manifest) -> list[RenderableType]:
    """Return the coverage curve, if the manifest knows how much its shards are used."""
    popularity = manifest.head.popularity
    if popularity is None or not popularity.total:
        return []
    points = [
        (float(point.size), float(point.coverage))
        for point in coverage.curve(manifest.shards, popularity.total)
    ]
    title = line("share of use that the first shards cover", "bold")
    return [line(""), title, Text(draw(points))]


# --- torrent ----------------------------------------------------------------------------------


def torrent_document(metainfo: Metainfo) -> Document:
    """Return what a torrent says."""
    return {
        "name": metainfo.name,
        "format": metainfo.form.value,
        "info_hash": hashes(metainfo.info_hash.v1, metainfo.info_hash.v2),
        "size": metainfo.size,
        "piece_length": metainfo.piece_length,
        "pieces": metainfo.num_pieces,
        "private": metainfo.private,
        "creation_date": metainfo.creation_date,
        "comment": metainfo.comment,
        "trackers": [list(tier) for tier in metainfo.trackers],
        "web_seeds": list(metainfo.web_seeds),
        "magnet": str(magnet_of(metainfo)),
        "files": [
            {
                "path": "/".join(file.path),
                "length": file.length,
                "pieces_root": file.pieces_root.hex() if file.pieces_root else None,
            }
            for file in metainfo.files
        ],
    }


def torrent_view(metainfo: Metainfo) -> RenderableType:
    """Return what a torrent says, for people."""
    named = hashes(metainfo.info_hash.v1, metainfo.info_hash.v2)
    pieces = f"{metainfo.num_pieces:,} of {format_size(metainfo.piece_length)}"
    said = facts(
        (
            ("name", metainfo.name),
            ("format", metainfo.form.value),
            *((f"info-hash {key}", value) for key, value in named.items()),
            ("size", f"{format_size(metainfo.size)} in {plural(len(metainfo.files), 'file')}"),
            ("pieces", pieces),
            ("comment", metainfo.comment),
            ("private", "yes" if metainfo.private else None),
            *(("tracker", url) for tier in metainfo.trackers for url in tier),
            *(("web seed", url) for url in metainfo.web_seeds),
        )
    )
    rows = table("file", "size>")
    for file in metainfo.files[:_ROWS_SHOWN]:
        rows.add_row(line("/".join(file.path)), format_size(file.length))
    more = len(metainfo.files) - _ROWS_SHOWN
    tail = [line(f"and {more:,} more files")] if more > 0 else []
    # The link is a line of its own, so that it can be copied whole.
    return Group(said, line(""), rows, *tail, line(""), line(str(magnet_of(metainfo))))


# --- magnet link ------------------------------------------------------------------------------


def magnet_document(magnet: Magnet) -> Document:
    """Return what a magnet link says."""
    return {
        "name": magnet.name,
        "info_hash": hashes(magnet.info_hash.v1, magnet.info_hash.v2),
        "trackers": list(magnet.trackers),
        "web_seeds": list(magnet.web_seeds),
        "peers": list(magnet.peers),
        "select_only": list(magnet.select_only),
    }


def magnet_view(magnet: Magnet) -> RenderableType:
    """Return what a magnet link says, for people."""
    named = hashes(magnet.info_hash.v1, magnet.info_hash.v2)
    return facts(
        (
            ("name", magnet.name),
            *((f"info-hash {key}", value) for key, value in named.items()),
            *(("tracker", url) for url in magnet.trackers),
            *(("web seed", url) for url in magnet.web_seeds),
            *(("peer", peer) for peer in magnet.peers),
            ("files", ", ".join(map(str, magnet.select_only))),
        )
    )
