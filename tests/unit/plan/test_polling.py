import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.plan.polling import after_failure, after_success

URL = "https://example.org/set/manifest.yaml"
QUARTER, HOUR, DAY = 900.0, 3600.0, 86_400.0


@given(st.none() | st.floats(0, 1e9), st.text(max_size=20), st.text(max_size=20))
def test_what_goes_well_is_asked_again_in_15_minutes_to_6_hours(
    max_age: float | None, url: str, who: str
) -> None:
    assert QUARTER <= after_success(url, max_age, who=who) <= 6 * HOUR + 1e-6


def test_max_age_within_the_bounds_is_honoured_up_to_a_tenth() -> None:
    assert 2 * HOUR <= after_success(URL, 2 * HOUR, who="a") <= 2.2 * HOUR


def test_without_max_age_it_is_an_hour() -> None:
    assert HOUR <= after_success(URL, None, who="a") <= 1.1 * HOUR


def test_mirrors_do_not_ask_at_the_same_moment() -> None:
    waits = {round(after_success(URL, HOUR, who=f"/srv/{i}")) for i in range(100)}

    assert len(waits) > 50
    assert after_success(URL, HOUR, who="a") == after_success(URL, HOUR, who="a")


@pytest.mark.parametrize("failures", [1, 2, 3, 4, 5, 6])
def test_each_failure_doubles_the_pause_less_up_to_half(failures: int) -> None:
    longest = QUARTER * 2 ** (failures - 1)

    assert longest / 2 <= after_failure(URL, failures, None, who="a") <= longest


@given(st.integers(8, 10**9))
def test_the_pause_ends_at_a_day(failures: int) -> None:
    assert DAY / 2 <= after_failure(URL, failures, None, who="a") <= DAY


def test_retry_after_is_the_least_up_to_a_day() -> None:
    assert after_failure(URL, 1, 5 * HOUR, who="a") == 5 * HOUR
    assert after_failure(URL, 1, 1.0, who="a") >= QUARTER / 2
    assert after_failure(URL, 1, 1e9, who="a") == DAY
