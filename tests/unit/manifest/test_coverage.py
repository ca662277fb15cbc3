"""Order, coverage and the curve, against sums done by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.coverage import Point, arrange, curve, leading, mean_use, order, running
from seedbox.manifest.model import Role, Shard, TorrentRef
from seedbox.torrent.info_hash import InfoHash


def shard(
    name: str, use: str | None = "0", *, items: int = 1, size: int = 1, role: Role = Role.DATA
) -> Shard:
    return Shard(
        name=name,
        role=role,
        items=items,
        files=1,
        size=size,
        piece_length=16_384,
        info_hash=InfoHash(v1=bytes(20)),
        torrent=TorrentRef(f"torrents/{name}.torrent", bytes(32)),
        use=None if use is None else Decimal(use),
    )


CATALOG = shard("catalog", None, items=100, size=5, role=Role.CATALOG)


def test_shards_stand_by_mean_use_not_by_use() -> None:
    large = shard("large", "90", items=100)
    small = shard("small", "10", items=2)

    assert sorted([large, small], key=order) == [small, large]


def test_catalogs_come_first_and_ties_go_by_name() -> None:
    shards = [shard("b", "5"), shard("a", "5"), shard("c", "9"), CATALOG]

    assert [each.name for each in sorted(shards, key=order)] == ["catalog", "c", "a", "b"]


def test_thirds_are_compared_exactly() -> None:
    third = shard("b", "1", items=3)
    nearly = shard("a", "0.333333333333333333", items=1)

    assert sorted([nearly, third], key=order) == [third, nearly]


def test_a_shard_without_items_or_use_has_no_popularity() -> None:
    assert mean_use(shard("a", "5", items=0)) == 0
    assert mean_use(shard("a", None)) == 0


@pytest.mark.parametrize(
    ("uses", "total", "coverages"),
    [
        (["1", "1", "1"], "3", ["0.333333", "0.666667", "1.000000"]),
        (["1"], "2000000", ["0.000000"]),  # 0.0000005: half to even
        (["3"], "2000000", ["0.000002"]),  # 0.0000015: half to even
        (["51234567890"], "182345678901", ["0.280975"]),
        (["0.1", "0.2"], "0.3", ["0.333333", "1.000000"]),
        (["0", "0"], "0", ["0.000000", "0.000000"]),
        (["999999999999999999999999999999"], "999999999999999999999999999999", ["1.000000"]),
        (["2"], "1", ["2.000000"]),
        ([], "1", []),
    ],
)
def test_coverage_is_the_running_sum_to_six_decimals(
    uses: list[str], total: str, coverages: list[str]
) -> None:
    found = running(map(Decimal, uses), Decimal(total))

    assert [f"{coverage:f}" for coverage in found] == coverages


def test_arranging_orders_and_fills_in_coverage() -> None:
    arranged = arrange([shard("a", "1"), shard("b", "3"), CATALOG], Decimal(4))

    assert [(each.name, each.coverage) for each in arranged] == [
        ("catalog", None),
        ("b", Decimal("0.75")),
        ("a", Decimal(1)),
    ]


def test_a_catalog_with_use_counts() -> None:
    catalog = shard("catalog", "1", role=Role.CATALOG)

    assert [each.coverage for each in arrange([shard("a", "3"), catalog], Decimal(4))] == [
        Decimal("0.25"),
        Decimal(1),
    ]


def test_the_curve_sets_bytes_against_use() -> None:
    shards = [CATALOG, shard("a", "3", size=5), shard("b", "1", size=10)]

    assert curve(shards, Decimal(4)) == (
        Point(Fraction(0), Fraction(0)),
        Point(Fraction(1, 4), Fraction(0)),
        Point(Fraction(1, 2), Fraction(3, 4)),
        Point(Fraction(1), Fraction(1)),
    )


def test_the_curve_of_nothing_is_flat() -> None:
    assert curve([shard("a", size=0)], Decimal(0))[-1] == Point(Fraction(1), Fraction(0))


@pytest.mark.parametrize(
    ("share", "names"),
    [
        ("0", ["catalog"]),
        ("0.000001", ["catalog", "a"]),
        ("0.6", ["catalog", "a"]),
        ("0.600001", ["catalog", "a", "b"]),
        ("0.9", ["catalog", "a", "b"]),
        ("1", ["catalog", "a", "b", "c"]),
    ],
)
def test_the_fewest_leading_shards_that_reach_a_share(share: str, names: list[str]) -> None:
    shards = [CATALOG, shard("a", "60"), shard("b", "30"), shard("c", "10"), shard("d", "0")]

    found = leading(shards, Decimal(100), Fraction(share))

    assert [each.name for each in found] == names


def test_all_of_the_use_needs_also_the_shard_that_rounds_away() -> None:
    shards = [shard("a", "99999999.9"), shard("b", "0.1")]

    assert running([Decimal("99999999.9")], Decimal(100_000_000)) == [Decimal(1)]
    assert len(leading(shards, Decimal(100_000_000), Fraction(1))) == 2


def test_a_share_that_the_shards_do_not_hold_takes_them_all() -> None:
    shards = [shard("a", "1"), shard("b", "1")]

    assert len(leading(shards, Decimal(10), Fraction(1, 2))) == 2


def test_of_catalogs_alone_all_come_along() -> None:
    assert leading([CATALOG], Decimal(0), Fraction(0)) == (CATALOG,)
    assert leading([], Decimal(0), Fraction(1)) == ()


USES = st.lists(st.integers(0, 10**6), min_size=1, max_size=20)


@given(USES, st.fractions(0, 1))
def test_leading_shards_reach_the_share_and_one_fewer_does_not(
    uses: list[int], share: Fraction
) -> None:
    total = sum(uses)
    shards = [shard(f"s{number:02}", str(use)) for number, use in enumerate(uses)]

    count = len(leading(shards, Decimal(total), share))

    assert sum(uses[:count]) >= share * total
    assert count == 0 or sum(uses[: count - 1]) < share * total


@given(USES)
def test_coverage_never_falls_and_ends_at_one(uses: list[int]) -> None:
    found = running(map(Decimal, uses), Decimal(sum(uses)))

    assert found == sorted(found)
    assert found[-1] == (1 if sum(uses) else 0)
