"""Writing metainfo: a layout and its hashes become a .torrent (BEP 3, 12, 19, 38, 47, 52).

Pure and deterministic: the same arguments give the same bytes everywhere. seedbox writes its own
since libtorrent 2.1 orders files by whole path where BEP 52 asks for path segments, and then
refuses the hybrids it has made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from seedbox.torrent import merkle
from seedbox.torrent.bencode import Encodable, encode
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout
from seedbox.torrent.metainfo import Metainfo


@dataclass(frozen=True, slots=True)
class PieceDigest:
    """The hashes of one piece."""

    index: int
    v1: bytes | None  # 20 bytes: SHA-1 of the piece, padding included (BEP 3, BEP 47)
    v2: bytes | None  # 32 bytes: merkle.small_root in a file of one piece, else piece_layer's


@dataclass(frozen=True, slots=True)
class Extras:
    """What stands beside the info dict, and so changes no info-hash."""

    trackers: tuple[tuple[str, ...], ...] = ()  # tiers (BEP 12)
    web_seeds: tuple[str, ...] = ()  # base URLs (BEP 19)
    similar: tuple[bytes, ...] = ()  # info-hashes of 20 bytes (BEP 38)
    collections: tuple[str, ...] = ()  # BEP 38
    creation_date: int | None = None  # seconds since 1970
    comment: str | None = None


def compose(layout: Layout, digests: Sequence[PieceDigest], extras: Extras) -> Metainfo:
    """Return the torrent of a layout.

    Args:
        layout: Files in the order of BEP 52.
        digests: One for each piece of the layout, in order, with the hashes its format needs.
        extras: What stands beside the info dict.

    Raises:
        ValueError: The digests do not fit the layout, or it was not made by `arrange`: a bug in
            the caller.
        InvalidTorrentError: The extras break their BEP, or the torrent is too large.
    """
    torrent = Metainfo.parse(_document(layout, digests, extras))
    written = [(file.path, file.length, file.offset) for file in torrent.files]
    if written != [(file.path, file.length, file.offset) for file in layout.files]:
        raise ValueError("the layout was not made by arrange: readers would see another one")
    return torrent


def _document(layout: Layout, digests: Sequence[PieceDigest], extras: Extras) -> bytes:
    if [digest.index for digest in digests] != list(range(layout.piece_map.count)):
        raise ValueError(f"{len(digests)} digests for {layout.piece_map.count} pieces")
    info: dict[bytes, Encodable] = {
        b"name": layout.name.encode(),
        b"piece length": layout.piece_length,
    }
    top: dict[bytes, Encodable] = {b"info": info, **_beside(extras)}
    if layout.form is not Format.V2:
        info.update(_v1_half(layout))
        info[b"pieces"] = b"".join(_held(digest.v1) for digest in digests)
    if layout.form is not Format.V1:
        roots, layers = _trees(layout, digests)
        info[b"meta version"] = 2
        info[b"file tree"] = _file_tree(layout, roots)
        top[b"piece layers"] = layers
    return encode(top)


def _held(digest: bytes | None) -> bytes:
    if digest is None:
        raise ValueError("a piece lacks a hash that its format needs")
    return digest


def _beside(extras: Extras) -> dict[bytes, Encodable]:
    """Return the keys beside the info dict; absent ones are left out."""
    urls = [url.encode() for url in extras.web_seeds]
    tiers = [[url.encode() for url in tier] for tier in extras.trackers if tier]
    keys: dict[bytes, Encodable] = {b"created by": b"seedbox"}
    if tiers:
        keys[b"announce"] = tiers[0][0]
    if sum(len(tier) for tier in tiers) > 1:
        keys[b"announce-list"] = tiers
    if urls:
        keys[b"url-list"] = urls[0] if len(urls) == 1 else urls
    if extras.similar:
        keys[b"similar"] = list(extras.similar)
    if extras.collections:
        keys[b"collections"] = [name.encode() for name in extras.collections]
    if extras.creation_date is not None:
        keys[b"creation date"] = extras.creation_date
    if extras.comment is not None:
        keys[b"comment"] = extras.comment.encode()
    return keys


def _v1_half(layout: Layout) -> dict[bytes, Encodable]:
    if layout.single:
        return {b"length": layout.files[0].length}
    entries: list[Encodable] = []
    at = 0
    for file in layout.files:
        if file.offset > at:
            entries.append(_pad_file(file.offset - at))
        entries.append({b"length": file.length, b"path": [part.encode() for part in file.path[1:]]})
        at = file.offset + file.length
    if layout.total > at:
        entries.append(_pad_file(layout.total - at))
    return {b"files": entries}


def _pad_file(length: int) -> Encodable:
    """Return the entry of a pad file; its path is the one that BEP 47 recommends."""
    return {b"attr": b"p", b"length": length, b"path": [b".pad", b"%d" % length]}


def _trees(
    layout: Layout, digests: Sequence[PieceDigest]
) -> tuple[list[bytes | None], dict[bytes, Encodable]]:
    """Return the pieces root of each file, and the piece layers by root (BEP 52)."""
    piece_map = layout.piece_map
    roots: list[bytes | None] = []
    layers: dict[bytes, Encodable] = {}
    for index in range(len(layout.files)):
        layer = [_held(digests[piece].v2) for piece in piece_map.pieces_of(index)]
        if len(layer) > 1:
            root = merkle.pieces_root(layer, layout.piece_length)
            layers[root] = b"".join(layer)
            roots.append(root)
        else:
            roots.append(layer[0] if layer else None)
    return roots, layers


def _file_tree(layout: Layout, roots: Sequence[bytes | None]) -> dict[bytes, Encodable]:
    tree: dict[bytes, Encodable] = {}
    for file, root in zip(layout.files, roots, strict=True):
        leaf: dict[bytes, Encodable] = {b"length": file.length}
        if root is not None:
            leaf[b"pieces root"] = root
        node = tree
        for part in file.path if layout.single else file.path[1:]:
            node = cast("dict[bytes, Encodable]", node.setdefault(part.encode(), {}))
        node[b""] = leaf
    return tree
