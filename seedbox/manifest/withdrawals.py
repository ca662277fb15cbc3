"""Withdrawals: what a publisher takes back, from untrusted text to checked values and back.

Pure. A small file beside the manifest, signed with the same key, that only ever grows: whoever
has seen an entry can tell that a later file hides it. It is read by the loader of manifests, with
the same limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from seedbox.errors import InvalidWithdrawalsError, Problem
from seedbox.manifest.fields import (
    Reader,
    Record,
    SkippedError,
    choice,
    fail,
    integer,
    listing,
    pattern,
    text,
    timestamp,
    url,
)
from seedbox.manifest.model import Extra, Table
from seedbox.manifest.nodes import Node, load
from seedbox.manifest.problems import Problems, TooManyProblemsError, shorten
from seedbox.manifest.write import flow, flow_extra, moment

VERSION = 1  # the format that this package reads and writes
FILE_NAME = "withdrawals.yaml"  # beside the manifest

Finding = tuple[str, str, str, str]  # path, rule, message, hint

_NOTHING = Table()
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)  # v1 (BEP 3) or v2 (BEP 52)
_ID = pattern(
    "[a-z0-9._-]{1,100}/[a-z0-9._-]{1,100}",
    "name",
    "an id such as org.example/wiki-graph",
    "Copy the id of the manifest.",
)
_NAME = pattern("[a-z0-9._-]{1,100}", "name", "a shard's name", "Copy the name from the manifest.")


class Reason(StrEnum):
    """Why something is taken back."""

    LICENSE = "license"
    PRIVACY = "privacy"
    ILLEGAL = "illegal"
    CORRUPT = "corrupt"
    SUPERSEDED = "superseded"
    PUBLISHER = "publisher"


class Action(StrEnum):
    """What whoever holds it has to do; the stricter one is written first."""

    DELETE = "stop-and-delete"
    STOP = "stop-seeding"


@dataclass(frozen=True, slots=True)
class Target:
    """What is taken back: a shard by name, a torrent by info-hash, or single items."""

    shard: str | None = None
    info_hash: bytes | None = None  # v1 (20 bytes) or v2 (32)
    items: tuple[str, ...] = ()
    extra: Table = _NOTHING

    def __post_init__(self) -> None:
        """Refuse what names nothing, or two things: a bug in the caller, input is checked before.

        Raises:
            ValueError: Not exactly one of the three is set.
        """
        if (self.shard is not None) + (self.info_hash is not None) + bool(self.items) != 1:
            raise ValueError("a target is a shard, an info-hash or items")

    @property
    def key(self) -> tuple[str | bytes | None, ...]:
        """What it names, whatever else stands beside it."""
        return (self.shard, self.info_hash, *self.items)

    def __str__(self) -> str:
        """Return it as people name it."""
        if self.shard is not None:
            return f"shard {self.shard}"
        if self.info_hash is not None:
            return f"info-hash {self.info_hash.hex()}"
        more = "" if len(self.items) == 1 else f" and {len(self.items) - 1:,} more"
        return f"item {shorten(self.items[0])}{more}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing taken back, as it was published."""

    target: Target
    reason: Reason
    action: Action
    issued: datetime
    effective_by: datetime  # whoever holds it has obeyed by then
    notice: str | None = None
    extra: Table = _NOTHING


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """Everything that was taken back of one dataset, oldest first."""

    id: str
    sequence: int
    entries: tuple[Entry, ...] = ()
    extra: Table = _NOTHING


# --- reading ----------------------------------------------------------------------------------


def parse_withdrawals(data: bytes, *, file: str) -> Withdrawals:
    """Return the withdrawals that a file holds.

    Raises:
        InvalidWithdrawalsError: With all problems.
    """
    problems = Problems(file)
    value: Withdrawals | None = None
    try:
        tree = load(data, problems)
        if tree is not None:
            value = _WITHDRAWALS(tree, problems)
    except (TooManyProblemsError, SkippedError):
        value = None  # the problems say why
    if value is None or problems.found:
        raise InvalidWithdrawalsError(file, tuple(map(_ours, problems.found)))
    return value


def _ours(problem: Problem) -> Problem:
    """Return a problem whose hint, if it is the loader's on an empty file, is about this format."""
    if problem.rule != "empty" or problem.path:
        return problem
    return replace(problem, hint=f"Start it with `seedbox-withdrawals: {VERSION}`.")


def _format_version(node: Node, problems: Problems) -> None:
    value = integer(1)(node, problems)
    if value != VERSION:
        message = f"the withdrawals have format {value}, this seedbox reads {VERSION}"
        raise fail(node, problems, "format-version", message, "Use a newer seedbox.")


def info_hash_of(value: str) -> bytes | None:
    """Return the info-hash that a text is, v1 or v2 in lower-case hex; None: it is none."""
    return bytes.fromhex(value) if _HASH.fullmatch(value) else None


def _info_hash(node: Node, problems: Problems) -> bytes:
    value = text(node, problems)
    found = info_hash_of(value)
    if found is None:
        message = (
            f"{shorten(value)!r} ({len(value)} characters) is not 40 or 64 hex digits in lower case"
        )
        raise fail(node, problems, "digest", message, "Copy v1 or v2 from the manifest, whole.")
    return found


