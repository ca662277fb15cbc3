"""What a new release shares with the one that it supersedes, taken from the disk (BEP 38).

A shard that supersedes others most often holds their files under another root. They are found in
the dataset's own folder, by name and size or else by pieces root, and get a second name in
staging, so that only what is new is asked of peers. Whatever is linked is verified with the rest,
and nothing is ever written to a file that has another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.disk.finding import find_sizes
from seedbox.disk.linking import lend
from seedbox.errors import SourceChangedError
from seedbox.jobs.events import ignore
from seedbox.jobs.holding import look_at
from seedbox.jobs.matching import Reading, by_root
from seedbox.jobs.shards import Source, shard_torrent
from seedbox.manifest.model import Shard
from seedbox.plan.adopt import Index, wanted_sizes
from seedbox.plan.places import STATE, Place, home, places
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo


@dataclass(frozen=True, slots=True)
class Earlier:
    """Files of a dataset that are on the disk, of whatever release."""

    found: Index[disk.Located]
    how: Reading

    def link_by_name(self, metainfo: Metainfo, lacking: Sequence[int], staging: Path) -> set[int]:
        """Link the files of the same name and size into staging; return which files have one."""
        guesses = ((index, self.found.guess(metainfo.files[index])) for index in lacking)
        named = [(index, guess) for index, guess in guesses if guess is not None]
        return {index for index, guess in named if _link(metainfo, index, guess, staging)}

    def link_by_content(
        self, metainfo: Metainfo, lacking: Sequence[int], staging: Path
    ) -> set[int]:
        """Link the files of the same content into staging; return which files have one.

        What stands there under their names was linked by name, and has proven wrong.
        """
        linked = set()
        for index, same in by_root(metainfo, lacking, self.found, self.how):
            disk.remove_made(staging.joinpath(*metainfo.files[index].path))
            if _link(metainfo, index, same, staging):
                linked.add(index)
        return linked


def _link(metainfo: Metainfo, index: int, file: disk.Located, staging: Path) -> bool:
    """Give a file a second name in staging, or copy it where there are no links."""
    path = metainfo.files[index].path
    disk.make_folder(staging)
    try:
        lend(file, staging, path, copy=False)
    except SourceChangedError:
        return False  # it is fetched, as if it had never been here
    return True


def earlier(
    torrents: Iterable[tuple[Shard, Metainfo]], dataset: Path, how: Reading
) -> Earlier | None:
    """Look for what shards may reuse; None: there is nothing to look for, or nowhere.

    Args:
        torrents: Shards that are to be fetched.
        dataset: The dataset's own folder, with all of its releases.
        how: How files are read.
    """
    sizes = {
        size
        for shard, metainfo in torrents
        if reuses(shard, metainfo)
        for size in wanted_sizes(metainfo)
    }
    if not sizes or not dataset.is_dir():
        return None
    found = find_sizes(
        dataset, sizes, on_folder=lambda _: None, on_closed=lambda _: None, skip={STATE}
    )
    return Earlier(Index(found), how)


def reuses(shard: Shard, metainfo: Metainfo) -> bool:
    """Tell whether the publisher says that a shard has files of earlier ones."""
    return bool(shard.supersedes) and metainfo.form is not Format.V1


def reusable_bytes(source: Source, shards: Iterable[Shard], out: Path) -> dict[str, int]:
    """Return the bytes of shards that will most likely be reused, by shard: nothing is read."""
    head = source.manifest.head
    dataset = out.joinpath(*home(head))
    marked = ((shard, shard_torrent(source, shard)) for shard in shards if shard.supersedes)
    torrents = [each for each in marked if reuses(*each)]
    known = earlier(torrents, dataset, Reading(ignore))
    if known is None:
        return {}
    sizes: dict[str, int] = {}
    for shard, metainfo in torrents:
        place = places(head, shard, single=metainfo.layout.single)[0]
        staging = dataset / STATE / "staging" / metainfo.info_hash.key
        final = look_at(place, metainfo, out).found
        staged = look_at(Place((), 0), metainfo, staging).found
        sizes[shard.name] = sum(
            file.length
            for file, *seen in zip(metainfo.files, final, staged, strict=True)
            if all(isinstance(each, disk.Absent) for each in seen) and known.found.guess(file)
        )
    return sizes
