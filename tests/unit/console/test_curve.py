from hypothesis import given
from hypothesis import strategies as st

from seedbox.console.curve import draw

SHARES = st.floats(0, 1, allow_nan=False)


def test_a_line_from_corner_to_corner() -> None:
    assert draw([(1.0, 1.0)], width=10, height=5).splitlines()[:-1] == [
        "       │        ▄█",
        "  80 % │      ▄███",
        "       │    ▄█████",
        "  40 % │  ▄███████",
        "       │▄█████████",
        "       └──────────",
    ]


def test_all_use_in_the_first_bytes_fills_the_chart() -> None:
    rows = draw([(0.001, 1.0), (1.0, 1.0)], width=8, height=4).splitlines()

    assert rows[:4] == [
        " 100 % │████████",
        "       │████████",
        "  50 % │████████",
        "       │████████",
    ]


def test_use_that_is_not_covered_stays_empty() -> None:
    rows = draw([(1.0, 0.5)], width=4, height=2).splitlines()

    assert rows[0] == " 100 % │"
    assert rows[1] == "       │▂▄▆█"


def test_the_scale_goes_from_nothing_to_all() -> None:
    last = draw([(1.0, 1.0)]).splitlines()[-1]

    assert last.split() == ["0", "%", "share", "of", "the", "bytes", "100", "%"]
    assert len(last) == 8 + 60


def test_no_points_draw_an_empty_chart() -> None:
    assert "█" not in draw([])


@given(st.lists(st.tuples(SHARES, SHARES), max_size=20), st.integers(1, 80), st.integers(1, 20))
def test_a_curve_of_any_points_rises_and_stays_in_its_frame(
    points: list[tuple[float, float]], width: int, height: int
) -> None:
    xs, ys = sorted(x for x, _ in points), sorted(y for _, y in points)

    rows = draw(list(zip(xs, ys, strict=True)), width=width, height=height).splitlines()

    assert len(rows) == height + 2
    chart = [row[8:].ljust(width) for row in rows[:height]]
    assert {len(row) for row in chart} <= {width}
    for column in range(1, width):
        before = sum(" ▁▂▃▄▅▆▇█".index(row[column - 1]) for row in chart)
        assert sum(" ▁▂▃▄▅▆▇█".index(row[column]) for row in chart) >= before
