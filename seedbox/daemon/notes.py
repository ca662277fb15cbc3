"""What is to be written down, with many alike made into one line. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_ALIKE = 20  # lines that are written one by one


@dataclass(frozen=True, slots=True)
class Note:
    """One decision on one shard, dataset or folder."""

    what: str  # a word, such as "paused"
    subject: str  # a key, an id, a path
    detail: str  # for people
    alike: str = ""  # what makes it one of many: a reason and a folder
    name: str = ""  # of the shard, for people
    warn: str | None = None  # what to say on standard error too
    more: tuple[str, ...] = ()  # lines to say after that


@dataclass(frozen=True, slots=True)
class Line:
    """What is written."""

    what: str
    subject: str
    detail: str
    warn: str | None = None
    more: tuple[str, ...] = ()


def lines(notes: Iterable[Note]) -> list[Line]:
    """Return the lines for some notes, those that are many and alike as one, in their order."""
    groups: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for index, note in enumerate(notes):
        groups[note.what, note.alike or str(index)].append(note)
    return [line for group in groups.values() for line in _lines(group)]


def _lines(group: list[Note]) -> list[Line]:
    if len(group) <= _MOST_ALIKE:
        return [Line(each.what, each.subject, each.detail, each.warn, each.more) for each in group]
    first, count = group[0], len(group)
    detail = f"{count:,} shards; the first is {first.name}: {first.detail}"
    warn = None if first.warn is None else f"{first.alike}: {first.warn}; so are {count - 1:,} more"
    more = tuple(line for note in group for line in note.more)
    return [Line(first.what, first.alike, detail, warn, more)]
