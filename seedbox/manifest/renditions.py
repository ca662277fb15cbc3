"""Readers of what stands under a rendition: declared commands, and how it was made.

Pure. A command runs with the rights of whoever builds, so it is read strictly: a program by its
plain name or absolute path, arguments of bounded number and length, `{in}` and `{out}` in it.
"""

from __future__ import annotations

import re
from datetime import timedelta

from seedbox.manifest.commands import (
    DEFAULT_LIMIT,
    IN,
    MAX_ARGUMENT,
    MAX_ARGUMENTS,
    MAX_LIMIT,
    OUT,
    Command,
    Made,
)
from seedbox.manifest.fields import Reader, Record, digest, fail, integer, listing, pattern, text
from seedbox.manifest.nodes import Node
from seedbox.manifest.problems import Problems, shorten
from seedbox.units import parse_duration

_PROGRAM = re.compile(r"/?[A-Za-z0-9._+][A-Za-z0-9._+/-]*", re.ASCII)
_SUFFIX = r"\.[a-z0-9]{1,16}(?:\.[a-z0-9]{1,16})?"
_MAX_VERSION = 200  # characters


def _words(*needed: str) -> Reader[tuple[str, ...]]:
    """Return a reader of a program and its arguments, in which some placeholders must stand."""

    def read(node: Node, problems: Problems) -> tuple[str, ...]:
        words = listing(text)(node, problems)
        for rule, message, hint in _wrong(words, needed):
            raise fail(node, problems, rule, message, hint)
        return words

    return read


def _wrong(words: tuple[str, ...], needed: tuple[str, ...]) -> list[tuple[str, str, str]]:
    if not words:
        return [("command", "the command is empty", "Write [program, argument, …].")]
    if len(words) > MAX_ARGUMENTS:
        message = f"the command has {len(words)} parts, the limit is {MAX_ARGUMENTS}"
        return [("command", message, "Put the command into a script.")]
    if longest := max((word for word in words if len(word) > MAX_ARGUMENT), default=""):
        message = f"an argument has {len(longest):,} characters, the limit is {MAX_ARGUMENT:,}"
        return [("command", message, "Put the command into a script.")]
    program = words[0]
    if not _PROGRAM.fullmatch(program) or ("/" in program) is not program.startswith("/"):
        message = f"{shorten(program)!r} is no name of a program and no absolute path"
        return [("command", message, "Write a name that is found on PATH; there is no shell.")]
    for placeholder in needed:
        if not any(placeholder in word for word in words[1:]):
            message = f"no argument holds {placeholder}"
            return [("command", message, f'Write "{placeholder}" where the path belongs.')]
    return []


def _time_limit(node: Node, problems: Problems) -> timedelta:
    value = text(node, problems)
    try:
        limit = parse_duration(value)
    except ValueError as error:
        raise fail(node, problems, "time-limit", str(error), "Write it as 10m.") from None
    if limit.microseconds or not timedelta(seconds=1) <= limit <= MAX_LIMIT:
        message = f"{value} is not whole seconds between 1 and {MAX_LIMIT.days} days"
        raise fail(node, problems, "time-limit", message, "Correct the time.")
    return limit


def _make_command(
    *,
    run: tuple[str, ...],
    version: tuple[str, ...],
    suffix: str,
    reads: tuple[str, ...] = (),
    check: tuple[str, ...] = (),
    time_limit: timedelta = DEFAULT_LIMIT,
) -> Command:
    return Command(run, version, suffix, reads, check, time_limit)


_suffix = pattern(_SUFFIX, "suffix", "a suffix", "Write it as .opus, in lower case.")

command: Record[Command] = Record(
    _make_command,
    {
        "run": _words(IN, OUT),
        "version": _words(),
        "suffix": _suffix,
        "reads": listing(_suffix),
        "check": _words(OUT),
        "time_limit": _time_limit,
    },
    frozenset({"run", "version", "suffix"}),
    keeps_extra=False,
)


def _version(node: Node, problems: Problems) -> str:
    value = text(node, problems)
    if len(value) > _MAX_VERSION:
        message = f"the version has {len(value):,} characters, the limit is {_MAX_VERSION}"
        raise fail(node, problems, "too-long", message, "Shorten it.")
    return value


made: Record[Made] = Record(
    Made,
    {
        "version": _version,
        "run": _words(IN, OUT),
        "items": integer(),
        "kept": integer(),
        "sample": digest(32),
    },
    frozenset({"version", "run", "items", "kept"}),
    keeps_extra=False,
)


def duration_text(limit: timedelta) -> str:
    """Return a time limit as it is written: the largest unit that leaves no rest."""
    seconds = int(limit.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
