"""What commands share: the options of every command, and types for sizes, shares and addresses."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from seedbox import config, units
from seedbox.cli.stopping import stopped_status
from seedbox.engine.base import Endpoint
from seedbox.errors import SeedboxError

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.jobs.admission import Admitted, Trust
    from seedbox.manifest.keys import SecretKey

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


def _scheduler(text: str) -> str:
    """Pass the address of a Dask scheduler."""
    url = _url("tcp", "tls")(text)
    _, _, rest = url.partition("://")
    host, _, port = rest.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()):
        raise ValueError(f"{text!r} is no address; write tcp://HOST:PORT or tls://HOST:PORT")
    return url


SIZE = Parsed("size", _positive(units.parse_size))
RATE = Parsed("rate", _positive(units.parse_rate))
SHARE = Parsed("share", _positive(units.parse_share))
DURATION = Parsed("duration", _positive(units.parse_duration))
ENDPOINT = Parsed("address:port", Endpoint.parse)
PEERS = Parsed("host:port", _peers)
TRACKER = Parsed("url", _url("udp", "https", "http", "wss", "ws"))
WEB_SEED = Parsed("url", _url("https", "http"))
PAGE = Parsed("url", _url("https", "http"))
BASE_URL = Parsed("url", _base_url)
SCHEDULER = Parsed("address", _scheduler)


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


_GOES_ON = {
    "adopt",
    "build",
    "fetch",
}  # commands that keep what they have done when they are stopped

jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Hashing threads; one a core by default.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Print the plan and touch nothing.")


# --- keys -------------------------------------------------------------------------------------

key = click.option(
    "--key",
    "keys",
    metavar="KEY",
    multiple=True,
    help="Publisher's key, RW… or a .pub file, beside the pinned ones; may be repeated.",
)
keyfile = click.option(
    "--key",
    "keyfile",
    type=click.Path(path_type=Path),
    metavar="KEYFILE",
    required=True,
    help="The secret key, from `seedbox keygen` or minisign.",
)
password_file = click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="Read the password from the first line of a file or pipe, such as /dev/fd/3.",
)


def state_folder() -> Path:
    """Return where pinned keys, and what was seen, are kept."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  (Path.home fails for users without one)
    return config.state_folder(os.environ, home)


def trust(keys: Sequence[str]) -> Trust:
    """Return whom to believe in this run: pinned keys, and those given with --key.

    Raises:
        InvalidKeyError: One is no key.
        SourceError: One is neither a key nor a file.
    """
    from seedbox.jobs.admission import trust_in

    return trust_in(keys, state_folder())


def admitted(
    path: Path, keys: Sequence[str], console: Console, *, taking: bool, remember: bool = True
) -> Admitted:
    """Read a manifest that may be believed, with what was taken back of it.

    Says so if nobody has checked who wrote it, or whether something was taken back.

    Raises:
        SeedboxError: See `jobs.admission.admit` and `jobs.withdrawals.heed`.
    """
    from dataclasses import replace
    from datetime import UTC, datetime

    from seedbox.jobs.admission import admit
    from seedbox.jobs.events import Warned
    from seedbox.jobs.withdrawals import heed

    trusted, now = trust(keys), datetime.now(UTC)
    found = admit(path, trusted, now=now, taking=taking, remember=remember)
    if found.signed_by is None:
        console.show_event(Warned(f"the signature of {path} is {found.note}"))
    heeded = heed(found.source, trusted, now=now, remember=remember)
    for warning in heeded.warnings:
        console.show_event(Warned(warning))
    return replace(found, source=heeded.source)


def inspected(path: Path, keys: Sequence[str]) -> Admitted:
    """Read a manifest that may be believed, only to look at it: nothing is remembered.

    Raises:
        SeedboxError: See `jobs.admission.admit`.
    """
    from datetime import UTC, datetime

    from seedbox.jobs.admission import admit

    return admit(path, trust(keys), now=datetime.now(UTC), taking=False, remember=False)


def secret_key(keyfile: Path, password_file: Path | None) -> SecretKey:
    """Return the key to sign with; its password is asked for if it has one and no file is given.

    Raises:
        InvalidKeyError: It is no secret key.
        WrongPasswordError: The password is not that of this key.
        UsageError: There is no terminal to ask on.
    """
    from seedbox.console.asking import ask_password
    from seedbox.jobs.signing import needs_password, open_key, read_key_file, read_password

    data = read_key_file(keyfile)
    if not needs_password(data, keyfile):
        return open_key(data, None, keyfile)
    if password_file is not None:
        return open_key(data, read_password(password_file), keyfile)
    typed = ask_password(str(keyfile), otherwise="Pass --password-file.")
    return open_key(data, typed, keyfile)
