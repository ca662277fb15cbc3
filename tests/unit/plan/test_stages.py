from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import UsageError
from seedbox.manifest.model import Head, Popularity, Role
from seedbox.manifest.schedule import HeadRule, Schedule, Span, TailRule
from seedbox.plan.stages import Part, Stage, check_stages, dates, staged, stages
from support.datasets import entry
from support.datasets import head as a_head

ISSUED = datetime(2026, 1, 31, 9, tzinfo=UTC)
WEEK = Span(exact=timedelta(days=7))
MONTH = Span(1)
LATE_CATALOG = (
    "release: the catalog comes on 2026-02-28 09:00 UTC, the head before it on 2026-02-07 09:00 UTC"
)
CATALOG = (Role.CATALOG, None)


def head(release: Schedule | None, *, total: int | None = 100, issued: datetime = ISSUED) -> Head:
    popularity = None if total is None else Popularity("reads", total=Decimal(total))
    return a_head(issued=issued, popularity=popularity, release=release)


def used(*uses: int) -> list[tuple[Role, Decimal | None]]:
    return [(Role.DATA, Decimal(use)) for use in uses]


def days(of: Head, shards: Sequence[tuple[Role, Decimal | None]]) -> list[str | None]:
    return [None if each is None else f"{each:%Y-%m-%d}" for each in dates(of, shards)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_catalog_comes_now_the_head_next_week_and_the_tail_by_month() -> None:
    rule = Schedule(HeadRule(Decimal("0.8"), None, WEEK), TailRule(MONTH, 2))

    assert days(head(rule), [CATALOG, *used(50, 20, 10, 5, 5, 5, 3, 2)]) == [
        None,
        *["2026-02-07"] * 3,
        *["2026-03-07"] * 2,
        *["2026-04-07"] * 2,
        "2026-05-07",
    ]


def test_without_a_rule_nobody_waits() -> None:
    assert days(head(None), [CATALOG, *used(1, 1)]) == [None, None, None]
    check_stages(head(None), used(1))


def test_all_data_may_come_at_one_later_time() -> None:
    assert days(head(Schedule(HeadRule(after=at("2026-12-01")))), [CATALOG, *used(9, 1)]) == [
        None,
        "2026-12-01",
        "2026-12-01",
    ]


def test_the_whole_tail_may_come_at_once() -> None:
    rule = Schedule(HeadRule(None, 1), TailRule(WEEK))

    assert days(head(rule, total=None), used(0, 0, 0)) == [None, "2026-02-07", "2026-02-07"]


@pytest.mark.parametrize(
    ("coverage", "waiting"), [("0.5", 3), ("0.500001", 2), ("0.000001", 3), ("1", 0)]
)
def test_the_head_ends_with_the_shard_that_reaches_the_coverage(
    coverage: str, waiting: int
) -> None:
    rule = Schedule(HeadRule(Decimal(coverage)), TailRule(MONTH))

    assert sum(each is not None for each in dates(head(rule), used(50, 30, 19, 1))) == waiting


def test_shards_without_use_are_of_the_tail_once_the_head_has_all_use() -> None:
    rule = Schedule(HeadRule(Decimal(1)), TailRule(MONTH))

    assert days(head(rule), used(60, 40, 0)) == [None, None, "2026-02-28"]


def test_a_short_month_ends_early_and_the_next_one_does_not() -> None:
    rule = Schedule(HeadRule(None, 1), TailRule(MONTH, 1))

    assert days(head(rule), used(1, 1, 1, 1)) == [None, "2026-02-28", "2026-03-31", "2026-04-30"]
    leap = head(rule, issued=at("2027-12-31"))
    assert days(leap, used(1, 1, 1, 1))[1:] == ["2028-01-31", "2028-02-29", "2028-03-31"]


def test_what_is_released_when_it_is_issued_or_before_has_no_date() -> None:
    for after in (Span(), ISSUED, at("2020-01-01")):
        assert days(head(Schedule(HeadRule(after=after))), used(1)) == [None]
    later = ISSUED + timedelta(seconds=1)
    assert list(dates(head(Schedule(HeadRule(after=later))), used(1))) == [later]


def test_a_tail_counts_from_a_head_that_was_long_before() -> None:
    rule = Schedule(HeadRule(None, 1, at("2025-12-15")), TailRule(MONTH, 1))

    assert days(head(rule), used(1, 1, 1, 1)) == [None, None, "2026-02-15", "2026-03-15"]


@given(
    st.lists(st.integers(0, 10), min_size=1, max_size=30),
    st.builds(HeadRule, st.decimals(Decimal("0.01"), 1, places=2), st.none(), st.just(WEEK))
    | st.builds(HeadRule, st.none(), st.integers(1, 30), st.just(MONTH)),
    st.builds(TailRule, st.builds(Span, st.integers(1, 40)), st.none() | st.integers(1, 9)),
)
def test_dates_never_fall(uses: list[int], first: HeadRule, tail: TailRule) -> None:
    of = head(Schedule(first, tail), total=sum(uses) or None)

    found = [each or ISSUED for each in dates(of, used(*sorted(uses, reverse=True)))]

    assert found == sorted(found)


@pytest.mark.parametrize(
    ("of", "uses", "message", "hint"),
    [
        (
            head(Schedule(HeadRule(Decimal("0.8")), TailRule(MONTH)), total=None),
            used(0),
            "release.head.coverage is 80.0 %, but no use of any file is known",
            "Pass --popularity, or count shards instead: `head: {shards: 3}`.",
        ),
        (
            head(Schedule(HeadRule(Decimal("0.8")), TailRule(MONTH)), total=0),
            used(0),
            "release.head.coverage is 80.0 %, but no use of any file is known",
            "Pass --popularity, or count shards instead: `head: {shards: 3}`.",
        ),
        (
            head(Schedule(HeadRule(Decimal("0.8")), TailRule(MONTH))),
            used(50, 29),
            "release.head.coverage is 80.0 %, all shards together reach 79.0 % of popularity.total",
            "Lower it, or count shards instead: `head: {shards: 3}`.",
        ),
        (
            head(Schedule(HeadRule(after=WEEK), catalog=MONTH)),
            used(1),
            LATE_CATALOG,
            "Release the catalog no later than the head; it says what all the data is.",
        ),
        (
            head(Schedule(HeadRule(None, 1), TailRule(Span(1200), 1))),
            used(*[1] * 82),
            "release: 80 times (1200 months) after 2026-01-31 09:00 UTC is after the year 9999",
            "Release more shards at a time, or make them larger with --shard-size.",
        ),
        (
            head(
                Schedule(HeadRule(after=Span(exact=timedelta(days=36_000))), None),
                issued=at("9950-01-01"),
            ),
            used(1),
            "release: 36000 days after 9950-01-01 00:00 UTC is after the year 9999",
            "Release more shards at a time, or make them larger with --shard-size.",
        ),
    ],
)
def test_a_rule_that_does_not_fit_the_data_is_refused(
    of: Head, uses: list[tuple[Role, Decimal | None]], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as error:
        check_stages(of, uses)
    assert (str(error.value), error.value.hint) == (message, hint)


def test_a_rule_that_fits_is_let_through() -> None:
    check_stages(head(Schedule(HeadRule(Decimal("0.8")), TailRule(MONTH, 1))), used(80, 20))
    check_stages(head(Schedule(HeadRule(None, 9), TailRule(MONTH)), total=None), used(0))


def test_a_manifest_has_the_dates_and_not_the_rule() -> None:
    of = head(Schedule(HeadRule(None, 1), TailRule(MONTH)))
    shards = (entry("c", role=Role.CATALOG, use=None), entry("a"), entry("b"))

    made = staged(of, shards)

    assert made.head == replace(of, release=None)
    assert made.shards == (*shards[:2], replace(shards[2], release=at("2026-02-28T09:00")))


def part(size: int, use: int, release: str | None, role: Role = Role.DATA) -> Part:
    return Part(role, size, Decimal(use), None if release is None else at(release))


def test_stages_tell_what_is_there_from_when_on() -> None:
    parts = [
        part(5, 0, None, Role.CATALOG),
        part(100, 60, "2026-02-07"),
        part(200, 20, "2026-02-07"),
        part(300, 10, "2026-03-07"),
        part(400, 10, "2026-04-07"),
    ]

    assert stages(parts, Decimal(200)) == (
        Stage("catalog", None, 1, 5, Fraction(0)),
        Stage("head", at("2026-02-07"), 2, 300, Fraction(2, 5)),
        Stage("tail 1", at("2026-03-07"), 1, 300, Fraction(9, 20)),
        Stage("tail 2", at("2026-04-07"), 1, 400, Fraction(1, 2)),
    )


def test_a_shard_that_somebody_holds_back_is_told_in_the_order_of_time() -> None:
    parts = [part(1, 9, "2027-01-01"), part(2, 1, None), Part(Role.DATA, 3, None, None)]

    assert stages(parts, None) == (
        Stage("head", None, 2, 5, None),
        Stage("tail 1", at("2027-01-01"), 1, 1, None),
    )


def test_there_are_no_stages_where_nobody_waits() -> None:
    assert stages([part(1, 1, None)], Decimal(1)) == ()
