"""DuckDB and plain Python decide the same shards for the same items."""

import csv
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from seedbox.catalog import tables
from seedbox.catalog.database import Database, Limits, opened
from seedbox.catalog.order import Cut, Cutting, items_of, order
from seedbox.errors import ItemsRefusedError, SourceError
from seedbox.manifest.model import Head
from seedbox.plan.build import BuildOptions, Item, plan_build
from seedbox.torrent import paths
from support.datasets import head

LICENSES: list[str | None] = [
    None,
    None,
    "CC0-1.0",
    "cc0 1.0",
    "CC-BY-4.0",
    "ODbL-1.0",
    "CC-BY-NC-4.0",
]
SEGMENTS = ["a", "b", "a b", "a-", "a.x", "Y", "z", "é", "ü", "😀", "字", "~"]
Found = list[tuple[list[str], int, Decimal, str | None, str | None]]


@st.composite
def tables_of_items(draw: st.DrawFn) -> list[Item]:
    names = draw(
        st.lists(
            st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(tuple),
            min_size=1,
            max_size=25,
            unique=True,
        )
    )
    few = st.sampled_from([Decimal(0), Decimal(1), Decimal("0.5"), Decimal("0.000000001")])
    many = st.decimals(min_value=0, max_value=10**24 - 1, places=9)
    few_or_all: list[list[str | None]] = [[None], LICENSES[:-1], LICENSES]
    licenses = draw(st.sampled_from(few_or_all))
    return [
        Item(
            (*name[:-1], f"{name[-1]}.bin"),  # so that no file is another's folder
            draw(st.integers(0, 60)),
            draw(st.one_of(few, few, many)),
            draw(st.sampled_from(licenses)),
        )
        for name in names
    ]


@settings(max_examples=40)
@given(tables_of_items(), st.integers(1, 150), st.booleans())
def test_the_same_items_make_the_same_shards(
    items: list[Item], shard_size: int, leave_out: bool
) -> None:
    of = head()
    wanted: Found | str = planned(of, items, shard_size, leave_out=leave_out)

    with tempfile.TemporaryDirectory() as folder:
        assert ordered(Path(folder), of, items, shard_size, leave_out=leave_out) == wanted


def planned(of: Head, items: Sequence[Item], shard_size: int, *, leave_out: bool) -> Found | str:
    options = BuildOptions(shard_size, leave_out_refused=leave_out)
    try:
        plan = plan_build(of, items, options, folder="x")
    except (SourceError, ItemsRefusedError) as error:
        return type(error).__name__
    return [
        (
            sorted(map("/".join, shard.sources)),
            shard.layout.size,
            shard.use,
            str(shard.coverage),
            shard.license.spdx if shard.license else None,
        )
        for shard in plan.shards
    ]


def ordered(
    folder: Path, of: Head, items: Sequence[Item], shard_size: int, *, leave_out: bool
) -> Found | str:
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "size", "popularity", "license"])
        for item in items:
            writer.writerow(["/".join(item.path), item.size, f"{item.value:f}", item.license])
    reads = [folder / "items.csv"]
    with opened(folder / "work", reads=reads, limits=Limits(2**27, 2)) as database:
        tables.settle(database, tables.read_items(database, reads[0]))
        try:
            found = order(database, of, Cutting(shard_size, leave_out_refused=leave_out))
        except (SourceError, ItemsRefusedError) as error:
            return type(error).__name__
        return [shard(database, cut) for cut in found.cuts]


def shard(database: Database, cut: Cut) -> tuple[list[str], int, Decimal, str, str | None]:
    held = list(items_of(database, cut))
    keys = [(-item.value, paths.order(tuple(item.path.split("/")))) for item in held]
    assert keys == sorted(keys)
    return (
        sorted(item.path for item in held),
        cut.size,
        cut.use,
        str(cut.coverage),
        cut.group.license,
    )
