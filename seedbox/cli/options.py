"""What commands share: the options of every command, and types for sizes, shares and addresses."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from seedbox import units
from seedbox.cli.stopping import stopped_status
from seedbox.engine.base import Endpoint
from seedbox.errors import SeedboxError

T = TypeVar("T")


class Parsed(click.ParamType[T]):
    """An option's type, from a function that reads text."""

    def __init__(self, name: str, parse: Callable[[str], T]) -> None:
        """See the class; `parse` raises ValueError with words for people."""
        self.name = name
        self._parse = parse

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> T:
        """Read a value as the user typed it; a default may be of the type already."""
        if not isinstance(value, str):
            return cast("T", value)
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _positive(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Return a function that reads as `parse` does, and refuses zero."""

    def parsed(text: str) -> T:
        value = parse(text)
        if not value:
            raise ValueError(f"{text!r} is nothing; pass more")
        return value

    return parsed


def _peers(text: str) -> tuple[Endpoint, ...]:
    """Return the peer at an address, or one for each address that a name has.

    Raises:
        ValueError: The text is neither, or the name has no address.
    """
    host, _, port = text.rpartition(":")
    if not host or ":" in host or not (port.isascii() and port.isdecimal()):
        return (Endpoint.parse(text),)
    import socket

    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ValueError(f"{host!r} has no address: {error.strerror}") from None
    hosts = dict.fromkeys(str(address[0]) for *_, address in found)
    return tuple(Endpoint(host, int(port)) for host in hosts)


def _url(*schemes: str) -> Callable[[str], str]:
    """Return a function that passes absolute URLs of these schemes."""

    def parsed(text: str) -> str:
        from seedbox.manifest.fields import url_problem

        if why := url_problem(text, schemes):
            raise ValueError(
                f"{text!r} {why}; write {', '.join(schemes[:-1])} or {schemes[-1]}://…"
            )
        return text

    return parsed


def _base_url(text: str) -> str:
    """Pass the URL of a folder, which a client adds paths to (BEP 19)."""
    url = _url("https", "http")(text)
    if not url.endswith("/") or "?" in url or "#" in url:
        raise ValueError(f"{text!r} is no folder's: a client adds paths to it; end it with a /")
    return url


SIZE = Parsed("size", _positive(units.parse_size))
RATE = Parsed("rate", _positive(units.parse_rate))
SHARE = Parsed("share", _positive(units.parse_share))
DURATION = Parsed("duration", _positive(units.parse_duration))
ENDPOINT = Parsed("address:port", Endpoint.parse)
PEERS = Parsed("host:port", _peers)
TRACKER = Parsed("url", _url("udp", "https", "http", "wss", "ws"))
WEB_SEED = Parsed("url", _url("https", "http"))
BASE_URL = Parsed("url", _base_url)


def output(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --json, --json-events, --quiet, --debug, and a `console` that obeys them.

    Its errors are shown as they ask, and become exit statuses.
    """

    @click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
    @click.option("--json-events", is_flag=True, help="Print progress as JSON lines to stderr.")
    @click.option("--quiet", is_flag=True, help="Print no progress and no messages.")
    @click.option("--debug", is_flag=True, help="Print tracebacks with errors.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401  (whatever the command takes)
        as_json: bool,
        json_events: bool,
        quiet: bool,
        debug: bool,
        **kwargs: Any,  # noqa: ANN401  (as args)
    ) -> None:
        from seedbox.console import Console

        console = Console(as_json=as_json, json_events=json_events, quiet=quiet, debug=debug)
        try:
            command(*args, console=console, **kwargs)
        except SeedboxError as error:
            console.show_error(error)
            raise click.exceptions.Exit(error.exit_status) from error
        except KeyboardInterrupt as error:
            console.close()
            goes_on = click.get_current_context().command.name in _GOES_ON
            console.say(f"stopped{'; run the same command again to go on' if goes_on else ''}")
            raise click.exceptions.Exit(stopped_status()) from error
        except BrokenPipeError as error:  # whoever read our output has gone
            raise click.exceptions.Exit(128 + signal.SIGPIPE) from error
        finally:
            console.close()

    return wrapped


_GOES_ON = {"build", "fetch"}  # commands that keep what they have done when they are stopped

jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Hashing threads; one a core by default.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Print the plan and touch nothing.")
