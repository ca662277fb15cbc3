"""The option that has the shards of a build made by other machines."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seedbox.cli import options
from seedbox.errors import UsageError

if TYPE_CHECKING:
    from seedbox.console import Console

Command = Callable[..., None]

option = click.option(
    "--scheduler",
    type=options.SCHEDULER,
    metavar="tcp://HOST:PORT",
    help="Have the workers of a Dask scheduler make the shards; they run any code, as it may.",
)


def given(command: Command) -> Command:
    """Connect to the scheduler that is asked for, if one is; the command gets its `workers`."""

    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401  (whatever the command takes)
        scheduler: str | None,
        console: Console,
        **kwargs: Any,  # noqa: ANN401  (as args)
    ) -> None:
        if scheduler is None or kwargs["dry_run"]:
            command(*args, workers=None, console=console, **kwargs)
            return
        from seedbox.jobs.cluster import connected

        if kwargs["origin"] is not None:
            hint = "Leave --scheduler out, or fetch the data first and pass --source."
            raise UsageError("a server is not asked by many machines at once", hint)
        for name in ("source", "out"):  # a worker has a working directory of its own
            kwargs[name] = kwargs[name] and Path(os.path.abspath(kwargs[name]))  # noqa: PTH100
        with connected(scheduler, on_event=console.show_event) as workers:
            command(*args, workers=workers, console=console, **kwargs)

    return wrapped
