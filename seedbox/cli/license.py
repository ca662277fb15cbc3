"""`seedbox license`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console


@click.command("license")
@click.argument("words", metavar="EXPR...", nargs=-1, required=True)
@options.output
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...], console: Console) -> None:
    """Say whether a license is open, and which rule says so.

    EXPR is an SPDX expression, or the name or web address of one license; several words are read as
    one expression. Brackets need quotes. Of an expression with AND or OR each part is shown, with
    those that decide. The verdict is the one that build, lint, seed and fetch go by.

    Exit status: 0 open, 2 wrong usage, 7 refused: not open.
    """
    from seedbox.console import verdicts
    from seedbox.manifest.licenses import verdict

    expression = " ".join(words)
    found = verdict(expression)
    console.show(verdicts.document(expression, found), lambda: verdicts.view(expression, found))
    ctx.exit(0 if found.open else 7)
