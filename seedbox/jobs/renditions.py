"""Renditions: encode what dataset.yaml wants encoded, before the shards are cut.

Shards are cut by the sizes of what is stored, and those of encoded items are known only once they
are encoded. What was encoded lies in OUT/renditions/<root> under its path in the dataset, so that
a publisher seeds it with `--data SOURCE --data OUT/renditions`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.catalog.renditions import Assigned, Choice, Wanted, assign, stored
from seedbox.disk.linking import link_made
from seedbox.jobs.encode import EncodeReport, EncodeTask, encode_all
from seedbox.jobs.encoded import Encoded
from seedbox.jobs.encoder_programs import Ready, prepare, refuse_commands
from seedbox.jobs.events import OnEvent
from seedbox.manifest.commands import Made, shown
from seedbox.plan.build import Item, Original
from seedbox.plan.places import STATE

_FOLDER = "renditions"  # in OUT what is shared, in its state folder what is kept between runs


@dataclass(frozen=True, slots=True)
class RenditionsPlan:
    """What is to be encoded, decided before any program runs."""

    items: tuple[Item, ...]  # all of the dataset
    assigned: Assigned
    choices: tuple[Choice, ...]

    @property
    def commands(self) -> Mapping[str, str]:
        """What would be run, by rendition, for people."""
        return {each.rendition: shown(each.encoder.run) for each in self.choices if each.encoder}


@dataclass(frozen=True, slots=True)
class RenditionsReport:
    """The dataset as it is stored."""

    items: tuple[tuple[Item, str | None], ...]  # with new paths and sizes; and their renditions
    listing: disk.Listing  # where each one lies, by its new path
    originals: Mapping[tuple[str, ...], Original]  # of what was encoded, by the new path
    made: Mapping[str, Made]  # by rendition; what the manifest says of it
    report: EncodeReport

    @property
    def ok(self) -> bool:
        """No item failed to be encoded."""
        return self.report.ok


def plan_renditions(
    items: Sequence[Item],
    choices: Iterable[Choice],
    *,
    popular: bool,
    file: str,
    allow_commands: bool,
) -> RenditionsPlan:
    """Decide what is encoded, and by which commands.

    Args:
        items: All of the dataset.
        choices: Its renditions.
        popular: Whether anything is known of popularity.
        file: The dataset.yaml, for messages.
        allow_commands: The user has agreed to commands that this file brings.

    Raises:
        CommandsNotAllowedError: It brings commands, and the user has not.
        UsageError: A threshold without popularity.
    """
    each = tuple(choices)
    if not allow_commands:
        refuse_commands((choice.encoder for choice in each if choice.encoder), file=file)
    return RenditionsPlan(tuple(items), assign(items, each, popular=popular), each)


def run_renditions(
    plan: RenditionsPlan,
    source: disk.Listing,
    out: Path,
    *,
    root: str,
    jobs: int | None,
    on_event: OnEvent,
) -> RenditionsReport:
    """Encode what is to be encoded, and put it where it is shared from.

    Args:
        plan: Made from `source`.
        source: Where the items lie.
        out: Where the manifest will be written.
        root: The torrents' name.
        jobs: Encoders at once; one a core if None.
        on_event: Gets progress in bytes.

    Raises:
        MissingProgramError, UnfitProgramError: An encoder cannot be run here.
        SourceChangedError: A file changed since it was listed.
        DestinationTakenError, InUseError, NoSpaceError, DiskError: OUT cannot be written to.
    """
    folder = out / STATE / _FOLDER
    by_path = {file.parts: file for file in source.files}
    ready = {
        name: prepare(group[0].encoder, folder)
        for name, group in plan.assigned.by_rendition().items()
    }
    tasks = [
        EncodeTask(_id(each), by_path[each.item.path], ready[each.rendition])
        for each in plan.assigned.wanted
    ]
    report = encode_all(tasks, folder, jobs=jobs, on_event=on_event)
    return _placed(plan, source, out, root, ready, report)


def _placed(
    plan: RenditionsPlan,
    source: disk.Listing,
    out: Path,
    root: str,
    ready: Mapping[str, Ready],
    report: EncodeReport,
) -> RenditionsReport:
    """Put results under their paths in the dataset, and describe what is stored now."""
    done = [
        (each, report.done[_id(each)]) for each in plan.assigned.wanted if _id(each) in report.done
    ]
    gone = {each.item.path for each, _ in done}
    files = [file for file in source.files if file.parts not in gone]
    files += _linked(done, out, root)
    sizes = {each.item.path: result.file.size for each, result in done}
    wanted = Counter(each.rendition for each in plan.assigned.wanted)
    items = Counter(each.rendition for each, _ in done)
    return RenditionsReport(
        items=tuple(stored(plan.items, plan.assigned, sizes)),
        listing=disk.Listing(source.root, tuple(files), source.left_out),
        originals={
            each.path: Original(each.item.path, each.item.size, result.original_sha256)
            for each, result in done
        },
        made={
            name: how.made(items=items[name], kept=wanted[name] - items[name])
            for name, how in ready.items()
        },
        report=report,
    )


def _linked(done: Iterable[tuple[Wanted, Encoded]], out: Path, root: str) -> list[disk.Located]:
    """Give each result its name in the dataset; what a run before has linked there gives way."""
    tree = out / _FOLDER / root
    disk.make_folder(tree)
    kept = frozenset(file.inode for file in disk.scan(out / STATE / _FOLDER).files)
    return [link_made(result.file, tree, each.path, kept) for each, result in done]


def _id(each: Wanted) -> str:
    return "/".join(each.item.path)
