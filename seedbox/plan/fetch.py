"""What to fetch of a dataset, in which order, and what is left out and why.

Pure. Shards stand in a manifest by popularity, so "the part that covers 80 % of use" is a
prefix of it; the catalog comes first whatever its use.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from seedbox.errors import LicenseRefusedError, NoSpaceError, UsageError, WithdrawnError
from seedbox.manifest import coverage, licenses
from seedbox.manifest.model import Manifest, Role, Shard
from seedbox.plan.withdrawals import Order, stopped


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of a dataset is wanted; nothing set means all of it."""

    coverage: Fraction | None = None  # share of use, 0 to 1
    top: int | None = None  # so many data shards from the top
    names: tuple[str, ...] = ()  # these shards alone
    budget: int | None = None  # bytes of payload at most


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A shard that was asked for, and why it is not fetched."""

    name: str
    reason: str
    order: Order | None = None  # what took it back
    delete: tuple[str, ...] = ()  # paths on this disk that the order wants gone


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """Which shards to fetch, in order."""

    manifest: Manifest
    shards: tuple[Shard, ...]
    left_out: tuple[LeftOut, ...]
    size: int  # bytes of payload in `shards`
    need: int  # bytes of it that are not on the disk yet
    coverage: Decimal | None  # share of use that `shards` stand for; None: no popularity known
    warnings: tuple[str, ...] = ()  # what nobody can tell about it


def plan_fetch(  # noqa: PLR0913  (everything that decides is an argument)
    manifest: Manifest,
    selection: Selection,
    *,
    held: Mapping[str, int],
    free: int,
    folder: str,
    now: datetime,
    orders: Iterable[Order] = (),
) -> FetchPlan:
    """Choose the shards to fetch.

    Args:
        manifest: The dataset.
        selection: What is asked for.
        held: Bytes on the disk of shards that are there in part or whole, by name.
        free: Bytes that may be written to the folder.
        folder: For messages.
        now: Decides whether a shard's release time has come.
        orders: What was taken back.

    Raises:
        LicenseRefusedError: The dataset, or a shard asked for by name, is not openly licensed.
        WithdrawnError: A shard asked for by name was taken back.
        UsageError: A name that is not in the manifest.
        NoSpaceError: The folder cannot hold it.
    """
    licenses.gate(manifest)
    wanted = select(manifest, selection)
    left_out = _withdrawn(wanted, selection, orders)
    taken = {left.name for left in left_out}
    left_out += _left_out(manifest, [s for s in wanted if s.name not in taken], selection, now)
    gone = {left.name for left in left_out}
    shards = _within([s for s in wanted if s.name not in gone], selection.budget)
    size = sum(shard.size for shard in shards)
    need = sum(max(0, shard.size - held.get(shard.name, 0)) for shard in shards)
    if need > free:
        raise NoSpaceError(manifest.head.id, folder=folder, need=need, free=free)
    share = _share(manifest, shards)
    return FetchPlan(manifest, tuple(shards), tuple(left_out), size, need, share)


def select(manifest: Manifest, selection: Selection) -> list[Shard]:
    """Return the shards that are asked for, in order; the budget comes later, once they are known.

    Raises:
        UsageError: A name that is not in the manifest, or coverage that it does not know.
    """
    shards = manifest.shards
    if selection.names:
        if selection.top is not None or selection.coverage is not None:
            raise UsageError(
                "shards are asked for by name, and by how popular they are",
                "Pass --shard, or --coverage and --top, not both.",
            )
        return named(shards, selection.names)
    wanted = [shard for shard in shards if shard.role is Role.CATALOG]
    data = [shard for shard in shards if shard.role is not Role.CATALOG]
    if selection.coverage is not None:
        data = _covering(manifest, data, selection.coverage)
    return wanted + data[: selection.top]


def _withdrawn(
    wanted: Sequence[Shard], selection: Selection, orders: Iterable[Order]
) -> list[LeftOut]:
    """Return the shards that were taken back."""
    withdrawn = stopped(orders)
    left_out = []
    for shard in wanted:
        if order := withdrawn.get(shard.name):
            if shard.name in selection.names:
                raise WithdrawnError(shard.name, order.why)
            left_out.append(LeftOut(shard.name, order.why, order))
    return left_out


def _left_out(
    manifest: Manifest, wanted: Sequence[Shard], selection: Selection, now: datetime
) -> list[LeftOut]:
    """Return the shards that may not be fetched, or not yet."""
    refused = {refusal.shard: refusal for refusal in licenses.refused(manifest)}
    left_out = []
    for shard in wanted:
        if no := refused.get(shard.name):
            if shard.name in selection.names:
                given = no.expression or "none"
                raise LicenseRefusedError(shard.name, license_expression=given, why=no.why)
            left_out.append(LeftOut(shard.name, f"its license is refused: {no.why}"))
        elif shard.release is not None and shard.release > now:
            when = f"{shard.release:%Y-%m-%d %H:%M} UTC"
            left_out.append(LeftOut(shard.name, f"it is released on {when}"))
    return left_out


def _within(shards: Sequence[Shard], budget: int | None) -> list[Shard]:
    """Return the shards that fit into a budget, the first ones first.

    A shard that is too large for what is left is passed over, so that the budget is filled.
    """
    if budget is None or not shards:
        return list(shards)
    chosen, left = [], budget
    for shard in shards:
        if shard.size <= left:
            chosen.append(shard)
            left -= shard.size
    if not chosen:
        least = min(shard.size for shard in shards)
        hint = f"Pass at least --budget {least}."
        raise UsageError(f"no shard fits into {budget:,} bytes", hint)
    return chosen


def named(shards: Sequence[Shard], names: Iterable[str]) -> list[Shard]:
    """Return the shards of some names, in the order of the manifest.

    Raises:
        UsageError: A name that no shard has.
    """
    known = {shard.name: shard for shard in shards}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"Did you mean {near[0]}?" if near else "Run seedbox show MANIFEST for the names."
            )
            raise UsageError(f"no shard is named {name!r}", hint)
    return [shard for shard in shards if shard.name in set(names)]


def _covering(manifest: Manifest, data: Sequence[Shard], share: Fraction) -> list[Shard]:
    popularity = manifest.head.popularity
    if popularity is None or not popularity.total:
        raise UsageError(
            "this manifest does not say how much its shards are used",
            "Ask with --top or --budget instead of --coverage.",
        )
    return list(coverage.leading(data, popularity.total, share))


def _share(manifest: Manifest, shards: Sequence[Shard]) -> Decimal | None:
    """Return the share of use that some shards stand for, to six decimals."""
    popularity = manifest.head.popularity
    if popularity is None or not popularity.total:
        return None
    uses = [shard.use or Decimal(0) for shard in shards]
    return coverage.running([Decimal(0), *uses], popularity.total)[-1]
