"""When the shards of a dataset are released: the rule of a dataset.yaml.

Pure data, and the text of it. The rule counts from `issued`, never from a clock; `plan.stages`
makes dates of it, which are all that a manifest has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from seedbox.units import parse_duration

_SPAN = re.compile(r"(?:(?P<count>[1-9][0-9]{0,3})\s+)?(?P<unit>day|week|month|year)s?", re.ASCII)
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_MOST_MONTHS = 1200
_MOST_DAYS = 36_600
_HOUR = timedelta(hours=1)  # shorter: `1m` was written for a month


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: months of the calendar, or an exact one; without either, none at all."""

    months: int = 0
    exact: timedelta = timedelta()

    def __bool__(self) -> bool:
        return self != Span()

    def __str__(self) -> str:
        """Return what `parse_span` reads as this."""
        if self.months:
            return "month" if self.months == 1 else f"{self.months} months"
        days, rest = divmod(self.exact, timedelta(days=1))
        if not rest:
            return "day" if days == 1 else f"{days} days"
        hours, rest = divmod(self.exact, _HOUR)
        return f"{self.exact // timedelta(seconds=1)}s" if rest else f"{hours}h"


When = Span | datetime  # so long after `issued`, or a fixed time


@dataclass(frozen=True, slots=True)
class HeadRule:
    """The data that is used most: at most one of the two says how much of it. None: all data."""

    coverage: Decimal | None = None  # shards up to the one that reaches this share of all use
    shards: int | None = None  # so many
    after: When = Span()  # the issue


@dataclass(frozen=True, slots=True)
class TailRule:
    """The rest of the data, some of it at a time."""

    every: Span  # the first of it comes so long after the head
    shards: int | None = None  # at a time; None: all of them


@dataclass(frozen=True, slots=True)
class Schedule:
    """When each shard is released."""

    head: HeadRule
    tail: TailRule | None = None  # there is one if the head is not all data
    catalog: When = Span()


def parse_span(text: str) -> Span:
    """Return the time that a text such as `month`, `2 weeks`, `30 days` or `36h` means.

    Raises:
        ValueError: It is none, under an hour, or over 100 years.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        return _exact(text)
    count, unit = int(match["count"] or 1), match["unit"]
    months, days = count * _MONTHS.get(unit, 0), count * _DAYS.get(unit, 0)
    if months > _MOST_MONTHS or days > _MOST_DAYS:
        raise ValueError(f"{text} is over 100 years")
    return Span(months, timedelta(days))


def _exact(text: str) -> Span:
    try:
        exact = parse_duration(text)
    except ValueError as error:
        raise ValueError(str(error).partition(";")[0]) from None
    if exact < _HOUR:
        raise ValueError(f"{text!r} is less than an hour; m is minutes")
    if exact.microseconds:
        raise ValueError(f"{text!r} has a part of a second")
    return Span(exact=exact)
