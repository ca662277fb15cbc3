"""Torrents straight from the text of BEP 3, 47 and 52: slow, plain, apart from the code under test.

Each rule is written as its BEP has it and holds everything in memory, so that a reader can
check this page against the BEPs alone.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha1, sha256

from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import Format

BLOCK = 16384  # bytes


def bencode(value: object) -> bytes:
    """BEP 3. Sorts the keys of a dict, whatever they are."""
    match value:
        case bytes():
            return str(len(value)).encode() + b":" + value
        case int():
            return b"i" + str(value).encode() + b"e"
        case list():
            return b"l" + b"".join(bencode(item) for item in value) + b"e"
        case dict():
            pairs = (bencode(key) + bencode(value[key]) for key in sorted(value))
            return b"d" + b"".join(pairs) + b"e"
        case _:
            raise TypeError(value)


def in_order(files: Mapping[str, bytes]) -> list[tuple[tuple[str, ...], bytes]]:
    """BEP 52: as in the file tree, whose keys are sorted at each level."""
    return [
        (tuple(path.split("/")), files[path])
        for path in sorted(files, key=lambda path: path.encode().split(b"/"))
    ]


def v1_pieces(files: Sequence[bytes], piece_length: int, *, padded: bool) -> list[bytes]:
    """BEP 3: one file after the other. BEP 47: of several files, each is padded to whole pieces."""
    row = bytearray()
    for data in files:
        row += data
        if padded and len(files) > 1:
            row += bytes(-len(row) % piece_length)
    starts = range(0, len(row), piece_length)
    return [sha1(row[at : at + piece_length], usedforsecurity=False).digest() for at in starts]


def tree(data: bytes) -> list[list[bytes]]:
    """BEP 52: the layers of a file's hash tree, leaves first, the root alone at the end."""
    leaves = [sha256(data[at : at + BLOCK]).digest() for at in range(0, len(data), BLOCK)]
    while len(leaves).bit_count() != 1:
        leaves.append(bytes(32))
    layers = [leaves]
    while len(layers[-1]) > 1:
        below = layers[-1]
        layers.append([sha256(below[i] + below[i + 1]).digest() for i in range(0, len(below), 2)])
    return layers


def pieces_root(data: bytes) -> bytes:
    """BEP 52: the root of the tree over the whole file."""
    return tree(data)[-1][0]


def piece_layer(data: bytes, piece_length: int) -> list[bytes]:
    """BEP 52: the layer in which one hash covers a piece, without what lies past the file."""
    height = (piece_length // BLOCK).bit_length() - 1
    return tree(data)[height][: -(-len(data) // piece_length)]


def v2_pieces(data: bytes, piece_length: int) -> list[bytes]:
    """The digest of each piece of one file; a file of one piece has its root alone."""
    if not data:
        return []
    if len(data) <= piece_length:
        return [pieces_root(data)]
    return piece_layer(data, piece_length)


def digests(files: Mapping[str, bytes], piece_length: int, form: Format) -> list[PieceDigest]:
    """Return what hashing the files of a torrent must give, piece by piece."""
    row = [data for _, data in in_order(files)]
    v1 = v1_pieces(row, piece_length, padded=form is Format.HYBRID)
    v2 = [digest for data in row for digest in v2_pieces(data, piece_length)]
    if form is Format.V1:
        return [PieceDigest(index, digest, None) for index, digest in enumerate(v1)]
    if form is Format.V2:
        return [PieceDigest(index, None, digest) for index, digest in enumerate(v2)]
    pairs = enumerate(zip(v1, v2, strict=True))
    return [PieceDigest(index, first, second) for index, (first, second) in pairs]
