"""How many bytes may go to peers, at one moment: a rate, hours of the day, days and months.

Pure. Days and months are those of UTC, as the state counts them; hours are those of the clock on
the wall, since they are about the people who share the line.

A cap has a smooth end. What is left of it bounds the rate to a tenth of that a minute, so the rate
falls as the cap comes near, and what is sent between two looks is never more than what is left,
however late in the day that is. A pause is no rate of 0, which many programs read as "no limit",
but the slowest one: peers are still greeted, and hear that there is a seed. What it may give until
the period ends is set aside from the start, so a paused seed does not pass the cap either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from seedbox.units import format_rate, parse_rate

SLOWEST = 64  # bytes/s during a pause, for all peers together: a handshake a second (BEP 3)
_SHARE = 600  # what is left of a cap lasts for so many seconds at least
_ASIDE = 20  # at most one part in so many of a cap is set aside for the pause at its end
_DAY_SECONDS, _MONTH_SECONDS = 86_400, 31 * 86_400  # a month's are at most so many
_DAY = 24 * 60  # minutes
_HOUR = 60  # minutes


class Bound(StrEnum):
    """What a limit comes from."""

    NOTHING = "nothing"  # there is no limit
    RATE = "rate"
    HOURS = "hours"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """Some hours of each day."""

    start: int  # minutes after midnight
    end: int  # minutes after midnight, not included; before `start`: on the next day
    rate: int | None = None  # bytes/s; None: no limit
    pause: bool = False  # nothing at all

    def __contains__(self, minute: int) -> bool:
        """Tell whether a minute of the day lies in it."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def __str__(self) -> str:
        """Write it as it was given, without what it allows."""
        return f"{_clock(self.start)}-{_clock(self.end)}"


def _clock(minute: int) -> str:
    return f"{minute // _HOUR:02d}:{minute % _HOUR:02d}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may go to peers now."""

    limit: int | None  # bytes/s, for the engine; None: no limit
    by: Bound
    paused: bool = False  # then `limit` is SLOWEST
    until: float | None = None  # a pause's end, in seconds since the epoch

    def change(self, before: Allowed) -> str | None:
        """Return what to tell of it; None: nothing that was not told before.

        A rate that falls towards the end of a cap is told once.
        """
        if (self.by, self.paused) == (before.by, before.paused):
            moved = self.by in {Bound.RATE, Bound.HOURS} and self.limit != before.limit
            if not moved:
                return None
        if self.paused:
            end = "" if self.until is None else f" until {_moment(self.until)}"
            return f"upload is paused{end}: {_WHY[self.by]}"
        if self.limit is None:
            return "upload has no limit now"
        return f"upload is limited to {format_rate(self.limit)}: {_WHY[self.by]}"


_WHY = {
    Bound.NOTHING: "there is no limit",
    Bound.RATE: "--up",
    Bound.HOURS: "--hours",
    Bound.DAY: "so that --up-day lasts",
    Bound.MONTH: "so that --up-month lasts",
}


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Caps:
    """What a user allows; None: no limit."""

    rate: int | None = None  # bytes/s, in hours that no span has
    hours: tuple[Span, ...] = ()  # no two overlap
    day: int | None = None  # bytes from midnight to midnight, UTC
    month: int | None = None  # bytes from the first to the last of a month, UTC

    @property
    def plain(self) -> Allowed:
        """What the rate alone allows."""
        return Allowed(self.rate, Bound.NOTHING if self.rate is None else Bound.RATE)

    def allowed(self, at: float, wall: time, *, today: int, month: int) -> Allowed:
        """Return what may go to peers at a moment: the least that anything allows.

        Args:
            at: The moment, in seconds since the epoch.
            wall: The same on the user's clock.
            today: Bytes given since midnight UTC that count.
            month: Bytes given since the first of the month, UTC, that count.
        """
        paced = [
            _paced(self.day, today, _DAY_SECONDS, Bound.DAY, _next_day(at)),
            _paced(self.month, month, _MONTH_SECONDS, Bound.MONTH, _next_month(at)),
        ]
        found = [self._by_clock(at, wall), *(each for each in paced if each is not None)]
        paused = [each for each in found if each.paused]
        if paused:
            return max(paused, key=lambda each: each.until or at)
        limits = [(each.limit, each) for each in found if each.limit is not None]
        return min(limits, key=lambda pair: pair[0])[1] if limits else found[0]

    def _by_clock(self, at: float, wall: time) -> Allowed:
        """Return what the hour allows."""
        minute = wall.hour * _HOUR + wall.minute
        span = next((span for span in self.hours if minute in span), None)
        if span is None:
            return self.plain
        if span.pause:
            left = (span.end - minute) % _DAY or _DAY
            return Allowed(SLOWEST, Bound.HOURS, paused=True, until=at - wall.second + left * 60)
        return Allowed(span.rate, Bound.NOTHING if span.rate is None else Bound.HOURS)


