from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from seedbox.catalog.order import Cut, Cutting, Group, Ordered, Rendition, items_of, order
from seedbox.errors import ItemsRefusedError, LicenseRefusedError, SourceError, UsageError
from seedbox.manifest.model import Head
from support.catalogs import ITEMS, loaded
from support.datasets import CLOSED, USE, head

HUNDRED = Cutting(100)
SPREAD = "path,size,popularity\n" + "".join(f"f{n:05},{n % 7},{n % 11}\n" for n in range(9000))


def ordered(
    folder: Path, items: str, cutting: Cutting = HUNDRED, of: Head | None = None
) -> tuple[Ordered, list[list[str]]]:
    with loaded(folder, items) as (database, _):
        found = order(database, of or head(), cutting)
        return found, [[item.id for item in items_of(database, cut)] for cut in found.cuts]


def test_items_have_all_that_is_known_of_them(tmp_path: Path) -> None:
    with loaded(tmp_path, ITEMS) as (database, _):
        found = order(database, head(), Cutting(10**6))
        (item,) = (i for cut in found.cuts for i in items_of(database, cut) if i.id == "second")

    assert (item.path, item.size, item.value) == ("music/second.ogg", 2000, Decimal("9.5"))
    assert (item.license, item.attribution, item.url, item.sha256) == (
        "CC-BY-4.0",
        "By Ada",
        None,
        None,
    )
    assert [cut.group.license for cut in found.cuts] == [None, "CC-BY-4.0"]


def test_ties_come_by_id_and_a_slash_before_all_else(tmp_path: Path) -> None:
    _, held = ordered(tmp_path, "path,size\nb,1\na b,1\na/z,1\na-,1\né,1\nZ,1\n")

    assert held == [["Z", "a/z", "a b", "a-", "b", "é"]]


def test_cuts_in_many_blocks_are_those_of_one_walk(tmp_path: Path) -> None:
    found, held = ordered(tmp_path, SPREAD, Cutting(5000))

    rows = [tuple(map(int, line[1:].split(","))) for line in SPREAD.splitlines()[1:]]
    walked: list[list[int]] = [[]]
    size = 0
    for number, length, _ in sorted(rows, key=lambda row: (-row[2], row[0])):
        if size and length and size + length > 5000:
            walked.append([])
            size = 0
        walked[-1].append(number)
        size += length
    assert [[int(name[1:]) for name in shard] for shard in held] == walked
    assert found.items == 9000
    assert found.total == sum(n % 11 for n in range(9000))
    assert found.cuts[-1].coverage == 1


def test_a_shard_has_so_many_items_at_most_but_for_empty_ones(tmp_path: Path) -> None:
    items = "path,size,popularity\ne,0,9\na,1,8\nb,1,7\nc,1,6\nz,0,5\ny,0,4\nd,1,3\n"

    _, held = ordered(tmp_path, items, Cutting(100, shard_items=2))

    assert held == [["e", "a"], ["b", "c", "z", "y"], ["d"]]


def test_items_are_grouped_by_rendition_below_its_bound(tmp_path: Path) -> None:
    items = "path,size,popularity\na,9,5\nb,9,1\nc,9,0.999999999\nd,0,0\ne,9,0.5\n"
    renditions = (
        Rendition("original"),
        Rendition("opus-75k", Decimal(1)),
        Rendition("tiny", Decimal("0.50000000001")),
    )

    found, held = ordered(tmp_path, items, Cutting(100, renditions=renditions))

    assert [cut.group for cut in found.cuts] == [
        Group(None, "original"),
        Group(None, "opus-75k"),
        Group(None, "tiny"),
    ]
    assert held == [["a", "b", "d"], ["c"], ["e"]]


def test_shards_of_all_groups_come_by_mean_popularity(tmp_path: Path) -> None:
    items = "path,size,popularity,license\na,9,1,\nb,9,5,CC-BY-4.0\nc,9,2,\nd,9,5,ODbL-1.0\n"

    found, held = ordered(tmp_path, items, Cutting(9))

    assert held == [["b"], ["d"], ["c"], ["a"]]
    assert [str(cut.coverage) for cut in found.cuts] == [
        "0.384615",
        "0.769231",
        "0.923077",
        "1.000000",
    ]


def test_what_is_not_open_is_refused_and_named(tmp_path: Path) -> None:
    items = "path,size,license\n" + "".join(f"f{n:03},1,CC-BY-NC-4.0\n" for n in range(300))

    with pytest.raises(ItemsRefusedError) as caught:
        ordered(tmp_path, f"{items}a,1,\n")
    assert caught.value.message.startswith("300 of 301 files may not be shared:\n  'f000': ")
    assert caught.value.message.endswith("  280 more")


def test_what_is_not_open_may_be_left_out_and_stays_in_the_total(tmp_path: Path) -> None:
    items = "path,size,popularity,license\na,1,3,\nb,1,1,CC-BY-NC-4.0\n"

    found, held = ordered(tmp_path, items, Cutting(9, leave_out_refused=True))

    assert held == [["a"]]
    assert (found.refused, found.total) == (1, Decimal(4))
    assert found.cuts[0].coverage == Decimal("0.75")


def test_a_dataset_that_is_not_open_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LicenseRefusedError):
        ordered(tmp_path, ITEMS, of=head(license=CLOSED))


def test_the_total_of_the_head_is_kept_and_must_be_enough(tmp_path: Path) -> None:
    items = "path,size,popularity\na,1,3\n"

    found, _ = ordered(tmp_path, items, of=head(popularity=replace(USE, total=Decimal(4))))

    assert found.cuts[0].coverage == Decimal("0.75")
    with pytest.raises(UsageError, match=r"popularity\.total is 2, the items alone have 3"):
        ordered(tmp_path, items, of=head(popularity=replace(USE, total=Decimal(2))))


@pytest.mark.parametrize(
    "items", ["path,size\n", "path,size\na,0\n", "path,size,license\na,0,\nb,1,MIT\n"]
)
def test_a_group_without_data_is_refused(items: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no data"):
        ordered(tmp_path, items)


def test_items_come_in_chunks_that_join_up(tmp_path: Path) -> None:
    items = "path,size\n" + "".join(f"f{n:06},1\n" for n in range(120_000))

    with loaded(tmp_path, items) as (database, _):
        (cut,) = order(database, head(), Cutting(10**6)).cuts
        assert [i.row for i in items_of(database, cut)] == list(range(120_000))


def test_a_cut_knows_its_mean() -> None:
    cut = Cut(Group(None, None), 3, 7, 10, Decimal(2))

    assert (cut.items, cut.mean) == (4, Fraction(1, 2))


def test_a_popularity_table_may_give_licenses(tmp_path: Path) -> None:
    used = "path,value,license\na,2,CC-BY-4.0\nb,1,\n"

    with loaded(tmp_path, "path,size\na,1\nb,1\n", used) as (database, _):
        found = order(database, head(), HUNDRED, key="path")

    assert [cut.group.license for cut in found.cuts] == ["CC-BY-4.0", None]
