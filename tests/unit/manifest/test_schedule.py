from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.schedule import Span, parse_span

SPANS = st.builds(Span, st.integers(1, 1200)) | st.builds(
    Span, exact=st.integers(3600, 100 * 366 * 86_400).map(lambda seconds: timedelta(0, seconds))
)


@pytest.mark.parametrize(
    ("text", "span", "written"),
    [
        ("month", Span(1), "month"),
        ("1 month", Span(1), "month"),
        ("18 months", Span(18), "18 months"),
        ("year", Span(12), "12 months"),
        ("day", Span(0, timedelta(days=1)), "day"),
        ("2 weeks", Span(0, timedelta(days=14)), "14 days"),
        ("30 days", Span(0, timedelta(days=30)), "30 days"),
        ("7d", Span(0, timedelta(days=7)), "7 days"),
        ("36h", Span(0, timedelta(hours=36)), "36h"),
        ("90m", Span(0, timedelta(minutes=90)), "5400s"),
    ],
)
def test_months_are_of_the_calendar_and_all_else_is_exact(
    text: str, span: Span, written: str
) -> None:
    assert (parse_span(text), str(span)) == (span, written)


@given(SPANS)
def test_what_is_written_is_read_as_the_same(span: Span) -> None:
    assert parse_span(str(span)) == span


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "'soon' is not a duration"),
        ("0 days", "'0 days' is not a duration"),
        ("-1 month", "'-1 month' is not a duration"),
        ("1m", "'1m' is less than an hour; m is minutes"),
        ("0.123456s 2h", "'0.123456s 2h' has a part of a second"),
        ("101 years", "101 years is over 100 years"),
        ("9999 weeks", "9999 weeks is over 100 years"),
        ("40000d", "'40000d' is over 100 years"),
    ],
)
def test_what_is_no_time_to_wait_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_span(text)
    assert str(refused.value) == message