def _paced(cap: int | None, used: int, seconds: int, by: Bound, end: float) -> Allowed | None:
    """Return what is allowed by what is left of a cap; None: there is none.

    What is left only falls while the period lasts, so a pause is not left before its end.
    """
    if cap is None:
        return None
    aside = min(SLOWEST * seconds, cap // _ASIDE)
    rate = (cap - aside - used) // _SHARE
    if rate <= SLOWEST:
        return Allowed(SLOWEST, by, paused=True, until=end)
    return Allowed(rate, by)


def _next_day(at: float) -> float:
    return (at // _DAY_SECONDS + 1) * _DAY_SECONDS


def _next_month(at: float) -> float:
    begin = datetime.fromtimestamp(at, UTC).replace(day=1, hour=0, minute=0, second=0)
    inside_next = begin.replace(microsecond=0) + timedelta(days=31)
    return inside_next.replace(day=1).timestamp()


# --- hours, as they are typed -----------------------------------------------------------------

_SPAN = re.compile(
    r"(?P<start>[0-9]{2}:[0-9]{2})-(?P<end>[0-9]{2}:[0-9]{2})=(?P<rate>.+)", re.ASCII
)
_LONGEST = 1000  # characters
_EXAMPLE = "01:00-07:00=unlimited,08:00-18:00=2MB/s"


def parse_hours(text: str) -> tuple[Span, ...]:
    """Return the spans that a text such as `01:00-07:00=unlimited,08:00-18:00=2MB/s` means.

    A span may go over midnight; it allows a rate, `unlimited` or `pause`.

    Raises:
        ValueError: It is no such text, or two spans overlap.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"{len(text):,} characters are too many for hours of the day")
    spans = tuple(_span(part.strip()) for part in text.split(","))
    for first, second in _overlaps(spans):
        raise ValueError(f"{first} and {second} overlap; let each hour be in one of them")
    return spans


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no hours of the day; write {_EXAMPLE}")
    start, end = _minute(found["start"]) % _DAY, _minute(found["end"])
    if start == end % _DAY and (start, end) != (0, _DAY):
        raise ValueError(f"{text[:40]!r} ends when it begins; write 00:00-24:00 for the whole day")
    match found["rate"].strip().lower():
        case "unlimited":
            return Span(start, end)
        case "pause":
            return Span(start, end, pause=True)
        case rate:
            return Span(start, end, _rate(rate))


def _rate(text: str) -> int:
    rate = parse_rate(text)
    if not rate:
        raise ValueError(f"{text!r} is nothing; write pause")
    return rate


def _minute(text: str) -> int:
    hours, minutes = int(text[:2]), int(text[3:])
    if minutes >= _HOUR or hours * _HOUR + minutes > _DAY:
        raise ValueError(f"{text!r} is no time of the day; write 00:00 to 24:00")
    return hours * _HOUR + minutes


def _overlaps(spans: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    for index, span in enumerate(spans):
        yield from ((other, span) for other in spans[:index] if _meet(span, other))


def _meet(one: Span, other: Span) -> bool:
    return one.start in other or other.start in one
