import pytest

from seedbox.jobs.doctor import Verdict
from seedbox.jobs.doctor.clock import Reading, Written, judge, read_clocks
from support.diagnosing import tracking
from support.raw_web import head, raw_server

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
DAY, HOUR = 86_400.0, 3600.0


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [
        (0, Verdict.PASS),
        (60, Verdict.PASS),
        (-60, Verdict.PASS),
        (61, Verdict.WARN),
        (-HOUR, Verdict.WARN),
        (HOUR + 1, Verdict.FAIL),
        (-DAY, Verdict.FAIL),
    ],
)
def test_a_minute_is_nothing_and_an_hour_is_wrong(ahead: float, verdict: Verdict) -> None:
    assert judge([Reading("https://a", ahead)], [], NOW).verdict is verdict


def test_which_way_it_is_off_is_told_with_who_says_so() -> None:
    behind = judge([Reading("https://a", DAY)], [], NOW)
    ahead = judge([Reading("https://a", -DAY), Reading("https://b", -DAY)], [], NOW)

    assert behind.found == "1 d 0 h behind what https://a says"
    assert ahead.found == "1 d 0 h ahead of what https://a, https://b says"


def test_one_server_that_is_wrong_among_three_decides_nothing() -> None:
    readings = [Reading("a", 0), Reading("b", 10 * DAY), Reading("c", 1)]

    assert judge(readings, [], NOW).verdict is Verdict.PASS


def test_without_a_server_nothing_is_guessed() -> None:
    found = judge([], [Written("it", NOW - DAY, ours=True), Written("it", NOW, ours=False)], NOW)

    assert (found.verdict, found.hint) == (Verdict.UNKNOWN, "Pass --online to ask one.")


@pytest.mark.parametrize(
    ("later", "ours", "verdict"),
    [
        (DAY, True, Verdict.FAIL),
        (HOUR, True, Verdict.WARN),
        (DAY, False, Verdict.WARN),  # the publisher's clock may be the wrong one
        (60, True, Verdict.UNKNOWN),
    ],
)
def test_what_is_written_down_cannot_be_from_the_future(
    later: float, ours: bool, verdict: Verdict
) -> None:
    assert judge([], [Written("the log", NOW + later, ours=ours)], NOW).verdict is verdict


def test_what_this_machine_has_written_weighs_more_than_what_others_have() -> None:
    written = [
        Written("manifest x/y", NOW + 9 * DAY, ours=False),
        Written("log", NOW + DAY, ours=True),
    ]

    found = judge([], written, NOW)

    assert found.found == (
        "log is from 2027-01-16 08:00 UTC, 1 d 0 h after now (2027-01-15 08:00 UTC): "
        "it is wrong now, or was then"
    )


def test_the_time_of_a_server_is_read_whatever_it_thinks_of_the_request() -> None:
    with tracking() as url:
        (reading,) = read_clocks([url], lambda: NOW)

    assert reading.of == url


@pytest.mark.parametrize(
    "answer", [head("200 OK", "Content-Length: 0"), head("200 OK", "Date: yesterday"), b"no HTTP"]
)
def test_servers_that_do_not_say_are_left_out(answer: bytes) -> None:
    with raw_server([answer]) as server:
        assert read_clocks([server.url(), "http://127.0.0.1:1/"], lambda: NOW) == ()


def test_no_more_than_three_are_asked() -> None:
    said = head("404 Not Found", "Date: Fri, 15 Jan 2027 08:00:10 GMT", "Content-Length: 0")
    with raw_server([said]) as server:
        readings = read_clocks([server.url(f"/{n}") for n in range(5)], lambda: NOW)

        assert [reading.ahead for reading in readings] == [10.5] * 3
        assert server.targets == ["/0", "/1", "/2"]
