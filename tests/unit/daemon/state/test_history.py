from collections.abc import Iterator
from pathlib import Path

import pytest

from seedbox.daemon.state import Sample, State, Step
from support.stored import DAY, NOON

EVER = (0.0, 4e9)
MIDNIGHT = NOON - DAY / 2


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State.open(tmp_path, now=NOON) as opened:
        yield opened


def test_bytes_are_added_rates_and_peers_are_the_largest_and_shards_the_last(state: State) -> None:
    state.sample(Sample(NOON, 100, 50, 9, 10, 9, 8, 7, 6))
    state.sample(Sample(NOON + 30, 20, 70, 3, 10, 10, 9, 8, 7))
    state.sample(Sample(NOON + 59.9, 3, 10, 8, 11, 9, 9, 1, 0))

    for step, begin in ((Step.MINUTE, NOON), (Step.HOUR, NOON), (Step.DAY, MIDNIGHT)):
        assert state.history(step, *EVER) == (Sample(begin, 123, 70, 9, 11, 9, 9, 1, 0),)


def test_each_step_has_its_own_points(state: State) -> None:
    for minute in range(180):
        state.sample(Sample(NOON + 60 * minute, minute, 0, 0))

    minutes = state.history(Step.MINUTE, *EVER)
    assert [point.uploaded for point in minutes] == list(range(180))
    hours = state.history(Step.HOUR, *EVER)
    assert [(point.at, point.uploaded) for point in hours] == [
        (NOON, sum(range(60))),
        (NOON + 3600, sum(range(60, 120))),
        (NOON + 7200, sum(range(120, 180))),
    ]
    assert [point.uploaded for point in state.history(Step.DAY, *EVER)] == [sum(range(180))]


def test_a_span_has_its_beginning_and_not_its_end(state: State) -> None:
    for minute in range(4):
        state.sample(Sample(NOON + 60 * minute, minute, 0, 0))

    found = state.history(Step.MINUTE, NOON + 60, NOON + 180)
    assert [point.uploaded for point in found] == [1, 2]


def test_minutes_are_kept_for_two_days_hours_for_sixty_days_and_days_for_ever(
    state: State,
) -> None:
    with state.together():
        for minute in range(3000):
            state.sample(Sample(NOON + 60 * minute, 1, 0, 0))
        for hour in range(50, 1500):
            state.sample(Sample(NOON + 3600 * hour, 1, 0, 0))
        for day in range(63, 400):
            state.sample(Sample(NOON + DAY * day, 1, 0, 0))

    assert len(state.history(Step.MINUTE, *EVER)) == 2 * 24 * 60
    assert len(state.history(Step.HOUR, *EVER)) == 60 * 24
    assert len(state.history(Step.DAY, *EVER)) == 400


def test_a_clock_that_was_wrong_for_a_while_erases_nothing(state: State) -> None:
    state.sample(Sample(NOON, 1, 0, 0))
    state.sample(Sample(NOON + 9000 * DAY, 2, 0, 0))
    state.sample(Sample(60.0, 3, 0, 0))
    state.sample(Sample(NOON, 4, 0, 0))

    found = state.history(Step.MINUTE, NOON, NOON + 60)
    assert [point.uploaded for point in found] == [5]


def test_an_answer_has_at_most_five_thousand_points_the_oldest_first(state: State) -> None:
    with state.together():
        for day in range(5001):
            state.sample(Sample(DAY * day, day, 0, 0))

    found = state.history(Step.DAY, *EVER)
    assert [point.uploaded for point in found] == list(range(5000))
    rest = state.history(Step.DAY, found[-1].at + Step.DAY.seconds, EVER[1])
    assert [point.uploaded for point in rest] == [5000]


def test_the_history_is_there_after_a_restart_and_goes_on_in_the_same_minute(
    state: State, tmp_path: Path
) -> None:
    state.sample(Sample(NOON, 1, 0, 0))
    with State.open(tmp_path, now=NOON) as again:
        again.sample(Sample(NOON + 20, 2, 0, 0))

    assert [point.uploaded for point in state.history(Step.MINUTE, *EVER)] == [3]
