"""Options of `build` that take what is published from a table, in place of a folder's listing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seedbox.cli import options
from seedbox.errors import UsageError

if TYPE_CHECKING:
    from seedbox.jobs.tabled import Tables

Command = Callable[..., None]

_MEMORY = 2 * 2**30  # bytes
_RULES = {  # option: the word that lets it be, the one that applies by default, what it is about
    "missing": ("zero", "zero", "Items without a popularity"),
    "unknown": ("ignore", "refuse", "Rows of --popularity that name no item"),
    "invalid": ("zero", "refuse", "Popularities that are negative or no numbers"),
    "duplicates": ("first", "refuse", "Rows of an item that has one already"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of items, and what is let be in it."""

    items: Path
    rules: dict[str, bool]
    memory: int  # bytes

    def with_popularity(self, popularity: Path | None, jobs: int | None) -> Tables:
        """Return what the job has to know."""
        from seedbox.catalog.database import Limits
        from seedbox.catalog.tables import Rules
        from seedbox.jobs.tabled import Tables

        limits = Limits(memory=self.memory, threads=jobs)
        return Tables(self.items, popularity, Rules(**self.rules), limits)


def of_build(command: Command) -> Command:
    """Give `build` its options for tables, as one `table`; None: there is none."""

    @click.option(
        "--items",
        type=click.Path(path_type=Path),
        metavar="TABLE",
        help="CSV, JSON lines or Parquet with the path and size of each item; only these are "
        "published.",
    )
    @_rules
    @click.option(
        "--memory",
        type=options.SIZE,
        show_default="2GiB",
        help="What ordering a table may take.",
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401  (whatever the command takes)
        items: Path | None,
        memory: int | None,
        **kwargs: Any,  # noqa: ANN401  (as args)
    ) -> None:
        chosen = {name: kwargs.pop(name) for name in _RULES}
        given = [name for name, word in {**chosen, "memory": memory}.items() if word is not None]
        if items is None:
            if given:
                hint = (
                    "Pass --items TABLE, or leave it out; a folder's own files need no such rule."
                )
                raise UsageError(f"--{given[0]} is about a table of items, and there is none", hint)
            command(*args, table=None, **kwargs)
            return
        rules = {name: (chosen[name] or rule[1]) == rule[0] for name, rule in _RULES.items()}
        command(*args, table=Table(items, rules, memory or _MEMORY), **kwargs)

    return wrapped


def _rules(command: Command) -> Command:
    """Add an option for each rule."""
    for name, (lenient, default, what) in reversed(_RULES.items()):
        option = click.option(
            f"--{name}",
            type=click.Choice([lenient, "refuse"]),
            show_default=default,
            help=f"{what}: {_words(lenient)}.",
        )
        command = option(command)
    return command


def _words(lenient: str) -> str:
    said = {"zero": "count them as 0", "ignore": "ignore them", "first": "keep the first"}
    return f"{said[lenient]}, or refuse"
