"""Stages: from the rule of a dataset.yaml to the date at which each shard is released.

Pure. Dates count from the time at which the manifest was issued, never from a clock, so that a
build gives the same bytes at any time. Shards come in the order of the manifest, and their dates
never fall.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from seedbox.errors import UsageError
from seedbox.manifest.model import Head, Manifest, Role, Shard
from seedbox.manifest.schedule import HeadRule, Schedule, Span, TailRule, When
from seedbox.units import format_share

Use = tuple[Role, Decimal | None]  # what is asked of a shard: its role, and its use if it has one

_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A shard, as far as stages ask for it."""

    role: Role
    size: int  # bytes; 0: not known yet
    use: Decimal | None
    release: datetime | None


@dataclass(frozen=True, slots=True)
class Stage:
    """The shards that are released at one time."""

    name: str
    release: datetime | None  # None: as soon as the manifest is there
    shards: int
    size: int  # bytes; 0: not known yet
    coverage: Fraction | None  # with all stages before it; None: no popularity is known


def staged(head: Head, shards: Sequence[Shard]) -> Manifest:
    """Return the manifest of some shards, with dates in place of the head's rule."""
    found = dates(head, ((shard.role, shard.use) for shard in shards))
    return Manifest(
        replace(head, release=None),
        tuple(
            replace(shard, release=release) if release else shard
            for shard, release in zip(shards, found, strict=True)
        ),
    )


def check_stages(head: Head, shards: Sequence[Use]) -> None:
    """Refuse a rule that does not fit the data, before anything takes long.

    Args:
        head: With the total of its popularity.
        shards: In the order of the manifest.

    Raises:
        UsageError: It asks for a coverage that is not known or not reached, the catalog comes after
            the data, or the tail never ends.
    """
    rule = head.release
    if rule is None:
        return
    _check_coverage(head, rule, shards)
    catalog, first = _time(rule.catalog, head.issued), _time(rule.head.after, head.issued)
    if catalog > first:
        raise UsageError(
            f"release: the catalog comes on {_day(catalog)}, the head before it on {_day(first)}",
            "Release the catalog no later than the head; it says what all the data is.",
        )
    for _ in dates(head, shards):
        pass


def _check_coverage(head: Head, rule: Schedule, shards: Iterable[Use]) -> None:
    wanted = rule.head.coverage
    if wanted is None:
        return
    total = head.popularity.total if head.popularity else None
    if not total:
        raise UsageError(
            f"release.head.coverage is {format_share(wanted)}, but no use of any file is known",
            "Pass --popularity, or count shards instead: `head: {shards: 3}`.",
        )
    reached = sum((Fraction(use or 0) for _, use in shards), Fraction(0)) / Fraction(total)
    if reached < Fraction(wanted):
        raise UsageError(
            f"release.head.coverage is {format_share(wanted)}, all shards together reach "
            f"{format_share(reached)} of popularity.total",
            "Lower it, or count shards instead: `head: {shards: 3}`.",
        )


def dates(head: Head, shards: Iterable[Use]) -> Iterator[datetime | None]:
    """Yield when each shard is released; None: there is nothing to wait for.

    Args:
        head: With the total of its popularity.
        shards: In the order of the manifest, catalogs first.

    Raises:
        UsageError: One comes after the year 9999.
    """
    rule, issued = head.release, head.issued
    if rule is None:
        yield from (None for _ in shards)
        return
    catalog, first = _time(rule.catalog, issued), _time(rule.head.after, issued)
    total = Fraction(head.popularity.total or 0) if head.popularity else Fraction(0)
    covered, seen = Fraction(0), 0
    late = 0  # shards of the tail so far
    for role, use in shards:
        if role is Role.CATALOG:
            yield _waiting(catalog, issued)
            continue
        if rule.tail is None or _in_head(rule.head, seen, covered, total):
            yield _waiting(first, issued)
        else:
            yield _waiting(_of_tail(rule.tail, first, late), issued)
            late += 1
        seen, covered = seen + 1, covered + Fraction(use or 0)


def _in_head(rule: HeadRule, seen: int, covered: Fraction, total: Fraction) -> bool:
    """Tell whether a shard belongs to the head, by the number and the use of those before it."""
    if rule.shards is not None:
        return seen < rule.shards
    return seen == 0 or covered < Fraction(rule.coverage or 0) * total


def _of_tail(rule: TailRule, first: datetime, late: int) -> datetime:
    step = 1 if rule.shards is None else 1 + late // rule.shards
    return _later(first, rule.every, times=step)


def _time(when: When, issued: datetime) -> datetime:
    return when if isinstance(when, datetime) else _later(issued, when)


def _later(start: datetime, span: Span, *, times: int = 1) -> datetime:
    """Return a time after another; the day is that of the start, or the last of a shorter month."""
    years, month = divmod(start.month - 1 + span.months * times, _MONTHS)
    year, month = start.year + years, month + 1
    try:
        day = min(start.day, calendar.monthrange(year, month)[1])
        return start.replace(year=year, month=month, day=day) + span.exact * times
    except (OverflowError, ValueError):
        step = str(span) if times == 1 else f"{times:,} times ({span})"
        raise UsageError(
            f"release: {step} after {_day(start)} is after the year 9999",
            "Release more shards at a time, or make them larger with --shard-size.",
        ) from None


def _waiting(release: datetime, issued: datetime) -> datetime | None:
    return release if release > issued else None


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def stages(parts: Iterable[Part], total: Decimal | None) -> tuple[Stage, ...]:
    """Return what is released at which time, earliest first; nothing if nobody has to wait.

    The data that comes first is the head, what comes after it the tail.

    Args:
        parts: Shards in the order of the manifest.
        total: What coverage is a share of; None: no popularity is known.
    """
    by_date = sorted(parts, key=_date)
    found: list[Stage] = []
    covered, late = Fraction(0), -1
    for release, group in groupby(by_date, key=lambda part: part.release):
        held = list(group)
        covered += sum((Fraction(part.use or 0) for part in held), Fraction(0))
        data = any(part.role is Role.DATA for part in held)
        late += data
        name = "catalog" if not data else f"tail {late}" if late else "head"
        share = covered / Fraction(total) if total else None
        size = sum(part.size for part in held)
        found.append(Stage(name, release, len(held), size, share))
    return tuple(found) if any(stage.release for stage in found) else ()


def _date(part: Part) -> datetime:
    return part.release or datetime.min.replace(tzinfo=UTC)
