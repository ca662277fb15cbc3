"""Export: a manifest in a format of others, as text or as a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import DestinationTakenError
from seedbox.jobs.shards import Source, read_manifest, shard_torrent
from seedbox.manifest.croissant import Export, export
from seedbox.manifest.model import Manifest, Pack, Shard

_NAME = "croissant.json"  # one that `seedbox init` reads, in a folder


@dataclass(frozen=True, slots=True)
class ExportReport:
    """A manifest that was exported."""

    manifest: Manifest
    export: Export
    text: str
    path: Path | None  # None: nothing was written
    unnamed: tuple[str, ...]  # shards of one file whose web seeds could not be linked to

    @property
    def relative(self) -> bool:
        """Links to torrents lead from the manifest's folder, since it has no mirror."""
        return not self.manifest.head.mirrors


def run_export(path: Path, out: Path | None) -> ExportReport:
    """Export a manifest as Croissant.

    Args:
        path: The manifest.
        out: Where to write; a folder: a file in it; None: nowhere.

    Raises:
        SourceError: There is no such file.
        InvalidManifestError: It breaks its rules, or a torrent beside it is another.
        InvalidTorrentError: A torrent beside it is not strict metainfo.
        LicenseRefusedError: It is not open.
        DestinationTakenError: Something else stands at `out`.
        DiskError: The system refuses.
    """
    manifest = read_manifest(path)
    names = _names(Source(path, manifest))
    made = export(manifest, {shard: name for shard, name in names.items() if name})
    text = made.text
    if out is not None:
        out = out / _NAME if out.is_dir() else out
        _write(out, text.encode())
    unnamed = tuple(shard for shard, name in names.items() if not name)
    return ExportReport(manifest, made, text, out, unnamed)


def _write(out: Path, data: bytes) -> None:
    current = disk.standing(out, len(data))
    if current is None:
        disk.write_whole(out, data)
    elif current != data:
        raise DestinationTakenError(str(out))


def _names(source: Source) -> dict[str, str | None]:
    """Return the path of a torrent's only file, where a web seed serves it.

    Only a .torrent knows; None: it is not beside the manifest.
    """
    if source.manifest.head.pack is Pack.TAR:
        return {}
    wanted = [each for each in source.manifest.shards if each.files == 1 and each.web_seeds]
    return {shard.name: _name(source, shard) for shard in wanted}


def _name(source: Source, shard: Shard) -> str | None:
    parts = tuple(shard.torrent.path.split("/"))
    if isinstance(disk.look(source.path.parent, parts), disk.Absent):
        return None
    return "/".join(shard_torrent(source, shard).files[0].path)
