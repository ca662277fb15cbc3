"""Two releases of a dataset held against each other, with what their torrents know of the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import UsageError
from seedbox.jobs.shards import MAX_MANIFEST, Source, has_torrent, in_tree, shard_torrent
from seedbox.manifest import lint, versions
from seedbox.manifest.model import Head, Shard
from seedbox.manifest.versions import Content, Contents, Diff
from seedbox.torrent.metainfo import Metainfo


@dataclass(frozen=True, slots=True)
class DiffReport:
    """What one manifest changes against another."""

    old: Source
    new: Source
    diff: Diff


@dataclass(frozen=True, slots=True)
class Replaced:
    """A manifest that another one replaces, with the digest of its file."""

    source: Source
    digest: bytes  # SHA-256


def read_replaced(path: Path) -> Replaced:
    """Read a manifest that is held against a later one.

    Raises:
        SourceError: There is no such file.
        InvalidManifestError: It breaks its rules; all problems at once.
    """
    data = disk.read_whole(path, MAX_MANIFEST)
    manifest = lint.read_manifest(data, file=str(path))
    return Replaced(Source(path, manifest), sha256(data).digest())


def run_diff(old: Path, new: Path) -> DiffReport:
    """Say what a new manifest changes against an old one.

    Raises:
        SourceError: One of the files is not there.
        InvalidManifestError: A manifest breaks its rules, or a .torrent beside it is another.
        InvalidTorrentError: A .torrent beside it is not strict metainfo.
        UsageError: The two are of different datasets.
    """
    before, after = read_replaced(old).source, read_replaced(new).source
    ours, theirs = before.manifest.head.id, after.manifest.head.id
    if ours != theirs:
        raise UsageError(
            f"{old} is {ours}, {new} is {theirs}", "Pass two manifests of the same dataset."
        )
    diff = versions.compare(before.manifest, after.manifest, contents((before, after)))
    return DiffReport(before, after, diff)


def contents(sources: Iterable[Source]) -> Contents:
    """Return the files of every shard whose .torrent is at hand and has pieces roots.

    Raises:
        InvalidManifestError: A .torrent is not the one that the manifest means.
        InvalidTorrentError: A .torrent is not strict metainfo.
    """
    found: dict[str, tuple[Content, ...]] = {}
    for source in sources:
        for shard in source.manifest.shards:
            key = shard.info_hash.key
            if shard.info_hash.v2 is not None and key not in found and has_torrent(source, shard):
                metainfo = shard_torrent(source, shard)
                found[key] = _files(source.manifest.head, shard, metainfo)
    return found


def _files(head: Head, shard: Shard, metainfo: Metainfo) -> tuple[Content, ...]:
    paths = in_tree(head, shard, metainfo)
    return tuple(
        Content(path, file.pieces_root, file.length)
        for path, file in zip(paths, metainfo.files, strict=True)
    )
