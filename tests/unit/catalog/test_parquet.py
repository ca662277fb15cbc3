import hashlib
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from seedbox.catalog.database import Limits
from seedbox.catalog.order import Cutting
from seedbox.catalog.parquet import Catalog, Entry, Member
from support.catalogs import ITEMS, SMALL, cataloged

MANY = "path,size,popularity,license\n" + "".join(
    f"f{n:06},{n % 900 + 1},{n % 1013},{'CC-BY-4.0' if n % 3 else ''}\n" for n in range(40_000)
)
COLUMNS = (
    "rank id path url popularity size license attribution sha256 shard rendition offset length"
)


def digests(folder: Path, limits: Limits, items: str = MANY) -> dict[str, str]:
    with cataloged(folder, items, cutting=Cutting(10**6), limits=limits, packed=True) as made:
        return {
            f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()
            for file in made.files
        }


def test_the_same_items_give_the_same_bytes_with_any_threads_and_memory(tmp_path: Path) -> None:
    one = digests(tmp_path / "a", Limits(2**30, 1))
    four = digests(tmp_path / "b", Limits(2**28, 4))

    assert list(one) == ["items/0000.parquet", "ids/all.parquet"]
    assert one == four


@pytest.mark.skipif(duckdb.__version__ != "2.0.0", reason="its version is in the bytes")
def test_the_bytes_are_those_of_other_machines(tmp_path: Path) -> None:
    assert digests(tmp_path / "a", SMALL, ITEMS) == {
        "items/0000.parquet": "a347c96862b0fdb25ad23fcf3d8fbed4c951a8d46cd19b8c41549bebf4cac826",
        "ids/all.parquet": "dcdbf193c22ccc6e08be2158bba1eeec549a311d0207d661906d643c1a090257",
    }


def test_the_same_rows_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    header, *rows = MANY.splitlines()

    turned = digests(tmp_path / "a", SMALL, "\n".join([header, *reversed(rows), ""]))

    assert turned == digests(tmp_path / "b", SMALL)


ROWS = [
    (
        1,
        "top",
        "music/Top Hit.ogg",
        None,
        Decimal(90),
        1000,
        "CC0-1.0",
        "Example Lab",
        None,
        "set-0001",
        *(None,) * 3,
    ),
    (
        2,
        "second",
        "music/second.ogg",
        None,
        Decimal("9.5"),
        2000,
        "CC-BY-4.0",
        "By Ada",
        None,
        "set-0002",
        *(None,) * 3,
    ),
    (
        3,
        "rare",
        "music/räre hit.ogg",
        None,
        Decimal("1e-9"),
        500,
        "CC0-1.0",
        "Example Lab",
        None,
        "set-0001",
        *(None,) * 3,
    ),
    (
        4,
        "never",
        "music/never.ogg",
        None,
        Decimal(0),
        700,
        "CC0-1.0",
        "Example Lab",
        None,
        "set-0001",
        *(None,) * 3,
    ),
]


def test_a_catalog_has_every_item_most_popular_first(tmp_path: Path) -> None:
    with cataloged(tmp_path / "made") as made, duckdb.connect() as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(made.files[0])])
        assert [column[0] for column in found.description] == COLUMNS.split()
        rows = found.fetchall()

    assert rows == ROWS


def test_places_in_a_tar_and_digests_are_those_of_each_item(tmp_path: Path) -> None:
    with cataloged(tmp_path / "made", packed=True) as made, duckdb.connect() as connection:
        rows = connection.execute(
            'SELECT id, "offset", length, sha256 FROM read_parquet(?)', [str(made.files[0])]
        ).fetchall()

    assert rows == [
        ("top", 512, 0, "00" * 32),
        ("second", 512, 0, "00" * 32),
        ("rare", 1536, 1, "01" * 32),
        ("never", 2560, 2, "02" * 32),
    ]


def test_ids_lead_to_ranks_in_files_by_their_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbox.catalog.parquet._ID_PART", 4000)
    monkeypatch.setattr("seedbox.catalog.parquet._PART", 2**14)
    with (
        cataloged(tmp_path / "made", MANY, cutting=Cutting(10**6)) as made,
        duckdb.connect() as connection,
    ):
        names = [f"{file.parent.name}/{file.stem}" for file in made.files]
        ranks: dict[str, int] = {}
        for file in made.files[3:]:
            rows = connection.execute(
                "SELECT id, rank FROM read_parquet(?)", [str(file)]
            ).fetchall()
            assert [row[0] for row in rows] == sorted(row[0] for row in rows)
            assert {hashlib.sha256(id_.encode()).hexdigest()[0] for id_, _ in rows} == {file.stem}
            ranks |= dict(rows)
        listed = connection.execute(
            "SELECT id, rank FROM read_parquet(?)", [list(map(str, made.files[:3]))]
        ).fetchall()

    assert names == ["items/0000", "items/0001", "items/0002", *(f"ids/{d:x}" for d in range(16))]
    assert [rank for _, rank in listed] == list(range(1, 40_001))
    assert ranks == dict(listed)


def test_a_shard_has_as_many_members_as_items(tmp_path: Path) -> None:
    with cataloged(tmp_path / "made", ITEMS) as made:
        made.database.run("DROP TABLE shards")
        made.database.run("DROP TABLE placed")
        catalog = Catalog(made.database)
        with pytest.raises(ValueError, match="x has 3 items, 1 were placed"):
            catalog.place(made.ordered.cuts[0], Entry("x", None), [Member(0, 1)])
