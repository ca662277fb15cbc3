"""Popularity order, coverage and the curve that they make.

Pure and exact: sums are whole numbers or fractions, and rounding happens once, at the end. So the
same uses give the same six decimals on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from seedbox.manifest.model import Role, Shard

_MILLION = 10**6  # coverage has six decimals


@dataclass(frozen=True, slots=True)
class Point:
    """What holding the first shards gives: this share of the use for this share of the bytes."""

    size: Fraction  # share of all bytes, 0 to 1
    coverage: Fraction  # share of all use, 0 to 1


def mean_use(shard: Shard) -> Fraction:
    """Return `use / items`, what orders data shards; 0 for a shard without items or use."""
    if shard.use is None or not shard.items:
        return Fraction(0)
    return Fraction(shard.use) / shard.items


def order(shard: Shard) -> tuple[bool, Fraction, str]:
    """Return the sort key of shards: catalogs, then data by falling mean use, ties by name."""
    if shard.role is Role.CATALOG:
        return False, Fraction(0), shard.name
    return True, -mean_use(shard), shard.name


def running(uses: Iterable[Decimal], total: Decimal) -> list[Decimal]:
    """Return the coverage after each use: the running sum over the total, to six decimals.

    Rounds half to even. Of a total of 0 nothing can be covered, so all are 0 then.
    """
    whole = Fraction(total)
    covered = Fraction(0)
    coverages = []
    for use in uses:
        covered += Fraction(use)
        millionths = round(covered * _MILLION / whole) if whole else 0
        coverages.append(Decimal(millionths).scaleb(-6))
    return coverages


def arrange(shards: Iterable[Shard], total: Decimal) -> tuple[Shard, ...]:
    """Return the shards in popularity order, each with its coverage.

    A catalog without use gets no coverage.
    """
    ordered = sorted(shards, key=order)
    coverages = running((shard.use or Decimal(0) for shard in ordered), total)
    return tuple(
        replace(shard, coverage=None if shard.use is None else coverage)
        for shard, coverage in zip(ordered, coverages, strict=True)
    )


def curve(shards: Sequence[Shard], total: Decimal) -> tuple[Point, ...]:
    """Return the points of the coverage curve, from nothing to all shards, in their order."""
    all_bytes = sum(shard.size for shard in shards)
    size, covered = 0, Fraction(0)
    points = [Point(Fraction(0), Fraction(0))]
    for shard in shards:
        size += shard.size
        covered += Fraction(shard.use or 0)
        share = Fraction(size, all_bytes) if all_bytes else Fraction(1)
        points.append(Point(share, covered / Fraction(total) if total else Fraction(0)))
    return tuple(points)


def leading(shards: Sequence[Shard], total: Decimal, share: Fraction) -> tuple[Shard, ...]:
    """Return the fewest first shards that reach a share of all use.

    Catalogs always come along: without one nobody knows what the rest is. Sums are compared
    exactly, not as the rounded `coverage`, so that all the use means every shard that has any. A
    share that the shards do not reach gives all of them.

    Args:
        shards: In popularity order.
        total: The denominator, `popularity.total`.
        share: 0 to 1.
    """
    catalogs = next(
        (at for at, shard in enumerate(shards) if shard.role is not Role.CATALOG), len(shards)
    )
    wanted = Fraction(total) * share
    covered = Fraction(0)
    for count, shard in enumerate(shards):
        if count >= catalogs and covered >= wanted:
            return tuple(shards[:count])
        covered += Fraction(shard.use or 0)
    return tuple(shards)
