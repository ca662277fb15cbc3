import re
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.plan.caps import Allowed, Bound, Caps, Span, parse_hours

GB, TB = 10**9, 10**12
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
SLOWEST = 64  # bytes/s


def allowed(
    caps: Caps, *, at: float = NOON, wall: time = time(12), today: int = 0, month: int = 0
) -> Allowed:
    return caps.allowed(at, wall, today=today, month=month)


def clocked(hours: str, wall: str, rate: int | None = None) -> Allowed:
    return allowed(Caps(rate, parse_hours(hours)), wall=time.fromisoformat(wall))


# --- rates and hours --------------------------------------------------------------------------


def test_without_anything_there_is_no_limit() -> None:
    assert allowed(Caps()) == Allowed(None, Bound.NOTHING)


def test_a_rate_holds_all_the_time() -> None:
    assert allowed(Caps(20_000_000)) == Allowed(20_000_000, Bound.RATE)


@pytest.mark.parametrize(
    ("wall", "limit", "by"),
    [
        ("00:59:59", 5_000_000, Bound.RATE),
        ("01:00:00", None, Bound.NOTHING),
        ("06:59:59", None, Bound.NOTHING),
        ("07:00:00", 5_000_000, Bound.RATE),
        ("08:00:00", 2_000_000, Bound.HOURS),
        ("17:59:59", 2_000_000, Bound.HOURS),
        ("18:00:00", 5_000_000, Bound.RATE),
    ],
)
def test_hours_stand_in_for_the_rate_from_their_first_minute_to_before_their_last(
    wall: str, limit: int | None, by: Bound
) -> None:
    hours = "01:00-07:00=unlimited, 08:00-18:00=2MB/s"

    assert clocked(hours, wall, 5_000_000) == Allowed(limit, by)


@pytest.mark.parametrize(
    ("wall", "limit"), [("21:59", 7), ("22:00", 9), ("00:00", 9), ("06:00", 7)]
)
def test_hours_may_go_over_midnight(wall: str, limit: int) -> None:
    assert clocked("22:00-06:00=9", wall, 7).limit == limit


@pytest.mark.parametrize("wall", ["00:00", "23:59:59"])
def test_a_whole_day_can_be_written(wall: str) -> None:
    assert clocked("00:00-24:00=9", wall, 7).limit == 9


def test_paused_hours_have_the_slowest_rate_and_say_until_when() -> None:
    found = clocked("08:00-18:00=pause", "12:00:30")

    assert found == Allowed(SLOWEST, Bound.HOURS, paused=True, until=NOON - 30 + 6 * 3600)


# --- caps -------------------------------------------------------------------------------------


def test_far_from_a_cap_the_rate_alone_counts() -> None:
    caps = Caps(20_000_000, day=200 * GB, month=5 * TB)

    assert allowed(caps, today=100 * GB, month=TB) == Allowed(20_000_000, Bound.RATE)


def test_what_is_left_of_a_cap_lasts_for_ten_minutes_at_least() -> None:
    found = allowed(Caps(20_000_000, day=200 * GB), today=194 * GB)

    assert found.by is Bound.DAY
    assert found.limit is not None
    assert 9_900_000 < found.limit <= 6 * GB // 600


@pytest.mark.parametrize(
    ("caps", "today", "month", "by", "until"),
    [
        (Caps(day=200 * GB), 200 * GB, 0, Bound.DAY, MIDNIGHT),
        (Caps(month=5 * TB), 0, 5 * TB, Bound.MONTH, DECEMBER),
        (Caps(day=200 * GB, month=5 * TB), 200 * GB, 5 * TB, Bound.MONTH, DECEMBER),
        (Caps(day=200 * GB), 900 * GB, 0, Bound.DAY, MIDNIGHT),
    ],
)
def test_a_cap_that_is_used_up_pauses_until_its_period_ends(
    caps: Caps, today: int, month: int, by: Bound, until: float
) -> None:
    found = allowed(caps, today=today, month=month)

    assert found == Allowed(SLOWEST, by, paused=True, until=until)


def test_december_ends_with_the_year() -> None:
    at = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()

    assert (
        allowed(Caps(month=GB), at=at, month=GB).until
        == datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    )


@given(st.integers(1, 10**16), st.integers(0, 10**16), st.floats(0, 2e9))
def test_a_minute_at_the_limit_never_passes_the_cap(cap: int, used: int, at: float) -> None:
    found = allowed(Caps(day=cap), at=at, today=used)

    assert found.limit is not None
    assert found.paused or used + 60 * found.limit <= cap


