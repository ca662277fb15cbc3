"""`seedbox trust`: whose keys are pinned, one subcommand for each change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.group("trust")
def command() -> None:
    """Pin publishers' keys, each for one id.

    A manifest of a pinned id is used only if that key has signed it, and only if it is not older
    than one that was seen before. Get keys on another way than manifests: a key that comes with
    a manifest proves nothing.
    """


@command.command("add")
@click.argument("id_", metavar="ID")
@click.argument("key")
@options.output
def add(id_: str, key: str, console: Console) -> None:
    """Pin KEY for ID: the line that begins with RW, or a .pub file.

    Several keys may be pinned for an id; the signature of any of them is enough.

    Exit status: 0 pinned, 2 wrong usage, 4 no such key, 5 disk trouble.
    """
    from seedbox.console import trusted
    from seedbox.jobs.admission import read_key
    from seedbox.jobs.trust import add_key

    found, _ = read_key(key)
    records = {id_: add_key(options.state_folder(), id_, found)}
    console.show(trusted.trust_document(records), lambda: trusted.trust_view(records))


@command.command("list")
@options.output
def list_(console: Console) -> None:
    """List the pinned keys, and the latest manifest that was seen of each id.

    Exit status: 0 listed, 2 wrong usage, 4 the record is damaged.
    """
    from seedbox.console import trusted
    from seedbox.jobs.trust import read_store

    records = read_store(options.state_folder()).records
    console.show(trusted.trust_document(records), lambda: trusted.trust_view(records))


@command.command("remove")
@click.argument("id_", metavar="ID")
@click.argument("key", required=False)
@click.option(
    "--forget", is_flag=True, help="Forget what was seen too; older manifests are believed again."
)
@options.output
def remove(id_: str, key: str | None, forget: bool, console: Console) -> None:
    """Take back the pin of KEY for ID, or of all its keys; KEY may be a name from the list.

    What was seen of the id is kept, so that nothing older is believed once a key is pinned again.

    Exit status: 0 removed, 2 wrong usage or no such pin, 4 no such key, 5 disk trouble.
    """
    from seedbox.console import trusted
    from seedbox.jobs.admission import key_named
    from seedbox.jobs.trust import remove_keys

    named = None if key is None else key_named(key)
    records = {id_: remove_keys(options.state_folder(), id_, named, forget=forget)}
    console.show(trusted.trust_document(records), lambda: trusted.trust_view(records))
