from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.daemon.state import ShardDay, State, Used
from support.stored import DAY, NOON, info_hash, shard, stored

TODAY = 19_676  # days from 1970-01-01 to 2023-11-15
OCTOBER = NOON - 20 * DAY


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State.open(tmp_path / "state", now=OCTOBER) as opened:
        opened.put([stored(0), stored(1, uploaded=0)])
        yield opened


def give(state: State, total: int, at: float, *, free: int = 0) -> None:
    """Let the shard 0 have given so many bytes in all."""
    state.count([shard(0, uploaded=total)], at=at, free=free)


def caps(state: State, now: float) -> tuple[int, int]:
    used = state.used(now)
    return (used.capped_today, used.capped_month)


def test_what_has_grown_is_added_to_the_day_and_the_month(state: State) -> None:
    give(state, 5, OCTOBER)
    give(state, 25, NOON - DAY)
    give(state, 325, NOON)
    give(state, 1325, NOON + 11.99 * 3600)

    assert state.used(NOON) == Used(
        1325, today=1300, month=1320, capped_today=1300, capped_month=1320
    )


def test_midnight_and_the_first_of_the_month_are_those_of_utc(state: State) -> None:
    midnight = NOON + DAY / 2
    give(state, 7, midnight - 1)

    assert caps(state, midnight - 1) == (7, 7)
    assert caps(state, midnight) == (0, 7)
    assert caps(state, NOON + 15.49 * DAY) == (0, 7)
    assert caps(state, NOON + 15.5 * DAY) == (0, 0)  # December


def test_free_bytes_count_against_no_cap_and_are_never_more_than_were_given(state: State) -> None:
    give(state, 100, NOON, free=30)
    give(state, 110, NOON, free=1000)

    assert state.used(NOON) == Used(110, 110, 110, capped_today=70, capped_month=70)


def test_a_restart_forgets_nothing(state: State, tmp_path: Path) -> None:
    give(state, 100, NOON)
    state.close()

    with State.open(tmp_path / "state", now=NOON) as again:
        assert caps(again, NOON) == (100, 100)
        give(again, 150, NOON)
        assert caps(again, NOON) == (150, 150)
        assert [each.shard.uploaded for each in again.shards()] == [150, 0]


def test_bytes_that_a_new_shard_brings_are_of_no_day(state: State) -> None:
    state.put([stored(7)])
    give(state, 1, NOON)

    assert state.used(NOON).total == 1


# --- clocks that jump -------------------------------------------------------------------------


def test_a_clock_that_is_set_back_over_midnight_makes_no_room_under_the_day_s_cap(
    state: State,
) -> None:
    after, before = NOON + DAY / 2 + 1, NOON + DAY / 2 - 3600
    give(state, 100, after)

    assert caps(state, before) == (100, 100)
    give(state, 150, before)
    assert caps(state, before) == (150, 150)
    assert caps(state, after) == (100, 150)


def test_a_clock_that_is_set_back_over_the_first_makes_no_room_under_the_month_s_cap(
    state: State,
) -> None:
    december = NOON + 16 * DAY
    give(state, 100, december)

    assert caps(state, NOON)[1] == 100


def test_a_clock_that_starts_in_1970_is_not_believed(state: State) -> None:
    give(state, 100, NOON)
    give(state, 120, 60.0)

    assert caps(state, 61.0) == (120, 120)
    assert caps(state, NOON) == (120, 120)
    assert state.shard_days(info_hash(0).key) == (ShardDay(TODAY, 120),)


def test_a_clock_that_was_years_ahead_does_not_spoil_the_caps_for_years(state: State) -> None:
    give(state, 100, NOON + 5000 * DAY)
    give(state, 101, NOON)

    assert caps(state, NOON) == (1, 1)
    assert state.used(NOON).total == 101


def test_a_time_beyond_all_calendars_is_the_last_day_of_them(state: State) -> None:
    give(state, 100, 1e15)

    assert caps(state, 1e15) == (100, 100)


def test_a_state_made_by_a_wrong_clock_works_before_anything_was_given(state: State) -> None:
    assert caps(state, 0.0) == (0, 0)


@given(jumps=st.lists(st.tuples(st.integers(0, 1000), st.floats(-40, 40)), max_size=12))
def test_whatever_the_clock_does_no_byte_is_lost_or_counted_twice(
    tmp_path_factory: pytest.TempPathFactory, jumps: list[tuple[int, float]]
) -> None:
    with State.open(tmp_path_factory.mktemp("clock"), now=NOON) as state:
        state.put([stored(0), stored(1, uploaded=0)])
        total = 0
        for grown, days in jumps:
            total += grown
            give(state, total, NOON + days * DAY)

        days_of_shard = state.shard_days(info_hash(0).key)
        assert state.used(NOON).total == total
        assert sum(each.uploaded for each in days_of_shard) == total


# --- by shard ---------------------------------------------------------------------------------


def test_each_shard_has_its_days_the_latest_first(state: State) -> None:
    give(state, 10, NOON - DAY)
    give(state, 10, NOON)
    state.count([shard(0, uploaded=14), shard(1, uploaded=9)], at=NOON + DAY)
    give(state, 15, NOON + DAY)

    assert state.shard_days(info_hash(0).key) == (ShardDay(TODAY + 1, 5), ShardDay(TODAY - 1, 10))
    assert state.shard_days(info_hash(1).key) == (ShardDay(TODAY + 1, 9),)
    assert state.shard_days(info_hash(0).key, limit=1) == (ShardDay(TODAY + 1, 5),)
    assert state.shard_days(info_hash(5).key) == ()


def test_ninety_days_of_each_shard_are_kept(state: State) -> None:
    for day in range(100):
        give(state, day + 1, NOON + day * DAY)

    kept = state.shard_days(info_hash(0).key, limit=1000)
    assert [each.day for each in kept] == list(range(TODAY + 99, TODAY + 9, -1))
    assert state.used(NOON).total == 100
