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


@pytest.mark.parametrize("more", [[{"name": 7}], ["MIT"], [None], [{"name": "MIT"}] * 100])
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
    keys = ("name", "description", "homepage", "licenses", "contributors")

    facts = one("datapackage.json", dict.fromkeys(keys, wrong))

    assert (facts.license, facts.homepage, facts.creators) == (None, None, ())


def test_an_address_that_a_manifest_cannot_hold_is_dropped() -> None:
    for wrong in ["ftp://example.org/", "javascript:alert(1)", "example.org", "https://a b/"]:
        assert one("datapackage.json", {"homepage": wrong}).homepage is None


# --- Croissant --------------------------------------------------------------------------------


def test_croissant_is_read() -> None:
    croissant = {
        "@context": {"@vocab": "https://schema.org/"},
        "@type": "sc:Dataset",
        "name": "Link graph",
        "description": "Who links to whom",
        "url": "https://example.org/wiki",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "creator": [
            {"@type": "Person", "name": "Ann", "sameAs": ["https://orcid.org/0000-0002-1825-0097"]},
            {"@type": "Organization", "name": "Example Lab"},
        ],
        "keywords": "graph, wiki",
        "version": "1.0.1",
        "identifier": "https://doi.org/10.5281/zenodo.1234",
        "citeAs": "@dataset{x,\n  title = {Link graph}\n}",
    }

    assert one("croissant.json", croissant) == Facts(
        rank=Rank.CROISSANT,
        license=Stated("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        title="Link graph",
        description="Who links to whom",
        homepage="https://example.org/wiki",
        doi="10.5281/zenodo.1234",
        version="1.0.1",
        keywords=("graph", "wiki"),
        creators=(Creator("Ann", "0000-0002-1825-0097"), Creator("Example Lab")),
        cite_as="@dataset{x,\ntitle = {Link graph}\n}",
    )


def test_values_wrapped_by_json_ld_are_unwrapped() -> None:
    facts = one(
        "x.jsonld",
        {
            "@type": ["https://schema.org/Dataset"],
            "name": [{"@language": "en", "@value": "Link graph"}],
            "license": [{"@id": "https://spdx.org/licenses/CC0-1.0"}],
            "creator": "Ann",
        },
    )

    assert (facts.title, facts.creators) == ("Link graph", (Creator("Ann"),))
    assert facts.license is not None
    assert facts.license.spdx == "CC0-1.0"


@pytest.mark.parametrize("content", ["{}", "[1]", '{"@type": "Person", "name": "Ann"}', "7"])
def test_json_about_something_else_says_nothing(content: str) -> None:
    assert read("metadata.json", content) == []


# --- README -----------------------------------------------------------------------------------


def test_a_hugging_face_card_is_read_before_its_prose() -> None:
    card = (
        "---\r\nlicense: cc-by-sa-4.0\r\npretty_name: Link graph\r\n"
        "tags:\r\n- graph\r\n- region:us\r\n---\r\n"
        "# Dataset Card for Links\r\n\r\n[![badge](a)](b)\r\n\r\n"
        "**Who** links to\r\n[whom](https://x.y).\r\n\r\nMore.\r\n"
    )

    assert sorted(read("README.md", card), key=lambda facts: facts.rank) == [
        Facts(
            rank=Rank.CARD,
            license=Stated("cc-by-sa-4.0", "CC-BY-SA-4.0"),
            title="Link graph",
            keywords=("graph",),
        ),
        Facts(rank=Rank.PROSE, title="Links", description="Who links to whom."),
    ]


def test_an_other_license_of_a_card_is_named_beside_it() -> None:
    front = "---\nlicense: other\nlicense_name: odbl\nlicense_link: LICENSE\n---\n"

    assert max(read("README.md", front), key=lambda facts: -facts.rank).license == Stated(
        "odbl", "ODbL-1.0"
    )


def test_an_other_license_without_a_name_stays_unknown() -> None:
    (_, card) = read("README.md", "---\nlicense: other\n---\n")

    assert card.license == Stated("other", None)


def test_front_matter_written_by_a_program_with_anchors_is_read() -> None:
    (_, card) = read("README.md", "---\nlicense: mit\na: &id001 [1]\nb: *id001\n---\n")

    assert card.license == Stated("mit", "MIT")


@pytest.mark.parametrize(
    ("body", "title", "description"),
    [
        ("Links\n=====\n\nWho links.\n", "Links", "Who links."),
        ("# Links #\nWho links.\n", "Links", "Who links."),
        ("Who links.\n", None, "Who links."),
        (
            "# `Links`\n\n<!-- a -->\n\n- list\n\n| a |\n\n    code\n\n_Who_ links.",
            "Links",
            "Who links.",
        ),
        ("# Links\n\n[More Information Needed]\n", "Links", None),
        ("", None, None),
    ],
)
def test_heading_and_first_paragraph_are_found(
    body: str, title: str | None, description: str | None
) -> None:
    facts = one("README.md", body)

    assert (facts.title, facts.description) == (title, description)


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
        "repository: https://example.org/git\n"
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
@pytest.mark.parametrize("unit", ["# ", "[a](", "---\n", "```\n", '"\\', "a\n===", "\\", "*_"])
def test_no_repetition_takes_long(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))

    assert len(read("README.md", text)) <= 2
    with pytest.raises(UnreadableError):
        read("datapackage.json", f'{{"{text}')
