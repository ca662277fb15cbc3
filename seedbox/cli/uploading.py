"""What `seed` may give, and how it writes its log: options of a program that runs for years."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from seedbox.cli import options
from seedbox.plan.caps import Caps, Span, parse_hours

if TYPE_CHECKING:
    from seedbox.console import Console

HOURS = options.Parsed("hours", parse_hours)


@dataclass(frozen=True, slots=True)
class Upload:
    """What may go to peers."""

    caps: Caps
    lan_free: bool  # peers on the local network are not slowed


def upload(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that bound its upload, and an `upload` that has them."""

    @click.option(
        "--up", type=options.RATE, help="Most bytes to serve each second, such as 20MB/s."
    )
    @click.option("--up-day", type=options.SIZE, help="Most bytes to serve each day, UTC.")
    @click.option("--up-month", type=options.SIZE, help="Most bytes to serve each month, UTC.")
    @click.option(
        "--hours",
        type=HOURS,
        metavar="HOURS",
        help="Other rates than --up at some hours, by this machine's clock: "
        "01:00-07:00=unlimited,08:00-18:00=5MB/s; or =pause.",
    )
    @click.option(
        "--lan-free", is_flag=True, help="Do not slow peers on the local network; they count."
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401  (whatever the command takes)
        up: int | None,
        up_day: int | None,
        up_month: int | None,
        hours: tuple[Span, ...] | None,
        lan_free: bool,
        **kwargs: Any,  # noqa: ANN401  (as args)
    ) -> None:
        caps = Caps(up, hours or (), up_day, up_month)
        command(*args, upload=Upload(caps, lan_free), **kwargs)

    return wrapped


def logged(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --log, which its `console` obeys."""

    @click.option(
        "--log",
        type=click.Choice(["text", "json"]),
        help="Write a log to standard error, a line for each thing worth one.",
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401  (whatever the command takes)
        log: str | None,
        console: Console,
        **kwargs: Any,  # noqa: ANN401  (as args)
    ) -> None:
        if log is not None:
            if console.json_events or console.quiet:
                from seedbox.errors import UsageError

                other = "--json-events" if console.json_events else "--quiet"
                message = f"--log and {other} both say what goes to standard error"
                raise UsageError(message, "Pass one of them.")
            console.log(log)
        command(*args, console=console, **kwargs)

    return wrapped