def _items(node: Node, problems: Problems) -> tuple[str, ...]:
    items = listing(text)(node, problems)
    if not items:
        raise fail(node, problems, "empty", "there are no items", "Name at least one.")
    return items


def _target(node: Node, problems: Problems) -> Target:
    target = _TARGET(node, problems)
    if target is None:
        message = "shard, info_hash and items are targets of their own, and there are several"
        raise fail(node, problems, "target", message, "Write an entry for each.")
    return target


def _made(
    shard: str | None = None,
    info_hash: bytes | None = None,
    items: tuple[str, ...] = (),
    extra: Table = _NOTHING,
) -> Target | None:
    """Return a target, or None if that would be several."""
    several = (shard is not None) + (info_hash is not None) + bool(items) > 1
    return None if several else Target(shard, info_hash, items, extra)


def _entry(node: Node, problems: Problems) -> Entry:
    entry = _ENTRY(node, problems)
    if entry.effective_by < entry.issued:
        due, issued = entry.effective_by.isoformat(), entry.issued.isoformat()
        message = f"effective_by is {due}, before it was issued, {issued}"
        problems.add("effective-by", node.line, message, "Give whoever holds it some time.")
    return entry


_TARGET_FIELDS: dict[str, Reader[object]] = {
    "shard": _NAME,
    "info_hash": _info_hash,
    "items": _items,
}
_TARGET: Record[Target | None] = Record(_made, _TARGET_FIELDS, one_of=frozenset(_TARGET_FIELDS))
_ENTRY = Record(
    Entry,
    {
        "target": _target,
        "reason": choice(Reason),
        "action": choice(Action),
        "issued": timestamp,
        "effective_by": timestamp,
        "notice": url("https", "http"),
    },
    frozenset({"target", "reason", "action", "issued", "effective_by"}),
)
_WITHDRAWALS = Record(
    Withdrawals,
    {
        "seedbox-withdrawals": _format_version,
        "id": _ID,
        "sequence": integer(1),
        "entries": listing(_entry),
    },
    frozenset({"seedbox-withdrawals", "id", "sequence", "entries"}),
)


# --- writing ----------------------------------------------------------------------------------


def write_withdrawals(withdrawals: Withdrawals) -> bytes:
    """Return the file, with the same bytes on every machine."""
    lines = [
        f"seedbox-withdrawals: {VERSION}",
        f"id: {withdrawals.id}",
        f"sequence: {withdrawals.sequence}",
        *_extras(withdrawals.extra),
        "entries:" if withdrawals.entries else "entries: []",
    ]
    lines += ["- " + "\n  ".join(_lines(entry)) for entry in withdrawals.entries]
    return ("\n".join(lines) + "\n").encode()


def _lines(entry: Entry) -> Iterator[str]:
    yield f"target: {{{', '.join([_target_text(entry.target), *_extras(entry.target.extra)])}}}"
    yield f"reason: {entry.reason}"
    yield f"action: {entry.action}"
    yield f"issued: {moment(entry.issued)}"
    yield f"effective_by: {moment(entry.effective_by)}"
    if entry.notice is not None:
        yield f"notice: {flow(entry.notice)}"
    yield from _extras(entry.extra)


def _target_text(target: Target) -> str:
    if target.shard is not None:
        return f"shard: {flow(target.shard)}"
    if target.info_hash is not None:
        return f"info_hash: {flow(target.info_hash.hex())}"
    return f"items: [{', '.join(map(flow, target.items))}]"


def _extras(extra: Table) -> Iterator[str]:
    pairs: tuple[tuple[str, Extra], ...] = extra.pairs
    for key, value in pairs:
        yield f"{flow(key)}: {flow_extra(value)}"


# --- growing ----------------------------------------------------------------------------------


def digest(entries: Sequence[Entry]) -> bytes:
    """Return the SHA-256 of some entries as they are written.

    Kept with their number, it tells later whether a file still begins with them.
    """
    return sha256("\n".join(line for entry in entries for line in _lines(entry)).encode()).digest()


def grown(old: Withdrawals, new: Withdrawals) -> Iterator[Finding]:
    """Yield why a file may not follow another: it has to keep every entry, unchanged, in order."""
    if new.id != old.id:
        message = f"id is {new.id}, that of the withdrawals before is {old.id}"
        yield "id", "id", message, "Keep one file for one dataset."
        return
    if new.sequence <= old.sequence and new != old:
        message = f"sequence is {new.sequence}, the withdrawals before have {old.sequence}"
        yield "sequence", "sequence", message, "Raise it with every change."
    for at, entry in enumerate(old.entries):
        if at >= len(new.entries):
            message = f"the entry on {entry.target} is gone"
        elif new.entries[at] != entry:
            here = new.entries[at]
            message = f"the entry on {entry.target} is not what it was: it is on {here.target} now"
            if here.target.key == entry.target.key:
                message = f"the entry on {entry.target} is not what it was"
        else:
            continue
        hint = "Put it back as it was, and add a new entry behind the others."
        yield f"entries[{at}]", "grown", message, hint
