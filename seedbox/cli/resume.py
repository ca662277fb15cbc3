"""`seedbox resume`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from seedbox.cli import options
from seedbox.cli.daemons import asking, choice

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.daemon.client import Client


@click.command("resume")
@click.argument("shards", nargs=-1, metavar="[SHARD]...")
@click.option("--dataset", metavar="ID", help="All shards of a dataset, instead.")
@asking
@options.output
def command(
    shards: tuple[str, ...], dataset: str | None, find: Callable[[], Client], console: Console
) -> None:
    """Serve shards again that were paused.

    What else keeps a shard from being served still does; see seedbox why.

    Exit status: 0 done, 1 nothing was changed, 2 wrong usage or no such shard, 3 no daemon is
    running, 6 it did not answer, 7 it refused.
    """
    from seedbox.console import status

    chosen = choice(shards, dataset)
    told = find().post("/v1/resume", chosen)
    console.show(told, lambda: status.outcome_view("resumed", told))
    click.get_current_context().exit(0 if told["changed"] else 1)
