import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from seedbox.errors import LicenseRefusedError
from seedbox.manifest.croissant import export
from seedbox.manifest.model import (
    Creator,
    License,
    Origin,
    Pack,
    PersonalData,
    Popularity,
    Publisher,
    Role,
    Shard,
    TorrentRef,
    WebSeed,
)
from seedbox.torrent.info_hash import InfoHash
from support.datasets import CLOSED, entry, manifest
from support.exports import OF_THE_HEAD

Json = dict[str, Any]
SPDX = "https://spdx.org/licenses/"
V1, V2 = bytes(range(20)), bytes(range(32))


def document(*shards: Shard, names: dict[str, str] | None = None, **changes: object) -> Json:
    return export(manifest(*(shards or (entry("a"),)), **changes), names or {}).document


def node(document: Json, identifier: str) -> Json:
    (found,) = [each for each in document["distribution"] if each["@id"] == identifier]
    return dict(found)


# --- the dataset ------------------------------------------------------------------------------


def test_every_fact_of_the_head_has_its_place() -> None:
    said = document(
        title="Wikipedia link graph",
        sequence=7,
        version="2.1",
        issued=datetime(2026, 11, 2, 9, tzinfo=UTC),
        description="Who links to whom.",
        homepage="https://example.org/wiki",
        doi="10.5281/zenodo.1",
        keywords=("graph", "wikipedia"),
        creators=(Creator("Ada", "0000-0002-1825-0097"), Creator("Example Lab")),
        publisher=Publisher("Example Press", "mailto:data@example.org"),
        cite_as="@dataset{…}",
        mirrors=("https://example.org/wiki/manifest.yaml", "https://two.example/m.yaml"),
        withdrawals="https://example.org/wiki/withdrawals.yaml",
        license=License("CC-BY-4.0", "Example Lab, CC BY 4.0"),
        origin=Origin(url="https://example.org/dumps/1", purl="pkg:npm/wiki@1.2.3"),
        personal_data=PersonalData.NONE,
        popularity=Popularity("page views", total=Decimal("1.50"), source="logs"),
    )

    facts = {key: value for key, value in said.items() if key[0] != "@"}
    assert facts == {**OF_THE_HEAD, "distribution": said["distribution"]}
    assert said["@type"] == "sc:Dataset"


def test_what_the_manifest_lacks_is_made_up_for_and_named() -> None:
    made = export(manifest(entry("a"), version="spring", popularity=None), {})

    fields = ["citeAs", "creator", "description", "url", "version"]
    assert made.document["seedbox:standIn"] == fields
    assert sorted(each.field for each in made.stand_ins) == fields
    assert made.document["creator"] == [{"@type": "sc:Organization", "name": "org.example"}]
    assert made.document["version"] == "1.0.0"
    assert "seedbox:metric" not in made.document


def test_a_doi_that_stands_in_for_the_url_is_not_the_same_as_itself() -> None:
    said = document(doi="10.5281/zenodo.1")

    assert said["url"] == said["identifier"] == "https://doi.org/10.5281/zenodo.1"
    assert "sameAs" not in said


@pytest.mark.parametrize(
    ("orcid", "url"),
    [
        ("0000-0002-1694-233X", "https://orcid.org/0000-0002-1694-233X"),
        ("https://orcid.org/0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
        ("see my page", None),
    ],
)
def test_only_who_has_an_orcid_is_known_to_be_a_person(orcid: str, url: str | None) -> None:
    (creator,) = document(creators=(Creator("Ada", orcid),))["creator"]

    assert creator.get("url") == url
    assert creator["@type"] == ("sc:Person" if url else "sc:Organization")


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        (None, {}),
        ("mailto:d%61ta@example.org?subject=x", {"email": "data@example.org"}),
        ("https://example.org/us", {"url": "https://example.org/us"}),
    ],
)
def test_the_publisher_can_be_reached(contact: str | None, said: Json) -> None:
    publisher = document(publisher=Publisher("P", contact))["publisher"]

    assert publisher == {"@type": "sc:Organization", "name": "P", **said}


# --- licenses ---------------------------------------------------------------------------------


