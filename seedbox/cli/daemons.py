"""What commands share that ask a running daemon: how it is found."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.daemon.client import Client


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --api, --state, --token-file, and a `client` of the daemon they mean."""

    @click.option(
        "--api",
        metavar="URL|SOCKET",
        help="The daemon's http://HOST:PORT or socket; by default the one that is running.",
    )
    @click.option("--state", type=click.Path(path_type=Path), help="The daemon's state folder.")
    @click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        help="Holds the token for a URL; by default api.token in --state.",
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401  (whatever the command takes)
        api: str | None,
        state: Path | None,
        token_file: Path | None,
        **kwargs: Any,  # noqa: ANN401  (as args)
    ) -> None:
        command(*args, find=lambda: _find(api, state, token_file), **kwargs)

    return wrapped


def _find(api: str | None, state: Path | None, token_file: Path | None) -> Client:
    from seedbox.daemon.client import find

    return find(api, state, token_file, options.state_folder())


def choice(shards: tuple[str, ...], dataset: str | None) -> dict[str, object]:
    """Return which shards a command is for, as the daemon takes it.

    Raises:
        UsageError: It says both, or nothing.
    """
    from seedbox.errors import UsageError

    if bool(shards) is (dataset is not None):
        raise UsageError("a command is for shards or for a dataset", "Pass SHARD or --dataset ID.")
    return {"shards": list(shards)} if dataset is None else {"dataset": dataset}
