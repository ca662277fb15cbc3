import json
from typing import Any

import pytest

from seedbox.manifest.guess.facts import Facts, Rank, Stated, UnreadableError
from seedbox.manifest.guess.sources import reader_of
from seedbox.manifest.model import Creator


def read(name: str, content: str | bytes | dict[str, Any]) -> list[Facts]:
    reader = reader_of(name)
    assert reader is not None
    if isinstance(content, dict):
        content = json.dumps(content)
    return list(reader(content.encode() if isinstance(content, str) else content))


def one(name: str, content: str | bytes | dict[str, Any]) -> Facts:
    (facts,) = read(name, content)
    return facts


@pytest.mark.parametrize(
    "name",
    [
        "datapackage.json",
        "croissant.json",
        ".croissant.json",
        "metadata.json",
        "wiki.jsonld",
        "README",
        "README.md",
        "readme.TXT",
        "LICENSE",
        "License.md",
        "LICENCE-DATA.txt",
        "COPYING",
        "UNLICENSE",
        "CITATION",
        "CITATION.bib",
        "CITATION.cff",
    ],
)
def test_files_that_tell_what_a_dataset_is_have_a_reader(name: str) -> None:
    assert reader_of(name) is not None


@pytest.mark.parametrize(
    "name", ["data.json", "notes.md", "LICENSES", "licensed.csv", "README.exe", "x\n.jsonld"]
)
def test_other_files_have_no_reader(name: str) -> None:
    assert reader_of(name) is None


# --- Frictionless -----------------------------------------------------------------------------


def test_a_data_package_says_nearly_everything() -> None:
    package = {
        "name": "wiki-graph",
        "id": "https://doi.org/10.5281/zenodo.1234",
        "title": "Link graph",
        "description": "Who links\nto whom",
        "homepage": "https://example.org/wiki",
        "version": "2.1.0",
        "licenses": [{"name": "ODC-PDDL-1.0", "path": "https://example.org/terms"}],
        "keywords": ["graph", "wiki", "graph"],
        "contributors": [
            {"title": "Ann", "role": "author", "path": "https://orcid.org/0000-0002-1825-0097"},
            {"title": "Bob", "role": "wrangler"},
            {"title": "Cleo", "roles": ["creator"]},
        ],
    }

    assert one("datapackage.json", package) == Facts(
        rank=Rank.DATA_PACKAGE,
        license=Stated("ODC-PDDL-1.0", "PDDL-1.0"),
        name="wiki-graph",
        title="Link graph",
        description="Who links to whom",
        homepage="https://example.org/wiki",
        doi="10.5281/zenodo.1234",
        version="2.1.0",
        keywords=("graph", "wiki"),
        creators=(Creator("Ann", "0000-0002-1825-0097"), Creator("Cleo")),
    )


def test_several_licenses_of_a_data_package_all_apply() -> None:
    facts = one("datapackage.json", {"licenses": [{"name": "MIT"}, {"name": "CC-BY-4.0"}]})

    assert facts.license == Stated("MIT AND CC-BY-4.0", "MIT AND CC-BY-4.0")


@pytest.mark.parametrize("more", [[{"name": "7"}], ["ours"], [None], [{"name": "MIT"}] * 100])
def test_a_list_of_licenses_with_one_that_is_not_understood_is_unknown(more: list[object]) -> None:
    facts = one("datapackage.json", {"licenses": [{"name": "CC0-1.0"}, *more]})

    assert facts.license is not None
    assert facts.license.spdx is None


def test_a_license_with_an_unknown_name_is_known_by_its_address() -> None:
    terms = {"name": "ours", "path": "https://opendatacommons.org/licenses/odbl/1-0/"}

    facts = one("datapackage.json", {"licenses": [terms]})

    assert facts.license is not None
    assert facts.license.spdx == "ODbL-1.0"


def test_a_version_that_is_written_as_a_number_keeps_its_zero() -> None:
    assert one("datapackage.json", '{"version": 1.10}').version == "1.10"


@pytest.mark.parametrize("wrong", [7, True, None, "text", [], {}, [[]], [{"name": {}}], [None, 1]])
def test_values_of_the_wrong_kind_count_as_nothing(wrong: object) -> None:
    keys = ("name", "description", "homepage", "resources", "contributors", "created")

    facts = one("datapackage.json", dict.fromkeys(keys, wrong))

    assert (facts.license, facts.homepage, facts.creators) == (None, None, ())
    assert facts.version is None


def test_a_data_package_of_an_older_version_is_read() -> None:
    package = {
        "licenses": [{"type": "ODC-BY-1.0", "url": "https://opendefinition.org/licenses/odc-by"}],
        "created": "2014-09-28T10:00:00Z",
        "contributors": [{"givenName": "Ann", "familyName": "Dijk", "role": "author"}],
    }

    facts = one("datapackage.json", package)

    assert facts.license == Stated("ODC-BY-1.0", "ODC-By-1.0")
    assert (facts.version, facts.creators) == ("2014-09-28", (Creator("Ann Dijk"),))


