"""Tables of items, put in order and made into catalogs."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from seedbox.catalog import tables
from seedbox.catalog.database import Database, Limits, opened
from seedbox.catalog.order import Cutting, Ordered, order
from seedbox.catalog.parquet import Catalog, Entry, Member
from seedbox.catalog.tables import Rules
from seedbox.manifest.model import Manifest, Role
from seedbox.manifest.write import write_manifest
from support.datasets import build, head

SMALL = Limits(memory=2**28, threads=2)
STRICT = Rules()  # but for missing values, which count as 0
SMALL_SHARDS = Cutting(2500)
ITEMS = """\
id,path,size,popularity,license,attribution
top,music/Top Hit.ogg,1000,90,,
second,music/second.ogg,2000,9.5,CC-BY-4.0,By Ada
rare,music/r\u00e4re hit.ogg,500,0.000000001,,
never,music/never.ogg,700,0,,
"""


@contextlib.contextmanager
def loaded(
    folder: Path,
    items: str,
    popularity: str | None = None,
    *,
    rules: Rules = STRICT,
    limits: Limits = SMALL,
) -> Iterator[tuple[Database, tables.Counts]]:
    """Read tables in CSV into a database and settle them."""
    folder.mkdir(exist_ok=True)
    files = [folder / "items.csv"]
    files[0].write_text(items, "utf-8")
    if popularity is not None:
        files.append(folder / "popularity.csv")
        files[1].write_text(popularity, "utf-8")
    with opened(folder / "work", reads=files, limits=limits) as database:
        read = tables.read_items(database, files[0])
        used = None if popularity is None else tables.read_popularity(database, files[1])
        yield database, tables.settle(database, read, used, rules)


@dataclass(frozen=True)
class Made:
    """A catalog in the making."""

    database: Database
    ordered: Ordered
    files: Sequence[Path]


@contextlib.contextmanager
def cataloged(
    folder: Path,
    items: str = ITEMS,
    *,
    cutting: Cutting = SMALL_SHARDS,
    limits: Limits = SMALL,
    packed: bool = False,
    **changes: Any,  # noqa: ANN401  (any field of a Head)
) -> Iterator[Made]:
    """Make a catalog of a table; shards are called set-0001 and so on."""
    of = head(**changes)
    with loaded(folder, items, limits=limits) as (database, _):
        ordered = order(database, of, cutting)
        catalog = Catalog(database)
        for number, cut in enumerate(ordered.cuts, start=1):
            members = (
                Member(512 + 1024 * at, at, bytes([at % 256]) * 32) for at in range(cut.items)
            )
            spdx = cut.group.license or of.license.spdx if of.license else None
            entry = Entry(f"set-{number:04}", spdx, "Example Lab", cut.group.rendition)
            catalog.place(cut, entry, members if packed else None)
        yield Made(database, ordered, catalog.write(database.folder / "catalog"))


def publish_catalog(folder: Path, items: str = ITEMS, **how: Any) -> Path:  # noqa: ANN401
    """Write a manifest of a catalog alone to `folder/out`; its data is in `folder/set-0001`."""
    with cataloged(folder, items, **how) as made:
        shutil.copytree(made.database.folder / "catalog", folder / "set-0001")
    report = build(folder / "set-0001", folder / "out", root=None, shard_size=10**9)
    entry = replace(report.manifest.shards[0], role=Role.CATALOG, use=None, coverage=None)
    total = replace(report.manifest.head.popularity, total=Decimal(1))  # type: ignore[type-var]
    of = replace(report.manifest.head, root=None, popularity=total)
    report.manifest_path.write_bytes(write_manifest(Manifest(of, (entry,))))
    return report.manifest_path
