"""Writing metainfo: a layout and its hashes become a .torrent (BEP 3, 12, 19, 38, 47, 52).

Pure and deterministic: the same arguments give the same bytes everywhere. seedbox writes its own
since libtorrent 2.1 orders files by whole path where BEP 52 asks for path segments, and then
refuses the hybrids it has made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast

from seedbox.torrent import merkle, paths, pieces
from seedbox.torrent.bencode import DEFAULT_LIMITS, Encodable, Encoded, decode_dict, encode
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import File, Layout
from seedbox.torrent.metainfo import Metainfo, assemble

_SHORT = 2 * DEFAULT_LIMITS.values  # bytes; what is no longer cannot be too much for a reader


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
    """Return the torrent of a layout: what `Metainfo.parse` would make of its bytes.

    Args:
        layout: Files in the order of BEP 52.
        digests: One for each piece of the layout, in order, with the hashes its format needs.
        extras: What stands beside the info dict.

    Raises:
        ValueError: The digests do not fit the layout, or it was not made by `arrange`: a bug in
            the caller.
        InvalidTorrentError: The extras break their BEP, or the torrent is too large.
    """
    if [digest.index for digest in digests] != list(range(layout.piece_map.count)):
        raise ValueError(f"{len(digests)} digests for {layout.piece_map.count} pieces")
    _hold_to_arrange(layout)
    v1 = b""
    layers: dict[bytes, bytes] = {}
    info: dict[bytes, Encodable] = {
        b"name": layout.name.encode(),
        b"piece length": layout.piece_length,
    }
    if layout.form is not Format.V2:
        v1 = b"".join(_held(digest.v1) for digest in digests)
        info |= {**_v1_half(layout), b"pieces": v1}
    if layout.form is not Format.V1:
        layout, layers = _with_trees(layout, digests)
        info |= {b"meta version": 2, b"file tree": _file_tree(layout)}
    return _written(layout, encode(info), v1, layers, _beside(extras))


def _written(
    layout: Layout,
    info: bytes,
    v1: bytes,
    layers: dict[bytes, bytes],
    beside: Mapping[bytes, Encodable],
) -> Metainfo:
    """Return the torrent of an info dict and what stands beside it."""
    top: dict[bytes, Encodable] = {**beside, b"info": Encoded(info)}
    if layout.form is not Format.V1:
        top[b"piece layers"] = layers
    raw = encode(top)
    if len(raw) > _SHORT:
        return Metainfo.parse(raw)
    read, _ = decode_dict(encode({**beside, b"info": {}}))
    return assemble(raw, info, layout, v1, layers, read)


def _hold_to_arrange(layout: Layout) -> None:
    """Refuse a layout whose order or places `arrange` would not have chosen.

    Raises:
        ValueError: It was not made by `arrange`.
    """
    order = [paths.order(file.path) for file in layout.files]
    lengths = [file.length for file in layout.files]
    starts = pieces.offsets(lengths, layout.piece_length, aligned=layout.form is not Format.V1)
    rising = all(one < two for one, two in pairwise(order))
    as_file = (
        layout.form is Format.V2 and not layout.single and [len(path) for path in order] == [2]
    )
    if as_file or not rising or starts != [file.offset for file in layout.files]:
        raise ValueError("the layout was not made by arrange: readers would see another one")


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
    entries: list[bytes] = []
    at = 0
    for file in layout.files:
        if file.offset > at:
            entries.append(_pad_file(file.offset - at))
        path = b"".join(_spelled(part) for part in file.path[1:])
        entries.append(b"d6:lengthi%de4:pathl%bee" % (file.length, path))
        at = file.offset + file.length
    if layout.total > at:
        entries.append(_pad_file(layout.total - at))
    return {b"files": Encoded(b"l%be" % b"".join(entries))}


def _spelled(segment: str) -> bytes:
    raw = segment.encode()
    return b"%d:%b" % (len(raw), raw)


def _pad_file(length: int) -> bytes:
    """Return the entry of a pad file; its path is the one that BEP 47 recommends."""
    return b"d4:attr1:p6:lengthi%de4:pathl4:.pad%bee" % (length, _spelled(str(length)))


def _with_trees(
    layout: Layout, digests: Sequence[PieceDigest]
) -> tuple[Layout, dict[bytes, bytes]]:
    """Return the layout with the pieces root of each file, and the piece layers (BEP 52)."""
    piece_map = layout.piece_map
    files: list[File] = []
    layers: dict[bytes, bytes] = {}
    for index, file in enumerate(layout.files):
        layer = [_held(digests[piece].v2) for piece in piece_map.pieces_of(index)]
        root = layer[0] if layer else None
        if len(layer) > 1:
            root = merkle.pieces_root(layer, layout.piece_length)
            layers[root] = b"".join(layer)
        files.append(File(file.path, file.length, file.offset, root))
    return replace(layout, files=tuple(files)), layers


def _file_tree(layout: Layout) -> dict[bytes, Encodable]:
    tree: dict[bytes, Encodable] = {}
    for file in layout.files:
        root = b"" if file.pieces_root is None else b"11:pieces root32:%b" % file.pieces_root
        node = tree
        for part in file.path[:-1] if layout.single else file.path[1:-1]:
            node = cast("dict[bytes, Encodable]", node.setdefault(part.encode(), {}))
        node[file.path[-1].encode()] = Encoded(b"d0:d6:lengthi%de%bee" % (file.length, root))
    return tree
