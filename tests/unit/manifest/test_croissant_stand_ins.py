from datetime import UTC, datetime
from typing import Any

import pytest

from seedbox.manifest.croissant_stand_ins import doi_url, semver, stand_ins
from seedbox.manifest.model import Creator, Manifest, Origin, Popularity, Publisher, Role
from support.datasets import entry, head, manifest

URL = "https://example.org/"
ORIGIN = Origin(url=f"{URL}dumps", purl="pkg:npm/set@1.2.3")


def whole(**changes: Any) -> Manifest:  # noqa: ANN401  (any field of a Head)
    """A manifest that has all that Croissant wants."""
    fields = {
        "version": "2.1.0",
        "description": "Who links to whom.",
        "homepage": URL,
        "cite_as": "@dataset{…}",
        "creators": (Creator("Example Lab"),),
    }
    return manifest(entry("a"), **{**fields, **changes})


def made(whole: Manifest) -> dict[str, tuple[str, str]]:
    return {each.field: (each.value, each.source) for each in stand_ins(whole)}


def test_a_manifest_that_has_everything_needs_none() -> None:
    assert made(whole()) == {}


@pytest.mark.parametrize(
    ("version", "semantic"),
    [
        ("2.1.0", "2.1.0"),
        ("2.1.0-rc.1+build.5", "2.1.0-rc.1+build.5"),
        ("v2.1.0-rc.1", "2.1.0-rc.1"),
        ("2.1", "2.1.0"),
        ("7", "7.0.0"),
        ("v7", "7.0.0"),
        ("20261101", "20261101.0.0"),
        ("2026.01.05", "2026.1.5"),
        ("1.2.3.4", None),
        ("2026-11-01", None),
        ("1.0.0-01", None),
        ("1.0-rc1", None),
        ("spring", None),
        ("\u0661.\u0662.\u0663", None),
        ("1.0.0\n", None),
        ("9" * 19, None),
    ],
)
def test_a_version_becomes_major_minor_patch_where_its_numbers_say_so(
    version: str, semantic: str | None
) -> None:
    assert semver(version) == semantic


def test_a_version_that_is_none_gives_way_to_the_sequence() -> None:
    assert made(whole(version="spring", sequence=7)) == {"version": ("7.0.0", "sequence")}


@pytest.mark.parametrize(
    ("known", "url", "source"),
    [
        ({"doi": "10.5281/zenodo.1", "origin": ORIGIN}, "https://doi.org/10.5281/zenodo.1", "doi"),
        ({"origin": ORIGIN, "mirrors": (f"{URL}m.yaml",)}, f"{URL}dumps", "origin.url"),
        (
            {"origin": Origin(purl="pkg:npm/set@1"), "mirrors": (f"{URL}m.yaml",)},
            f"{URL}m.yaml",
            "mirrors",
        ),
        ({"origin": Origin(purl="pkg:npm/set@1")}, "pkg:npm/set@1", "origin.purl"),
    ],
)
def test_without_a_homepage_the_url_is_the_best_address_that_is_known(
    known: dict[str, Any], url: str, source: str
) -> None:
    assert made(whole(homepage=None, **known)) == {"url": (url, source)}


def test_without_any_address_the_url_is_the_magnet_link_of_the_first_shard() -> None:
    shards = entry("index", role=Role.CATALOG, use=None), entry("a")
    plain = whole(homepage=None)

    found = made(Manifest(plain.head, shards))

    link = f"magnet:?xt=urn:btih:{b'index---------------'.hex()}&dn=index"
    assert found == {"url": (link, "the first shard")}


@pytest.mark.parametrize(
    ("publisher", "value", "source"),
    [
        (None, "org.example", "id"),
        (Publisher("Example Press"), "Example Press", "publisher"),
    ],
)
def test_without_creators_it_is_made_by_whoever_answers_for_it(
    publisher: Publisher | None, value: str, source: str
) -> None:
    assert made(whole(creators=(), publisher=publisher)) == {"creator": (value, source)}


@pytest.mark.parametrize(
    ("popularity", "order"),
    [(None, ""), (Popularity("page views"), ", in the order of page views")],
)
def test_a_dataset_that_nobody_described_is_described_by_its_shards(
    popularity: Popularity | None, order: str
) -> None:
    plain = whole(description=None, popularity=popularity)
    shards = entry("a", size=2500, files=1000), entry("b", size=991)

    words = f"A set: 3.41 KiB in 1,001 files, shared over BitTorrent as 2 shards{order}."
    assert made(Manifest(plain.head, shards)) == {"description": (words, "title, shards")}


def test_one_file_in_one_shard_is_not_plural() -> None:
    words, _ = made(whole(description=None, popularity=None))["description"]

    assert words.endswith(" in 1 file, shared over BitTorrent as 1 shard.")


def test_a_citation_is_made_as_datacite_recommends() -> None:
    changes: dict[str, Any] = {
        "creators": (Creator("Ada"), Creator("Grace")),
        "publisher": Publisher("Example Press"),
        "issued": datetime(2026, 11, 2, tzinfo=UTC),
        "cite_as": None,
    }

    words, source = made(whole(**changes))["citeAs"]

    assert words == f"Ada; Grace (2026): A set. Version 2.1.0. Example Press. {URL}"
    assert source == "creators, issued, title, version, publisher, url"


def test_a_citation_can_be_made_of_stand_ins() -> None:
    found = made(whole(creators=(), cite_as=None, homepage=None, origin=ORIGIN))

    assert found["citeAs"][0] == f"org.example (2026): A set. Version 2.1.0. {URL}dumps"


@pytest.mark.parametrize(
    ("doi", "url"),
    [
        (None, None),
        ("10.5281/zenodo.123", "https://doi.org/10.5281/zenodo.123"),
        ("10.1002/(SICI)1:<a>#b%c", "https://doi.org/10.1002/(SICI)1:%3Ca%3E%23b%25c"),
    ],
)
def test_a_doi_has_an_address(doi: str | None, url: str | None) -> None:
    assert doi_url(head(doi=doi)) == url
