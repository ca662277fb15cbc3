"""Datasets for tests: heads, shard entries, and whole ones built on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from seedbox import disk
from seedbox.jobs.build import BuildReport, run_build
from seedbox.jobs.events import OnEvent, ignore
from seedbox.jobs.shards import Source
from seedbox.manifest.model import Head, License, Manifest, Popularity, Role, Shard, TorrentRef
from seedbox.plan.build import BuildOptions, BuildPlan, Item, plan_build
from seedbox.torrent.info_hash import InfoHash
from support.content import write

ISSUED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OPEN = License(spdx="CC0-1.0")
CLOSED = License(spdx="CC-BY-NC-4.0")
USE = Popularity(metric="reads")


def head(**changes: Any) -> Head:  # noqa: ANN401  (any field of a Head)
    """An openly licensed dataset whose torrents are named `data`."""
    plain = Head(
        id="org.example/set",
        sequence=1,
        version="1",
        issued=ISSUED,
        title="A set",
        license=OPEN,
        popularity=USE,
        root="data",
    )
    return replace(plain, **changes)


def entry(name: str, **changes: Any) -> Shard:  # noqa: ANN401  (any field of a Shard)
    """A shard of 1,000 bytes that no torrent stands behind."""
    plain = Shard(
        name=name,
        role=Role.DATA,
        items=1,
        files=1,
        size=1000,
        use=Decimal(1),
        piece_length=16_384,
        info_hash=InfoHash(v1=name.encode().ljust(20, b"-")),
        torrent=TorrentRef(f"torrents/{name}.torrent", bytes(32)),
    )
    return replace(plain, **changes)


def plan(
    source: Path,
    values: Mapping[str, int] | None = None,
    *,
    shard_size: int = 100_000,
    piece_length: int | None = 16_384,
    catalog: bool = False,
    **changes: Any,  # noqa: ANN401  (any field of a Head)
) -> tuple[BuildPlan, disk.Listing]:
    """Plan the build of a folder; files without a value are used as often as their name is long."""
    listing = disk.scan(source)
    names = ["/".join(file.parts) for file in listing.files]
    use = values if values is not None else {name: len(name) for name in names}
    items = [
        Item(file.parts, file.size, Decimal(use.get(name, 0)))
        for file, name in zip(listing.files, names, strict=True)
    ]
    options = BuildOptions(shard_size, piece_length, catalog=catalog)
    return plan_build(head(**changes), items, options, folder=source.name), listing


def build(
    source: Path,
    out: Path,
    *,
    on_event: OnEvent = ignore,
    jobs: int = 2,
    **how: Any,  # noqa: ANN401  (what `plan` takes)
) -> BuildReport:
    """Build the dataset of a folder."""
    planned, listing = plan(source, **how)
    return run_build(planned, listing, out, jobs=jobs, on_event=on_event)


def published(folder: Path, files: Mapping[str, bytes], **how: Any) -> Source:  # noqa: ANN401
    """Write files to `folder/data` and build them to `folder/out`; gives the manifest."""
    write(folder / "data", files)
    report = build(folder / "data", folder / "out", **how)
    return Source(report.manifest_path, report.manifest)


def manifest(*shards: Shard, **changes: Any) -> Manifest:  # noqa: ANN401  (any field of a Head)
    """A manifest of entries, with the total of their use."""
    total = sum((shard.use or Decimal(0) for shard in shards), Decimal(0))
    popularity = replace(USE, total=total)
    return Manifest(head(**{"popularity": popularity, **changes}), shards)
