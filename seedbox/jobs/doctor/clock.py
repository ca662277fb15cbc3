"""The clock: held against what servers say, and against what has been written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from statistics import median

from seedbox.errors import WebError
from seedbox.jobs.doctor.finding import Finding, Verdict
from seedbox.units import format_duration
from seedbox.web.client import answered
from seedbox.web.wire import Deadline

_SECONDS = 10.0
_MOST = 3  # servers
_SLOW, _WRONG = 60.0, 3600.0  # seconds
_HINT = "Let the machine set its clock by NTP (`timedatectl set-ntp true`)."


@dataclass(frozen=True, slots=True)
class Reading:
    """What another clock says."""

    of: str
    ahead: float  # seconds that it is ahead of ours


@dataclass(frozen=True, slots=True)
class Written:
    """A time that somebody has written down, which therefore is past."""

    what: str  # such as "the last line of the state's log"
    at: float
    ours: bool  # by this machine's clock


def read_clocks(
    urls: Iterable[str], now: Callable[[], float], *, seconds: float = _SECONDS
) -> tuple[Reading, ...]:
    """Ask servers for the time (RFC 9110, 6.6.1); whoever does not say is left out."""
    found: list[Reading] = []
    for url in urls:
        if len(found) == _MOST:
            break
        before = now()
        try:
            with answered(url, {}, Deadline(seconds), "HEAD") as answer:
                said = parsedate_to_datetime(answer.header("Date") or "").timestamp()
        except (WebError, ValueError):
            continue
        found.append(Reading(url, said + 0.5 - (before + now()) / 2))  # it is cut to seconds
    return tuple(found)


def judge(readings: Sequence[Reading], written: Iterable[Written], now: float) -> Finding:
    """Judge the clock of this machine."""
    if readings:
        return _held_against(readings)
    later = [each for each in written if each.at > now + _SLOW]
    if not later:
        found = "no server was asked; nothing that was read here is from the future"
        return Finding("clock", Verdict.UNKNOWN, found, "Pass --online to ask one.")
    worst = max(later, key=lambda each: (each.ours, each.at))
    ahead = _words(worst.at - now)
    found = f"{worst.what} is from {_moment(worst.at)}, {ahead} after now ({_moment(now)})"
    if not worst.ours:
        return Finding("clock", Verdict.WARN, f"{found}: one of two clocks is wrong", _HINT)
    verdict = Verdict.FAIL if worst.at - now > _WRONG else Verdict.WARN
    return Finding("clock", verdict, f"{found}: it is wrong now, or was then", _HINT)


def _held_against(readings: Sequence[Reading]) -> Finding:
    ahead = median(reading.ahead for reading in readings)
    names = ", ".join(reading.of for reading in readings)
    if abs(ahead) <= _SLOW:
        return Finding("clock", Verdict.PASS, f"within a minute of what {names} says")
    way = "behind" if ahead > 0 else "ahead of"
    found = f"{_words(abs(ahead))} {way} what {names} says"
    verdict = Verdict.FAIL if abs(ahead) > _WRONG else Verdict.WARN
    return Finding("clock", verdict, found, _HINT)


def _words(seconds: float) -> str:
    return format_duration(timedelta(seconds=round(seconds)))


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
