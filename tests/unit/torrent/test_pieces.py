from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import arrange
from seedbox.torrent.pieces import (
    MAX_PIECE_LENGTH,
    PieceMap,
    Span,
    check_piece_length,
    choose_piece_length,
    merge,
    offsets,
)
from support.torrents import FORMS

KiB = 1024
MiB = 1024 * 1024
GiB = 1024 * 1024 * 1024


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("size", "piece_length"),
    [
        (1, 16 * KiB),
        (40 * MiB, 16 * KiB),
        (40 * MiB + 1, 32 * KiB),
        (1 * GiB, 512 * KiB),
        (20 * GiB, 8 * MiB),
        (20 * GiB + 1, 16 * MiB),
        (4096 * GiB, 16 * MiB),
    ],
)
def test_the_chosen_piece_length_is_the_shortest_with_2560_pieces_up_to_16_mib(
    size: int, piece_length: int, form: Format
) -> None:
    assert choose_piece_length([size], form) == piece_length


def test_no_data_gets_the_shortest_piece_length() -> None:
    assert choose_piece_length([], Format.HYBRID) == 16 * KiB
    assert choose_piece_length([0, 0], Format.HYBRID) == 16 * KiB


def test_hybrids_get_shorter_pieces_where_padding_would_be_over_a_tenth() -> None:
    many = [3 * MiB] * 500

    assert choose_piece_length(many, Format.V1) == 1 * MiB
    assert choose_piece_length(many, Format.HYBRID) == 1 * MiB  # 3 MiB fit
    assert choose_piece_length([3 * MiB + 1] * 500, Format.V1) == 1 * MiB
    assert choose_piece_length([3 * MiB + 1] * 500, Format.HYBRID) == 256 * KiB


def test_padding_of_just_a_tenth_is_not_too_much() -> None:
    tenth = [144 * KiB, 176 * KiB] * 256  # 80 MiB; 16 KiB of padding each in pieces of 32 KiB

    assert choose_piece_length(tenth, Format.HYBRID) == 32 * KiB
    assert choose_piece_length([*tenth[1:], 144 * KiB - 1], Format.HYBRID) == 16 * KiB


