from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import LicenseRefusedError, NoSpaceError, UsageError, WithdrawnError
from seedbox.manifest.model import Manifest, Role, Shard
from seedbox.manifest.withdrawals import Action, Entry, Reason, Target, Withdrawals
from seedbox.plan.fetch import FetchPlan, Selection, named, plan_fetch
from seedbox.plan.withdrawals import Order, plan_withdrawals
from support.datasets import CLOSED, OPEN, USE, entry, manifest

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CATALOG = entry("set-catalog", role=Role.CATALOG, use=None, coverage=None, size=7)


def used(*uses: int | str) -> tuple[Shard, ...]:
    """Shards of 1,000 bytes, named `s1`, `s2`… ."""
    return tuple(entry(f"s{n}", use=Decimal(use)) for n, use in enumerate(uses, start=1))


def planned(
    of: Manifest,
    *,
    held: Mapping[str, int] | None = None,
    free: int = 10**12,
    coverage: str | None = None,
    top: int | None = None,
    names: tuple[str, ...] = (),
    budget: int | None = None,
    orders: Sequence[Order] = (),
) -> FetchPlan:
    share = None if coverage is None else Fraction(coverage)
    selection = Selection(share, top, names, budget)
    return plan_fetch(
        of, selection, held=held or {}, free=free, folder="/out", now=NOW, orders=orders
    )


def fetched(plan: FetchPlan) -> list[str]:
    return [shard.name for shard in plan.shards]


# --- which part -------------------------------------------------------------------------------


def test_without_a_wish_everything_is_fetched_in_order() -> None:
    plan = planned(manifest(CATALOG, *used(5, 3, 2)))

    assert fetched(plan) == ["set-catalog", "s1", "s2", "s3"]
    assert (plan.size, plan.need) == (3007, 3007)
    assert plan.coverage == 1
    assert plan.left_out == ()


@pytest.mark.parametrize(
    ("coverage", "names"),
    [
        ("0", []),
        ("0.000001", ["s1"]),
        ("0.5", ["s1"]),
        ("0.500001", ["s1", "s2"]),
        ("0.8", ["s1", "s2"]),
        ("0.81", ["s1", "s2", "s3"]),
        ("1", ["s1", "s2", "s3"]),
    ],
)
def test_coverage_takes_the_fewest_shards_that_reach_it(coverage: str, names: list[str]) -> None:
    plan = planned(manifest(CATALOG, *used(5, 3, 2, 0)), coverage=coverage)

    assert fetched(plan) == ["set-catalog", *names]


def test_all_the_use_means_every_shard_that_has_any_however_little() -> None:
    plan = planned(manifest(*used(10**12, 1, 0)), coverage="1")

    assert fetched(plan) == ["s1", "s2"]
    assert plan.coverage == 1


def test_a_coverage_that_the_shards_do_not_reach_takes_all_of_them() -> None:
    whole = replace(USE, total=Decimal(100))
    plan = planned(manifest(*used(5, 3), popularity=whole), coverage="0.95")

    assert fetched(plan) == ["s1", "s2"]
    assert str(plan.coverage) == "0.080000"


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=12),
    st.fractions(0, 1),
)
def test_coverage_is_reached_and_would_not_be_with_one_shard_less(
    uses: list[int], share: Fraction
) -> None:
    uses = [*sorted(uses, reverse=True), 0]
    uses[0] += 1
    shards = used(*uses)

    plan = planned(manifest(*shards), coverage=str(share))

    count, total = len(plan.shards), sum(uses)
    assert fetched(plan) == [shard.name for shard in shards[:count]]
    assert Fraction(sum(uses[:count]), total) >= share
    assert not count or Fraction(sum(uses[: count - 1]), total) < share


def test_coverage_of_a_dataset_without_popularity_is_wrong_usage() -> None:
    shards = [replace(shard, use=None) for shard in used(1, 1)]
    for of in (
        manifest(*shards, popularity=None),
        manifest(*used(0, 0)),
    ):
        with pytest.raises(UsageError, match="does not say how much its shards are used"):
            planned(of, coverage="0.8")
        assert planned(of).coverage is None


def test_top_counts_data_shards_and_the_catalog_comes_along() -> None:
    of = manifest(CATALOG, *used(5, 3, 2))

    assert fetched(planned(of, top=2)) == ["set-catalog", "s1", "s2"]
    assert fetched(planned(of, top=9)) == ["set-catalog", "s1", "s2", "s3"]
    assert fetched(planned(of, top=1, coverage="0.8")) == ["set-catalog", "s1"]
    assert fetched(planned(of, top=3, coverage="0.8")) == ["set-catalog", "s1", "s2"]


def test_names_choose_these_shards_alone_in_the_order_of_the_manifest() -> None:
    plan = planned(manifest(CATALOG, *used(5, 3, 2)), names=("s3", "s1"))

    assert fetched(plan) == ["s1", "s3"]
    assert str(plan.coverage) == "0.700000"


def test_an_unknown_name_is_wrong_usage_with_the_nearest_one() -> None:
    of = manifest(entry("wiki-0001"), entry("wiki-0002"))

    with pytest.raises(UsageError, match="no shard is named 'wiki-001'") as caught:
        planned(of, names=("wiki-0002", "wiki-001"))

    assert caught.value.hint == "Did you mean wiki-0001?"
    with pytest.raises(UsageError) as caught:
        named(of.shards, ["qqq"])
    assert caught.value.hint is not None
    assert "seedbox show" in caught.value.hint


