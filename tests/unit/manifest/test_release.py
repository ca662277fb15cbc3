"""The rule of a dataset.yaml that says when its shards are released."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbox.errors import InvalidManifestError
from seedbox.manifest.model import Manifest
from seedbox.manifest.parse import parse_head, parse_manifest
from seedbox.manifest.schedule import HeadRule, Schedule, Span, TailRule
from seedbox.manifest.write import write_head, write_manifest
from support.manifests import MANIFEST

HEAD = """\
seedbox: 1
id: org.example/set
sequence: 1
version: 1.0.0
issued: 2026-11-02T09:00:00Z
title: A set
"""
BY_MONTH = """\
  catalog: now
  head: {coverage: 80%, after: 7d}
  tail: {shards: 20, every: month}
"""
ON_DATES = """\
  catalog: 2026-12-01
  head: {shards: 3, after: 2027-01-01T12:00:00+01:00}
  tail: {every: 2 weeks}
"""
WEEK = Span(exact=timedelta(days=7))


def rule(text: str) -> Schedule | None:
    return parse_head(f"{HEAD}release:\n{text}".encode(), file="dataset.yaml").release


def refused(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidManifestError) as error:
        rule(text)
    return [(each.path, each.rule, each.message) for each in error.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  head: {after: 7 days}\n", Schedule(HeadRule(after=WEEK))),
        (
            BY_MONTH,
            Schedule(HeadRule(Decimal("0.8"), None, WEEK), TailRule(Span(1), 20)),
        ),
        (
            ON_DATES,
            Schedule(
                HeadRule(None, 3, datetime(2027, 1, 1, 11, tzinfo=UTC)),
                TailRule(Span(exact=timedelta(days=14))),
                datetime(2026, 12, 1, tzinfo=UTC),
            ),
        ),
    ],
)
def test_it_says_how_much_comes_at_which_time(text: str, expected: Schedule) -> None:
    assert rule(text) == expected


def test_all_that_is_wrong_with_it_is_named_at_once() -> None:
    text = (
        "  catalog: soon\n"
        "  head: {coverage: 80, shards: 0, after: 1m}\n"
        "  tail: {shards: x, ever: month, x-why: it is ours}\n"
    )

    assert refused(text) == [
        ("release.catalog", "release", "'soon' is not a duration"),
        ("release.head.coverage", "range", "'80' is not a share; did you mean 80%?"),
        ("release.head.shards", "range", "0 is not between 1 and 9223372036854775807"),
        ("release.head.after", "release", "'1m' is less than an hour; m is minutes"),
        ("release.tail.shards", "type", "x is read as text, not a whole number"),
        ("release.tail.ever", "unknown-key", "the key 'ever' is unknown"),
        ("release.tail", "missing-key", "every is missing"),
    ]


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("  catalog: now\n", "release", "head is missing"),
        (
            "  head: {coverage: 80%}\n",
            "release",
            "the head is a part of the data, and nothing says when the rest comes",
        ),
        (
            "  head: {after: 1d}\n  tail: {every: month}\n",
            "release",
            "the head is all data, and leaves nothing for the tail",
        ),
        (
            "  head: {coverage: 80%, shards: 2}\n  tail: {every: month}\n",
            "release",
            "the head is both a coverage and 2 shards",
        ),
        (
            "  head: {coverage: 0%}\n  tail: {every: month}\n",
            "release.head.coverage",
            "0% is not over 0%, or has more than four decimals of a percent",
        ),
        (
            "  head: {coverage: 1.00001%}\n  tail: {every: month}\n",
            "release.head.coverage",
            "1.00001% is not over 0%, or has more than four decimals of a percent",
        ),
        (
            "  head: {after: 2026-02-30}\n",
            "release.head.after",
            "2026-02-30 is no day: day is out of range for month",
        ),
        (
            "  head: {after: [now]}\n",
            "release.head.after",
            "a list or mapping is read, where one value belongs",
        ),
        (
            "  head: {coverage: {}}\n",
            "release.head.coverage",
            "a list or mapping is read, where one value belongs",
        ),
        ("  now\n", "release", "now is read as text, not a mapping"),
    ],
)
def test_parts_that_make_no_sense_are_refused(text: str, path: str, message: str) -> None:
    ((place, _, told),) = refused(text)
    assert (place, told.replace("range 1..28 for month 2 in year 2026", "")) == (path, message)


def test_a_manifest_has_no_rule() -> None:
    with pytest.raises(InvalidManifestError) as error:
        parse_manifest(f"{HEAD}release: now\nshards: []\n".encode(), file="m.yaml")
    (problem,) = error.value.problems
    assert problem.message == "release is a rule, and a manifest has no rule but the dates"


WHEN = (
    st.builds(Span, st.integers(0, 1200))
    | st.integers(3600, 10**9).map(lambda seconds: Span(exact=timedelta(seconds=seconds)))
    | st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a bound
)
SHARDS = st.integers(1, 2**63 - 1)
TAIL = st.builds(TailRule, st.builds(Span, st.integers(1, 1200)), st.none() | SHARDS)
SHARE = st.decimals(Decimal("0.000001"), 1, places=6)
SCHEDULE = st.one_of(
    st.builds(Schedule, st.builds(HeadRule, after=WHEN), st.none(), WHEN),
    st.builds(Schedule, st.builds(HeadRule, SHARE, st.none(), WHEN), TAIL, WHEN),
    st.builds(Schedule, st.builds(HeadRule, st.none(), SHARDS, WHEN), TAIL, WHEN),
)


@settings(deadline=None)
@given(MANIFEST, SCHEDULE)
def test_it_reads_back_the_same_and_no_manifest_has_it(
    manifest: Manifest, release: Schedule
) -> None:
    head = replace(manifest.head, release=release)

    assert parse_head(write_head(head), file="dataset.yaml") == head
    assert write_manifest(Manifest(head, manifest.shards)) == write_manifest(manifest)
