from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.torrent.merkle import (
    BLOCK_SIZE,
    blocks_per_piece,
    layer_root,
    padding_root,
    piece_layer,
    pieces_root,
    small_root,
)
from support import reference
from support.content import content

KiB = 1024
ZERO = bytes(32)
A, B, C, D, E = (sha256(bytes([i])).digest() for i in range(5))


def node(left: bytes, right: bytes) -> bytes:
    return sha256(left + right).digest()


def blocks(data: bytes) -> list[bytes]:
    return [sha256(data[at : at + 16384]).digest() for at in range(0, len(data), 16384)]


def test_a_block_is_16_kib() -> None:
    assert BLOCK_SIZE == 16384


def test_a_piece_of_one_block_is_its_digest() -> None:
    assert piece_layer([A, B], 16 * KiB) == [A, B]


def test_a_full_piece_is_the_root_over_its_blocks() -> None:
    assert piece_layer([A, B, C, D], 64 * KiB) == [node(node(A, B), node(C, D))]


def test_short_last_piece_is_padded_with_zero_digests() -> None:
    assert piece_layer([A, B, C], 32 * KiB) == [node(A, B), node(C, ZERO)]
    assert piece_layer([A, B, C, D, E], 64 * KiB)[1] == node(node(E, ZERO), node(ZERO, ZERO))


def test_an_empty_file_has_no_pieces() -> None:
    assert piece_layer([], 16 * KiB) == []


def test_past_the_last_piece_stands_the_root_over_zero_digests() -> None:
    assert padding_root(16 * KiB) == ZERO
    assert padding_root(32 * KiB) == node(ZERO, ZERO)
    assert padding_root(64 * KiB) == node(node(ZERO, ZERO), node(ZERO, ZERO))


def test_a_root_over_three_pieces_is_padded_to_four() -> None:
    pad = node(ZERO, ZERO)

    assert pieces_root([A, B, C], 32 * KiB) == node(node(A, B), node(C, pad))
    assert pieces_root([A, B, C, D], 32 * KiB) == node(node(A, B), node(C, D))
    assert pieces_root([A, B], 32 * KiB) == node(A, B)


def test_a_small_file_is_padded_to_its_own_power_of_two_not_to_the_piece() -> None:
    assert small_root([A]) == A
    assert small_root([A, B]) == node(A, B)
    assert small_root([A, B, C]) == node(node(A, B), node(C, ZERO))


@pytest.mark.parametrize("piece_length", [0, 1, 8 * KiB, 16 * KiB + 1, 48 * KiB, -16 * KiB])
def test_a_piece_length_that_is_no_power_of_two_from_16_kib_is_a_bug(piece_length: int) -> None:
    for call in (
        lambda: piece_layer([A], piece_length),
        lambda: pieces_root([A, B], piece_length),
        lambda: padding_root(piece_length),
        lambda: blocks_per_piece(piece_length),
    ):
        with pytest.raises(ValueError, match="is not a power of two"):
            call()


def test_no_digests_have_no_root() -> None:
    with pytest.raises(ValueError, match="an empty file has no hash tree"):
        small_root([])
    with pytest.raises(ValueError, match="an empty file has no hash tree"):
        pieces_root([], 16 * KiB)


def test_a_piece_of_4_mib_has_256_blocks() -> None:
    assert blocks_per_piece(4 * KiB * KiB) == 256


@pytest.mark.parametrize("piece_length", [16 * KiB, 32 * KiB, 64 * KiB, 256 * KiB])
@pytest.mark.parametrize("size", [1, 16383, 16384, 16385, 32769, 65536, 65537, 180_000, 262_145])
def test_the_root_by_way_of_the_pieces_is_the_root_over_all_blocks(
    size: int, piece_length: int
) -> None:
    data = content("merkle", size)

    if size <= piece_length:
        assert small_root(blocks(data)) == reference.pieces_root(data)
        return
    layer = piece_layer(blocks(data), piece_length)
    assert layer == reference.piece_layer(data, piece_length)
    assert pieces_root(layer, piece_length) == reference.pieces_root(data)
    assert layer_root(b"".join(layer), piece_length) == reference.pieces_root(data)


@given(st.integers(1, 40), st.data())
def test_a_changed_block_changes_its_own_piece_only(n: int, data: st.DataObject) -> None:
    blocks = [bytes([i]) * 32 for i in range(n)]
    at = data.draw(st.integers(0, n - 1))
    before = piece_layer(blocks, 64 * KiB)

    blocks[at] = b"\xff" * 32
    after = piece_layer(blocks, 64 * KiB)

    assert [i for i in range(len(before)) if before[i] != after[i]] == [at // 4]
    assert pieces_root(before, 64 * KiB) != pieces_root(after, 64 * KiB)