def test_names_and_a_share_of_use_contradict_each_other() -> None:
    of = manifest(*used(5, 3))

    for wish in ({"top": 1}, {"coverage": "0.5"}):
        with pytest.raises(UsageError, match="by name, and by how popular"):
            planned(of, names=("s1",), **wish)


# --- a budget ---------------------------------------------------------------------------------


def test_a_budget_is_filled_with_the_most_popular_that_fit() -> None:
    large, small = entry("large", use=Decimal(9), size=5000), entry("small", size=500)
    of = manifest(entry("first", use=Decimal(10)), large, small)

    assert fetched(planned(of, budget=1999)) == ["first", "small"]
    assert fetched(planned(of, budget=1000)) == ["first"]
    assert fetched(planned(of, budget=6000)) == ["first", "large"]
    assert fetched(planned(of, budget=6500)) == ["first", "large", "small"]


def test_a_budget_that_holds_no_shard_is_wrong_usage_and_says_what_would() -> None:
    with pytest.raises(UsageError, match="no shard fits into 999 bytes") as caught:
        planned(manifest(entry("a", size=2000), entry("b", size=1000)), budget=999)

    assert caught.value.hint is not None
    assert "1000" in caught.value.hint


# --- space ------------------------------------------------------------------------------------


def test_only_what_is_not_held_needs_space() -> None:
    of = manifest(*used(5, 3, 2))

    plan = planned(of, held={"s1": 1000, "s2": 400, "s3": 2000}, free=600)

    assert (plan.size, plan.need) == (3000, 600)


def test_a_folder_that_is_one_byte_short_is_refused_with_both_numbers() -> None:
    of = manifest(*used(5, 3))

    assert planned(of, free=2000).need == 2000
    with pytest.raises(NoSpaceError, match="needs 2,000 bytes in /out, 1,999 are free") as caught:
        planned(of, free=1999)
    assert caught.value.exit_status == 5


def test_shards_that_are_not_asked_for_need_no_space() -> None:
    assert planned(manifest(*used(5, 3)), top=1, free=1000).need == 1000


# --- what may not be fetched ------------------------------------------------------------------


def test_a_dataset_that_is_not_open_is_refused() -> None:
    with pytest.raises(LicenseRefusedError, match=r"CC-BY-NC-4\.0"):
        planned(manifest(*used(1), license=CLOSED))


def test_a_shard_that_is_not_open_is_left_out_and_named() -> None:
    closed = entry("closed", license=CLOSED)

    plan = planned(manifest(*used(5), closed))

    assert fetched(plan) == ["s1"]
    (left,) = plan.left_out
    assert left.name == "closed"
    assert left.reason.startswith("its license is refused: CC-BY-NC-4.0")


def test_a_shard_that_is_not_open_is_refused_when_it_is_asked_for_by_name() -> None:
    of = manifest(*used(5), entry("closed", license=CLOSED))

    with pytest.raises(LicenseRefusedError, match="closed may not be shared"):
        planned(of, names=("closed",))
    assert fetched(planned(of, names=("s1",))) == ["s1"]


def test_an_open_shard_of_a_dataset_without_a_license_is_fetched() -> None:
    plan = planned(manifest(entry("open", license=OPEN), *used(1), license=None))

    assert fetched(plan) == ["open"]
    assert [left.name for left in plan.left_out] == ["s1"]


def test_a_shard_is_left_out_until_its_release() -> None:
    later = entry("later", release=NOW + timedelta(seconds=1))
    now = entry("now", release=NOW)

    plan = planned(manifest(later, now))

    assert fetched(plan) == ["now"]
    assert [(left.name, left.reason) for left in plan.left_out] == [
        ("later", "it is released on 2026-11-01 00:00 UTC")
    ]


# --- what was taken back ----------------------------------------------------------------------


def test_what_was_withdrawn_is_left_out_before_anything_else_is_asked_of_it() -> None:
    of = manifest(*used(5, 3), entry("closed", license=CLOSED, use=Decimal(1)))
    orders = taken_back(of, "s1", "closed")

    plan = planned(of, orders=orders)

    assert fetched(plan) == ["s2"]
    assert [(left.name, left.order) for left in plan.left_out] == [
        ("s1", orders[0]),
        ("closed", orders[1]),
    ]
    assert plan.left_out[0].reason == (
        "withdrawn on 2026-11-01 00:00 UTC (license); delete it, by 2026-11-01 00:00 UTC"
    )
    assert fetched(planned(of, top=1, orders=taken_back(of, "s2"))) == ["s1"]


def test_a_withdrawn_shard_that_is_asked_for_by_name_is_refused() -> None:
    of = manifest(*used(5, 3))

    with pytest.raises(WithdrawnError, match="s2 is not fetched: withdrawn on 2026-11-01"):
        planned(of, names=("s1", "s2"), orders=taken_back(of, "s2"))


def taken_back(of: Manifest, *names: str) -> tuple[Order, ...]:
    entries = [Entry(Target(shard=name), Reason.LICENSE, Action.DELETE, NOW, NOW) for name in names]
    return plan_withdrawals(of, Withdrawals(of.head.id, 1, tuple(entries)), now=NOW)
