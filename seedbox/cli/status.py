"""`seedbox status`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from seedbox.cli import options
from seedbox.cli.daemons import asking

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.daemon.client import Client


@click.command("status")
@asking
@options.output
def command(find: Callable[[], Client], console: Console) -> None:
    """Say what the running daemon holds, announces and serves.

    A shard counts in every state that there is evidence for: listed, verified, announced,
    reachable, served.

    Exit status: 0 told, 2 wrong usage, 3 no daemon is running, 6 it did not answer,
    7 it refused.
    """
    from seedbox.console import status

    client = find()
    told = client.get("/v1/status")
    datasets = client.get("/v1/datasets", {"limit": 1000})["datasets"]
    console.show(status.status_document(told, datasets), lambda: status.status_view(told, datasets))
