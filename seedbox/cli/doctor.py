"""`seedbox doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from typing import Unpack

    from seedbox.console import Console
    from seedbox.daemon.client import Client
    from seedbox.daemon.doctor import Asked
    from seedbox.engine.base import Endpoint


class _Given(TypedDict):
    """Options, as they were typed."""

    data: tuple[Path, ...]
    listen: tuple[Endpoint, ...]
    state: Path | None
    api: str | None
    token_file: Path | None
    online: bool
    keys: tuple[str, ...]


@click.command("doctor")
@click.argument("manifests", type=click.Path(), metavar="[MANIFEST...]", nargs=-1)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Folder that a daemon is to look for shards in; may be repeated.",
)
@click.option(
    "--listen",
    type=options.ENDPOINT,
    multiple=True,
    help="Address that a daemon is to listen on; by default port 6881 everywhere.",
)
@click.option("--state", type=click.Path(path_type=Path), help="The daemon's state folder.")
@click.option("--api", metavar="URL|SOCKET", help="The daemon's http://HOST:PORT or socket.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="Holds the token for a URL; by default api.token in --state.",
)
@click.option("--online", is_flag=True, help="Ask trackers and servers too; nothing is announced.")
@options.key
@options.output
@click.pass_context
def command(
    ctx: click.Context, manifests: tuple[str, ...], console: Console, **given: Unpack[_Given]
) -> None:
    """Say what this installation can do, and what a daemon lacks.

    Looks at a daemon that runs, or with MANIFEST and --data at what `seedbox seed` would be given:
    limits, certificates, disks, owners, locks, keys, port, trackers, clock, DHT, announces. Nothing
    is changed. Each point is PASS, WARN, FAIL or N/A: what cannot be known is not guessed.

    Exit status: 0 nothing failed, 1 something did, 2 wrong usage, 4 a KEY that is none.
    """
    from seedbox.console import diagnosed
    from seedbox.daemon.doctor import run_doctor

    report = run_doctor(_asked(manifests, given))
    console.show(diagnosed.doctor_document(report), lambda: diagnosed.doctor_view(report))
    ctx.exit(0 if report.ok else 1)


def _asked(manifests: tuple[str, ...], given: _Given) -> Asked:
    import time

    from seedbox.daemon.client import find
    from seedbox.daemon.doctor import Asked
    from seedbox.daemon.options import state_folder
    from seedbox.engine.base import Endpoint

    base, data = options.state_folder(), given["data"]
    state = given["state"] or (state_folder(base, data) if data else None)
    starts = bool(manifests or data)
    everywhere = tuple(Endpoint(host, _PORT) for host in _ALL_ADDRESSES) if starts else ()

    def client() -> Client:
        return find(given["api"], state, given["token_file"], base)

    return Asked(
        manifests,
        data,
        listen=given["listen"] or everywhere,
        state=state,
        trust=options.trust(given["keys"]),
        find=client,
        now=time.time,
        online=given["online"],
    )


_ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104  (where `seed` listens by default)
_PORT = 6881
