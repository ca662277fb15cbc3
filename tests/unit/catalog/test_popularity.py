import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.catalog.popularity import parse_popularity, read_popularity
from seedbox.errors import InvalidPopularityError, SourceError

paths = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
values = st.decimals(min_value=0, max_value=10**24 - 1, places=9)


def values_of(text: str | bytes) -> dict[str, str]:
    data = text.encode() if isinstance(text, str) else text
    rows = parse_popularity(data, file="p.csv").rows
    return {path: str(row.value) for path, row in rows.items()}


def refused(text: str | bytes) -> list[str]:
    """The problems of a table, as `line: message`."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(InvalidPopularityError) as caught:
        parse_popularity(data, file="p.csv")
    error = caught.value
    assert (error.exit_status, error.code) == (4, "invalid-popularity")
    assert all(problem.file == "p.csv" and problem.hint for problem in error.problems)
    return [f"{problem.line}: {problem.message}" for problem in error.problems]


# --- what is read -----------------------------------------------------------------------------


def test_a_table_gives_the_exact_value_and_the_line_of_each_path() -> None:
    table = parse_popularity(b"path,value\na.txt,12\nb/c.txt,0.000000001\n", file="p.csv")

    assert table.file == "p.csv"
    assert {path: (row.value, row.line) for path, row in table.rows.items()} == {
        "a.txt": (Decimal(12), 2),
        "b/c.txt": (Decimal("0.000000001"), 3),
    }


def test_columns_are_found_by_name_in_any_order_and_case_among_others() -> None:
    assert values_of("title, Value ,PATH,note\nx,5,a,y\n") == {"a": "5"}


def test_a_byte_order_mark_and_crlf_line_ends_are_no_part_of_the_data() -> None:
    assert values_of("\ufeffpath,value\r\na,1\r\nb,2\r\n") == {"a": "1", "b": "2"}


def test_quoted_paths_may_hold_commas_quotes_and_line_breaks() -> None:
    assert values_of('path,value\n"a, b","1"\n"say ""hi""",2\n"two\nlines",3\n') == {
        "a, b": "1",
        'say "hi"': "2",
        "two\nlines": "3",
    }


def test_spaces_belong_to_a_path_and_not_to_a_value() -> None:
    assert values_of("path,value\n a ,  5 \n") == {" a ": "5"}


def test_empty_lines_are_passed_over_and_the_last_needs_no_line_end() -> None:
    assert values_of("path,value\n\na,1\n\n\nb,2") == {"a": "1", "b": "2"}


def test_a_table_may_hold_no_paths_at_all() -> None:
    assert values_of("path,value\n") == {}


def test_the_largest_and_the_finest_value_are_exact() -> None:
    most = "9" * 24 + "." + "9" * 9

    assert values_of(f"path,value\na,{most}\nb,0\nc,007\n") == {"a": most, "b": "0", "c": "7"}


@given(st.dictionaries(paths, values))
def test_what_a_csv_writer_writes_is_read_back(table: dict[str, Decimal]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([("path", "value"), *((path, f"{table[path]:f}") for path in table)])

    assert {path: Decimal(value) for path, value in values_of(text.getvalue()).items()} == table


def test_a_table_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"path,value\na,1\n")

    assert read_popularity(tmp_path / "p.csv").rows["a"].value == 1
    with pytest.raises(SourceError, match="does not exist"):
        read_popularity(tmp_path / "q.csv")


def licenses_of(text: str) -> dict[str, str | None]:
    rows = parse_popularity(text.encode(), file="p.csv").rows
    return {path: row.license for path, row in rows.items()}