def test_shorter_pieces_stop_at_10240() -> None:
    sizes = [10 * MiB + 1] * 100 + [17 * KiB] * 2_000

    chosen = choose_piece_length(sizes, Format.HYBRID)

    assert chosen == 128 * KiB
    assert sum(-(-size // chosen) for size in sizes) <= 10_240
    assert sum(-(-size // (chosen // 2)) for size in sizes) > 10_240


def test_many_small_files_are_not_padded_to_large_pieces() -> None:
    sizes = [20 * KiB] * 100_000  # 1.9 GiB; pieces of 1 MiB would mean 96 GiB of padding to hash

    assert choose_piece_length(sizes, Format.V1) == 1 * MiB
    assert choose_piece_length(sizes, Format.HYBRID) == 16 * KiB


@pytest.mark.parametrize("length", [16 * KiB, 32 * KiB, 128 * MiB])
def test_powers_of_two_from_16_kib_to_128_mib_are_piece_lengths(length: int) -> None:
    check_piece_length(length)


@pytest.mark.parametrize("length", [-16384, 0, 1, 8 * KiB, 16 * KiB + 1, 48 * KiB, 256 * MiB])
def test_other_piece_lengths_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match="not a power of two from 16 KiB to 128 MiB"):
        check_piece_length(length)


def test_the_longest_piece_is_128_mib() -> None:
    assert MAX_PIECE_LENGTH == 134_217_728


def test_v1_files_follow_each_other() -> None:
    assert offsets([100, 0, 20_000, 1], 16 * KiB, aligned=False) == [0, 100, 100, 20_100]


def test_aligned_files_begin_pieces() -> None:
    assert offsets([100, 20_000, 16_384, 1], 16 * KiB, aligned=True) == [0, 16_384, 49_152, 65_536]


def test_empty_files_begin_where_the_next_one_with_data_would() -> None:
    assert offsets([0, 100, 0, 5, 0, 0], 16 * KiB, aligned=True) == [
        0,
        0,
        16_384,
        16_384,
        32_768,
        32_768,
    ]


def test_a_v1_piece_spans_files_and_skips_empty_ones() -> None:
    files = PieceMap(
        [(0, 100), (100, 0), (100, 20_000), (20_100, 50)], 16 * KiB, 20_150, padded=True
    )

    assert files.count == 2
    assert files.spans(0) == [Span(0, 0, 100), Span(2, 0, 16_284)]
    assert files.spans(1) == [Span(2, 16_284, 3_716), Span(3, 0, 50)]
    assert [files.pieces_of(i) for i in range(4)] == [range(1), range(0), range(2), range(1, 2)]


def test_padding_is_part_of_the_piece_but_not_past_the_end_of_the_row() -> None:
    files = PieceMap([(0, 20_000), (32_768, 10)], 16 * KiB, 32_778, padded=True)

    assert files.spans(1) == [Span(0, 16_384, 3_616), Span(None, 0, 12_768)]
    assert files.spans(2) == [Span(1, 0, 10)]


def test_padding_after_the_last_file_counts_where_the_row_has_it() -> None:
    files = PieceMap([(0, 10)], 16 * KiB, 16_384, padded=True)

    assert files.spans(0) == [Span(0, 0, 10), Span(None, 0, 16_374)]


def test_padding_before_the_first_file_and_over_whole_pieces_is_kept() -> None:
    files = PieceMap([(40_000, 10)], 16 * KiB, 40_010, padded=True)

    assert files.spans(0) == [Span(None, 0, 16_384)]
    assert files.spans(2) == [Span(None, 0, 7_232), Span(0, 0, 10)]


def test_a_piece_of_nothing_but_padding_has_no_file() -> None:
    for size in (10, 16_384):
        files = PieceMap([(0, size), (49_152, 10)], 16 * KiB, 49_162, padded=True)

        assert files.spans(1) == [Span(None, 0, 16_384)]
        assert files.spans(2) == [Span(None, 0, 16_384)]
        assert files.spans(3) == [Span(1, 0, 10)]


def test_a_v2_piece_ends_with_its_file() -> None:
    files = PieceMap([(0, 20_000), (32_768, 10)], 16 * KiB, 32_778, padded=False)

    assert [files.spans(i) for i in range(3)] == [
        [Span(0, 0, 16_384)],
        [Span(0, 16_384, 3_616)],
        [Span(1, 0, 10)],
    ]


@pytest.mark.parametrize("piece", [-1, 2, 1000])
def test_a_piece_that_is_not_there_is_an_index_error(piece: int) -> None:
    with pytest.raises(IndexError, match=f"piece {piece} of 2"):
        PieceMap([(0, 20_000)], 16 * KiB, 20_000, padded=True).spans(piece)


def test_a_span_ends_where_it_says() -> None:
    assert Span(0, 5, 10).stop == 15


def test_spans_of_a_piece_among_100000_files_do_not_walk_them_all() -> None:
    class Counted(list[tuple[int, int]]):
        looked_at = 0

        def __getitem__(self, index: Any) -> Any:  # noqa: ANN401
            self.looked_at += 1
            return super().__getitem__(index)

    extents = Counted((i * 16_384, 16_000) for i in range(100_000))
    files = PieceMap(extents, 16 * KiB, 100_000 * 16_384, padded=True)
    extents.looked_at = 0

    assert files.spans(77_777) == [Span(77_777, 0, 16_000), Span(None, 0, 384)]
    assert extents.looked_at < 10


sizes = st.lists(
    st.integers(0, 70_000) | st.sampled_from([0, 1, 16_383, 16_384, 16_385, 32_768]), max_size=12
).filter(any)


@given(sizes, st.sampled_from(FORMS), st.sampled_from([16 * KiB, 32 * KiB, 64 * KiB]))
def test_spans_cover_each_byte_of_each_file_once(
    sizes: list[int], form: Format, piece_length: int
) -> None:
    files = [((f"{index:02}",), size) for index, size in enumerate(sizes)]
    layout = arrange("root", [*files, (("x", "y"), 1)], form=form, piece_length=piece_length)
    pieces = layout.piece_map
    spans = {index: pieces.spans(index) for index in range(pieces.count)}

    covered: list[list[Span]] = [[] for _ in layout.files]
    for index, parts in spans.items():
        assert all(part.length > 0 for part in parts)
        if form is not Format.V2:  # v1 hashes whole pieces, padding counted; only the last is short
            expected = min(piece_length, layout.total - index * piece_length)
            assert sum(part.length for part in parts) == expected
        else:
            assert len(parts) == 1
        for part in parts:
            if part.file is not None:
                covered[part.file].append(part)
                assert index in pieces.pieces_of(part.file)

    for file, parts in zip(layout.files, covered, strict=True):
        assert sum(part.length for part in parts) == file.length
        assert not parts or (parts[0].start, parts[-1].stop) == (0, file.length)
        assert all(one.stop == other.start for one, other in pairwise(parts))


@given(sizes, st.sampled_from(FORMS))
def test_the_pieces_of_a_file_are_those_with_spans_in_it(sizes: list[int], form: Format) -> None:
    files = [((f"{index:02}",), size) for index, size in enumerate([*sizes, 1])]
    pieces = arrange("root", files, form=form, piece_length=16 * KiB).piece_map

    for file in range(len(files)):
        having = [
            piece
            for piece in range(pieces.count)
            if any(span.file == file for span in pieces.spans(piece))
        ]
        assert list(pieces.pieces_of(file)) == having


@given(sizes, st.sampled_from([16 * KiB, 64 * KiB]))
def test_aligned_offsets_are_the_nearest_that_begin_pieces(
    sizes: list[int], piece_length: int
) -> None:
    starts = offsets(sizes, piece_length, aligned=True)

    for (start, following), size in zip(pairwise(starts), sizes, strict=False):
        assert 0 <= following - start - size < piece_length
    assert all(start % piece_length == 0 for start, size in zip(starts, sizes, strict=True) if size)


def test_merged_spans_are_in_order_and_as_few_as_can_be() -> None:
    spans = [
        Span(1, 0, 10),
        Span(0, 20, 10),
        Span(None, 0, 99),
        Span(0, 30, 5),
        Span(0, 22, 2),
        Span(0, 50, 1),
        Span(1, 5, 50),
        Span(0, 5, 0),
    ]

    assert merge(spans) == [Span(0, 20, 15), Span(0, 50, 1), Span(1, 0, 55)]
    assert merge([]) == []


@given(st.lists(st.builds(Span, st.integers(0, 2), st.integers(0, 60), st.integers(0, 20))))
def test_merging_keeps_each_byte(spans: list[Span]) -> None:
    def flat(parts: list[Span]) -> list[tuple[int | None, int]]:
        return [(part.file, byte) for part in parts for byte in range(part.start, part.stop)]

    merged = flat(merge(spans))

    assert merged == sorted(set(flat(spans)))
