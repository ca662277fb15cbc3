"""What many shards come to."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from seedbox.daemon.api.summing import Point, coverage, summary
from seedbox.daemon.record import counts
from support.fake_daemon import DATASETS, dataset, missing, shard, view


def test_counts_are_those_of_the_record() -> None:
    seen = view(40, missing(41), shard(8, DATASETS[1]), shard(1, "org.example/gone"))

    found = summary(seen)

    assert found.whole.counts == counts(seen.shards)
    assert found.whole.shards == 43
    assert found.whole.troubles["missing"] == 1
    assert {name: sums.shards for name, sums in found.by_dataset.items()} == {
        DATASETS[0]: 41,
        DATASETS[1]: 1,
        "org.example/gone": 1,
    }
    assert found.by_dataset[DATASETS[0]].held_size == sum(1000 + n for n in range(1, 41))


def test_the_curve_tells_what_is_held_of_it() -> None:
    catalog = shard(1, size=10, coverage=None, served=None)
    first = shard(2, size=100, coverage=Decimal("0.5"), verified=None, served=None)
    second = shard(3, size=200, coverage=Decimal("0.75"), served=shard(8).served)

    found = coverage(dataset(), [catalog, first, second], 3)

    assert found.points == (
        Point(0, 0, Decimal(0), 0, 0, Decimal(0), 0),
        Point(1, 10, Decimal(0), 1, 10, Decimal(0), 0),
        Point(2, 110, Decimal("0.5"), 1, 10, Decimal(0), 0),
        Point(3, 310, Decimal("0.75"), 2, 210, Decimal("0.25"), 1),
    )
    assert found.whole == found.points[-1]


@given(st.integers(0, 50), st.integers(1, 60))
def test_the_curve_has_so_many_points_at_most_and_ends_with_all(count: int, points: int) -> None:
    found = coverage(dataset(), [shard(n) for n in range(1, count + 1)], points)

    assert len(found.points) == 1 + min(count, points)
    assert found.whole.shards == count
