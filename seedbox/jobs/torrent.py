"""One torrent from one file or folder, for people who only want that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import (
    DestinationTakenError,
    InvalidTorrentError,
    Problem,
    SourceError,
    UnsafePathsError,
)
from seedbox.jobs.digests import hash_all
from seedbox.jobs.events import OnEvent
from seedbox.torrent import paths
from seedbox.torrent.compose import Extras, compose
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout, arrange
from seedbox.torrent.metainfo import Metainfo


@dataclass(frozen=True, slots=True)
class TorrentPlan:
    """A torrent to make."""

    layout: Layout
    files: tuple[disk.Located, ...]  # for each file of the layout
    extras: Extras


@dataclass(frozen=True, slots=True)
class TorrentReport:
    """A torrent that was made."""

    path: Path
    metainfo: Metainfo
    left_out: tuple[disk.Absent, ...]  # links and other things that are no files


def plan_torrent(
    listing: disk.Listing, *, is_file: bool, form: Format, piece_length: int | None, extras: Extras
) -> TorrentPlan:
    """Lay a file or folder out as a torrent.

    Args:
        listing: The files.
        is_file: The source is one file, which makes a single-file torrent.
        form: v1, v2 or hybrid.
        piece_length: Bytes; None: chosen by size.
        extras: What stands beside the info dict.

    Raises:
        SourceError: There is no data, or no torrent of this format can hold it.
        UsageError: The piece length breaks its rule.
        UnsafePathsError: Paths that no torrent may hold.
    """
    if piece_length is not None:
        from seedbox.plan.build import check_piece_length  # noqa: PLC0415 - most runs save 0.02 s

        check_piece_length(piece_length)
    if not any(file.size for file in listing.files):
        hint = "Pass a file or folder that is not empty."
        raise SourceError(str(listing.root), "holds no data", hint)
    name = listing.files[0].parts[-1] if is_file else listing.root.name
    sizes = [(file.parts, file.size) for file in listing.files]
    whole = [(name,) if is_file else (name, *file.parts) for file in listing.files]
    try:
        layout = arrange(name, sizes, form=form, piece_length=piece_length, single=is_file)
    except InvalidTorrentError as error:
        _refuse_unsafe(listing, whole)
        hint = "Pass the file itself if there is but one; else another --format or --piece-length."
        raise SourceError(str(listing.root), f"makes no torrent: {error.reason}", hint) from None
    by_path = dict(zip(whole, listing.files, strict=True))
    return TorrentPlan(layout, tuple(by_path[file.path] for file in layout.files), extras)


def _refuse_unsafe(listing: disk.Listing, whole: Sequence[paths.Path]) -> None:
    """Name every path that no torrent may hold, if there is one."""
    if bad := list(paths.problems(whole)):
        hint = "Rename the file, or leave it out."
        problems = (Problem("unsafe-path", f"{'/'.join(path)!r} {why}", hint) for path, why in bad)
        raise UnsafePathsError(str(listing.root), tuple(problems))


def run_torrent(
    plan: TorrentPlan, listing: disk.Listing, out: Path, *, jobs: int | None, on_event: OnEvent
) -> TorrentReport:
    """Hash the files and write the torrent.

    Raises:
        DestinationTakenError: Another file stands at `out`.
        SourceChangedError: A file changed while it was read.
        DiskError: The system refused to read or write.
    """
    if out.is_dir():
        out = out / f"{plan.layout.name}.torrent"
    digests = hash_all(plan.layout.name, plan.layout, plan.files, jobs, on_event)
    metainfo = compose(plan.layout, digests, plan.extras)
    current = disk.standing(out, len(metainfo.raw))
    if current is None:
        disk.write_whole(out, metainfo.raw)
    elif current != metainfo.raw:
        raise DestinationTakenError(str(out))
    return TorrentReport(out, metainfo, listing.left_out)
