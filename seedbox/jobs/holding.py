"""A torrent on this disk: its .torrent, and where the files that it names lie.

Apart from `shards`, since a lone .torrent is verified without anything that reads manifests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import InvalidTorrentError
from seedbox.plan.places import Place
from seedbox.torrent.metainfo import Metainfo

MAX_TORRENT = 64 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Holding:
    """Where the data of a shard lies: all of its files, looked at in one place."""

    data: Path  # the folder that was searched
    place: Place
    found: tuple[disk.Located | disk.Absent, ...]  # for each file of the torrent

    @property
    def size(self) -> int:
        """Bytes that are there, right or wrong."""
        return sum(file.size for file in self.found if isinstance(file, disk.Located))


def look_at(place: Place, metainfo: Metainfo, data: Path) -> Holding:
    """Look at every file of a torrent in one place."""
    found = disk.locate(data, (place.parts(file.path) for file in metainfo.files))
    return Holding(data, place, tuple(found))


def read_torrent(path: Path) -> Metainfo:
    """Read a .torrent file.

    Raises:
        SourceError: There is no such file.
        InvalidTorrentError: It is not strict metainfo; the error names the file.
    """
    return parsed(disk.read_whole(path, MAX_TORRENT), path)


def parsed(raw: bytes, path: Path) -> Metainfo:
    """Return the torrent that a file holds.

    Raises:
        InvalidTorrentError: It is not strict metainfo; the error names the file.
    """
    try:
        return Metainfo.parse(raw)
    except InvalidTorrentError as error:
        raise error.named(str(path)) from None
