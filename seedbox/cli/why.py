"""`seedbox why`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from seedbox.cli import options
from seedbox.cli.daemons import asking

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.daemon.client import Client


@click.command("why")
@click.argument("shard")
@click.option("--dataset", metavar="ID", help="The shard's dataset, where names are not enough.")
@asking
@options.output
def command(shard: str, dataset: str | None, find: Callable[[], Client], console: Console) -> None:
    """Say why the running daemon serves SHARD, or why not, and what to do about it.

    SHARD is its name, an info-hash in hex, or how the v2 info-hash begins.

    Exit status: 0 told, 2 wrong usage or no such shard, 3 no daemon is running, 6 it did not
    answer, 7 it refused.
    """
    from seedbox.console import status
    from seedbox.daemon.client import named

    told = find().get(f"/v1/why/{named(shard)}", {} if dataset is None else {"dataset": dataset})
    console.show(told, lambda: status.why_view(told))