def work(name: str) -> Json:
    return {"@type": "sc:CreativeWork", "name": name}


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("CC-BY-4.0", [f"{SPDX}CC-BY-4.0.html"]),
        ("cc by 4.0", [f"{SPDX}CC-BY-4.0.html"]),
        ("GPL-3.0+", [f"{SPDX}GPL-3.0-or-later.html"]),
        ("MIT AND CC0-1.0", [f"{SPDX}MIT.html", f"{SPDX}CC0-1.0.html"]),
        ("MIT AND LicenseRef-DbCL-1.0", [f"{SPDX}MIT.html", work("LicenseRef-DbCL-1.0")]),
        ("MIT OR CC-BY-NC-4.0", [work("MIT OR CC-BY-NC-4.0")]),
        ("ISC AND (MIT OR Apache-2.0)", [work("ISC AND (MIT OR Apache-2.0)")]),
        (
            "GPL-2.0-only WITH Classpath-exception-2.0",
            [work("GPL-2.0-only WITH Classpath-exception-2.0")],
        ),
        ("Apache-2.0+", [work("Apache-2.0+")]),
    ],
)
def test_a_license_is_urls_of_spdx_where_these_say_all_of_it(
    expression: str, terms: list[object]
) -> None:
    assert document(license=License(expression))["license"] == terms


def test_several_licenses_are_those_of_the_dataset_and_each_stands_at_its_files() -> None:
    said = document(
        entry("a", license=License("MIT", "Ada")),
        entry("b", license=License("MIT AND CC0-1.0")),
        entry("c"),
        license=License("CC-BY-4.0", "Lab"),
    )

    assert said["license"] == [f"{SPDX}{name}.html" for name in ("MIT", "CC0-1.0", "CC-BY-4.0")]
    assert said["creditText"] == ["Ada", "Lab"]
    assert "seedbox:license" not in said
    assert [node(said, f"{name}.torrent")["seedbox:license"] for name in "abc"] == [
        "MIT",
        "MIT AND CC0-1.0",
        "CC-BY-4.0",
    ]
    files = [node(said, f"{name}/data") for name in "abc"]
    assert [each["license"] for each in files] == [
        [f"{SPDX}MIT.html"],
        [f"{SPDX}MIT.html", f"{SPDX}CC0-1.0.html"],
        [f"{SPDX}CC-BY-4.0.html"],
    ]
    assert [each.get("creditText") for each in files] == ["Ada", None, "Lab"]


@pytest.mark.parametrize("own", [None, License("CC0-1.0")])
def test_one_license_is_said_once(own: License | None) -> None:
    said = document(entry("a", license=own), entry("b"))

    assert said["seedbox:license"] == "CC0-1.0"
    assert not any("license" in key for each in said["distribution"] for key in each)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (CLOSED, "org.example/set may not be shared: license 'CC-BY-NC-4.0'"),
        (None, "org.example/set may not be shared: license 'none'"),
    ],
)
def test_a_dataset_that_is_not_open_is_refused(terms: License | None, message: str) -> None:
    with pytest.raises(LicenseRefusedError) as refusal:
        document(license=terms)

    assert refusal.value.message.startswith(message)


def test_a_dataset_with_shards_that_are_not_open_is_refused_whole() -> None:
    with pytest.raises(LicenseRefusedError) as refusal:
        document(entry("a"), entry("b", license=CLOSED), entry("c", license=CLOSED))

    assert refusal.value.message.startswith("org.example/set, shard b and 1 more may not be shared")

    with pytest.raises(LicenseRefusedError) as refusal:
        document(entry("a", license=License("MIT")), entry("b"), license=None)

    assert refusal.value.message.startswith("org.example/set, shard b may not be shared: license ")


# --- shards -----------------------------------------------------------------------------------


TORRENT = {
    "@type": "cr:FileObject",
    "@id": "b.torrent",
    "name": "b.torrent",
    "contentUrl": "torrents/b.torrent",
    "encodingFormat": "application/x-bittorrent",
    "sha256": V2.hex(),
    "sameAs": f"magnet:?xt=urn:btih:{V1.hex()}&xt=urn:btmh:1220{V2.hex()}&dn=b"
    "&tr=udp:%2F%2Ft.example:1%2Fa&tr=https:%2F%2Fu.example%2Fb"
    "&ws=https:%2F%2Fexample.org%2Fdumps%2F",
    "seedbox:rank": 2,
    "seedbox:role": "data",
    "seedbox:use": "4",
    "seedbox:coverage": "0.800000",
    "seedbox:items": 5,
    "seedbox:files": 6,
    "seedbox:size": 12_345,
    "seedbox:infoHashV1": V1.hex(),
    "seedbox:infoHashV2": V2.hex(),
    "seedbox:webSeed": ["https://example.org/dumps/"],
}


