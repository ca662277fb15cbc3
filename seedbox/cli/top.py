"""`seedbox top`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from seedbox.cli import options
from seedbox.cli.daemons import asking

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.daemon.client import Client

_ROWS = 200  # shards that are asked for; a terminal shows as many as it has lines


@click.command("top")
@click.option(
    "--sort",
    type=click.Choice(["rate", "uploaded", "peers", "leechers", "rank"]),
    default="rate",
    show_default=True,
    help="What to sort shards by.",
)
@click.option(
    "--every",
    type=options.DURATION,
    default="2s",
    show_default=True,
    help="How often to look.",
)
@asking
@options.output
def command(sort: str, every: timedelta, find: Callable[[], Client], console: Console) -> None:
    """Show what the running daemon does, live; Ctrl-C ends it.

    Where standard output is no terminal, or with --json, it shows one look.

    Exit status: 0 told, 2 wrong usage, 3 no daemon is running, 6 it did not answer,
    7 it refused, 130 or 143 stopped.
    """
    from seedbox.console import top

    client = find()
    order = "asc" if sort == "rank" else "desc"
    asked: dict[str, str | int | list[str]] = {"sort": sort, "order": order, "limit": _ROWS}

    def look() -> top.Look:
        return top.Look(client.get("/v1/status"), client.get("/v1/shards", asked)["shards"])

    def looks() -> Iterator[top.Look]:
        while True:
            yield look()

    if console.as_json or not top.is_live():
        seen = look()
        console.show(top.top_document(seen), lambda: top.top_view(seen, rows=_ROWS))
    else:
        top.watch(looks(), every=every.total_seconds())
