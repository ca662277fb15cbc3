"""Where a shard's data lies: the places to look at, in order, and the one to fetch into.

Pure. A mirror keeps data under `DATA/<publisher>/<dataset>/<torrent name>/…`; a publisher has it
under `DATA/<root>/…`, or DATA is the root itself. A shard of one file is a single-file torrent,
and lies at `<root>/<at>/` so that all shards make up one tree. A catalog lies beside that tree, in
a folder that is named after its shard.
"""

from __future__ import annotations

from dataclasses import dataclass

from seedbox.manifest.model import Head, Pack, Role, Shard

STATE = ".seedbox"  # the folder that belongs to seedbox alone, in OUT and in a dataset's own folder


@dataclass(frozen=True, slots=True)
class Place:
    """A folder below DATA in which a torrent's files may lie."""

    folder: tuple[str, ...]  # below DATA
    drop: int  # how many leading segments of a file's path the folder stands for

    def parts(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return where a file of the torrent lies below DATA."""
        return (*self.folder, *path[self.drop :])


def home(head: Head) -> tuple[str, ...]:
    """Return the folder of a dataset below DATA: publisher and dataset."""
    return tuple(head.id.split("/"))


def tree(head: Head, shard: Shard, *, single: bool) -> tuple[str, ...]:
    """Return the folder, below a dataset's own, that a torrent is saved into."""
    if head.pack is Pack.TAR or shard.role is Role.CATALOG or not single:
        return ()
    root = (head.torrent_root,) if head.torrent_root else ()
    return (*root, *(shard.at.split("/") if shard.at else ()))


def places(head: Head, shard: Shard, *, single: bool) -> tuple[Place, ...]:
    """Return where to look for a shard's files, in order."""
    below = tree(head, shard, single=single)
    outer = (Place((*home(head), *below), 0), Place(below, 0))
    if below:
        return (*outer, Place(below[1:], 0))
    return outer if single else (*outer, Place((), 1))  # a lone file has no root to be inside of
