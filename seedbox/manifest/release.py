"""Readers of what stands under `release` in a dataset.yaml: when its shards are released.

Pure. Here the rule is held to itself; whether it fits the data is for `plan.stages`.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

from seedbox.manifest.fields import Record, day, fail, integer, timestamp
from seedbox.manifest.nodes import Node, ScalarNode
from seedbox.manifest.problems import Problems
from seedbox.manifest.schedule import HeadRule, Schedule, Span, TailRule, When, parse_span
from seedbox.units import parse_share

NO_RULE = (
    "release is a rule, and a manifest has no rule but the dates",
    "Remove it; in a dataset.yaml it tells `seedbox build` the release date of each shard.",
)
_RULE = "release"
_MILLIONTHS = 1_000_000  # what `coverage` of a shard is exact to


def _text(node: Node, problems: Problems, example: str) -> str:
    if type(node) is not ScalarNode:
        message = "a list or mapping is read, where one value belongs"
        raise fail(node, problems, "type", message, f"Write {example}.")
    return node.text


def _every(node: Node, problems: Problems) -> Span:
    return _span(node, problems, "month, 2 weeks or 30 days")


def _span(node: Node, problems: Problems, examples: str) -> Span:
    text = _text(node, problems, examples)
    try:
        return parse_span(text)
    except ValueError as error:
        raise fail(node, problems, _RULE, str(error), f"Write {examples}.") from None


def _when(node: Node, problems: Problems) -> When:
    examples = "now, 7 days or 2026-12-01"
    text = _text(node, problems, examples)
    if text == "now":
        return Span()
    if text[4:5] != "-":
        return _span(node, problems, examples)
    if "T" in text:
        return timestamp(node, problems)
    return datetime.combine(day(node, problems), time(), UTC)


def _coverage(node: Node, problems: Problems) -> Decimal:
    text = _text(node, problems, "80%")
    hint = "Write it as 80%."
    try:
        share = parse_share(text)
    except ValueError as error:
        raise fail(node, problems, "range", str(error), hint) from None
    millionths = share * _MILLIONTHS
    if not share or millionths != int(millionths):
        message = f"{text} is not over 0%, or has more than four decimals of a percent"
        raise fail(node, problems, "range", message, hint)
    return Decimal(int(millionths)).scaleb(-6)


_HEAD = Record(
    HeadRule, {"coverage": _coverage, "shards": integer(1), "after": _when}, keeps_extra=False
)
_TAIL = Record(
    TailRule, {"shards": integer(1), "every": _every}, frozenset({"every"}), keeps_extra=False
)
_SCHEDULE = Record(
    Schedule,
    {"catalog": _when, "head": _HEAD, "tail": _TAIL},
    frozenset({"head"}),
    keeps_extra=False,
)


def schedule(node: Node, problems: Problems) -> Schedule:
    """Read the rule; parts that do not fit together are noted."""
    rule = _SCHEDULE(node, problems)
    head = rule.head
    some = head.coverage is not None or head.shards is not None
    if head.coverage is not None and head.shards is not None:
        message = f"the head is both a coverage and {head.shards} shards"
        problems.add(_RULE, node.line, message, "Keep one of the two.")
    if some and rule.tail is None:
        message = "the head is a part of the data, and nothing says when the rest comes"
        problems.add(_RULE, node.line, message, "Add `tail: {shards: 20, every: month}`.")
    if rule.tail is not None and not some:
        message = "the head is all data, and leaves nothing for the tail"
        problems.add(_RULE, node.line, message, "Add coverage or shards to the head.")
    return rule
