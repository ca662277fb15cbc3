"""Encoders in a manifest: a command that a publisher declares, and what a build says it has run.

Pure data. A command is a program and its arguments, never a shell's line. `{in}` and `{out}` in
an argument stand for two absolute paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

IN, OUT = "{in}", "{out}"  # stand for the paths in an argument

DEFAULT_LIMIT = timedelta(minutes=10)  # for one item
MAX_LIMIT = timedelta(days=7)  # for one item
MAX_ARGUMENTS = 64
MAX_ARGUMENT = 1000  # characters


@dataclass(frozen=True, slots=True)
class Command:
    """An encoder that a dataset.yaml declares."""

    run: tuple[str, ...]  # program and arguments; {in} and {out} stand for the paths
    version: tuple[str, ...]  # prints which version the program has
    suffix: str  # of what it makes, such as `.opus`
    reads: tuple[str, ...] = ()  # suffixes of items that it reads, such as `.wav`; (): every item
    check: tuple[str, ...] = ()  # ends with status 0 if {out} is well; (): no more is asked
    time_limit: timedelta = DEFAULT_LIMIT  # for one item


@dataclass(frozen=True, slots=True)
class Made:
    """How a rendition was made: what somebody needs to make the same bytes again."""

    version: str  # as the program tells it
    run: tuple[str, ...]  # with {in} and {out}
    items: int  # that are stored so
    kept: int  # that were to be stored so, and are as they were
    sample: bytes | None = None  # SHA-256 of what the encoder makes of a fixed sample


def shown(run: tuple[str, ...]) -> str:
    """Return a command for people: one line, arguments with blanks or quotes in quotes."""
    return " ".join(part if part.isprintable() and _plain(part) else repr(part) for part in run)


def _plain(part: str) -> bool:
    return bool(part) and not set(part) & set(" '\"\\")
