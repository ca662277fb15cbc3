import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidListError
from seedbox.plan.lists import Entry, read_list

BASE = "https://data.example.org/set/"
HEX = "0a" * 32


def read(text: str, base: str | None = BASE) -> list[Entry]:
    return read_list(text.encode(), file="list", base=base)


def refused(text: str, base: str | None = BASE) -> list[tuple[int | None, str]]:
    with pytest.raises(InvalidListError) as caught:
        read(text, base)
    assert caught.value.exit_status == 4
    return [(problem.line, problem.message) for problem in caught.value.problems]


def croissant(*distribution: object, **more: object) -> str:
    return json.dumps({"@type": "sc:Dataset", "distribution": distribution, **more})


# --- lines ------------------------------------------------------------------------------------


def test_a_plain_list_has_a_url_a_line_and_may_have_sizes_and_digests() -> None:
    text = f"# all of it\n\nhttps://a.example/b\r\nc/d 12\n  e\t0\tsha256:{HEX}  \n"

    assert read(text) == [
        Entry("https://a.example/b", 3),
        Entry(f"{BASE}c/d", 4, 12),
        Entry(f"{BASE}e", 5, 0, bytes.fromhex(HEX)),
    ]


def test_checksum_files_have_paths_as_they_are() -> None:
    text = f"{HEX}  a b%20c#?.bin\n{HEX.upper()} *./d/é\n"

    assert read(text) == [
        Entry(f"{BASE}a%20b%2520c%23%3F.bin", 1, None, bytes.fromhex(HEX)),
        Entry(f"{BASE}d/%C3%A9", 2, None, bytes.fromhex(HEX)),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "a b",
        "a 1 2",
        f"a sha256:{HEX}",
        f"a 1 sha256:{HEX.upper()}",
        "a 1 sha256:12",
        "a 1234567890123456789",
        "a -1",
        f"\\{HEX}  a\\nb",
        f"{HEX} a",
        "a \u0661",
    ],
)
def test_other_lines_are_refused_and_shown(line: str) -> None:
    ((number, message),) = refused(f"ok\n{line}\n")

    assert number == 2
    assert message == f"{line!r} is no line of a list"


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "b/../../a"])
def test_what_leads_out_of_the_folder_is_refused(path: str) -> None:
    assert refused(f"{HEX}  {path}") == [(1, f"{path!r} leads out of the folder")]
    assert refused(path) == [(1, f"{path!r} leads out of the folder")]


def test_paths_need_something_that_they_are_seen_from() -> None:
    assert refused("a\nhttps://b.example/c\n", None) == [(1, "'a' is not seen from any URL")]
    document = croissant({"contentUrl": "a"})
    assert refused(document, None) == [(None, "'a' is not seen from any URL")]


def test_all_problems_are_told_at_once_up_to_a_hundred() -> None:
    assert [line for line, _ in refused("a b\nc\nd e\n")] == [1, 3]
    found = refused("a b\n" * 1000)
    assert len(found) == 101
    assert found[-1] == (100, "has 100 problems up to here")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidListError, match="byte 1 is not UTF-8"):
        read_list(b"a\xff", file="list", base=BASE)


@given(st.text(), st.booleans())
def test_whatever_stands_there_is_read_or_refused(text: str, seen: bool) -> None:
    entries = []
    with contextlib.suppress(InvalidListError):
        entries = read(text, BASE if seen else None)
    assert all(entry.line is None or entry.line >= 1 for entry in entries)


# --- Croissant --------------------------------------------------------------------------------


def test_the_files_of_a_croissant_document_are_those_with_a_url_of_their_own() -> None:
    text = croissant(
        {"@type": "cr:FileObject", "contentUrl": "a.csv", "contentSize": "12 B", "sha256": HEX},
        {"sc:contentUrl": "https://b.example/c", "contentSize": "2 MB"},
        {"contentUrl": "inside.csv", "containedIn": {"@id": "a.zip"}},
        {"contentUrl": "https://c.example/repo", "encodingFormat": "git+https"},
        {"@type": "cr:FileSet", "includes": "*.csv"},
    )

    assert read(text) == [
        Entry(f"{BASE}a.csv", None, 12, bytes.fromhex(HEX)),
        Entry("https://b.example/c", None),
    ]


def test_a_dataset_in_a_graph_is_found() -> None:
    text = json.dumps({"@graph": [{"sc:distribution": {"contentUrl": "a", "contentSize": 7}}]})

    assert read(text) == [Entry(f"{BASE}a", None, 7)]


def test_digests_that_are_none_are_refused() -> None:
    ((_, message),) = refused(croissant({"contentUrl": "a", "sha256": "https://c.example/80"}))

    assert message == "'a' has the sha256 'https://c.example/80', which is none"


@pytest.mark.parametrize("text", ["{}", "[]", croissant(), croissant({"contentUrl": {}})])
def test_documents_that_name_no_file_are_refused(text: str) -> None:
    ((_, message),) = refused(text)

    assert message.startswith("is no Croissant document that names files")


@pytest.mark.parametrize("text", ["{", '{"a": 1, "a": 2}', "[" * 100])
def test_json_that_two_readers_could_disagree_on_is_refused(text: str) -> None:
    assert len(refused(text)) == 1
