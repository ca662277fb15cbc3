"""`seedbox sign`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("sign")
@click.argument(
    "manifests", type=click.Path(path_type=Path), metavar="MANIFEST...", nargs=-1, required=True
)
@options.keyfile
@options.password_file
@options.output
def command(
    manifests: tuple[Path, ...], keyfile: Path, password_file: Path | None, console: Console
) -> None:
    """Sign manifests: MANIFEST.minisig says who wrote it, which id and which sequence it is.

    A manifest that `seedbox lint` has a problem with is not signed. An older signature is
    replaced. Everybody can check it, with `seedbox` or with `minisign -Vm MANIFEST -p KEYFILE.pub`.

    Exit status: 0 signed, 2 wrong usage, 4 bad manifest, key or password, 5 disk trouble.
    """
    from seedbox.console import trusted
    from seedbox.jobs.sign_manifest import sign_manifest

    key = options.secret_key(keyfile, password_file)
    signed = [sign_manifest(path, key) for path in manifests]
    console.show(trusted.sign_document(signed), lambda: trusted.sign_view(signed))
