from decimal import Decimal
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.catalog import tables
from seedbox.catalog.database import opened
from seedbox.catalog.order import Cutting, items_of, order
from seedbox.catalog.tables import Counts, Rules
from seedbox.errors import InvalidItemsError, UnsafePathsError
from support.catalogs import SMALL, STRICT, loaded
from support.content import write
from support.datasets import head

ITEMS = "path,size\na,1\nb,2\nc,3\n"


def settled(
    folder: Path, items: str, popularity: str | None = None, rules: Rules = STRICT
) -> tuple[Counts, dict[str, Decimal]]:
    """What was found, and the value of each item in order."""
    with loaded(folder, items, popularity, rules=rules) as (database, counts):
        key = None if popularity is None else "path"
        found = order(database, head(), Cutting(100), key=key)
        values = [(i.id, i.value) for cut in found.cuts for i in items_of(database, cut)]
        return counts, dict(values)


def problems(folder: Path, items: str, popularity: str | None = None, **rules: bool) -> list[str]:
    with (
        pytest.raises(InvalidItemsError) as caught,
        loaded(folder, items, popularity, rules=Rules(**rules)),
    ):
        pass
    return [str(each).replace(f"{folder}/", "") for each in caught.value.problems]


def test_a_popularity_table_gives_values_by_path(tmp_path: Path) -> None:
    counts, values = settled(tmp_path, ITEMS, "path,value\nb,2.5\na,7\n")

    assert counts == Counts(items=3, missing=1)
    assert list(values.items()) == [("a", Decimal(7)), ("b", Decimal("2.5")), ("c", Decimal(0))]


def test_a_popularity_table_goes_before_the_values_of_the_items(tmp_path: Path) -> None:
    items = "path,size,popularity\na,1,1\nb,2,2\nc,3,3\n"

    counts, values = settled(tmp_path, items, "path,value\nb,9\nc,\n")

    assert counts == Counts(items=3, missing=1)
    assert values == {"b": Decimal(9), "c": Decimal(3), "a": Decimal(1)}


def test_a_popularity_table_may_join_by_id(tmp_path: Path) -> None:
    items = "id,path,size\nx,a,1\ny,b,2\n"

    with loaded(tmp_path, items, "id,popularity\ny,5\n") as (database, counts):
        found = order(database, head(), Cutting(100), key="id")
        (cut,) = found.cuts
        assert [(i.id, i.path, i.value) for i in items_of(database, cut)] == [
            ("y", "b", Decimal(5)),
            ("x", "a", Decimal(0)),
        ]
    assert counts.missing == 1


def test_json_lines_of_popularity_join_by_what_they_have(tmp_path: Path) -> None:
    for key in ("path", "id"):
        items, used = tmp_path / "i.csv", tmp_path / "u.jsonl"
        items.write_text("id,path,size\nx,a,1\n")
        used.write_text(f'{{"{key}":"{"a" if key == "path" else "x"}","value":3}}\n')
        with opened(tmp_path / "work", reads=[items, used], limits=SMALL) as database:
            read = tables.read_items(database, items)
            popularity = tables.read_popularity(database, used)
            assert popularity.key == key
            assert tables.settle(database, read, popularity) == Counts(items=1)


def test_values_that_are_none_are_named_with_their_rows(tmp_path: Path) -> None:
    bad = "path,value\na,-1\nb,NaN\nc,many\n"

    assert problems(tmp_path, ITEMS, bad) == [
        "popularity.csv: row 1: 'a' has a wrong value: popularity '-1' is negative",
        "popularity.csv: row 2: 'b' has a wrong value: popularity 'NaN' is no number",
        (
            "popularity.csv: row 3: 'c' has a wrong value: popularity 'many' is no number from "
            "zero up, of at most 24 digits and 9 decimals"
        ),
    ]


def test_values_that_are_none_may_count_as_zero(tmp_path: Path) -> None:
    items = "path,size,popularity\na,1,-5\nb,2,2\nc,3,4\n"

    counts, values = settled(tmp_path, items, "path,value\nb,x\n", Rules(invalid=True))

    assert counts == Counts(items=3, invalid=2)
    assert values == {"c": Decimal(4), "a": Decimal(0), "b": Decimal(0)}


