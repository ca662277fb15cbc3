"""What a daemon has served, once it has ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from seedbox.daemon.holdings import Holdings
from seedbox.daemon.record import Shard, Trouble
from seedbox.daemon.shelf import Shelf
from seedbox.plan.seed import Seeded, SeedReport, Skipped


def report(
    holdings: Holdings, shelf: Shelf, seeded: Collection[str], before: Mapping[str, int]
) -> SeedReport:
    """Return what was seeded, and what was not and why.

    Args:
        holdings: All shards, as they are at the end.
        shelf: Knows what was taken back.
        seeded: Keys of those that were in their swarms; others may have been on their way there.
        before: By key the bytes that peers had taken before this run.
    """
    served: list[Seeded] = []
    skipped: list[Skipped] = []
    for shard in holdings.shards():
        if shard.key in seeded or shard.pause is None:
            uploaded = shard.uploaded - before.get(shard.key, 0)
            served.append(Seeded(shard.name, shard.size, uploaded, _lost(shard)))
        elif shard.pause.why not in _UNDECIDED:
            order, delete = shelf.orders.get(shard.key), shelf.delete.get(shard.key, ())
            skipped.append(Skipped(shard.name, shard.pause.detail, order, delete))
    return SeedReport(tuple(served), tuple(skipped))


_UNDECIDED = {Trouble.VERIFYING, Trouble.DROPPED}


def _lost(shard: Shard) -> str | None:
    pause = shard.pause
    if pause is None or pause.path is None or pause.path in pause.detail:
        return None if pause is None else pause.detail
    return f"{pause.path}: {pause.detail}"
