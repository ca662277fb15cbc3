"""`seedbox reload`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from seedbox.cli import options
from seedbox.cli.daemons import asking

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.daemon.client import Client


@click.command("reload")
@asking
@options.output
def command(find: Callable[[], Client], console: Console) -> None:
    """Let the running daemon look at every manifest now.

    A manifest that may not be believed changes nothing; seedbox status shows why.

    Exit status: 0 done, 2 wrong usage, 3 no daemon is running, 6 it did not answer,
    7 it refused.
    """
    from seedbox.console import status

    told = find().post("/v1/reload", {})
    console.show(told, lambda: status.outcome_view("changed", told))
