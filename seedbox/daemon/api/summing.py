"""What many shards come to: counts, sizes, and the coverage curve with what is held of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from seedbox.daemon.record import Dataset, Reached, Shard, Trouble, View


@dataclass(slots=True)
class Sums:
    """What some shards come to; filled shard by shard, and not changed any more afterwards."""

    shards: int = 0
    size: int = 0  # bytes
    held_size: int = 0  # bytes, verified
    uploaded: int = 0  # bytes, in all runs
    rate: int = 0  # bytes/s
    peers: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, Reached), 0))
    troubles: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, Trouble), 0))

    def add(self, shard: Shard) -> None:
        """Count a shard in; written out, since there may be 100,000 of them at each look."""
        counts = self.counts
        self.shards += 1
        self.size += shard.size
        self.uploaded += shard.uploaded
        self.rate += shard.rate
        self.peers += shard.peers
        if shard.listed is not None:
            counts["listed"] += 1
        if shard.verified is not None:
            counts["verified"] += 1
            self.held_size += shard.size
        if shard.announced is not None:
            counts["announced"] += 1
        if shard.reachable is not None:
            counts["reachable"] += 1
        if shard.served is not None:
            counts["served"] += 1
        if shard.pause is not None:
            self.troubles[shard.pause.why] += 1

    def include(self, other: Sums) -> None:
        """Count in what other shards come to."""
        for name in ("shards", "size", "held_size", "uploaded", "rate", "peers"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for key, count in other.counts.items():
            self.counts[key] += count
        for key, count in other.troubles.items():
            self.troubles[key] += count


@dataclass(frozen=True, slots=True)
class Summary:
    """A view without its shards: what those of each dataset come to, and all of them."""

    view: View
    whole: Sums
    by_dataset: dict[str, Sums]


def summary(view: View) -> Summary:
    """Add up the shards of a view, in one pass."""
    found = {dataset.id: Sums() for dataset in view.datasets}
    for shard in view.shards:
        sums = found.get(shard.dataset)
        if sums is None:  # dropped shards may outlive their manifest
            sums = found[shard.dataset] = Sums()
        sums.add(shard)
    whole = Sums()
    for sums in found.values():
        whole.include(sums)
    return Summary(view, whole, found)


# --- coverage ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """What the first so many shards give, and what is held of them."""

    shards: int
    size: int  # bytes
    coverage: Decimal  # share of all use, 0 to 1
    held_shards: int
    held_size: int
    held_coverage: Decimal
    served_shards: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage curve of one dataset."""

    dataset: Dataset
    points: Sequence[Point]  # from nothing to all

    @property
    def whole(self) -> Point:
        """All shards."""
        return self.points[-1]


def coverage(dataset: Dataset, shards: Iterable[Shard], points: int) -> Coverage:
    """Return the coverage curve of a dataset.

    Args:
        dataset: Whose.
        shards: Its own, by rank.
        points: How many points there may be, beside the first at nothing; the last is always all.
    """
    own = list(shards)
    wanted = {-(-len(own) * at // points) for at in range(1, points + 1)}
    size = held_shards = held_size = served = 0
    covered = held_covered = Decimal(0)
    found = [Point(0, 0, covered, 0, 0, held_covered, 0)]
    for count, shard in enumerate(own, start=1):
        # A catalog may have no use, so no coverage; then it covers nothing.
        before, covered = covered, covered if shard.coverage is None else shard.coverage
        size += shard.size
        if shard.verified is not None:
            held_shards, held_size = held_shards + 1, held_size + shard.size
            held_covered += covered - before
        if shard.served is not None:
            served += 1
        if count in wanted:
            at = Point(count, size, covered, held_shards, held_size, held_covered, served)
            found.append(at)
    return Coverage(dataset, tuple(found))
