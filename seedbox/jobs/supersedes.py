"""The release that a build replaces in OUT, kept so that the new one can say what it reuses.

A build writes its torrents over those of the release before, one after the other, and may be
stopped between any two. So before the first, the old manifest and its torrents get second names
in the state folder; they stay there until the next release, so that the same build again makes
the same manifest again.
"""

from __future__ import annotations

from pathlib import Path

from seedbox import disk
from seedbox.disk.linking import link_made
from seedbox.errors import InvalidManifestError
from seedbox.jobs.shards import MAX_MANIFEST, Source
from seedbox.jobs.versions import contents
from seedbox.manifest import lint
from seedbox.manifest.model import Head, Manifest
from seedbox.plan import supersedes
from seedbox.plan.places import STATE

_MANIFEST = "manifest.yaml"
_PREVIOUS = "previous"


def keep_previous(out: Path, head: Head) -> Source | None:
    """Return the release that a build is about to replace, from where it is safe from the build.

    Args:
        out: The folder of the build; the caller holds the lock in its state folder.
        head: Of the release to build.

    Returns:
        The release of the same id with a lower sequence; None: OUT has had none.

    Raises:
        DiskError, NoSpaceError: The system refuses.
    """
    folder = out / STATE / _PREVIOUS
    standing, kept = _read(out / _MANIFEST), _read(folder / _MANIFEST)
    for source in (standing, kept):
        if source is not None and source.manifest.head.id != head.id:
            return None
    if standing is None:
        return None  # a build that was stopped before its manifest leaves the one before
    if standing.manifest.head.sequence < head.sequence:
        if kept is None or kept.manifest != standing.manifest:
            _keep(standing, folder)
        return Source(folder / _MANIFEST, standing.manifest)
    older = kept is not None and kept.manifest.head.sequence < head.sequence
    return kept if older else None


def _keep(source: Source, folder: Path) -> None:
    """Give a release second names; its manifest comes last, so that what has one is whole."""
    disk.remove_made(folder)
    disk.make_folder(folder)
    for shard in source.manifest.shards:
        parts = tuple(shard.torrent.path.split("/"))
        found = disk.look(source.path.parent, parts)
        if isinstance(found, disk.Located):
            link_made(found, folder, parts)
    disk.write_whole(folder / _MANIFEST, disk.read_whole(source.path, MAX_MANIFEST))


def _read(path: Path) -> Source | None:
    """Return a manifest that seedbox has written; None: there is none, or somebody else's."""
    found = disk.look(path.parent, (path.name,)) if path.parent.is_dir() else None
    if not isinstance(found, disk.Located) or found.size > MAX_MANIFEST:
        return None
    try:
        data = disk.read_located(found, MAX_MANIFEST)
        return Source(path, lint.read_manifest(data, file=str(path)))
    except InvalidManifestError:
        return None  # the build refuses to replace it


def with_supersedes(manifest: Manifest, previous: Source | None, out: Path) -> Manifest:
    """Return a manifest that says which shards of the release before each of its own reuses.

    Args:
        manifest: Not yet written; its torrents lie in `out`.
        previous: See `keep_previous`.
        out: The folder of the build.

    Raises:
        InvalidTorrentError, InvalidManifestError: A .torrent is not what it was a moment ago.
    """
    if previous is None:
        return manifest
    known = contents((previous, Source(out / _MANIFEST, manifest)))
    return supersedes.with_supersedes(previous.manifest, manifest, known)
