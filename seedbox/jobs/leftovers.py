"""Leftovers: what earlier builds have put into OUT and its manifest names no more.

A .torrent that seedbox wrote there, that is unchanged since, and that no other manifest in OUT
speaks of is removed: the same build makes the same bytes again. A tar is only named. It may be the
one whole copy of a shard that others still fetch, and a program that seeds it does not ask here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.jobs.outputs import Outputs
from seedbox.jobs.packed import Made
from seedbox.jobs.shard_unit import JOURNALS
from seedbox.manifest.model import Manifest, Pack
from seedbox.plan.places import STATE

_MANIFEST = "manifest.yaml"
_TORRENTS = "torrents"
_PACKED = "packed"  # in the state folder
_MAX_TORRENT = 1 << 30
_MAX_MANIFEST = 64 << 20  # what any manifest may have


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What an earlier build has made and this one has not."""

    removed: tuple[str, ...] = ()  # .torrent files, from OUT
    kept: tuple[disk.Located, ...] = ()  # tars


def clear(out: Path, manifest: Manifest, outputs: Outputs) -> Leftovers:
    """Remove what nobody needs any more, after the manifest of OUT has been written.

    Args:
        out: The caller holds the lock in its state folder.
        manifest: The one in OUT.
        outputs: Knows what seedbox has written there.

    Raises:
        DiskError: The system refuses to read or to remove.
    """
    removed = []
    for name, path in _old_torrents(out, manifest, outputs):
        disk.remove_made(path)
        removed.append(name)
    disk.remove_made(out / STATE / JOURNALS)
    for part in sorted((out / STATE / _PACKED).glob("*.part")):
        disk.remove_made(part)  # of a shard that was never whole: those of this build have names
    return Leftovers(tuple(removed), tuple(_old_tars(out, manifest)))


def _old_torrents(out: Path, manifest: Manifest, outputs: Outputs) -> Iterator[tuple[str, Path]]:
    named = {shard.torrent.path for shard in manifest.shards}
    others: list[bytes] | None = None
    for file in disk.scan(out / _TORRENTS).files:
        name = "/".join((_TORRENTS, *file.parts))
        if not name.endswith(".torrent") or name in named or file.size > _MAX_TORRENT:
            continue
        data = disk.read_located(file, _MAX_TORRENT)
        if not outputs.wrote(data):
            continue
        others = _other_manifests(out) if others is None else others
        if not any(sha256(data).hexdigest().encode() in each for each in others):
            yield name, file.path


def _other_manifests(out: Path) -> list[bytes]:
    """Return the bytes of what may be another manifest in OUT, such as a copy of an older one."""
    names = sorted(path.name for path in out.iterdir() if path.suffix in {".yaml", ".yml"})
    found = (disk.look(out, (name,)) for name in names if name != _MANIFEST)
    return [
        disk.read_located(file, _MAX_MANIFEST)
        for file in found
        if isinstance(file, disk.Located) and file.size <= _MAX_MANIFEST
    ]


def _old_tars(out: Path, manifest: Manifest) -> Iterator[disk.Located]:
    packed = manifest.head.pack is Pack.TAR
    named = {shard.name for shard in manifest.shards if packed}
    for record in sorted((out / STATE / _PACKED).glob("*.made")):
        name = record.name.removesuffix(".made")
        found = disk.look(out, (f"{name}.tar",))
        if name in named or isinstance(found, disk.Absent):
            continue
        if not Made(record, "").stranger(found.path):
            yield found
