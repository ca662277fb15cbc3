from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from seedbox.catalog import tables
from seedbox.catalog.database import opened
from seedbox.errors import InvalidItemsError, SourceError, UsageError
from support.catalogs import SMALL

DIGEST = "aB" * 32


def read(file: Path) -> list[tuple[Any, ...]]:
    """The items of a file: id, path, url, size, value, license, sha256, fault, doubt."""
    with opened(file.parent / "work", reads=[file], limits=SMALL) as database:
        tables.read_items(database, file)
        return database.rows(
            "SELECT id, path, url, size, value, license, sha256, fault, doubt FROM items"
        )


def test_csv_json_and_parquet_say_the_same(tmp_path: Path) -> None:
    plain, lines, binary = (tmp_path / f"i.{end}" for end in ("csv", "jsonl", "parquet"))
    plain.write_text(
        f'\ufeffSize,Path,id,popularity,sha256,other\r\n5,"a,\nb",x,2.5,{DIGEST},1\r\n', "utf-8"
    )
    lines.write_text(
        f'{{"id":"x","path":"a,\\nb","size":5,"popularity":2.5,"sha256":"{DIGEST}","other":[1]}}\n'
    )
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'x' AS ID, 'a,' || chr(10) || 'b' AS path, 5::UTINYINT AS size, "
            f"2.5::DOUBLE AS popularity, unhex('{DIGEST}') AS sha256) TO '{binary}'"
        )

    wanted = [("x", "a,\nb", None, 5, Decimal("2.5"), None, bytes.fromhex(DIGEST), None, None)]
    assert read(plain) == read(lines) == read(binary) == wanted


def test_the_id_is_the_path_and_else_the_url(tmp_path: Path) -> None:
    file = tmp_path / "i.csv"
    file.write_text("id,path,url,size\n,a/b,,1\n,,https://e.org/c,2\nx,y,,3\n")

    assert [row[:3] for row in read(file)] == [
        ("a/b", None, None),
        ("https://e.org/c", None, "https://e.org/c"),
        ("x", "y", None),
    ]


@pytest.mark.parametrize(
    ("text", "value", "doubt"),
    [
        ("0", "0", None),
        (" 7 ", "7", None),
        ("999999999999999999999999.999999999", "999999999999999999999999.999999999", None),
        ("0.000000001", "0.000000001", None),
        ("", None, "missing"),
        ("-1", None, "negative"),
        ("NaN", None, "nan"),
        ("1e3", None, "unreadable"),
        ("1.0000000001", None, "unreadable"),
        ("1000000000000000000000000", None, "unreadable"),
        ("many", None, "unreadable"),
        ("inf", None, "unreadable"),
    ],
)
def test_a_value_in_csv_is_an_exact_number_from_zero_up(
    text: str, value: str | None, doubt: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "i.csv"
    file.write_text(f"path,size,popularity\na,1,{text}\n")

    ((*_, found, _, _, _, why),) = read(file)

    assert (found, why) == (None if value is None else Decimal(value), doubt)


@pytest.mark.parametrize(
    ("sql", "value", "doubt"),
    [
        ("1e3::DOUBLE", "1000", None),
        ("0.1::FLOAT", "0.100000001", None),
        ("'nan'::DOUBLE", None, "nan"),
        ("'inf'::DOUBLE", None, "unreadable"),
        ("-1::BIGINT", None, "negative"),
        ("NULL::BIGINT", None, "missing"),
        ("12.5::DECIMAL(18, 3)", "12.5", None),
        ("170141183460469231731687303715884105727::HUGEINT", None, "unreadable"),
        ("'2.5'::VARCHAR", "2.5", None),
    ],
)
def test_a_value_in_parquet_may_be_any_number(
    sql: str, value: str | None, doubt: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "i.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 'a' AS path, 1 AS size, {sql} AS value) TO '{file}'")

    ((*_, found, _, _, _, why),) = read(file)

    assert (found, why) == (None if value is None else Decimal(value), doubt)


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ("a,1.5,,", "size"),
        ("a,-1,,", "size"),
        ("a,,,", "size"),
        ("a,1000000000000000000000,,", "size"),
        (",1,,", "id"),
        ("a,1,a\x07b,", "license"),
        (f"a,1,{'x' * 1001},", "license"),
        ("a,1,,abc", "sha256"),
        (f"a,1,,{DIGEST}0", "sha256"),
        (f"a,1,CC0-1.0,{DIGEST}", None),
    ],
)
def test_a_row_that_is_no_item_has_a_reason(cells: str, fault: str | None, tmp_path: Path) -> None:
    file = tmp_path / "i.csv"
    file.write_text(f"path,size,license,sha256\n{cells}\n")

    assert [row[-2] for row in read(file)] == [fault]


def test_numbers_in_json_may_have_exponents_and_be_text(tmp_path: Path) -> None:
    file = tmp_path / "i.ndjson"
    file.write_text(
        '{"path":"a","size":1e3,"value":1e-3}\n'
        '{"path":"b","size":"7","value":"123456789012345678901234.5"}\n'
        '{"path":"c","size":1.5,"value":[1]}\n'
    )

    assert [(row[3], row[4], row[-2], row[-1]) for row in read(file)] == [
        (1000, Decimal("0.001"), None, None),
        (7, Decimal("123456789012345678901234.5"), None, None),
        (None, None, "size", "unreadable"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("i.csv", b"", "names no columns"),
        ("i.csv", b"\xff\xfe\n", "no CSV in UTF-8"),
        ("i.csv", b'pa"th,"size\n', "no CSV in UTF-8"),
        ("i.csv", b"path,size,Path\na,1,b\n", "names the column 'Path' again"),
        ("i.csv", b"path,popularity\na,1\n", "there is no column size"),
        ("i.csv", b"size\n1\n", "there is no column id or path or url"),
        ("i.csv", b"path,size\na,1\nb,2,3\n", r"i\.csv:3: .*Columns: 2 Found: 3"),
        ("i.csv", b"path,size\n\xff,1\n", r"i\.csv:2: .*unicode"),
        ("i.csv", b'path,size\na,1\n"b,2\n', r"i\.csv:3: .*unterminated quote"),
        ("i.jsonl", b'{"path":"a","size":1}\n[1]\n', r"i\.jsonl:2: .*Expected OBJECT"),
        ("i.jsonl", b'{"path":"a",\n', r"i\.jsonl:\d: .*Malformed JSON"),
        ("i.parquet", b"PAR1", "Parquet"),
    ],
)
def test_a_file_that_breaks_its_format_is_named_with_the_line(
    name: str, data: bytes, words: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(data)

    with pytest.raises(InvalidItemsError, match=words):
        read(file)


def test_a_file_is_known_by_the_end_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"items\.xlsx is no table by its name"):
        read(tmp_path / "items.xlsx")


@pytest.mark.parametrize("name", ["i.csv", "i.parquet", "i.jsonl"])
def test_a_file_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        read(tmp_path / name)