def test_a_table_may_give_files_licenses_of_their_own() -> None:
    text = "license,path,value\nMIT,a,1\n CC BY 4.0 ,b,2\n,c,3\n  ,d,4\n"

    assert licenses_of(text) == {"a": "MIT", "b": "CC BY 4.0", "c": None, "d": None}
    assert licenses_of("path,value,License\na,1,ISC OR MIT\n") == {"a": "ISC OR MIT"}
    assert licenses_of("path,value\na,1\n") == {"a": None}


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "sNaN",
        "inf",
        "-Infinity",
        "-1",
        "-0.0",
        "+1",
        "1e5",
        "1E-3",
        "0x10",
        "1_000",
        "1 000",
        ".5",
        "5.",
        "1.2.3",
        "many",
        "",
        "١٢",  # digits, not ASCII
        "9" * 25,
        "0." + "1" * 10,
    ],
)
def test_a_value_that_is_no_plain_number_from_zero_up_is_refused(value: str) -> None:
    assert refused(f"path,value\na,1\nb,{value}\n") == [
        f"3: value {value!r} of 'b' is no number from zero up"
    ]


def test_a_number_with_a_decimal_comma_is_not_taken_for_its_first_half() -> None:
    assert refused('path,value\na,"1,5"\n') == ["2: value '1,5' of 'a' is no number from zero up"]


def test_a_path_that_comes_twice_is_refused_with_both_lines() -> None:
    assert refused("path,value\na,1\nb,2\na,1\n") == ["4: path 'a' comes again, first in line 2"]


def test_all_problems_are_told_at_once_each_with_its_line() -> None:
    assert refused("path,value\na,x\nb\n,3\nc,1\n\nc,2\nd,-4\n") == [
        "2: value 'x' of 'a' is no number from zero up",
        "3: has 1 cells, the header names more",
        "4: has no path",
        "7: path 'c' comes again, first in line 5",
        "8: value '-4' of 'd' is no number from zero up",
    ]


@pytest.mark.parametrize(
    ("header", "column", "count"),
    [
        ("", "path", 0),
        ("a.txt,5", "path", 0),
        ("path", "value", 0),
        ("value", "path", 0),
        ("path;value", "path", 0),
        ("path,value,path", "path", 2),
        ("path,value,Value", "value", 2),
    ],
)
def test_a_first_line_without_each_column_once_is_refused(
    header: str, column: str, count: int
) -> None:
    (problem,) = refused(f"{header}\nb.txt,6\n")

    words = f"1: the first line names the column {column!r} {count} times, not once"
    assert problem.startswith(words)


def test_licenses_that_are_no_line_of_text_are_refused_with_all_else() -> None:
    long = "x" * 1001
    text = f'path,value,license\na,1,"M\nIT"\nb,1\nc,1,{long}\nd,z,MIT\ne,1,M\x1bIT\n'

    assert refused(text) == [
        "3: license 'M\\nIT' of 'a' is not a line of text",
        "4: has 2 cells, the header names more",
        f"5: license '{'x' * 40}' of 'c' is not a line of text",
        "6: value 'z' of 'd' is no number from zero up",
        "7: license 'M\\x1bIT' of 'e' is not a line of text",
    ]
    (problem,) = refused("path,value,license,License\n")
    assert problem == "1: the first line names the column 'license' 2 times, not once"


def test_an_empty_file_is_refused() -> None:
    (problem,) = refused("")

    assert problem.startswith("1: the first line names the column 'path' 0 times")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('path,value\na,1\n"b,2\n', "3: is no CSV: unexpected end of data"),
        ('path,value\n"a"b,2\n', "2: is no CSV: ',' expected after '\"'"),
    ],
)
def test_broken_quotes_are_refused_where_they_break(text: str, problem: str) -> None:
    assert refused(text) == [problem]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"path,value\na,1\n\xe9,2\n", "3: is not UTF-8: byte 0xe9"),
        ("path,value\n".encode("utf-16"), "1: is not UTF-8: byte 0xff"),
        (b"\x28\xb5\x2f\xfd", "1: is not UTF-8: byte 0xb5"),
    ],
)
def test_a_table_that_is_not_utf8_is_refused_with_the_line(data: bytes, problem: str) -> None:
    assert refused(data) == [problem]


def test_a_hostile_table_does_not_flood_the_terminal() -> None:
    problems = refused("path,value\n" + "a,x\n" * 10_000 + f"{'p' * 10_000},{'v' * 10_000}\n")

    assert len(problems) == 101
    assert problems[-1] == "101: has 100 problems up to here"
    assert len(refused(f"path,value\n{'p' * 10_000},{'v' * 10_000}\n")[0]) < 400
