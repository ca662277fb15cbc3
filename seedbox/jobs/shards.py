"""A shard of a manifest on this disk: its .torrent, and the files that are here of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import InvalidManifestError, Problem, SourceError
from seedbox.jobs.holding import MAX_TORRENT, Holding, look_at, parsed
from seedbox.manifest import lint
from seedbox.manifest.model import Head, Manifest, Pack, Role, Shard
from seedbox.manifest.parse import parse_head
from seedbox.manifest.withdrawals import Withdrawals
from seedbox.plan.places import STATE, Place, home, places
from seedbox.torrent.metainfo import Metainfo

MAX_MANIFEST = 64 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Source:
    """A manifest and the file it was read from; its torrents lie beside it."""

    path: Path
    manifest: Manifest
    withdrawals: Withdrawals | None = None  # None: nothing is known of any


def read_manifest(path: Path) -> Manifest:
    """Read a manifest file.

    Raises:
        SourceError: There is no such file.
        InvalidManifestError: It breaks its rules; all problems at once.
    """
    return lint.read_manifest(disk.read_whole(path, MAX_MANIFEST), file=str(path))


def read_head(path: Path) -> Head:
    """Read a dataset.yaml: a manifest's head, without shards.

    Raises:
        SourceError: There is no such file.
        InvalidManifestError: It breaks its rules; all problems at once.
    """
    return parse_head(disk.read_whole(path, MAX_MANIFEST), file=str(path))


def shard_torrent(source: Source, shard: Shard) -> Metainfo:
    """Read the .torrent of a shard and hold it against its entry in the manifest.

    Raises:
        InvalidTorrentError: It is not strict metainfo.
        InvalidManifestError: It is another torrent than the manifest says.
        SourceError: It is not beside the manifest.
    """
    folder, parts = source.path.parent, tuple(shard.torrent.path.split("/"))
    found = disk.look(folder, parts)
    if isinstance(found, disk.Absent):
        hint = "Put the torrents folder beside the manifest, as its publisher has it."
        raise SourceError(str(found.path), found.reason, hint)
    metainfo = parsed(disk.read_located(found, MAX_TORRENT), found.path)
    problems = torrent_problems(source, shard, metainfo)
    if problems:
        raise InvalidManifestError(str(source.path), tuple(problems))
    return metainfo


def has_torrent(source: Source, shard: Shard) -> bool:
    """Tell whether the .torrent of a shard lies beside the manifest."""
    parts = tuple(shard.torrent.path.split("/"))
    return isinstance(disk.look(source.path.parent, parts), disk.Located)


def in_tree(head: Head, shard: Shard, metainfo: Metainfo) -> tuple[str, ...]:
    """Return the path of each file below the dataset's root, as popularity tables have it.

    A catalog lies beside the root, so its paths begin with its own name.
    """
    if shard.role is Role.CATALOG:
        return tuple("/".join(file.path) for file in metainfo.files)
    if metainfo.layout.single:
        at = f"{shard.at}/" if shard.at and head.pack is not Pack.TAR else ""
        return tuple(at + file.path[-1] for file in metainfo.files)
    return tuple("/".join(file.path[1:]) for file in metainfo.files)


def torrent_problems(source: Source, shard: Shard, metainfo: Metainfo) -> list[Problem]:
    """Return where a .torrent and its entry in the manifest disagree."""
    found = lint.check_torrent(
        source.manifest.head,
        shard,
        metainfo,
        sha256(metainfo.raw).digest(),
        file=str(source.path),
        path="",
    )
    if not found:
        return []  # most often; the place in the manifest is looked for only when it is wanted
    place = f"shards[{source.manifest.shards.index(shard)}]"
    return [replace(problem, path=place + problem.path) for problem in found]


def find(manifest: Manifest, shard: Shard, metainfo: Metainfo, data: Path) -> Holding:
    """Return the first place below `data` that has any file of a shard, else its home, empty."""
    candidates = [
        look_at(place, metainfo, data)
        for place in places(manifest.head, shard, single=metainfo.layout.single)
    ]
    return next((holding for holding in candidates if holding.size), candidates[0])


def held_bytes(source: Source, shards: Iterable[Shard], data: Path) -> dict[str, int]:
    """Return the bytes on the disk of some shards, whole or in part, right or wrong.

    What lies in staging counts too, so that a fetch that goes on is not refused for space that it
    has taken already.
    """
    manifest = source.manifest
    held: dict[str, int] = {}
    for shard in shards:
        metainfo = shard_torrent(source, shard)
        place = places(manifest.head, shard, single=metainfo.layout.single)[0]
        staging = data.joinpath(*home(manifest.head), STATE, "staging", metainfo.info_hash.key)
        final, staged = look_at(place, metainfo, data), look_at(Place((), 0), metainfo, staging)
        places_of_each = zip(metainfo.files, final.found, staged.found, strict=True)
        held[shard.name] = sum(_held(file.length, *found) for file, *found in places_of_each)
    return held


def _held(
    length: int, final: disk.Located | disk.Absent, staged: disk.Located | disk.Absent
) -> int:
    """Return the bytes of a file that need no more space; a file in staging has holes."""
    if isinstance(final, disk.Located):
        return min(length, final.size)
    return min(length, disk.allocated(staged)) if isinstance(staged, disk.Located) else 0
