"""Writing metainfo: a layout and its hashes become a .torrent (BEP 3, 12, 19, 38, 47, 52).

Pure and deterministic: the same arguments give the same bytes everywhere. seedbox writes its own
since libtorrent 2.1 orders files by whole path where BEP 52 asks for path segments, and then
refuses the hybrids it has made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast, overload

from seedbox.torrent import merkle, paths, pieces
from seedbox.torrent.bencode import DEFAULT_LIMITS, Encodable, Encoded, decode_dict, encode
from seedbox.torrent.info_hash import V1_BYTES, V2_BYTES, Format
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
class DigestRun(Sequence[PieceDigest]):
    """The hashes of pieces that follow each other, held as a torrent has them: end to end."""

    pieces: range
    v1: bytes  # 20 bytes a piece; empty without v1
    v2: bytes  # 32 bytes a piece; empty without v2

    @staticmethod
    def of(digests: Sequence[PieceDigest]) -> DigestRun:
        """Return the same hashes as a run.

        Raises:
            ValueError: The pieces do not follow each other, or some have a hash that others lack.
        """
        if isinstance(digests, DigestRun):
            return digests
        first = digests[0].index if digests else 0
        pieces = range(first, first + len(digests))
        if [digest.index for digest in digests] != list(pieces):
            raise ValueError(f"{len(digests)} digests for pieces that do not follow each other")
        v1 = b"".join([digest.v1 or b"" for digest in digests])
        v2 = b"".join([digest.v2 or b"" for digest in digests])
        if len(v1) not in {0, len(pieces) * V1_BYTES} or len(v2) not in {0, len(pieces) * V2_BYTES}:
            raise ValueError("a piece lacks a hash that its format needs")
        return DigestRun(pieces, v1, v2)

    @staticmethod
    def joined(runs: Sequence[Sequence[PieceDigest]]) -> DigestRun:
        """Return one run of several, each of which goes on where the one before ends.

        Raises:
            ValueError: As `of`.
        """
        each = [DigestRun.of(run) for run in runs if run]
        if any(one.pieces.stop != two.pieces.start for one, two in pairwise(each)):
            raise ValueError("runs of digests that do not follow each other")
        pieces = range(each[0].pieces.start, each[-1].pieces.stop) if each else range(0)
        return DigestRun(pieces, b"".join(run.v1 for run in each), b"".join(run.v2 for run in each))

    def cut(self, pieces: range) -> DigestRun:
        """Return the hashes of some of its pieces."""
        start, stop = pieces.start - self.pieces.start, pieces.stop - self.pieces.start
        v1 = self.v1[start * V1_BYTES : stop * V1_BYTES]
        return DigestRun(pieces, v1, self.v2[start * V2_BYTES : stop * V2_BYTES])

    def __len__(self) -> int:
        return len(self.pieces)

    @overload
    def __getitem__(self, at: int) -> PieceDigest: ...
    @overload
    def __getitem__(self, at: slice) -> DigestRun: ...
    def __getitem__(self, at: int | slice) -> PieceDigest | DigestRun:
        if isinstance(at, slice):
            return self.cut(self.pieces[at])
        index = self.pieces[at]
        v1, v2 = self._hashes(index - self.pieces.start)
        return PieceDigest(index, v1, v2)

    def _hashes(self, at: int) -> tuple[bytes | None, bytes | None]:
        v1 = self.v1[at * V1_BYTES : (at + 1) * V1_BYTES]
        return v1 or None, self.v2[at * V2_BYTES : (at + 1) * V2_BYTES] or None


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
    run = DigestRun.of(digests)
    if run.pieces != range(layout.piece_map.count):
        raise ValueError(f"{len(digests)} digests for {layout.piece_map.count} pieces")
    _hold_to_arrange(layout)
    v1 = b""
    layers: dict[bytes, bytes] = {}
    info: dict[bytes, Encodable] = {
        b"name": layout.name.encode(),
        b"piece length": layout.piece_length,
    }
    if layout.form is not Format.V2:
        v1 = _held(run.v1)
        info |= {**_v1_half(layout), b"pieces": v1}
    if layout.form is not Format.V1:
        layout, layers = _with_trees(layout, _held(run.v2))
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


def _held(hashes: bytes) -> bytes:
    if not hashes:
        raise ValueError("a piece lacks a hash that its format needs")
    return hashes


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
        path = b"".join([_spelled(part) for part in file.path[1:]])
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
    digits = b"%d" % length
    return b"d4:attr1:p6:lengthi%be4:pathl4:.pad%d:%bee" % (digits, len(digits), digits)


def _with_trees(layout: Layout, hashes: bytes) -> tuple[Layout, dict[bytes, bytes]]:
    """Return the layout with the pieces root of each file, and the piece layers (BEP 52)."""
    files: list[File] = []
    layers: dict[bytes, bytes] = {}
    at = 0
    for file in layout.files:
        stop = at + -(-file.length // layout.piece_length) * V2_BYTES
        layer = hashes[at:stop]
        root = layer or None
        if len(layer) > V2_BYTES:
            root = merkle.layer_root(layer, layout.piece_length)
            layers[root] = layer
        at = stop
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
