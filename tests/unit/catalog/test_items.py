import os
from decimal import Decimal
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.catalog.items import items_in
from seedbox.errors import InvalidPopularityError
from seedbox.plan.build import Item
from support.content import write


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "popularity.csv"
    path.write_text("\n".join(["path,value", *lines]), "utf-8")
    return path


@pytest.fixture
def listing(tmp_path: Path) -> disk.Listing:
    write(tmp_path / "source", {"a": b"1", "b/c": b"12", "b/empty": b""})
    return disk.scan(tmp_path / "source")


def test_each_file_gets_its_value_and_the_others_zero_and_are_counted(
    tmp_path: Path, listing: disk.Listing
) -> None:
    items, unlisted = items_in(listing, table(tmp_path, "b/c,2.5"))

    assert items == [
        Item(("a",), 1, Decimal(0)),
        Item(("b", "c"), 2, Decimal("2.5")),
        Item(("b", "empty"), 0, Decimal(0)),
    ]
    assert unlisted == 2


def test_each_file_gets_its_license_and_the_others_none(
    tmp_path: Path, listing: disk.Listing
) -> None:
    path = tmp_path / "popularity.csv"
    path.write_text("path,value,license\nb/c,1,MIT\na,2,\n")

    items, _ = items_in(listing, path)

    assert [item.license for item in items] == [None, "MIT", None]


def test_without_a_table_nothing_is_known_and_nothing_is_counted(listing: disk.Listing) -> None:
    items, unlisted = items_in(listing, None)

    assert [item.value for item in items] == [0, 0, 0]
    assert unlisted == 0


def test_paths_that_are_not_in_the_source_are_refused_all_at_once_with_their_lines(
    tmp_path: Path, listing: disk.Listing
) -> None:
    path = table(tmp_path, "/a,1", "a,1", "b,1", "../source/a,1", "b\\c,1", "A,1")

    with pytest.raises(InvalidPopularityError) as caught:
        items_in(listing, path)

    source = tmp_path / "source"
    assert [str(problem) for problem in caught.value.problems] == [
        f"{path}:2: path '/a' is not in {source}",
        f"{path}:4: path 'b' is not in {source}",
        f"{path}:5: path '../source/a' is not in {source}",
        f"{path}:6: path 'b\\\\c' is not in {source}",
        f"{path}:7: path 'A' is not in {source}",
    ]
    assert {problem.rule for problem in caught.value.problems} == {"unknown-path"}


def test_of_many_unknown_paths_the_first_are_named_and_the_others_counted(
    tmp_path: Path, listing: disk.Listing
) -> None:
    path = table(tmp_path, *(f"gone/{number},1" for number in range(1500)))

    with pytest.raises(InvalidPopularityError) as caught:
        items_in(listing, path)

    problems = caught.value.problems
    assert len(problems) == 21
    assert problems[19].message.startswith("path 'gone/19' is not in")
    assert problems[20].message.startswith("1,480 more paths from here on are not in")
    assert problems[20].line == 22


def test_a_file_whose_name_is_not_utf8_is_an_item_that_no_table_can_name(
    tmp_path: Path, listing: disk.Listing
) -> None:
    odd = os.fsdecode(b"\xff")
    (listing.root / odd).write_bytes(b"1")

    items, unlisted = items_in(disk.scan(listing.root), table(tmp_path, "a,1"))

    assert [item.path for item in items][-1] == (odd,)
    assert unlisted == 3
