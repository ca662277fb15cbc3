"""Which base URLs can work for which shard (BEP 19)."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.manifest.model import Origin, Pack, Role, Shard, WebSeed
from seedbox.manifest.parse import parse_manifest
from seedbox.manifest.web_seeds import asked_for, problems, url_of

EXAMPLE = parse_manifest(Path(__file__).with_name("example.yaml").read_bytes(), file="m.yaml")
DUMPS = "https://example.org/dumps"
ORIGIN = "the origin is https://example.org/dumps/20261101"
HEAD = EXAMPLE.head  # its origin is https://example.org/dumps/20261101, its root 20261101
MANY = EXAMPLE.shards[1]
NESTED = EXAMPLE.shards[2]  # one file, at tail/2026
TOP = replace(NESTED, at=None)


@pytest.mark.parametrize("pack", list(Pack))
def test_a_catalog_is_asked_for_in_its_own_folder_and_no_origin_has_it(pack: Pack) -> None:
    head, catalog = replace(HEAD, pack=pack), replace(MANY, role=Role.CATALOG)
    seed = WebSeed("https://example.org/dumps/20261101/catalogs/")

    assert asked_for(head, catalog, seed) == f"{seed.url}{MANY.name}/…"
    assert list(problems(head, catalog, seed)) == []


@pytest.mark.parametrize(
    ("shard", "url"),
    [
        (MANY, "https://example.org/dumps/"),
        (MANY, "https://mirror.example/pub/wiki/"),
        (MANY, "https://example.org/other/"),
        (NESTED, "https://example.org/dumps/20261101/tail/2026/"),
        (NESTED, "https://mirror.example/20261101/tail/2026/"),
        (NESTED, "https://mirror.example/20261101/t%61il/2026/"),
        (TOP, "https://example.org/dumps/20261101/"),
    ],
)
def test_a_url_that_leads_to_the_files_is_right(shard: Shard, url: str) -> None:
    assert list(problems(HEAD, shard, WebSeed(url))) == []


@pytest.mark.parametrize(
    ("shard", "url", "message"),
    [
        (
            MANY,
            "https://example.org/dumps",
            f"{DUMPS} does not end in /, so a client asks for {DUMPS}20261101/…",
        ),
        (
            MANY,
            "https://example.org/dumps/20261101/",
            f"a client asks for https://example.org/dumps/20261101/20261101/…, {ORIGIN}",
        ),
        (
            MANY,
            "https://example.org/",
            f"a client asks for https://example.org/20261101/…, {ORIGIN}",
        ),
        (
            MANY,
            "https://example.org/get?path=/",
            (
                "a client cannot add a path behind the ? or # of https://example.org/get?path=/: "
                "it asks for https://example.org/get?path=/20261101/…"
            ),
        ),
        (
            MANY,
            "https://example.org/dumps/#",
            (
                "a client cannot add a path behind the ? or # of https://example.org/dumps/#: "
                "it asks for https://example.org/dumps/#20261101/…"
            ),
        ),
        (
            MANY,
            "https://me:secret@example.org/dumps/",
            "https://example.org/dumps/ comes with a name or password in it",
        ),
        (
            NESTED,
            "https://mirror.example/20261101/tail/",
            (
                "a client asks for https://mirror.example/20261101/tail/…, "
                "the shard's file is in the folder tail/2026/"
            ),
        ),
        (
            NESTED,
            "https://example.org/dumps/20261101/x/tail/2026/",
            f"a client asks for https://example.org/dumps/20261101/x/tail/2026/…, {ORIGIN}",
        ),
        (
            TOP,
            "https://example.org/dumps/",
            f"a client asks for https://example.org/dumps/…, {ORIGIN}",
        ),
    ],
)
def test_a_url_that_cannot_work_shows_what_a_client_would_ask_for(
    shard: Shard,
    url: str,
    message: str,
) -> None:
    assert [found for found, _ in problems(HEAD, shard, WebSeed(url))] == [message]


def test_without_an_origin_url_only_the_slash_can_be_checked() -> None:
    head = replace(HEAD, origin=Origin(purl="pkg:npm/a@1"))

    assert list(problems(head, MANY, WebSeed("https://example.org/anywhere/"))) == []
    assert len(list(problems(head, MANY, WebSeed("https://example.org/anywhere")))) == 1


def test_a_tar_is_asked_for_by_its_shards_name() -> None:
    head = replace(HEAD, pack=Pack.TAR)
    seed = WebSeed("https://example.org/shards/")

    assert asked_for(head, MANY, seed) == "https://example.org/shards/wiki-graph-0001.tar"
    assert list(problems(head, MANY, seed)) == []


def test_a_root_is_asked_for_in_url_encoding() -> None:
    head = replace(HEAD, root="a b#é")

    asked = asked_for(head, MANY, WebSeed("https://example.org/"))

    assert asked == "https://example.org/a%20b%23%C3%A9/…"


@pytest.mark.parametrize(
    ("url", "path", "single", "asked"),
    [
        ("https://a.example/x/", ("set", "b", "c.bin"), False, "https://a.example/x/set/b/c.bin"),
        ("https://a.example/x", ("set", "c.bin"), False, "https://a.example/x/set/c.bin"),
        ("https://a.example/x/", ("c.bin",), True, "https://a.example/x/c.bin"),
        ("https://a.example/x/c.bin", ("c.bin",), True, "https://a.example/x/c.bin"),
        (
            "https://a.example/%20/",
            ("a b", "c#d?e", "f%20g", "h+i&j", "~k_l-m.n", "ü"),
            False,
            "https://a.example/%20/a%20b/c%23d%3Fe/f%2520g/h%2Bi%26j/~k_l-m.n/%C3%BC",
        ),
    ],
)
def test_a_client_asks_for_base_name_and_path_each_segment_escaped(
    url: str, path: tuple[str, ...], single: bool, asked: str
) -> None:
    assert url_of(WebSeed(url), path, single=single) == asked
