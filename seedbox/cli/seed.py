"""`seedbox seed`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from seedbox.cli import options
from seedbox.cli.uploading import Upload, logged, upload

if TYPE_CHECKING:
    import asyncio

    from seedbox.console import Console
    from seedbox.daemon.loop import Beside, Ended
    from seedbox.daemon.options import Options
    from seedbox.engine.base import Endpoint
    from seedbox.engine.libtorrent import LibtorrentEngine

_ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104  (a seed is for everybody)
_PORT = 6881  # the first of those that clients have always used


class _Given(TypedDict):
    """What was typed, or stands in the configuration."""

    data: tuple[Path, ...]
    listen: tuple[Endpoint, ...]
    dht: bool
    upload: Upload
    max_read: int | None
    state: Path | None
    api: Endpoint | None
    keys: tuple[str, ...]
    jobs: int | None


@click.command("seed")
@click.argument("manifests", type=click.Path(), metavar="MANIFEST...", nargs=-1, required=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Folder to look for shards in; may be repeated.",
)
@click.option(
    "--listen",
    type=options.ENDPOINT,
    multiple=True,
    help="Address for peers to call, port 0 for any free one; by default port 6881 everywhere.",
)
@click.option("--dht/--no-dht", default=True, help="Announce shards in the DHT; on by default.")
@upload
@click.option("--max-read", type=options.RATE, help="Most bytes to read each second for hashing.")
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    help="Folder for what the daemon remembers; by default one of its own for these --data.",
)
@click.option(
    "--api",
    type=options.ENDPOINT,
    help="Also answer `status` and the like on TCP, to whoever has api.token of the state folder.",
)
@options.key
@options.jobs
@options.output
@logged
@click.pass_context
def command(
    ctx: click.Context, manifests: tuple[str, ...], console: Console, **given: Unpack[_Given]
) -> None:
    """Serve the shards of manifests that are on this disk, until stopped.

    A MANIFEST is a file, a folder of them, or a URL, for which the publisher's key has to be known.
    Each shard is hashed first and served as soon as it is proven; it is not hashed again until one
    of its files changes. A shard whose files are missing, changed or unreadable is let go, and
    served again once they are back. Nothing is ever written to the data; deleted is only what
    `fetch` has put there and the publisher wants gone. Manifests are read again when they change,
    and on SIGHUP; URLs are asked again and again. Ctrl-C stops cleanly and says what was served.

    Exit status: 1 nothing to serve, 2 wrong usage, 3 another daemon has the folder, 4 bad input,
    5 disk or port trouble, 6 a server does not answer, 7 refused: the license, the signature or the
    withdrawals, 130 or 143 stopped.
    """
    from seedbox.cli.stopping import run_until_stopped
    from seedbox.console import served
    from seedbox.console.trusted import signature_lines, with_signatures

    chosen = _options(manifests, given)
    ended, stopped_by = run_until_stopped(lambda stop: _run(stop, chosen, given, console))
    report, admitted = ended.report, ended.admitted
    console.show(
        with_signatures(served.seed_document(report), admitted),
        lambda: signature_lines(served.seed_view(report), *admitted),
    )
    ctx.exit(stopped_by or 1)


def _options(manifests: tuple[str, ...], given: _Given) -> Options:
    import os

    from seedbox.daemon.options import Options, state_folder

    folders = tuple(Path(os.path.abspath(folder)) for folder in given["data"])  # noqa: PTH100  (links stay)
    return Options(
        manifests=tuple(Path(each) for each in manifests if not _is_url(each)),
        urls=tuple(dict.fromkeys(each for each in manifests if _is_url(each))),
        data=folders,
        state=given["state"] or state_folder(options.state_folder(), folders),
        trust=options.trust(given["keys"]),
        jobs=given["jobs"],
        max_read=given["max_read"],
        caps=given["upload"].caps,
    )


def _is_url(given: str) -> bool:
    return given.lower().startswith(("https://", "http://"))


async def _run(stop: asyncio.Event, chosen: Options, given: _Given, console: Console) -> Ended:
    """Run the daemon until it is stopped; SIGHUP lets it read its manifests again."""
    import asyncio
    import signal

    from seedbox.daemon.loop import Signals, run_daemon

    reload = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload.set)
    signals, asked = Signals(stop, reload), _interface(chosen, given["api"], console)
    return await run_daemon(chosen, _engine(given), signals, console.show_event, beside=(asked,))


def _engine(given: _Given) -> LibtorrentEngine:
    from seedbox.engine.base import Endpoint, Settings
    from seedbox.engine.libtorrent import LibtorrentEngine
    from seedbox.engine.limits import raise_file_limit

    everywhere = tuple(Endpoint(host, _PORT) for host in _ALL_ADDRESSES)
    settings = Settings(
        listen=given["listen"] or everywhere,
        dht=given["dht"],
        upload_limit=given["upload"].caps.rate,
        lan_unlimited=given["upload"].lan_free,
    )
    return LibtorrentEngine(settings.within(raise_file_limit()))


def _interface(chosen: Options, address: Endpoint | None, console: Console) -> Beside:
    """Return what answers `status` and the like: on a socket, and on TCP if that is asked for."""
    from seedbox.daemon import server, tokens

    where: list[server.OnSocket | server.OnAddress] = [server.OnSocket(chosen.state / "api.sock")]
    if address is not None:
        where.append(server.OnAddress(address, tokens.token_in(chosen.state)))
    return server.beside(where, console.show_event)