@given(st.integers(200_000_000, 10**15), st.floats(0, 2e9))
def test_a_pause_that_is_used_to_the_last_byte_does_not_pass_the_cap(cap: int, at: float) -> None:
    used = _least_that_pauses(cap)

    found = allowed(Caps(day=cap), at=at, today=used)

    assert found.until is not None
    assert used + SLOWEST * (found.until - at) <= cap


@given(st.integers(1, 10**15), st.integers(0, 10**15), st.integers(0, 10**12))
def test_a_pause_lasts_while_bytes_are_counted_in_its_period(
    cap: int, used: int, more: int
) -> None:
    before, after = (allowed(Caps(day=cap), today=n) for n in (used, used + more))

    assert after.paused or not before.paused
    assert before.limit is not None
    assert after.limit is not None
    assert after.limit <= before.limit


def _least_that_pauses(cap: int) -> int:
    low, high = 0, cap
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if allowed(Caps(day=cap), today=middle).paused else (middle + 1, high)
        )
    return low


@pytest.mark.parametrize("cap", [GB, 200 * GB, 5 * TB])
def test_demand_without_end_takes_nearly_all_of_a_cap_and_no_more(cap: int) -> None:
    used, seconds = 0, 60  # between two looks
    for _ in range(86_400 // seconds):
        limit = allowed(Caps(day=cap), today=used).limit
        assert limit is not None
        used += limit * seconds

    assert 0.94 * cap <= used <= cap


# --- what is told -----------------------------------------------------------------------------

FREE = Allowed(None, Bound.NOTHING)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (FREE, FREE, None),
        (
            FREE,
            Allowed(2 * 1024 * 1024, Bound.HOURS),
            "upload is limited to 2.00 MiB/s: --hours",
        ),
        (Allowed(9, Bound.HOURS), Allowed(8, Bound.HOURS), "upload is limited to 8 B/s: --hours"),
        (Allowed(9, Bound.HOURS), FREE, "upload has no limit now"),
        (FREE, Allowed(99, Bound.DAY), "upload is limited to 99 B/s: so that --up-day lasts"),
        (Allowed(99, Bound.DAY), Allowed(98, Bound.DAY), None),
        (
            Allowed(99, Bound.MONTH),
            Allowed(64, Bound.MONTH, paused=True, until=DECEMBER),
            "upload is paused until 2026-12-01 00:00 UTC: so that --up-month lasts",
        ),
        (FREE, Allowed(64, Bound.HOURS, paused=True), "upload is paused: --hours"),
    ],
)
def test_a_change_is_told_once(before: Allowed, after: Allowed, told: str | None) -> None:
    assert after.change(before) == told


# --- hours, as they are typed -----------------------------------------------------------------


def test_hours_are_read_as_they_are_typed() -> None:
    assert parse_hours("01:00-07:00=unlimited,08:30-18:00=2MiB/s,22:00-24:00=Pause") == (
        Span(60, 420),
        Span(510, 1080, 2 * 1024 * 1024),
        Span(1320, 1440, pause=True),
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "'' is no hours of the day; write 01:00-07:00=unlimited,08:00-18:00=2MB/s"),
        ("1-7=pause", "'1-7=pause' is no hours of the day"),
        ("01:00-07:00", "is no hours of the day"),
        ("01:00-07:00=unlimited,", "'' is no hours of the day"),
        ("01:00-07:00=", "is no hours of the day"),
        ("01:00-07:00=fast", "'fast' is not a rate"),
        ("01:00-07:00=0", "'0' is nothing; write pause"),
        ("01:60-07:00=pause", "'01:60' is no time of the day; write 00:00 to 24:00"),
        ("01:00-24:01=pause", "'24:01' is no time of the day"),
        ("05:00-05:00=pause", "ends when it begins; write 00:00-24:00 for the whole day"),
        ("00:00-00:00=pause", "ends when it begins"),
        ("01:00-07:00=pause,06:59-08:00=9", "01:00-07:00 and 06:59-08:00 overlap"),
        ("22:00-02:00=pause,01:00-03:00=9", "22:00-02:00 and 01:00-03:00 overlap"),
        ("00:00-24:00=9,22:00-02:00=pause", "00:00-24:00 and 22:00-02:00 overlap"),
        ("01:00-02:00=9," * 99, "1,386 characters are too many"),
    ],
)
def test_hours_that_mean_nothing_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_hours(text)


@given(st.text(alphabet="0123456789:-=,pausel ", max_size=60))
def test_whatever_is_read_has_each_minute_in_one_span_at_most(text: str) -> None:
    try:
        spans = parse_hours(text)
    except ValueError:
        return

    assert all(sum(minute in span for span in spans) <= 1 for minute in range(24 * 60))
