"""`seedbox withdraw`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedbox.cli import options

if TYPE_CHECKING:
    from seedbox.console import Console

_REASONS = ("license", "privacy", "illegal", "corrupt", "superseded", "publisher")
_ACTIONS = ("stop-and-delete", "stop-seeding")


def _moment(text: str) -> datetime:
    """Read a day, which begins at 00:00 UTC, or a moment with its time zone."""
    try:
        if len(text) == len("2026-10-19"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{text!r} is no date; write 2026-10-19 or 2026-10-19T12:00:00Z")
    return moment.astimezone(UTC)


MOMENT = options.Parsed("date", _moment)


@click.command("withdraw")
@click.argument("manifest", type=click.Path(path_type=Path), metavar="MANIFEST")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why it is taken back.")
@click.option(
    "--action",
    type=click.Choice(_ACTIONS),
    default=_ACTIONS[0],
    show_default=True,
    help="What whoever holds it has to do.",
)
@click.option(
    "--effective-by", type=MOMENT, help="When they must have done it; in 7 days by default."
)
@click.option("--notice", type=options.PAGE, help="A page that tells more.")
@options.keyfile
@options.password_file
@click.option("--force", is_flag=True, help="Also what only an older release has.")
@options.dry_run
@options.output
def command(
    manifest: Path,
    targets: tuple[str, ...],
    reason: str,
    action: str,
    effective_by: datetime | None,
    notice: str | None,
    keyfile: Path,
    password_file: Path | None,
    force: bool,
    dry_run: bool,
    console: Console,
) -> None:
    """Take something back: add to the withdrawals.yaml beside MANIFEST, and sign it.

    TARGET is the name of a shard, an info-hash, or item:ID for a single item, whose ID is its path
    in the dataset. A name stays withdrawn in later releases too; an info-hash is one torrent.

    Exit status: 0 written, 2 wrong usage or nothing to add, 4 bad manifest, key or password,
    5 disk trouble, 7 the file is about another dataset.
    """
    from seedbox.console import withdrawn
    from seedbox.jobs.withdraw import WithdrawOptions, parse_targets, run_withdraw
    from seedbox.manifest.withdrawals import Action, Reason

    chosen = WithdrawOptions(
        Reason(reason), Action(action), datetime.now(UTC), effective_by, notice, force
    )
    named = parse_targets(targets)
    key = options.secret_key(keyfile, password_file)
    report = run_withdraw(manifest, named, chosen, key, dry_run=dry_run)
    console.show(withdrawn.withdraw_document(report), lambda: withdrawn.withdraw_view(report))
