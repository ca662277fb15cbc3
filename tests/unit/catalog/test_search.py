from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from seedbox.catalog.order import Cutting
from seedbox.catalog.search import open_catalog
from seedbox.errors import SourceError
from support.catalogs import ITEMS, cataloged

MANY = "path,size,popularity\n" + "".join(f"f{n:06},1,{n % 1013}\n" for n in range(30_000))


def found(folder: Path, *words: str, items: str = ITEMS, limit: int = 20) -> list[str]:
    with (
        cataloged(folder / "made", items, cutting=Cutting(10**6)) as made,
        open_catalog(folder, made.files) as catalog,
    ):
        return [item.id for item in catalog.search(words, limit)]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["hit"], ["top", "rare"]),
        (["HIT", "music"], ["top", "rare"]),
        (["ra\u0308re"], ["rare"]),
        (["TOP", "ogg"], ["top"]),
        (["second", "hit"], []),
        (["%"], []),
        (["' OR true --"], []),
        (["music"], ["top", "second", "rare", "never"]),
    ],
)
def test_every_word_is_in_the_id_or_path(words: list[str], ids: list[str], tmp_path: Path) -> None:
    assert found(tmp_path, *words) == ids


def test_the_most_popular_come_first_and_no_more_than_asked_for(tmp_path: Path) -> None:
    assert found(tmp_path, "f0", items=MANY, limit=3) == ["f001012", "f002025", "f003038"]


def test_an_item_is_found_by_its_id_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seedbox.catalog.parquet._ID_PART", 3000)
    with (
        cataloged(tmp_path / "made", MANY, cutting=Cutting(10**6)) as made,
        open_catalog(tmp_path, made.files) as catalog,
    ):
        item = catalog.item("f000001")
        assert item is not None
        assert (item.id, item.path, item.popularity, item.shard) == (
            "f000001",
            "f000001",
            Decimal(1),
            "set-0001",
        )
        assert catalog.item("f00000") is None
        assert catalog.item("x' OR true --") is None


def test_an_id_without_a_file_is_not_there(tmp_path: Path) -> None:
    with (
        cataloged(tmp_path / "made") as made,
        open_catalog(tmp_path, made.files[:1]) as catalog,
    ):
        assert catalog.item("top") is None


@pytest.mark.parametrize("sql", ["SELECT 1 AS rank", "SELECT 'x' AS rank, 'y' AS id"])
def test_parquet_that_is_no_catalog_is_refused(sql: str, tmp_path: Path) -> None:
    file = tmp_path / "items" / "0000.parquet"
    file.parent.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({sql}) TO '{file}'")

    with (
        pytest.raises(SourceError, match="is no catalog: Binder Error"),
        open_catalog(tmp_path, [file]) as catalog,
    ):
        catalog.search(["x"], 1)


def test_files_that_are_no_parquet_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "items" / "0000.parquet"
    file.parent.mkdir()
    file.write_bytes(b"no")

    with (
        pytest.raises(SourceError, match=r"is no catalog: .*Parquet"),
        open_catalog(tmp_path, [file]) as catalog,
    ):
        catalog.search(["x"], 1)


def test_a_folder_without_items_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceError, match="there is no items folder in it"),
        open_catalog(tmp_path, [tmp_path / "a.parquet"]),
    ):
        pass
