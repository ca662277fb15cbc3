import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.guess import Guess, Mark, Saying, Text, guess, is_telling
from seedbox.manifest.model import Creator

# From the most explicit source to the least; every one states another license.
LICENSES = {
    "LICENSE.txt": "SPDX-License-Identifier: MIT",
    "datapackage.json": '{"licenses": [{"name": "ISC"}]}',
    "croissant.json": '{"@type": "Dataset", "license": "CC-BY-4.0"}',
    "README.md": "---\nlicense: cc-by-sa-4.0\n---\n",
    "CITATION.cff": "license: ODbL-1.0\n",
    "LICENSE": "CC0 1.0 Universal",
}
SPDX = ["MIT", "ISC", "CC-BY-4.0", "CC-BY-SA-4.0", "ODbL-1.0", "CC0-1.0"]
TITLES = {
    "datapackage.json": '{"title": "A"}',
    "croissant.json": '{"@type": "Dataset", "name": "B"}',
    "README.md": "---\npretty_name: C\n---\n",
    "CITATION.cff": "title: D\n",
    "README.txt": "E\n=\n\n# E\n",
}
CARD = "---\nlicense: cc-by-4.0\npretty_name: Link graph\n---\n# Links\n\nWho links to whom.\n"


def made(files: dict[str, str | bytes], folder: str = "folder") -> Guess:
    texts = (
        Text(name, content.encode() if isinstance(content, str) else content)
        for name, content in files.items()
    )
    return guess(texts, folder=folder)


def mark(found: Guess, field: str) -> Mark:
    (marked,) = (each for each in found.marks if each.field == field)
    return marked


# --- which source wins ------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(6))
def test_the_most_explicit_source_of_a_license_wins(first: int) -> None:
    names = list(LICENSES)[first:]

    found = made({name: LICENSES[name] for name in reversed(names)})

    assert found.license == SPDX[first]
    assert mark(found, "license").said == Saying(SPDX[first], names[0])


@pytest.mark.parametrize("first", range(5))
def test_the_most_explicit_source_of_a_title_wins(first: int) -> None:
    names = list(TITLES)[first:]

    found = made({name: TITLES[name] for name in reversed(names)})

    assert found.title == "ABCDE"[first]


def test_sources_that_disagree_are_all_named_in_their_order() -> None:
    found = made(dict(LICENSES))

    assert mark(found, "license").others == (
        Saying("ISC", "datapackage.json"),
        Saying("CC-BY-4.0", "croissant.json"),
        Saying("CC-BY-SA-4.0", "README.md"),
        Saying("ODbL-1.0", "CITATION.cff"),
        Saying("CC0-1.0", "LICENSE"),
    )
    assert "datapackage.json says that the license is ISC, not MIT" in found.warnings


def test_sources_that_agree_are_no_news() -> None:
    found = made({"LICENSE": "Attribution 4.0 International", "README.md": CARD})

    assert mark(found, "license") == Mark("license", Saying("CC-BY-4.0", "README.md"), ())
    assert found.warnings == ()


def test_the_order_of_the_files_does_not_matter() -> None:
    files = {"README.md": CARD, "README.rst": "X\n===\n", "LICENSE": "CC0", "a.csv": "path,value"}

    assert len({made(dict(order)) for order in permutations(files.items())}) == 1


def test_fields_come_from_different_sources() -> None:
    found = made(
        {
            "README.md": CARD,
            "CITATION": "Example Lab (2026), Link graph.",
            "datapackage.json": '{"version": "2.0.0", "keywords": ["graph"]}',
            "CITATION.cff": "authors: [{name: Example Lab}]\ndoi: 10.5281/zenodo.1\n",
            "croissant.json": '{"@type": "Dataset", "url": "https://x.org/", "citeAs": "no"}',
        }
    )

    assert {each.field: each.said.source for each in found.marks} == {
        "license": "README.md",
        "title": "README.md",
        "description": "README.md",
        "homepage": "croissant.json",
        "doi": "CITATION.cff",
        "version": "datapackage.json",
        "keywords": "datapackage.json",
        "creators": "CITATION.cff",
        "cite_as": "CITATION",
    }
    assert found.cite_as == "Example Lab (2026), Link graph."
    assert found.creators == (Creator("Example Lab"),)


def test_of_several_license_files_the_one_for_the_data_wins() -> None:
    files: dict[str, str | bytes] = {
        "LICENSE": "MIT License",
        "LICENSE-CODE": "Apache License, Version 2.0",
        "LICENSE-DATA": "CC0",
    }

    assert made(files).license == "CC0-1.0"
    del files["LICENSE-DATA"]
    assert made(files).license == "MIT"


# --- licenses that are none -------------------------------------------------------------------


def test_without_a_license_there_is_none() -> None:
    found = made({"README.md": "# Links\n\nFree to use by everybody.\n"})

    assert (found.license, found.unclear) == (None, ())
    assert not any(each.field == "license" for each in found.marks)


def test_a_license_that_is_not_known_is_kept_as_words_only() -> None:
    found = made({"README.md": "---\nlicense: other\n---\n", "LICENSE": "Ours. Ask first."})

    assert found.license is None
    assert found.unclear == (
        Saying("other", "README.md"),
        Saying("a text that seedbox does not recognise", "LICENSE"),
    )
    assert found.warnings == ("README.md states a license that seedbox does not know: other",)