def test_missing_values_may_be_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, ITEMS, "path,value\nb,1\na,\n", missing=False) == [
        "popularity.csv: row 2: 'a' has no popularity",
        "items.csv: row 3: 'c' has no popularity",
    ]
    assert problems(tmp_path, ITEMS, missing=False)[0] == "items.csv: row 1: 'a' has no popularity"


def test_unknown_names_are_refused_or_ignored(tmp_path: Path) -> None:
    used = "path,value\na,1\nz,5\n"

    assert problems(tmp_path, ITEMS, used) == [
        f"popularity.csv: row 2: 'z' is not in {tmp_path}/items.csv".replace(f"{tmp_path}/", "")
    ]
    counts, values = settled(tmp_path, ITEMS, used, Rules(unknown=True))
    assert counts == Counts(items=3, missing=2, unknown=1)
    assert values["a"] == 1


def test_names_that_come_twice_are_refused_or_the_first_counts(tmp_path: Path) -> None:
    items, used = f"{ITEMS}a,9\nb,9\na,9\n", "path,value\na,1\na,2\n"

    assert problems(tmp_path, items, used) == [
        "items.csv: row 4: 'a' comes again",
        "items.csv: row 5: 'b' comes again",
        "items.csv: row 6: 'a' comes again",
        "popularity.csv: row 2: 'a' comes again",
    ]
    counts, values = settled(tmp_path, items, used, Rules(duplicates=True))
    assert counts == Counts(items=3, missing=2, duplicates=4)
    assert values["a"] == 1


def test_two_ids_cannot_have_one_path(tmp_path: Path) -> None:
    items = "id,path,size\nx,a,1\ny,a,1\n"

    assert problems(tmp_path, items) == ["items.csv: row 2: 'a' comes again"]


def test_rows_that_are_no_items_are_always_refused(tmp_path: Path) -> None:
    items = "id,path,size,sha256,license\n,,1,,\nx,,1,,\ny,b,one,,\nz,c,1,abc,\nw,d,1,,\x01a\n"

    assert problems(tmp_path, items, unknown=True, invalid=True, duplicates=True) == [
        "items.csv: row 1: has neither id nor path nor url",
        "items.csv: row 2: 'x' has neither path nor url",
        "items.csv: row 3: 'y' has a wrong value: 'one' is no size: a whole number of bytes",
        "items.csv: row 4: 'z' has a wrong value: 'abc' is no SHA-256: 64 hex digits",
        "items.csv: row 5: 'w' has a wrong value: license '\\x01a' is not a line of text",
    ]


def test_twenty_rows_of_a_kind_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    items = "path,size\n" + "".join(f"f{n},x\n" for n in range(1234))

    found = problems(tmp_path, items)

    assert len(found) == 21
    assert found[-1] == "items.csv: 1,214 more rows like these, 1,234 in all"


def test_the_files_of_a_folder_are_items(tmp_path: Path) -> None:
    write(tmp_path / "source", {"b/c": b"123", "a": b"1"})
    listing = disk.scan(tmp_path / "source")

    with opened(tmp_path / "work", limits=SMALL) as database:
        read = tables.list_files(database, listing.files, root=listing.root)
        assert tables.settle(database, read) == Counts(items=2, missing=2)
        (cut,) = order(database, head(), Cutting(100)).cuts
        assert [(i.path, i.size) for i in items_of(database, cut)] == [("a", 1), ("b/c", 3)]


def test_names_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    files = [disk.Located(tmp_path, (f"bad{n}\udcff",), 1, 0, n) for n in range(30)]

    with (
        opened(tmp_path / "work", limits=SMALL) as database,
        pytest.raises(UnsafePathsError) as caught,
    ):
        tables.list_files(database, files, root=tmp_path)
    assert len(caught.value.problems) == 20
    assert caught.value.problems[0].message == r"'bad0\udcff' is not valid UTF-8"
