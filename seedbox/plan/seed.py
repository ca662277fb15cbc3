"""Which shards of a manifest may be seeded, and what became of those that were.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from seedbox.manifest import licenses
from seedbox.manifest.model import Manifest, Shard
from seedbox.plan.withdrawals import Order, stopped


@dataclass(frozen=True, slots=True)
class Seeded:
    """A shard that was verified and held in its swarm."""

    name: str
    size: int  # bytes of payload
    uploaded: int = 0  # bytes that peers took
    lost: str | None = None  # why it was let go before the end


@dataclass(frozen=True, slots=True)
class Skipped:
    """A shard that is not seeded, and why."""

    name: str
    reason: str
    order: Order | None = None  # what took it back
    delete: tuple[str, ...] = ()  # paths on this disk that the order wants gone


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """The shards of one manifest that may be seeded, if their data is here and right."""

    shards: tuple[Shard, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What was seeded until the end."""

    seeded: tuple[Seeded, ...]
    skipped: tuple[Skipped, ...]

    @property
    def ok(self) -> bool:
        """Every shard of every manifest was seeded to the end."""
        lost = any(shard.lost for shard in self.seeded)
        return bool(self.seeded) and not self.skipped and not lost


def plan_seed(manifest: Manifest, *, now: datetime, orders: Iterable[Order] = ()) -> SeedPlan:
    """Decide which shards may be seeded.

    Args:
        manifest: The dataset.
        now: Decides whether a shard's release time has come.
        orders: What was taken back.

    Raises:
        LicenseRefusedError: The dataset is not openly licensed.
    """
    licenses.gate(manifest)
    refused = {refusal.shard: refusal.why for refusal in licenses.refused(manifest)}
    shards: list[Shard] = []
    withdrawn = stopped(orders)
    skipped: list[Skipped] = []
    for shard in manifest.shards:
        if order := withdrawn.get(shard.name):
            skipped.append(Skipped(shard.name, order.why, order))
        elif shard.name in refused:
            skipped.append(Skipped(shard.name, f"its license is refused: {refused[shard.name]}"))
        elif shard.release is not None and shard.release > now:
            when = f"{shard.release:%Y-%m-%d %H:%M} UTC"
            skipped.append(Skipped(shard.name, f"it is released on {when}"))
        else:
            shards.append(shard)
    return SeedPlan(tuple(shards), tuple(skipped))
