"""What has been taken back: what must stop, what must go, by when, and why.

Pure. An order stands from the moment that its entry is read; `effective_by` is when it must have
been obeyed. A shard that is withdrawn by name stays withdrawn under that name in every later
manifest: whoever reads the file alone cannot tell a rebuilt shard from the old one. By info-hash
one torrent is withdrawn, and the name is free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from seedbox.manifest.model import Manifest, Shard
from seedbox.manifest.problems import shorten
from seedbox.manifest.withdrawals import Action, Entry, Reason, Withdrawals

# Paths in the dataset's tree of the items of shards, by name; a shard that is missing here, or
# whose items lie inside of a file, has items that nobody can see.
Items = Mapping[str, Collection[str]]
_UNSEEN: Items = {}
_Key = tuple[str | bytes | None, ...]


class Found(StrEnum):
    """Whether what was taken back is part of this manifest."""

    LISTED = "listed"  # the shard, or the shard that holds the item, is known
    ABSENT = "absent"  # an older release had it
    UNKNOWN = "unknown"  # an item that may lie in a shard whose items are not known


@dataclass(frozen=True, slots=True)
class Order:
    """What whoever holds one shard, torrent or item has to do."""

    shard: str | None  # that must stop; None: none is known by name
    item: str | None  # that alone is taken back, so the shard may come back without it
    info_hashes: tuple[bytes, ...]  # that may never come back
    found: Found
    action: Action  # the strictest that was asked for
    issued: datetime  # the earliest
    by: datetime  # the earliest
    overdue: bool
    reasons: tuple[Reason, ...]  # all of them, oldest first
    notices: tuple[str, ...]

    @property
    def delete(self) -> bool:
        """What lies on the disk of it goes: of an item that item alone."""
        return self.action is Action.DELETE

    @property
    def what(self) -> str:
        """Name it for people."""
        if self.item is not None:
            return f"item {shorten(self.item)}"
        return self.shard or f"info-hash {self.info_hashes[0].hex()}"

    @property
    def why(self) -> str:
        """Say in words that it was taken back, when and why, and by when it has to be gone."""
        whose = "" if self.item is None or self.shard is None else f"its {self.what} was "
        reasons = " and ".join(self.reasons)
        deed = "delete it" if self.delete else "stop seeding it"
        until = f"overdue since {_day(self.by)}" if self.overdue else f"by {_day(self.by)}"
        notices = f"; see {', '.join(self.notices)}" if self.notices else ""
        return f"{whose}withdrawn on {_day(self.issued)} ({reasons}); {deed}, {until}{notices}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def plan_withdrawals(
    manifest: Manifest, withdrawals: Withdrawals, *, now: datetime, items: Items = _UNSEEN
) -> tuple[Order, ...]:
    """Return what has to be done about everything that was taken back.

    Entries on the same shard, torrent or item become one order: the strictest action, the
    earliest date and every reason.

    Args:
        manifest: The dataset, in any of its releases.
        withdrawals: Of the same dataset.
        now: Decides what is overdue.
        items: Where items are, as far as that is known.

    Returns:
        Orders on shards of the manifest in its order, on other torrents, on other names, on items.
    """
    entries = _by_target(manifest, withdrawals)
    orders = [
        _shard_order(shard, entries[key], now)
        for shard in manifest.shards
        if (key := ("shard", shard.name)) in entries
    ]
    orders += [_other_order(found, now) for key, found in entries.items() if key[0] == "other"]
    holders = _holders(manifest, items)
    unseen = any(shard.name not in items for shard in manifest.shards)
    for (kind, item, *_), found in entries.items():
        if kind == "item" and isinstance(item, str):
            orders += _item_orders(item, found, holders.get(item, ()), unseen=unseen, now=now)
    return tuple(orders)


def _by_target(manifest: Manifest, withdrawals: Withdrawals) -> dict[_Key, list[Entry]]:
    """Return the entries on each shard of a manifest, on each other thing, and on each item."""
    by_name = {shard.name: shard for shard in manifest.shards}
    by_hash = {digest: shard for shard in manifest.shards for digest in _digests(shard)}
    entries: dict[_Key, list[Entry]] = {}
    for entry in withdrawals.entries:
        target = entry.target
        shard = by_name.get(target.shard or "") or by_hash.get(target.info_hash or b"")
        keys: list[_Key] = [("item", item) for item in target.items]
        if not keys:
            keys = [("shard", shard.name) if shard else ("other", *target.key)]
        for key in dict.fromkeys(keys):
            entries.setdefault(key, []).append(entry)
    return entries


def stopped(orders: Iterable[Order]) -> dict[str, Order]:
    """Return, for each shard that must stop, the order that says so; the whole shard's first."""
    found: dict[str, Order] = {}
    for order in orders:
        if order.shard is not None:
            found.setdefault(order.shard, order)
    return found


def tombstones(orders: Iterable[Order]) -> frozenset[bytes]:
    """Return every info-hash that may never come back: of a hybrid both halves.

    That of a shard which holds a withdrawn item is among them: rebuilt without it, it has another.
    """
    return frozenset(digest for order in orders for digest in order.info_hashes)


def _digests(shard: Shard) -> tuple[bytes, ...]:
    both = (shard.info_hash.v1, shard.info_hash.v2)
    return tuple(digest for digest in both if digest is not None)


def _holders(manifest: Manifest, items: Items) -> dict[str, tuple[Shard, ...]]:
    holders: dict[str, tuple[Shard, ...]] = {}
    for shard in manifest.shards:
        for item in items.get(shard.name, ()):
            holders[item] = (*holders.get(item, ()), shard)
    return holders


def _shard_order(shard: Shard, entries: Sequence[Entry], now: datetime) -> Order:
    hashes = [e.target.info_hash for e in entries if e.target.info_hash is not None]
    every = tuple(dict.fromkeys((*_digests(shard), *hashes)))
    return _order(entries, now, shard=shard.name, info_hashes=every, found=Found.LISTED)


def _other_order(entries: Sequence[Entry], now: datetime) -> Order:
    """Return the order on what this manifest does not list: an older release may."""
    target = entries[0].target
    hashes = () if target.info_hash is None else (target.info_hash,)
    return _order(entries, now, shard=target.shard, info_hashes=hashes, found=Found.ABSENT)


def _item_orders(
    item: str, entries: Sequence[Entry], holders: Sequence[Shard], *, unseen: bool, now: datetime
) -> list[Order]:
    if not holders:
        found = Found.UNKNOWN if unseen else Found.ABSENT
        return [_order(entries, now, item=item, found=found)]
    return [
        _order(
            entries,
            now,
            item=item,
            shard=shard.name,
            info_hashes=_digests(shard),
            found=Found.LISTED,
        )
        for shard in holders
    ]


def _order(
    entries: Sequence[Entry],
    now: datetime,
    *,
    found: Found,
    shard: str | None = None,
    item: str | None = None,
    info_hashes: tuple[bytes, ...] = (),
) -> Order:
    by = min(entry.effective_by for entry in entries)
    strict = any(entry.action is Action.DELETE for entry in entries)
    notices = (entry.notice for entry in entries if entry.notice is not None)
    return Order(
        shard=shard,
        item=item,
        info_hashes=info_hashes,
        found=found,
        action=Action.DELETE if strict else Action.STOP,
        issued=min(entry.issued for entry in entries),
        by=by,
        overdue=by < now,
        reasons=tuple(dict.fromkeys(entry.reason for entry in entries)),
        notices=tuple(dict.fromkeys(notices)),
    )