def test_an_unknown_license_is_named_beside_a_known_one() -> None:
    found = made({"datapackage.json": '{"license": "ours"}', "LICENSE": "CC0"})

    assert found.license == "CC0-1.0"
    assert mark(found, "license").others == (Saying("ours", "datapackage.json"),)
    assert found.warnings == ("datapackage.json says that the license is ours, not CC0-1.0",)


def test_a_license_that_is_not_open_is_written_as_it_is_and_warned_of() -> None:
    found = made({"README.md": "---\nlicense: cc-by-nc-4.0\n---\n"})

    assert found.license == "CC-BY-NC-4.0"
    (warning,) = found.warnings
    assert "not open" in warning


# --- names ------------------------------------------------------------------------------------


def test_the_folder_names_what_nothing_else_names() -> None:
    found = made({}, folder="Wiki Graph (2026)")

    assert (found.title, found.slug) == ("Wiki Graph (2026)", "wiki-graph-2026")
    assert mark(found, "title").said.source == "the folder's name"


def test_the_name_of_a_data_package_makes_the_id() -> None:
    assert made({"datapackage.json": '{"name": "wiki-graph"}'}).slug == "wiki-graph"


@pytest.mark.parametrize("folder", ["", "...", "データ", "\x1b\n", "a" * 500, "\udcff"])
def test_every_folder_gives_a_title_and_a_name_for_the_id(folder: str) -> None:
    found = made({}, folder=folder)

    assert found.title.isprintable()
    assert 0 < len(found.title) <= 200
    assert 0 < len(found.slug) <= 60


# --- popularity -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "header", "found"),
    [
        ("popularity.csv", "path,value\na,1\n", True),
        ("Popularity.CSV", "\ufeffrank, Value ,path\r\n", True),
        ("views.csv", 'value,"path"\n', True),
        ("views.csv", "path,value,size\n", False),  # as likely data as not
        ("data.csv", "a,b\n", False),
        ("views.txt", "path,value\n", False),
        ("views.csv", '"path\n', False),
        ("pop\nularity.csv", "path,value\n", False),
    ],
)
def test_a_table_of_paths_and_values_is_the_popularity(name: str, header: str, found: bool) -> None:
    guessed = made({name: header})

    assert guessed.popularity == (name if found else None)
    assert guessed.warnings == ()


def test_a_table_called_popularity_goes_before_others() -> None:
    tables: dict[str, str | bytes] = {"a.csv": "path,value", "popularity.csv": "path,value"}

    assert made(tables).popularity == "popularity.csv"


def test_a_table_called_popularity_without_the_columns_is_warned_of() -> None:
    found = made({"popularity.csv": "file,views\n"})

    assert found.popularity is None
    assert found.warnings == ("popularity.csv does not begin with the line `path,value`",)


def test_a_table_of_other_bytes_is_none() -> None:
    assert made({"a.csv": b"\xff\xfep\x00"}).popularity is None


# --- hostile input ----------------------------------------------------------------------------


def test_a_file_that_cannot_be_read_is_named_and_the_others_count() -> None:
    found = made({"datapackage.json": "{", "README.md": CARD})

    assert found.license == "CC-BY-4.0"
    (warning,) = found.warnings
    assert warning.startswith("datapackage.json cannot be read: it is no JSON")


def test_front_matter_that_cannot_be_read_leaves_the_prose() -> None:
    found = made({"README.md": "---\na: [\n---\n# Links\n"})

    assert found.title == "Links"
    (warning,) = found.warnings
    assert warning.startswith("README.md cannot be read: line")


def test_texts_lose_control_characters_and_length() -> None:
    package = {
        "title": "Link\x1b[31m\u202e graph\ud800\x00",
        "description": "long " * 10_000,
        "keywords": ["k" * 1000] + [f"k{n}" for n in range(1000)],
        "contributors": [{"title": f"p{n}", "role": "author"} for n in range(1000)],
    }

    found = made({"datapackage.json": json.dumps(package)})

    assert found.title == "Link[31m graph"
    assert found.description is not None
    assert len(found.description) <= 1000
    assert found.description.endswith("long…")
    assert len(found.keywords) <= 100
    assert len(found.keywords[0]) <= 80
    assert len(found.creators) <= 100


def test_names_that_join_letters_invisibly_are_kept_whole() -> None:
    hindi = "\u0915\u094d\u200d\u0937"

    assert made({"datapackage.json": json.dumps({"title": hindi})}).title == hindi


NAMES = ["datapackage.json", "croissant.json", "README.md", "LICENSE", "CITATION", "CITATION.cff"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@type", "license", "licenses", "name", "creator", "contributors"]),
            inner | st.just("Dataset"),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=200) | JSON.map(json.dumps)))
def test_no_content_stops_the_guess(files: dict[str, str | bytes]) -> None:
    found = made(files)

    assert all(line.isprintable() for line in found.warnings)
    assert all(each.said.words for each in found.marks)


def test_only_telling_files_are_asked_for() -> None:
    names = ["README.md", "a.csv", "a.parquet", "LICENSE", "x/README.md", "dataset.yaml"]

    assert [name for name in names if is_telling(name)] == ["README.md", "a.csv", "LICENSE"]
