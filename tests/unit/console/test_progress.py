import io
import re

import pytest
from rich.console import Console as Terminal

from seedbox.console.progress import Bars, Lines, sentence
from seedbox.jobs.events import (
    Advanced,
    Done,
    Event,
    Listening,
    Note,
    Seeding,
    Served,
    Started,
    Warned,
)

MIB = 1024 * 1024
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0  # seconds

    def __call__(self) -> float:
        return self.now


def lines_of(*events: Event | float) -> list[str]:
    """What Lines print of events; a number lets so many seconds pass."""
    clock, text = Clock(), io.StringIO()
    lines = Lines(Terminal(file=text, width=200, soft_wrap=True), clock=clock)
    for event in events:
        if isinstance(event, float):
            clock.now += event
        else:
            lines.show(event)
    lines.close()
    return text.getvalue().splitlines()


def bars_of(*events: Event | float, width: int = 80) -> str:
    """What Bars have on the terminal after events, without colours, in the end as in between."""
    clock, text = Clock(), io.StringIO()
    terminal = Terminal(file=text, width=width, force_terminal=True, legacy_windows=False)
    bars = Bars(terminal, clock=clock, ticking=False)
    for event in events:
        if isinstance(event, float):
            clock.now += event
        else:
            bars.show(event)
    before = len(text.getvalue())
    bars.refresh()
    shown = text.getvalue()[before:]
    bars.close()
    return CODES.sub("", shown).strip()


# --- lines ------------------------------------------------------------------------------------


def test_work_that_has_ended_is_a_line() -> None:
    assert lines_of(
        *(Started("hash a", 3 * MIB), Advanced("hash a", MIB), 2.5),
        *(Advanced("hash a", 3 * MIB), Done("hash a")),
    ) == ["hash a: 3.00 MiB in 2.5 s"]


def test_work_that_ended_early_says_how_far_it_came() -> None:
    assert lines_of(Started("fetch a", 3 * MIB), 120.0, Done("fetch a")) == [
        "fetch a: 0 B of 3.00 MiB in 2 min 0 s"
    ]


def test_work_without_bytes_is_not_worth_a_line() -> None:
    assert lines_of(Started("verify a", 0), Done("verify a"), Done("verify b")) == []


def test_long_work_is_told_of_once_a_minute() -> None:
    steps: list[Event | float] = [Started("hash a", 100 * MIB)]
    for done in range(1, 14):
        steps += [10.0, Advanced("hash a", done * MIB)]

    assert lines_of(*steps) == [
        "hash a: 6.00 MiB of 100.00 MiB in 1 min 0 s",
        "hash a: 12.00 MiB of 100.00 MiB in 2 min 0 s",
    ]


def test_what_peers_take_is_told_at_once_and_then_once_a_minute() -> None:
    steps: list[Event | float] = []
    for second in range(1, 63):
        steps += [Served("a", second * MIB, 1), Served("b", 2 * second * MIB, 3), 1.0]

    assert lines_of(*steps) == [
        "served 1.00 MiB of a (1 peer connected)",
        "served 2.00 MiB of b (3 peers connected)",
        "served 61.00 MiB of a (1 peer connected)",
        "served 122.00 MiB of b (3 peers connected)",
    ]


def test_two_works_at_once_are_kept_apart() -> None:
    assert lines_of(
        *(Started("a", MIB), 1.0, Started("b", MIB), Advanced("a", MIB), Advanced("b", MIB)),
        *(1.0, Done("b"), Done("a")),
    ) == ["b: 1.00 MiB in 1.0 s", "a: 1.00 MiB in 2.0 s"]


def test_text_from_outside_is_made_harmless_and_not_read_as_markup() -> None:
    assert lines_of(Note("[red]\x1b[2Ja"), Warned("b")) == ["[red]\ufffd[2Ja", "warning: b"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Note("one"), "one"),
        (Warned("one"), "warning: one"),
        (Listening("[::1]:6881"), "listening on [::1]:6881"),
        (Seeding("set-0001"), "seeding set-0001"),
        (Served("set-0001", 2 * MIB, 0), "served 2.00 MiB of set-0001 (0 peers connected)"),
        (Started("a", 1), None),
        (Advanced("a", 1), None),
        (Done("a"), None),
    ],
)
def test_each_event_as_a_sentence(event: Event, line: str | None) -> None:
    assert sentence(event) == line


# --- bars -------------------------------------------------------------------------------------


def test_a_bar_has_bytes_rate_and_the_time_that_is_left() -> None:
    shown = bars_of(
        *(Started("hash set-0001", 100 * MIB), Advanced("hash set-0001", 0)),
        *(1.0, Advanced("hash set-0001", 10 * MIB), 1.0, Advanced("hash set-0001", 20 * MIB)),
    )

    assert shown.startswith("hash set-0001 ━")
    assert shown.endswith(" 20.0/100.0 MiB 10.00 MiB/s 8 s left")


def test_a_rate_that_the_job_has_measured_comes_before_the_clock() -> None:
    shown = bars_of(
        *(Started("fetch a", 100 * MIB), 1.0),
        Advanced("fetch a", 40 * MIB, rate=MIB // 2, peers=1),
    )

    assert shown.endswith(" 40.0/100.0 MiB 512.00 KiB/s 2 min 0 s left 1 peer")


@pytest.mark.parametrize("width", [80, 120])
def test_a_long_name_leaves_room_for_the_numbers(width: int) -> None:
    name = "fetch " + "x" * 100
    shown = bars_of(
        Started(name, 100 * MIB), Advanced(name, 40 * MIB, rate=MIB, peers=12), width=width
    )

    assert len(shown.splitlines()) == 1
    assert len(shown) <= width
    assert shown.startswith("fetch xxx")
    assert "… ━" in shown
    assert shown.endswith(" 40.0/100.0 MiB 1.00 MiB/s 1 min 0 s left 12 peers")


def test_work_that_has_ended_has_no_bar() -> None:
    assert bars_of(Started("a", MIB), Started("b", MIB), Done("a")).startswith("b ━")


def test_shards_that_peers_take_have_a_row_without_a_bar_and_the_last_five_stay() -> None:
    events = [Served(f"set-{number}", number * MIB, number) for number in range(8)]

    rows = [row.split() for row in bars_of(*events, Served("set-4", 9 * MIB, 2)).splitlines()]

    assert sorted(row[1] for row in rows) == ["set-3", "set-4", "set-5", "set-6", "set-7"]
    assert ["served", "set-4", "9.00", "MiB", "2", "peers"] in rows


def test_lines_stand_above_the_bars_and_nothing_is_drawn_without_work() -> None:
    assert bars_of(Note("one"), Seeding("set-0001")) == ""
