from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from seedbox.hashing.units import Shape, Unit, cut
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout, arrange
from seedbox.torrent.pieces import Span

KIB = 1024
BLOCK = 16 * KIB

near_edges = st.builds(
    lambda pieces, by: max(0, pieces * BLOCK + by), st.integers(0, 6), st.integers(-1, 1)
)
sizes = st.lists(st.one_of(near_edges, st.integers(0, 100_000)), min_size=2, max_size=30)
layouts = st.builds(
    lambda sizes, form, shift: of_sizes([1, *sizes], form, BLOCK << shift),
    sizes,
    st.sampled_from(list(Format)),
    st.integers(0, 3),
)
shapes = st.builds(Shape, st.integers(1, 20), st.integers(1, 20))


def of_sizes(sizes: Sequence[int], form: Format, piece_length: int) -> Layout:
    files = [((f"{index:06}",), size) for index, size in enumerate(sizes)]
    return arrange("data", files, form=form, piece_length=piece_length)


def files_in(unit: Unit) -> set[int]:
    return {span.file for span in unit.spans if span.file is not None}


def bytes_of(spans: Sequence[Span]) -> list[tuple[int | None, int, int]]:
    """Return (file, start, stop) with what lies side by side joined; of padding, how much."""
    joined: list[tuple[int | None, int, int]] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last and span.file is None and last[0] is None:
            joined[-1] = (None, 0, last[2] + span.length)
        elif last and span.file == last[0] and span.start == last[2]:
            joined[-1] = (span.file, last[1], span.stop)
        else:
            joined.append((span.file, span.start, span.stop))
    return joined


@given(layout=layouts, shape=shapes)
def test_units_are_all_pieces_once_and_in_order(layout: Layout, shape: Shape) -> None:
    count = layout.piece_map.count

    units = list(cut(layout.piece_map, range(count), shape))

    assert [piece for unit in units for piece in unit.pieces] == list(range(count))
    assert sum(unit.size for unit in units) == layout.size


@given(layout=layouts, shape=shapes, data=st.data())
def test_units_are_the_wanted_pieces_once_and_in_order(
    layout: Layout, shape: Shape, data: st.DataObject
) -> None:
    wanted = sorted(data.draw(st.sets(st.integers(0, layout.piece_map.count - 1))))

    units = list(cut(layout.piece_map, wanted, shape))

    assert [piece for unit in units for piece in unit.pieces] == wanted


@given(layout=layouts, shape=shapes)
def test_a_unit_keeps_to_its_shape_unless_its_first_piece_alone_cannot(
    layout: Layout, shape: Shape
) -> None:
    for unit in cut(layout.piece_map, range(layout.piece_map.count), shape):
        first = {span.file for span in layout.piece_map.spans(unit.pieces[0])} - {None}
        assert 1 <= len(unit.pieces) <= shape.pieces
        assert len(files_in(unit)) <= max(shape.files, len(first))


@given(layout=layouts, shape=shapes)
def test_the_spans_of_a_unit_are_those_of_its_pieces(layout: Layout, shape: Shape) -> None:
    for unit in cut(layout.piece_map, range(layout.piece_map.count), shape):
        spans = [span for piece in unit.pieces for span in layout.piece_map.spans(piece)]

        assert bytes_of(unit.spans) == bytes_of(spans)
        assert unit.size == sum(span.length for span in spans if span.file is not None)


@given(layout=layouts, shape=shapes)
def test_a_file_is_one_span_of_a_unit(layout: Layout, shape: Shape) -> None:
    for unit in cut(layout.piece_map, range(layout.piece_map.count), shape):
        named = [span.file for span in unit.spans if span.file is not None]

        assert len(named) == len(set(named))


def test_no_wanted_piece_is_no_unit() -> None:
    layout = of_sizes([BLOCK, BLOCK], Format.V1, BLOCK)

    assert list(cut(layout.piece_map, [], Shape(4, 4))) == []
    assert list(cut(layout.piece_map, range(0), Shape(4, 4))) == []


def test_a_gap_between_wanted_pieces_ends_a_unit() -> None:
    layout = of_sizes([8 * BLOCK, 1], Format.V2, BLOCK)

    units = cut(layout.piece_map, [0, 1, 3, 4, 5, 8], Shape(2, 4))

    assert [unit.pieces for unit in units] == [
        range(2),
        range(3, 5),
        range(5, 6),
        range(8, 9),
    ]


def test_small_files_are_cut_where_too_many_would_be_open() -> None:
    layout = of_sizes([4 * KIB] * 16, Format.V1, BLOCK)  # four files a piece

    units = list(cut(layout.piece_map, range(4), Shape(100, 9)))

    assert [unit.pieces for unit in units] == [range(2), range(2, 4)]
    assert [len(files_in(unit)) for unit in units] == [8, 8]


def test_padding_counts_as_no_bytes() -> None:
    layout = of_sizes([1, 1], Format.HYBRID, BLOCK)

    (unit,) = cut(layout.piece_map, range(2), Shape(100, 100))

    assert unit.size == 2
    assert sum(span.length for span in unit.spans) == 2 * BLOCK
