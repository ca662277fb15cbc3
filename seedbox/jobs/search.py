"""Search: items of a dataset's catalog, and the shard that holds each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.catalog.search import CatalogItem, open_catalog
from seedbox.errors import SourceError, UsageError
from seedbox.jobs.holding import Holding
from seedbox.jobs.shards import Source, find, shard_torrent
from seedbox.manifest.model import Role, Shard


@dataclass(frozen=True, slots=True)
class SearchReport:
    """What was found."""

    source: Source
    shard: Shard  # the catalog
    items: tuple[CatalogItem, ...]  # most popular first
    limit: int | None  # so many were looked for; None: one item by its id

    @property
    def ok(self) -> bool:
        """Something was found."""
        return bool(self.items)

    @property
    def more(self) -> bool:
        """There may be more than was looked for."""
        return self.limit is not None and len(self.items) == self.limit


def run_search(
    source: Source, data: Path, words: Sequence[str], *, limit: int, item: str | None = None
) -> SearchReport:
    """Look into the catalog of a dataset.

    Args:
        source: The manifest.
        data: The folder that the catalog shard was fetched into, or OUT of the build.
        words: All of them have to be in an item's id or path.
        limit: Find so many items at most.
        item: Find the item with this id, instead.

    Raises:
        UsageError: The dataset has no catalog; or words and an id are asked for, or neither.
        SourceError: The catalog is not here, or is none.
        InvalidManifestError, InvalidTorrentError: Its torrent is not the manifest's.
        MissingExtraError: DuckDB is not installed.
    """
    if (item is None) is not any(word.strip() for word in words):
        raise UsageError(
            "a search is for words or for one id",
            "Pass WORDS that are in an item's id or path, or --item ID.",
        )
    shard = _catalog(source)
    holding = find(source.manifest, shard, shard_torrent(source, shard), data)
    files = _whole(source, shard, holding)
    with open_catalog(
        files[0].root.joinpath(*holding.place.folder), [f.path for f in files]
    ) as cat:
        if item is None:
            return SearchReport(source, shard, tuple(cat.search(words, limit)), limit)
        found = cat.item(item)
    return SearchReport(source, shard, () if found is None else (found,), None)


def _catalog(source: Source) -> Shard:
    for shard in source.manifest.shards:
        if shard.role is Role.CATALOG:
            return shard
    raise UsageError(
        f"{source.manifest.head.id} has no catalog shard",
        "Run `seedbox show` on the manifest for its shards, and on a torrent for its files.",
    )


def _whole(source: Source, shard: Shard, holding: Holding) -> list[disk.Located]:
    """Return the catalog's files.

    Raises:
        SourceError: They are not all here.
    """
    metainfo = shard_torrent(source, shard)
    found = [
        file
        for file, wanted in zip(holding.found, metainfo.files, strict=True)
        if isinstance(file, disk.Located) and file.size == wanted.length
    ]
    if len(found) < len(metainfo.files):
        raise SourceError(
            f"the catalog {shard.name}",
            f"is not whole in {holding.data}: {len(found):,} of its {len(metainfo.files):,} files "
            "are there",
            f"Run: seedbox fetch {source.path} --out {holding.data} --shard {shard.name}",
        )
    return found
