"""BitTorrent v2 hash trees: blocks -> piece layer -> pieces root (BEP 52).

Pure: digests in, digests out. `disk` reads the bytes, `hashing` uses the cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

BLOCK_SIZE = 16 * 1024  # bytes; BEP 52 fixes it for every v2 torrent
_DIGEST = 32  # bytes
_PAIR = 2 * _DIGEST
_ZERO = bytes(32)  # BEP 52: stands in for a missing leaf; not the hash of zeros


def piece_layer(blocks: Sequence[bytes], piece_length: int) -> list[bytes]:
    """Return one digest per piece of a file (BEP 52, "piece layers").

    Args:
        blocks: SHA-256 of each block of the file, in order; n digests.
        piece_length: Bytes; a power of two, at least BLOCK_SIZE.

    Returns:
        ceil(n / blocks per piece) digests; none for an empty file.

    Raises:
        ValueError: piece_length breaks its rule: a bug in the caller, since
            metainfo from outside has been through `Metainfo.parse`.
    """
    width = blocks_per_piece(piece_length)
    starts = range(0, len(blocks), width)
    return [_root(blocks[start : start + width], width, _ZERO) for start in starts]


def pieces_root(layer: Sequence[bytes], piece_length: int) -> bytes:
    """Return the root of a file longer than one piece from its piece layer (BEP 52).

    Raises:
        ValueError: The layer is empty, or piece_length breaks its rule.
    """
    return layer_root(b"".join(layer), piece_length)


def layer_root(layer: bytes, piece_length: int) -> bytes:
    """Return the same as `pieces_root` from a piece layer as a torrent has it, in one string.

    Raises:
        ValueError: As `pieces_root`.
    """
    width, pad = _power_of_two(len(layer) // _DIGEST), padding_root(piece_length)
    while width > 1:
        if len(layer) % _PAIR:
            layer += pad
        pairs = range(0, len(layer), _PAIR)
        layer = b"".join([sha256(layer[at : at + _PAIR]).digest() for at in pairs])
        width //= 2
        if width > 1:
            pad = _node(pad, pad)
    return layer


def small_root(blocks: Sequence[bytes]) -> bytes:
    """Return the root of a file of at most one piece: over its own blocks alone (BEP 52).

    Raises:
        ValueError: There is no block; an empty file has no root.
    """
    return _root(blocks, _power_of_two(len(blocks)), _ZERO)


@lru_cache(maxsize=16)  # the lengths that a piece can have
def padding_root(piece_length: int) -> bytes:
    """Return the digest that stands in for a piece past the end of the file (BEP 52)."""
    digest, width = _ZERO, blocks_per_piece(piece_length)
    while width > 1:
        digest, width = _node(digest, digest), width // 2
    return digest


def blocks_per_piece(piece_length: int) -> int:
    """Return how many blocks a full piece has.

    Raises:
        ValueError: piece_length is not a power of two of at least BLOCK_SIZE.
    """
    if piece_length < BLOCK_SIZE or piece_length.bit_count() != 1:
        raise ValueError(f"piece length {piece_length} is not a power of two >= 16 KiB")
    return piece_length // BLOCK_SIZE


def _power_of_two(count: int) -> int:
    """Return the smallest power of two that is at least `count`."""
    if count < 1:
        raise ValueError("an empty file has no hash tree")
    return 1 << (count - 1).bit_length()


def _root(level: Sequence[bytes], width: int, pad: bytes) -> bytes:
    """Return the root over `width` digests, of which the missing ones are `pad`."""
    nodes = list(level)
    while width > 1:
        if len(nodes) % 2:
            nodes.append(pad)
        nodes = [_node(nodes[i], nodes[i + 1]) for i in range(0, len(nodes), 2)]
        pad, width = _node(pad, pad), width // 2
    return nodes[0]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(left + right).digest()
