"""Metainfo: the .torrent file, v1, v2 and hybrid (BEP 3, 12, 19, 38, 47, 52), read strictly.

Pure. Whatever parses here is safe to act on: paths stay in their folder, sizes and hashes
agree with each other, and in a hybrid the v1 and the v2 half describe the same files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha1, sha256
from types import MappingProxyType

from seedbox.errors import InvalidTorrentError
from seedbox.torrent import fields, merkle
from seedbox.torrent import layout as layouts
from seedbox.torrent.bencode import DEFAULT_LIMITS, Limits, Value, decode_dict
from seedbox.torrent.fields import Dict, Half
from seedbox.torrent.info_hash import V1_BYTES, V2_BYTES, Format, InfoHash
from seedbox.torrent.layout import File, Layout
from seedbox.torrent.pieces import check_piece_length

_META_VERSION = 2  # BEP 52; there is no version 1
_V1_PIECE_LENGTH = 1 << 30  # bytes; more than any torrent has


@dataclass(frozen=True, slots=True)
class Metainfo:
    """One torrent: its layout, its hashes, and where to find peers."""

    raw: bytes = field(repr=False)  # the .torrent as it was read or written
    info_hash: InfoHash  # of the info dict's own bytes
    layout: Layout
    pieces: bytes = field(repr=False)  # v1: 20 bytes of SHA-1 a piece; empty without v1
    piece_layers: Mapping[bytes, bytes] = field(repr=False, hash=False)
    """v2: pieces root -> 32 bytes of SHA-256 a piece."""
    trackers: tuple[tuple[str, ...], ...] = ()  # tiers (BEP 12)
    web_seeds: tuple[str, ...] = ()  # BEP 19
    similar: tuple[bytes, ...] = ()  # info-hashes of 20 bytes (BEP 38)
    collections: tuple[str, ...] = ()  # BEP 38
    creation_date: int | None = None  # seconds since 1970
    comment: str | None = None
    created_by: str | None = None
    private: bool = False  # BEP 27

    @property
    def name(self) -> str:
        """The folder, or the file of a single-file torrent."""
        return self.layout.name

    @property
    def form(self) -> Format:
        """v1, v2 or hybrid."""
        return self.layout.form

    @property
    def files(self) -> tuple[File, ...]:
        """The payload files in order; pad files are none."""
        return self.layout.files

    @property
    def size(self) -> int:
        """Bytes of payload."""
        return self.layout.size

    @property
    def piece_length(self) -> int:
        """Bytes of each piece but the last ones."""
        return self.layout.piece_length

    @property
    def num_pieces(self) -> int:
        """How many pieces there are."""
        return self.layout.piece_map.count

    @staticmethod
    def parse(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Metainfo:
        """Read a .torrent.

        Raises:
            InvalidTorrentError: It is not canonical, breaks its BEP, or has unsafe paths.
        """
        top, spans = decode_dict(raw, limits)
        info = fields.get(top, b"info", dict)
        form = _form(info)
        layout = _layout(info, form)
        pieces = b"" if form is Format.V2 else _pieces(info, layout)
        layers = {} if form is Format.V1 else _layers(top, layout)
        return assemble(raw, raw[spans[b"info"]], layout, pieces, layers, top)

    def v1_piece(self, piece: int) -> bytes | None:
        """Return the SHA-1 of a piece, or None if the torrent has no v1 half."""
        if self.form is Format.V2:
            return None
        return self.pieces[piece * V1_BYTES : (piece + 1) * V1_BYTES]

    def v2_pieces(self, file: File) -> list[bytes]:
        """Return the SHA-256 roots of a file's pieces, in order.

        A file of at most one piece has its pieces root itself; an empty one, or a torrent
        without a v2 half, has none.
        """
        if file.pieces_root is None:
            return []
        if file.length <= self.piece_length:
            return [file.pieces_root]
        layer = self.piece_layers[file.pieces_root]
        return [layer[at : at + V2_BYTES] for at in range(0, len(layer), V2_BYTES)]


def assemble(
    raw: bytes,
    info_raw: bytes,
    layout: Layout,
    pieces: bytes,
    piece_layers: Mapping[bytes, bytes],
    top: Dict,
) -> Metainfo:
    """Return the torrent of parts that are known to agree.

    Args:
        raw: The .torrent.
        info_raw: The info dict's own bytes.
        layout: With the pieces root of each file, if it has any.
        pieces: See Metainfo.
        piece_layers: See Metainfo.
        top: The outermost dict, for what stands beside the info dict or may stand in it.

    Raises:
        InvalidTorrentError: What is read here breaks its BEP.
    """
    info = fields.get(top, b"info", dict)
    return Metainfo(
        raw=raw,
        info_hash=_info_hash(info_raw, layout.form),
        layout=layout,
        pieces=pieces,
        piece_layers=MappingProxyType(piece_layers),
        trackers=fields.tiers(top),
        web_seeds=fields.web_seeds(top),
        similar=tuple(fields.strings(top, info, b"similar", length=V1_BYTES)),
        collections=tuple(
            fields.text(name, "collections") for name in fields.strings(top, info, b"collections")
        ),
        creation_date=fields.optional(top, b"creation date", int),
        comment=fields.optional_text(top, b"comment"),
        created_by=fields.optional_text(top, b"created by"),
        private=fields.optional(info, b"private", int) not in {None, 0},
    )


def _info_hash(info_raw: bytes, form: Format) -> InfoHash:
    return InfoHash(
        None if form is Format.V2 else sha1(info_raw).digest(),  # noqa: S324  (BEP 3 names it)
        None if form is Format.V1 else sha256(info_raw).digest(),
    )


def _form(info: Dict) -> Format:
    has_v1 = b"pieces" in info
    version = fields.optional(info, b"meta version", int)
    if version is None:
        if b"file tree" in info:
            raise InvalidTorrentError("it has a file tree and no meta version")
        if not has_v1:
            raise InvalidTorrentError("the info dict has neither pieces nor a meta version")
        return Format.V1
    if version != _META_VERSION:
        raise InvalidTorrentError(f"meta version {version} is not known")
    if not has_v1 and (b"files" in info or b"length" in info):
        raise InvalidTorrentError("it has the files of v1 without its pieces")
    return Format.HYBRID if has_v1 else Format.V2


def _layout(info: Dict, form: Format) -> Layout:
    name = fields.text(fields.get_utf8(info, b"name", bytes), "name")
    piece_length = fields.get(info, b"piece length", int)
    _check_piece_length(piece_length, form)
    if form is Format.V1:
        half = fields.v1_files(info, name)
    else:
        tree = fields.get(info, b"file tree", dict)
        half = fields.v2_files(tree, name, piece_length, folder=b"files" in info)
    if form is Format.HYBRID:
        half = _agreed(fields.v1_files(info, name), half, piece_length)
    named = half.files[0].path[0] if half.single else name  # BEP 52: name is purely advisory
    layout = Layout(named, half.single, form, piece_length, tuple(half.files), half.total)
    layouts.check(layout)
    return layout


def _check_piece_length(length: int, form: Format) -> None:
    """Hold v2 to its rule; v1 torrents with other lengths exist, and can be read."""
    if form is Format.V1 and 0 < length <= _V1_PIECE_LENGTH:
        return
    try:
        check_piece_length(length)
    except ValueError as error:
        raise InvalidTorrentError(str(error)) from None


def _agreed(v1: Half, v2: Half, piece_length: int) -> Half:
    """Return what both halves of a hybrid say, if they describe the same files (BEP 52).

    Its pad files fill the gaps that v2 leaves, and do nothing else. Most programs write one after
    the last file too, as seedbox does, and some leave it out.
    """
    if v1.single != v2.single:
        raise InvalidTorrentError("one of the v1 and v2 halves has a folder, the other has none")
    if len(v1.files) != len(v2.files):
        raise InvalidTorrentError(
            f"the v1 half has {len(v1.files)} files, the v2 half {len(v2.files)}"
        )
    for a, b in zip(v1.files, v2.files, strict=True):
        same_place = a.offset == b.offset or not a.length
        if (a.path, a.length) != (b.path, b.length) or not same_place:
            raise InvalidTorrentError(
                f"the v1 half has {'/'.join(a.path)!r} of {a.length:,} bytes at {a.offset:,}, "
                f"the v2 half {'/'.join(b.path)!r} of {b.length:,} bytes at {b.offset:,}"
            )
    missing = -v2.total % piece_length
    if v1.pads not in (v2.pads, [*v2.pads, (v2.total, missing)] if missing else v2.pads):
        raise InvalidTorrentError("the pad files of the v1 half are not where the v2 half has gaps")
    return replace(v2, total=v1.total)


def _pieces(info: Dict, layout: Layout) -> bytes:
    hashes = fields.get(info, b"pieces", bytes)
    need = layout.piece_map.count * V1_BYTES
    if len(hashes) != need:
        raise InvalidTorrentError(f"its pieces take {len(hashes):,} bytes, its files need {need:,}")
    return hashes


def _layers(top: Dict, layout: Layout) -> dict[bytes, bytes]:
    """Return the piece layers, each proven to lead to the root of its file (BEP 52)."""
    given: dict[bytes, Value] = fields.optional(top, b"piece layers", dict) or {}
    layers: dict[bytes, bytes] = {}
    for file in layout.files:
        root = file.pieces_root
        if root is None or file.length <= layout.piece_length:
            continue
        layer = given.get(root)
        count = -(-file.length // layout.piece_length)
        if not isinstance(layer, bytes) or len(layer) != count * V2_BYTES:
            raise InvalidTorrentError(f"no piece layer of {count:,} digests for {file.path[-1]!r}")
        if root in layers:
            continue
        if merkle.layer_root(layer, layout.piece_length) != root:
            raise InvalidTorrentError(f"the piece layer of {file.path[-1]!r} misses its root")
        layers[root] = layer
    if len(layers) != len(given):
        raise InvalidTorrentError("a piece layer belongs to no file")
    return layers
