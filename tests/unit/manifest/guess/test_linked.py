import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.guess.facts import Facts, Rank, Stated, UnreadableError
from seedbox.manifest.guess.linked import read_linked
from seedbox.manifest.model import Creator

ORCID = "https://orcid.org/0000-0002-1825-0097"


def read(content: object) -> list[Facts]:
    return list(read_linked(json.dumps(content).encode()))


def one(**fields: object) -> Facts:
    (facts,) = read({"@type": "Dataset", **fields})
    return facts


CROISSANT = {
    "@context": {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "sc": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
    },
    "@type": "sc:Dataset",
    "conformsTo": "http://mlcommons.org/croissant/1.0",
    "name": "Link graph",
    "description": "Who links to whom",
    "url": "https://example.org/wiki",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "creator": [
        {"@type": "Person", "name": "Ann", "sameAs": [ORCID]},
        {"@type": "Organization", "name": "Example Lab"},
    ],
    "keywords": "graph, wiki",
    "version": "1.0.1",
    "datePublished": "2014-09-28",
    "identifier": "https://doi.org/10.5281/zenodo.1234",
    "citeAs": "@dataset{x,\n  title = {Link graph}\n}",
    "distribution": [{"@type": "cr:FileObject", "@id": "a.csv", "name": "a.csv"}],
    "recordSet": [],
}


def test_croissant_is_read() -> None:
    assert read(CROISSANT) == [
        Facts(
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
    ]


def test_values_wrapped_by_json_ld_are_unwrapped() -> None:
    (facts,) = read(
        {
            "@type": ["https://schema.org/Dataset"],
            "name": [{"@language": "en", "@value": "Link graph"}],
            "license": [{"@id": "https://spdx.org/licenses/CC0-1.0"}],
            "creator": {"@list": [{"givenName": "Ann", "familyName": "Dijk", "@id": ORCID}, "Bob"]},
            "keywords": {"@set": [{"@type": "DefinedTerm", "name": "graph"}, "wiki"]},
            "identifier": {"@type": "PropertyValue", "propertyID": "doi", "value": "10.1/x"},
        }
    )

    assert (facts.title, facts.doi) == ("Link graph", "10.1/x")
    assert facts.creators == (Creator("Ann Dijk", "0000-0002-1825-0097"), Creator("Bob"))
    assert facts.keywords == ("graph", "wiki")
    assert facts.license is not None
    assert facts.license.spdx == "CC0-1.0"


@pytest.mark.parametrize("prefix", ["", "sc:", "schema:", "http://schema.org/"])
def test_names_of_schema_org_may_have_a_prefix(prefix: str) -> None:
    dataset = {
        "@type": f"{prefix}Dataset",
        f"{prefix}name": "Link graph",
        f"{prefix}license": {f"{prefix}url": "https://opendatacommons.org/licenses/odbl/1-0/"},
        f"{prefix}creator": {f"{prefix}name": "Ann"},
    }

    (facts,) = read(dataset)

    assert (facts.title, facts.creators) == ("Link graph", (Creator("Ann"),))
    assert facts.license is not None
    assert facts.license.spdx == "ODbL-1.0"


@pytest.mark.parametrize(
    "around",
    [
        lambda dataset: [dataset],
        lambda dataset: {
            "@context": "https://schema.org",
            "@graph": [{"@type": "Person"}, dataset],
        },
        lambda dataset: {"@graph": dataset},
    ],
)
def test_a_dataset_in_a_list_or_a_graph_is_found(around: Any) -> None:  # noqa: ANN401 - any JSON
    (facts,) = read(around({"@type": "Dataset", "name": "Link graph"}))

    assert facts.title == "Link graph"


def test_of_several_datasets_none_is_taken() -> None:
    two = {"@graph": [{"@type": "Dataset", "name": "a"}, {"@type": "Dataset", "name": "b"}]}

    with pytest.raises(UnreadableError, match="describes 2 datasets"):
        read(two)


@pytest.mark.parametrize(
    ("license_", "spdx"),
    [
        ("https://spdx.org/licenses/CC-BY-4.0.html", "CC-BY-4.0"),
        ("cc-by-4.0", "CC-BY-4.0"),
        ({"@type": "CreativeWork", "name": "CC BY 4.0"}, "CC-BY-4.0"),
        ({"name": "ours", "url": "https://creativecommons.org/licenses/by/4.0/"}, "CC-BY-4.0"),
        (["mit", "cc-by-4.0"], "MIT AND CC-BY-4.0"),
        (["mit", "ours"], None),
        (["mit", None], None),
        ({"name": "MIT", "url": "https://creativecommons.org/licenses/by-nc/4.0/"}, None),
        ("https://example.org/terms", None),
        ({}, None),
        ([], None),
        (None, None),
        (7, None),
        (True, None),
        ({"name": {"@value": "MIT"}}, "MIT"),
    ],
)
def test_a_license_is_read_in_each_form_or_left_unclear(license_: object, spdx: str | None) -> None:
    found = one(license=license_).license

    assert (found and found.spdx) == spdx


def test_without_a_version_the_last_date_stands_for_it() -> None:
    assert (
        one(datePublished="2014-09-28T00:00:00", dateModified="2020-01-02").version == "2020-01-02"
    )
    assert one(datePublished={"@value": "2014-09-28"}).version == "2014-09-28"
    assert one(datePublished="28.9.2014", dateModified=None).version is None


def test_a_doi_may_stand_where_the_dataset_is_said_to_be_the_same() -> None:
    assert one(sameAs="https://doi.org/10.5281/zenodo.1").doi == "10.5281/zenodo.1"
    assert one(**{"@id": "https://doi.org/10.5281/zenodo.2"}).doi == "10.5281/zenodo.2"


@pytest.mark.parametrize("content", [{}, [1], {"@type": "Person", "name": "Ann"}, 7, None, "x"])
def test_json_about_something_else_says_nothing(content: object) -> None:
    assert read(content) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@value", "@id", "@list", "@set", "name", "url", "value"]), inner
        )
    ),
    max_leaves=6,
)
KEYS = ["name", "license", "creator", "keywords", "identifier", "version", "url", "citeAs"]


@given(st.dictionaries(st.sampled_from([*KEYS, "sc:name", "datePublished", "@graph"]), JSON))
def test_whatever_a_dataset_says_only_our_own_errors_come_out(fields: dict[str, Any]) -> None:
    try:
        found = read({"@type": "Dataset", **fields})
    except UnreadableError:
        return
    assert len(found) <= 1
