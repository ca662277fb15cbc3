"""`seedbox keygen`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("keygen")
@click.argument("keyfile", type=click.Path(path_type=Path))
@click.option("--no-password", is_flag=True, help="Write the secret key unencrypted.")
@options.password_file
@options.output
def command(keyfile: Path, no_password: bool, password_file: Path | None, console: Console) -> None:
    """Make a key to sign manifests with: KEYFILE, and KEYFILE.pub for everybody.

    Both are files of minisign. The secret key is encrypted with a password that is asked for
    twice, and nobody else may read its file. Nothing is ever overwritten.

    Exit status: 0 made, 2 wrong usage, 5 something stands there, or disk trouble.
    """
    from seedbox.console import trusted
    from seedbox.console.asking import ask_new_password
    from seedbox.errors import UsageError
    from seedbox.jobs.signing import key_files, make_key, read_password

    if no_password and password_file:
        raise UsageError("--no-password and --password-file contradict", "Pass one of the two.")
    key_files(keyfile)
    if no_password:
        password = None
    elif password_file:
        password = read_password(password_file)
    else:
        password = ask_new_password(
            str(keyfile), otherwise="Pass --password-file or --no-password."
        )
    made = make_key(keyfile, password)
    console.show(trusted.keygen_document(made), lambda: trusted.keygen_view(made))
