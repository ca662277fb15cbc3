import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidManifestError, LicenseRefusedError
from seedbox.manifest import licenses
from seedbox.manifest.guess import Text, guess
from seedbox.manifest.guess.draft import Draft, draft
from seedbox.manifest.parse import parse_head

NOW = datetime(2026, 11, 2, 9, 0, 0, 123456, tzinfo=UTC)
ID = "org.example/wiki-graph"
WHOLE = json.dumps(
    {
        "title": "Link graph",
        "description": "Who links: all # of them",
        "homepage": "https://example.org/",
        "version": "1.10",
        "licenses": [{"name": "CC-BY-4.0"}],
        "keywords": ["no", "12:30:00", "a, b"],
        "contributors": [{"title": "Ann {Dijk}", "role": "author"}],
    }
)


def made(
    files: dict[str, str], *, dataset_id: str | None = ID, issued: datetime = NOW, folder: str = "x"
) -> Draft:
    texts = [Text(name, content.encode("utf-8", "replace")) for name, content in files.items()]
    return draft(guess(texts, folder=folder), dataset_id=dataset_id, issued=issued)


def lines_above(found: Draft, key: str) -> list[str]:
    """Return the comments between the line of a key, or where it would be, and what is above."""
    lines = found.text.decode().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith((f"{key}:", f"# {key}:")))
    above: list[str] = []
    while at and lines[at - 1].startswith("# "):
        at -= 1
        above.insert(0, lines[at])
    return above


def test_what_was_guessed_is_what_build_reads() -> None:
    found = made({"datapackage.json": WHOLE, "CITATION.bib": "@dataset{x,\n}\n"})

    head = parse_head(found.text, file="dataset.yaml")
    licenses.gate(head)

    assert head == found.head
    assert (head.id, head.sequence, head.version) == (ID, 1, "1.10")
    assert head.keywords == ("no", "12:30:00", "a, b")
    assert head.cite_as == "@dataset{x,\n}"
    assert found.missing == ()
    assert b"TO FILL IN" not in found.text


def test_the_same_guess_gives_the_same_bytes() -> None:
    assert made({"datapackage.json": WHOLE}).text == made({"datapackage.json": WHOLE}).text


def test_it_is_issued_now_in_utc_to_the_second() -> None:
    there = datetime(2026, 11, 2, 11, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))

    assert b"\nissued: 2026-11-02T09:00:00Z\n" in made({}, issued=NOW).text
    assert b"\nissued: 2026-11-02T09:00:00Z\n" in made({}, issued=there).text


def test_a_first_release_without_a_version_is_1_0_0() -> None:
    found = made({})

    assert found.head.version == "1.0.0"
    assert lines_above(found, "version") == []


@pytest.mark.parametrize(
    "key", ["title", "description", "homepage", "version", "keywords", "creators"]
)
def test_every_guess_says_above_it_where_it_comes_from(key: str) -> None:
    assert (
        lines_above(made({"datapackage.json": WHOLE}), key)[-1] == "# guessed from datapackage.json"
    )


def test_what_other_sources_say_stands_beside_the_guess() -> None:
    found = made({"datapackage.json": WHOLE, "LICENSE": "CC0", "README.md": "# Links\n"})

    assert lines_above(found, "title") == [
        "# guessed from datapackage.json",
        "# README.md says: Links",
    ]
    assert lines_above(found, "license")[:2] == [
        "# guessed from datapackage.json",
        "# LICENSE says: CC0-1.0",
    ]


def test_without_an_id_build_refuses_the_placeholder() -> None:
    found = made({"datapackage.json": WHOLE}, dataset_id=None, folder="Wiki Graph")

    with pytest.raises(InvalidManifestError) as caught:
        parse_head(found.text, file="dataset.yaml")

    assert [problem.path for problem in caught.value.problems] == ["id"]
    assert "'PUBLISHER/wiki-graph' is not an id such as" in caught.value.message
    assert lines_above(found, "id")[0].startswith("# TO FILL IN: who publishes")
    assert found.missing == ("id",)


def test_without_a_license_build_refuses_and_the_file_says_what_to_write() -> None:
    found = made({"README.md": "---\nlicense: other\n---\n"})

    with pytest.raises(LicenseRefusedError, match="no license is given"):
        licenses.gate(parse_head(found.text, file="dataset.yaml"))

    assert found.missing == ("license",)
    assert lines_above(found, "license")[0] == "# README.md says: other"
    assert lines_above(found, "license")[1].startswith("# TO FILL IN: the license that the owner")
    assert b"\n# license:\n#   spdx: " in found.text


def test_the_example_of_a_license_is_refused_if_nobody_replaces_it() -> None:
    text = made({}).text.replace(b"# license:\n#   spdx", b"license:\n  spdx")

    with pytest.raises(LicenseRefusedError):
        licenses.gate(parse_head(text, file="dataset.yaml"))


def test_a_license_that_is_not_open_is_refused() -> None:
    found = made({"README.md": "---\nlicense: cc-by-nc-4.0\n---\n"})

    with pytest.raises(LicenseRefusedError, match="forbids commercial use"):
        licenses.gate(parse_head(found.text, file="dataset.yaml"))


def test_a_popularity_table_is_shown_with_how_to_pass_it() -> None:
    found = made({"datapackage.json": WHOLE, "views.csv": "path,value\n"})

    assert found.missing == ("popularity",)
    assert lines_above(found, "popularity")[-2:] == [
        "# TO FILL IN: what the values in views.csv count. Pass the table with",
        "# seedbox build --popularity views.csv",
    ]
    assert b"\n# popularity:\n#   metric: " in found.text


def test_no_comment_can_become_a_key() -> None:
    hostile = "x\u2028y\x85license: {spdx: MIT}\nid: a/b"
    found = made(
        {"LICENSE-\nlicense: MIT": "CC0", "datapackage.json": json.dumps({"license": hostile})}
    )

    head = parse_head(found.text, file="dataset.yaml")

    assert head == found.head
    assert (head.id, head.license) == (ID, None)


@given(
    st.dictionaries(
        st.sampled_from(["title", "description", "version", "homepage", "license", "id"]),
        st.text(max_size=40) | st.integers() | st.sampled_from(["no", "1e3", "- a", "a: b", "|"]),
    ),
    st.text(max_size=20),
    st.text(max_size=80),
)
def test_whatever_lies_there_build_can_read_the_draft(
    package: dict[str, object], folder: str, citation: str
) -> None:
    files = {"datapackage.json": json.dumps(package), "CITATION": citation}

    found = made(files, folder=folder)

    assert parse_head(found.text, file="dataset.yaml") == found.head
