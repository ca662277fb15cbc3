"""What is told of what was taken back: to the publisher, and to whoever holds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from rich.console import Group, RenderableType

from seedbox.console.tables import FILES_SHOWN, Document, line, table
from seedbox.console.text import plural

if TYPE_CHECKING:
    from datetime import datetime

    from seedbox.jobs.withdraw import WithdrawReport
    from seedbox.manifest.withdrawals import Entry
    from seedbox.plan.withdrawals import Order


class Left(Protocol):
    """A shard that is left out, withdrawn or for another reason."""

    @property
    def name(self) -> str:
        """The shard's."""

    @property
    def reason(self) -> str:
        """Why, in words."""

    @property
    def order(self) -> Order | None:
        """What took it back."""

    @property
    def delete(self) -> tuple[str, ...]:
        """Paths on this disk that have to go."""


def withdraw_document(report: WithdrawReport) -> Document:
    """Return what was added to the withdrawals."""
    return {
        "withdrawals": str(report.path),
        "signature": str(report.signature),
        "id": report.withdrawals.id,
        "sequence": report.withdrawals.sequence,
        "key": report.key,
        "written": report.written,
        "entries": len(report.withdrawals.entries),
        "added": [_entry_document(entry) for entry in report.added],
        "orders": [order_document(order) for order in report.orders],
    }


def _entry_document(entry: Entry) -> Document:
    target = entry.target
    return {
        "shard": target.shard,
        "info_hash": None if target.info_hash is None else target.info_hash.hex(),
        "items": list(target.items),
        "reason": entry.reason.value,
        "action": entry.action.value,
        "issued": _moment(entry.issued),
        "effective_by": _moment(entry.effective_by),
        "notice": entry.notice,
    }


def order_document(order: Order) -> Document:
    """Return what whoever holds something has to do."""
    return {
        "shard": order.shard,
        "item": order.item,
        "info_hashes": [digest.hex() for digest in order.info_hashes],
        "found": order.found.value,
        "action": order.action.value,
        "issued": _moment(order.issued),
        "by": _moment(order.by),
        "overdue": order.overdue,
        "reasons": [reason.value for reason in order.reasons],
        "notices": list(order.notices),
    }


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def withdraw_view(report: WithdrawReport) -> RenderableType:
    """Return what was added to the withdrawals, for people."""
    rows = table("what", "shard", "action", "by", "reason")
    for order in report.orders:
        rows.add_row(
            line(order.what),
            line(order.shard or "-"),
            order.action.value,
            f"{order.by:%Y-%m-%d %H:%M} UTC",
            ", ".join(order.reasons),
        )
    verb = "wrote" if report.written else "would write"
    entries = f"{len(report.withdrawals.entries):,} in all"
    words = (
        f"{verb} {report.path} with sequence {report.withdrawals.sequence} "
        f"({len(report.added):,} new of {entries}), signed by key {report.key}"
    )
    return Group(rows, line(words))


def left_document(left: Left) -> Document:
    """Return a shard that is left out, and why."""
    told = {"name": left.name, "reason": left.reason}
    if left.order is None:
        return told
    return {**told, "withdrawn": order_document(left.order), "delete": list(left.delete)}


def left_lines(verb: str, left_out: Iterable[Left]) -> list[RenderableType]:
    """Return the shards that are left out, for people, with what has to go from the disk."""
    lines: list[RenderableType] = []
    for left in left_out:
        lines.append(line(f"{verb}: {left.name}: {left.reason}", "yellow"))
        lines += [line(f"  to delete: {path}", "yellow") for path in left.delete[:FILES_SHOWN]]
        if len(left.delete) > FILES_SHOWN:
            more = plural(len(left.delete) - FILES_SHOWN, "more file")
            lines.append(line(f"  to delete: {more}", "yellow"))
    return lines
