"""Verify everything that a manifest or a .torrent lists, wherever below a path it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seedbox import disk
from seedbox.errors import SourceError
from seedbox.jobs.events import OnEvent
from seedbox.jobs.holding import Holding, look_at, read_torrent
from seedbox.jobs.verify import run_verify, sightings
from seedbox.plan.places import Place
from seedbox.plan.verify import FileResult, VerifyReport, plan_verify
from seedbox.torrent.metainfo import Metainfo

if TYPE_CHECKING:
    from seedbox.jobs.shards import Source


def verify_all(
    listed: Path | Source,
    data: Path,
    *,
    names: Sequence[str],
    jobs: int | None,
    on_event: OnEvent,
    max_read: int | None = None,
) -> list[VerifyReport]:
    """Verify the torrents that a file lists against the data at a path.

    Args:
        listed: A manifest, read or not, or a .torrent.
        data: The data, the folder it lies in, or a mirror's data folder.
        names: Shards of a manifest to check; none: all.
        jobs: Threads; one a core if None.
        on_event: Gets progress in bytes.
        max_read: Bytes/s to read at most; as fast as it goes if None.

    Raises:
        SourceError: One of the two does not exist.
        InvalidTorrentError: A .torrent is bad.
        InvalidManifestError: The manifest is bad.
        UsageError: A name that is not in the manifest.
    """
    if not disk.exists(data):
        raise SourceError(
            str(data), "does not exist", "Pass the folder or file that holds the data."
        )
    reports = []
    for name, metainfo, holding in _listed(listed, data, names):
        plan = plan_verify(metainfo, sightings(holding.found))
        report = run_verify(
            plan, holding.found, name=name, jobs=jobs, on_event=on_event, max_read=max_read
        )
        reports.append(_named(report, name, holding))
    return reports


def _listed(
    listed: Path | Source, data: Path, names: Sequence[str]
) -> list[tuple[str, Metainfo, Holding]]:
    """Return each torrent that a file lists, with its name and where its data lies."""
    if isinstance(listed, Path) and listed.suffix == ".torrent":
        metainfo = read_torrent(listed)
        return [(metainfo.name, metainfo, _lies(metainfo, data))]
    return _shards(listed, data, names)


def _shards(
    listed: Path | Source, data: Path, names: Sequence[str]
) -> list[tuple[str, Metainfo, Holding]]:
    """Return the same of each shard of a manifest; what reads these is loaded only here."""
    from seedbox.jobs.shards import (  # noqa: PLC0415 - 0.05 s that a lone .torrent saves
        Source,
        find,
        read_manifest,
        shard_torrent,
    )
    from seedbox.plan.fetch import named  # noqa: PLC0415 - as above

    source = Source(listed, read_manifest(listed)) if isinstance(listed, Path) else listed
    manifest = source.manifest
    shards = named(manifest.shards, names) if names else manifest.shards
    torrents = [(shard, shard_torrent(source, shard)) for shard in shards]
    return [(shard.name, info, find(manifest, shard, info, data)) for shard, info in torrents]


def _named(report: VerifyReport, name: str, holding: Holding) -> VerifyReport:
    """Return a report that names files as they lie below the path that was given."""
    if holding.place == Place((), 0):
        return replace(report, name=name)
    parts = holding.place.parts
    files = [
        FileResult(parts(f.path), f.length, f.state, f.found, f.bad, f.unproven, f.reason)
        for f in report.files  # they can be a million, and replace() takes thrice the time
    ]
    return replace(report, name=name, files=tuple(files))


def _lies(metainfo: Metainfo, data: Path) -> Holding:
    """Return where the data of a lone .torrent lies: in the folder given, or as it."""
    inside = Place((), 0)
    if metainfo.layout.single:
        if data.is_file():  # it may have been renamed
            return Holding(data.parent, inside, (disk.look(data.parent, (data.name,)),))
        return look_at(inside, metainfo, data)
    if disk.vacant(data, (metainfo.name,)):  # most often then it is the folder itself
        folder = look_at(Place((), 1), metainfo, data)
        if folder.size:
            return folder
    candidates = [look_at(place, metainfo, data) for place in (inside, Place((), 1))]
    return next((holding for holding in candidates if holding.size), candidates[0])