def test_a_shard_is_a_torrent_and_the_files_in_it() -> None:
    shard = entry(
        "b",
        items=5,
        files=6,
        size=12_345,
        use=Decimal(4),
        coverage=Decimal("0.800000"),
        info_hash=InfoHash(V1, V2),
        torrent=TorrentRef("torrents/b.torrent", V2),
        web_seeds=(WebSeed("https://example.org/dumps/"),),
    )
    catalog = entry("a", role=Role.CATALOG, use=None)

    said = document(catalog, shard, trackers=(("udp://t.example:1/a",), ("https://u.example/b",)))

    assert [each["@id"] for each in said["distribution"]] == [
        "a.torrent",
        "a/data",
        "b.torrent",
        "b/data",
    ]
    assert node(said, "b.torrent") == TORRENT
    assert node(said, "b/data") == {
        "@type": "cr:FileSet",
        "@id": "b/data",
        "name": "b",
        "containedIn": {"@id": "b.torrent"},
        "contentSize": "12345 B",
        "encodingFormat": "application/octet-stream",
        "includes": "**",
    }
    first = node(said, "a.torrent")
    assert (first["seedbox:rank"], first["seedbox:role"]) == (1, "catalog")
    assert not {"seedbox:use", "seedbox:coverage", "seedbox:webSeed"} & first.keys()


def test_a_torrent_of_v2_has_no_v1() -> None:
    said = node(document(entry("a", info_hash=InfoHash(v2=V2))), "a.torrent")

    assert "seedbox:infoHashV1" not in said
    assert said["seedbox:infoHashV2"] == V2.hex()


def test_a_file_whose_name_is_known_has_links_of_its_own() -> None:
    seeds = WebSeed("https://one.example/d/"), WebSeed("https://two.example/")
    shard = entry("a", at="sub", web_seeds=seeds)

    said = document(shard, names={"a": "größe 1.bin"})

    assert node(said, "a/data") == {
        "@type": "cr:FileObject",
        "@id": "a/data",
        "name": "größe 1.bin",
        "containedIn": {"@id": "a.torrent"},
        "contentUrl": "größe 1.bin",
        "contentSize": "1000 B",
        "encodingFormat": "application/octet-stream",
        "sameAs": [
            "https://one.example/d/gr%C3%B6%C3%9Fe%201.bin",
            "https://two.example/gr%C3%B6%C3%9Fe%201.bin",
        ],
    }


def test_a_tar_is_one_file_with_the_name_of_its_shard() -> None:
    shard = entry("a", web_seeds=(WebSeed("https://one.example/d/"),))

    said = node(document(shard, pack=Pack.TAR), "a/data")

    assert (said["@type"], said["name"], said["contentUrl"]) == ("cr:FileObject", "a.tar", "a.tar")
    assert said["encodingFormat"] == "application/x-tar"
    assert said["sameAs"] == ["https://one.example/d/a.tar"]


def test_a_catalog_is_a_folder_of_tables_beside_tars() -> None:
    shard = entry("a", role=Role.CATALOG, files=2, use=None)

    assert node(document(shard, pack=Pack.TAR), "a/data") == {
        "@type": "cr:FileSet",
        "@id": "a/data",
        "name": "a",
        "containedIn": {"@id": "a.torrent"},
        "contentSize": "1000 B",
        "encodingFormat": "application/octet-stream",
        "includes": "**",
    }


@pytest.mark.parametrize(
    ("mirrors", "url"),
    [
        ((), "t%3A1/a%20%C3%B6.torrent"),
        (
            ("https://example.org/d/manifest.yaml?v=2", "https://two.example/"),
            "https://example.org/d/t%3A1/a%20%C3%B6.torrent",
        ),
    ],
)
def test_a_torrent_is_beside_the_manifest_wherever_that_is(
    mirrors: tuple[str, ...], url: str
) -> None:
    shard = entry("a", torrent=TorrentRef("t:1/a ö.torrent", V2))

    said = node(document(shard, mirrors=mirrors), "a.torrent")

    assert (said["contentUrl"], said["name"]) == (url, "a ö.torrent")


# --- the text ---------------------------------------------------------------------------------


def test_numbers_stay_exact() -> None:
    use = Decimal("12345678901234567890.123456789012345678")

    said = document(entry("a", use=use))

    assert node(said, "a.torrent")["seedbox:use"] == "12345678901234567890.123456789012345678"
    assert said["@context"]["seedbox:use"] == {"@id": "seedbox:use", "@type": "xsd:decimal"}


def test_the_text_is_ascii_and_the_same_each_time() -> None:
    subject = manifest(entry("a"), title="グラフ \u202e😀", description="é\x7f")

    made = export(subject, {})

    assert (made.text.isascii(), made.text[-2:]) == (True, "}\n")
    assert json.loads(made.text) == made.document
    assert export(subject, {}).text == made.text


def test_nothing_ends_the_element_of_a_web_page_that_holds_the_text() -> None:
    made = export(manifest(entry("a"), title="</script><script>alert(1)<!--"), {})

    assert "<" not in made.text
    assert json.loads(made.text)["name"] == "</script><script>alert(1)<!--"


def test_values_are_not_shared_between_exports() -> None:
    first = document()
    first["@context"]["name"] = "changed"

    assert "name" not in document()["@context"]