@pytest.mark.parametrize(
    "license_",
    [
        {"license": "odc-odbl"},
        {"license": {"type": "odc-odbl", "url": "https://opendatacommons.org/licenses/odbl/1-0/"}},
        {"licenses": {"name": "ODbL-1.0"}},
        {"licenses": ["odbl"]},
        {"licenses": [{"path": "http://opendatacommons.org/licenses/odbl/"}]},
        {"licenses": [{"name": "other-open", "title": "Open Database License (ODbL) v1.0"}]},
    ],
)
def test_a_license_is_read_in_each_form_that_it_has_had(license_: dict[str, Any]) -> None:
    facts = one("datapackage.json", license_)

    assert facts.license is not None
    assert facts.license.spdx == "ODbL-1.0"


def test_resources_with_a_license_of_their_own_count_too() -> None:
    resources = [{"path": "a.csv"}, {"path": "b.csv", "licenses": [{"name": "CC-BY-NC-4.0"}]}]

    both = one("datapackage.json", {"licenses": [{"name": "MIT"}], "resources": resources})
    alone = one("datapackage.json", {"resources": resources})

    assert both.license == Stated("MIT AND CC-BY-NC-4.0", "MIT AND CC-BY-NC-4.0")
    assert alone.license == Stated("CC-BY-NC-4.0", None)


def test_an_address_that_a_manifest_cannot_hold_is_dropped() -> None:
    for wrong in ["ftp://example.org/", "javascript:alert(1)", "example.org", "https://a b/"]:
        assert one("datapackage.json", {"homepage": wrong}).homepage is None


# --- licenses and citations -------------------------------------------------------------------


def test_an_spdx_line_outranks_the_text_around_it() -> None:
    facts = one("LICENSE", "MIT License\n\nSPDX-License-Identifier: CC-BY-4.0\n")

    assert (facts.rank, facts.license) == (Rank.SPDX_LINE, Stated("CC-BY-4.0", "CC-BY-4.0"))


def test_a_license_file_in_an_old_encoding_is_recognised() -> None:
    facts = one("LICENSE", b"\xa9 2020 Example Lab\nCC0 1.0 Universal\n")

    assert facts.license == Stated("CC0-1.0", "CC0-1.0")


def test_a_citation_file_is_taken_whole() -> None:
    assert one("CITATION.bib", "@dataset{x,\n  y\n}\n\n").cite_as == "@dataset{x,\ny\n}"


@pytest.mark.parametrize("content", ["", "\n\n", "x" * 4001])
def test_a_citation_file_without_a_citation_is_named(content: str) -> None:
    with pytest.raises(UnreadableError, match="empty, or too long"):
        read("CITATION", content)


def test_a_citation_cff_is_read() -> None:
    cff = (
        "cff-version: 1.2.0\ntype: dataset\ntitle: Link graph\nversion: 1.10\n"
        "license: [MIT, Apache-2.0]\ndoi: 10.5281/zenodo.1234\n"
        "repository: https://example.org/git\ndate-released: 2020-01-02\n"
        "authors:\n- {given-names: Ann, name-particle: van, family-names: Dijk,"
        " orcid: 'https://orcid.org/0000-0002-1825-0097'}\n- name: Example Lab\n"
    )

    assert one("CITATION.cff", cff) == Facts(
        rank=Rank.CITATION_CFF,
        license=Stated("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        title="Link graph",
        homepage="https://example.org/git",
        doi="10.5281/zenodo.1234",
        version="1.10",
        creators=(Creator("Ann van Dijk", "0000-0002-1825-0097"), Creator("Example Lab")),
    )


# --- what cannot be read ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("datapackage.json", "{", "no JSON"),
        ("datapackage.json", "", "no JSON"),
        ("datapackage.json", b"\xff\xfe{\x00}\x00", "byte 0 is not UTF-8"),
        ("datapackage.json", '{"a":' * 65 + "1" + "}" * 65, "deeper than 64 levels"),
        ("datapackage.json", "[" * 100_000, "deeper than 64 levels"),
        ("datapackage.json", '{"license": "mit", "license": "isc"}', "'license' stands twice"),
        ("datapackage.json", '{"a": [{"b": 1, "b": 1}]}', "'b' stands twice"),
        ("README.md", "---\nlicense: [\n---\n", "line"),
        ("README.md", "---\nlicense: mit\nlicense: isc\n---\n", "line 3: the key 'license'"),
        ("README.md", f"---\na: {'x' * 1_100_000}\n---\n", "longer than 1,048,576 characters"),
        ("CITATION.cff", "title: a\x00b", "U\\+0000"),
        ("CITATION.cff", "- !tag a\n" * 200, "stopped after 100 problems"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, content: str | bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        read(name, content)


def test_brackets_inside_strings_are_no_nesting() -> None:
    assert one("datapackage.json", {"title": '["' * 70}).title == '["' * 70


@pytest.mark.timeout(10)  # seconds; what backtracks would take hours
@pytest.mark.parametrize("unit", ["# ", '"\\', "\\", "[", '{"a":'])
def test_no_repetition_takes_long(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))

    with pytest.raises(UnreadableError):
        read("datapackage.json", f'{{"{text}')
