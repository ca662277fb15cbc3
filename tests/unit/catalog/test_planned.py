from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from seedbox.catalog.database import Row, opened
from seedbox.catalog.parquet import NONE, Digests
from seedbox.catalog.planned import enter
from seedbox.manifest.model import Head, License, Pack, Rendition
from seedbox.plan.build import BuildOptions, Item, Original, plan_build
from support.catalogs import SMALL
from support.datasets import head


def listed(
    folder: Path, of: Head, items: Sequence[Item], columns: str, digests: Digests = NONE
) -> list[Row]:
    """Some columns of the catalog of a plan, in its order."""
    plan = plan_build(of, items, BuildOptions(2500), folder="x")
    with opened(folder / "work", limits=SMALL) as database:
        catalog = enter(database, plan.head, plan.shards, digests)
        (table, _) = catalog.write(database.folder / "made")
        query = f"SELECT {columns} FROM read_parquet(?)"  # noqa: S608  (these tests' own)
        return database.rows(query, str(table))


def item(path: str, size: int, value: str, **more: object) -> Item:
    return Item(tuple(path.split("/")), size, Decimal(value), **more)  # type: ignore[arg-type]


def test_items_come_most_used_first_with_the_shard_of_each(tmp_path: Path) -> None:
    items = [item("b", 1000, "0"), item("a/x", 2000, "9.5"), item("Z", 10, "0")]

    assert listed(tmp_path, head(), items, "rank, id, path, popularity, size, shard") == [
        (1, "a/x", None, Decimal("9.5"), 2000, "set-0001"),
        (2, "Z", None, Decimal(0), 10, "set-0001"),
        (3, "b", None, Decimal(0), 1000, "set-0002"),
    ]


def test_the_smallest_and_the_largest_values_stay_exact(tmp_path: Path) -> None:
    largest = "999999999999999999999999.999999999"
    items = [item("b", 1, "0.000000001"), item("a", 1, largest)]

    assert listed(tmp_path, head(), items, "popularity") == [
        (Decimal(largest),),
        (Decimal("0.000000001"),),
    ]


def test_ranks_go_over_all_licenses_and_each_item_has_its_own(tmp_path: Path) -> None:
    own = {"license": "CC-BY-4.0"}
    items = [item("a", 1, "3"), item("b", 1, "2", **own), item("c", 1, "1")]
    of = head(license=License("CC0-1.0", attribution="Example Lab"))

    assert listed(tmp_path, of, items, "rank, id, license, attribution, shard") == [
        (1, "a", "CC0-1.0", "Example Lab", "set-0001"),
        (2, "b", "CC-BY-4.0", None, "set-0002"),
        (3, "c", "CC0-1.0", "Example Lab", "set-0001"),
    ]


def test_a_packed_item_lies_behind_its_header_of_512_bytes(tmp_path: Path) -> None:
    items = [item("a", 1000, "2"), item("b", 10, "1")]

    assert listed(tmp_path, head(pack=Pack.TAR), items, 'id, "offset", length') == [
        ("a", 512, 1000),
        ("b", 512 + 1024 + 512, 10),
    ]


def test_what_was_encoded_goes_by_the_name_size_and_digest_of_its_original(tmp_path: Path) -> None:
    original = Original(("a.wav",), 5000, b"\x01" * 32)
    items = [item("a.opus", 500, "1", original=original, rendition="small"), item("b", 10, "2")]
    of = head(renditions=(Rendition("small", encode="opus-75k"),), pack=Pack.TAR)

    assert listed(tmp_path, of, items, "id, path, size, sha256, rendition, length") == [
        ("b", None, 10, None, None, 10),
        ("a.wav", "a.opus", 5000, "01" * 32, "small", 500),
    ]


def test_a_packed_item_has_the_digest_that_it_was_packed_with_unless_it_was_encoded(
    tmp_path: Path,
) -> None:
    original = Original(("a.wav",), 5000, b"\x01" * 32)
    items = [
        item("a.opus", 500, "1", original=original, rendition="small"),
        item("b", 10, "3"),
        item("c", 10, "2"),
    ]
    of = head(renditions=(Rendition("small", encode="opus-75k"),), pack=Pack.TAR)
    packed = {0: [b"\x02" * 32, b"\x03" * 32], 1: iter([b"\x04" * 32])}

    assert listed(tmp_path, of, items, "id, sha256", packed) == [
        ("b", "02" * 32),
        ("c", "03" * 32),
        ("a.wav", "01" * 32),
    ]
