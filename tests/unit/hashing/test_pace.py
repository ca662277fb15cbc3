import pytest

from seedbox.hashing.pace import Pace
from seedbox.hashing.units import Shape, Unit
from seedbox.torrent.pieces import Span

KIB = 1024
MIB = 1024 * KIB


def of_size(piece: int, size: int) -> Unit:
    return Unit(range(piece, piece + 1), (Span(0, 0, size), Span(None, 0, 9 * MIB)))


def test_without_a_rate_units_are_as_large_as_they_come() -> None:
    assert Pace(None).shape(Shape(2048, 256), 16 * KIB) == Shape(2048, 256)


@pytest.mark.parametrize(
    ("rate", "pieces"),
    [
        (1, 1),  # a piece is the least that can be read
        (4 * MIB, 4),
        (50 * MIB, 50),
        (1024 * MIB, 128),  # no more than without a rate
    ],
)
def test_a_unit_is_read_in_a_quarter_of_a_second(rate: int, pieces: int) -> None:
    assert Pace(rate).shape(Shape(128, 256), 256 * KIB) == Shape(pieces, 256)


@pytest.mark.parametrize("rate", [None, 1024 * MIB])
def test_units_come_in_order_and_none_is_lost(rate: int | None) -> None:
    units = [of_size(piece, 10 * KIB) for piece in range(100)]

    assert list(Pace(rate).hold(iter(units))) == units


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0  # seconds

    def tell(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def at_rate(rate: int, clock: Clock) -> Pace:
    return Pace(rate, clock=clock.tell, wait=clock.wait)


def test_bytes_take_the_time_that_the_rate_gives_them() -> None:
    clock = Clock()
    units = [of_size(piece, 100 * KIB) for piece in range(10)]

    assert list(at_rate(1000 * KIB, clock).hold(iter(units))) == units

    assert clock.now == pytest.approx(101.0)


def test_padding_takes_no_time() -> None:
    clock = Clock()
    units = [of_size(piece, 0) for piece in range(1000)]  # 9 GiB of padding

    assert list(at_rate(1 * MIB, clock).hold(iter(units))) == units

    assert clock.now == 100.0


def test_time_in_which_nothing_was_asked_for_is_not_made_up_for() -> None:
    clock = Clock()
    held = at_rate(2000 * KIB, clock).hold(iter([of_size(0, 0), of_size(1, 100 * KIB)]))
    next(held)
    clock.now = 200.0  # a consumer that is slow
    next(held)

    assert list(held) == []
    assert clock.now == pytest.approx(200.05)
