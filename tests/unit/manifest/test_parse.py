"""The example of the format page, read; and files that are wrong as a whole."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidManifestError
from seedbox.manifest.model import (
    Creator,
    Evidence,
    License,
    Origin,
    Pack,
    PersonalData,
    Popularity,
    Publisher,
    Rendition,
    Role,
    Table,
    TorrentRef,
    WebSeed,
)
from seedbox.manifest.parse import parse_document, parse_head, parse_manifest
from seedbox.torrent.info_hash import Format

EXAMPLE = Path(__file__).with_name("example.yaml").read_bytes()
HEAD = b"""\
seedbox: 1
id: org.example/wiki
sequence: 1
version: "1.0.0"
issued: 2026-11-02T09:00:00Z
title: Wiki
"""


def problems(data: bytes) -> list[tuple[str, int | None, str]]:
    found = parse_document(data, file="m.yaml").problems
    return [(problem.rule, problem.line, problem.path) for problem in found]


def test_every_field_of_the_dataset_is_read() -> None:
    head = parse_manifest(EXAMPLE, file="m.yaml").head

    assert (head.id, head.sequence, head.version) == ("org.example/wiki-graph", 7, "2.1.0")
    assert head.issued == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert head.expires == datetime(2027, 5, 2, tzinfo=UTC)
    assert head.previous == bytes.fromhex("9f2c" + "00" * 30)
    assert head.title == "Wikipedia link graph"
    assert head.description == "Who links to whom, one row a link, all languages."
    assert head.homepage == "https://example.org/wiki-graph"
    assert head.doi == "10.5281/zenodo.0000000"
    assert head.keywords == ("graph", "wikipedia")
    assert head.creators == (Creator("Example Lab", "0000-0000-0000-0000"),)
    assert head.publisher == Publisher("Example Lab", "mailto:data@example.org")
    assert head.cite_as == "@dataset{wiki_graph}"
    assert head.mirrors == ("https://example.org/wiki-graph/manifest.yaml",)
    assert head.withdrawals == "https://example.org/wiki-graph/withdrawals.yaml"


def test_every_field_about_terms_and_use_is_read() -> None:
    head = parse_manifest(EXAMPLE, file="m.yaml").head

    assert head.license == License(
        "CC-BY-4.0",
        "Example Lab, CC BY 4.0",
        Evidence(
            "https://example.org/license", date(2026, 10, 30), bytes.fromhex("1c4f" + "00" * 30)
        ),
    )
    assert head.origin == Origin(
        url="https://example.org/dumps/20261101", revision="20261101", retrieved=date(2026, 11, 1)
    )
    assert (head.root, head.pack, head.format) == ("20261101", Pack.FILES, Format.HYBRID)
    assert head.personal_data is PersonalData.NONE
    assert head.popularity == Popularity(
        "page views",
        date(2026, 11, 1),
        (date(2025, 11, 1), date(2026, 10, 31)),
        "https://example.org/pageviews",
        Decimal(182345678901),
    )
    assert head.renditions == (
        Rendition("original"),
        Rendition("opus-75k", "opus-75k", Decimal(1)),
    )
    assert head.trackers == (("udp://tracker.example.org:6969/announce",),)
    note = Table((("reviewed", True), ("ratio", Decimal("1.10")), ("by", ("A", None, 3))))
    assert head.extra == Table((("x-note", note),))


def test_every_field_of_a_shard_is_read() -> None:
    catalog, first, last = parse_manifest(EXAMPLE, file="m.yaml").shards

    assert (catalog.name, catalog.role) == ("wiki-graph-catalog", Role.CATALOG)
    assert (catalog.use, catalog.coverage) == (None, None)
    assert (first.name, first.role, first.rendition) == ("wiki-graph-0001", Role.DATA, "original")
    assert (first.items, first.files, first.size) == (51_000, 51_001, 21_474_836_480)
    assert (first.use, first.coverage) == (Decimal(51_234_567_890), Decimal("0.280975"))
    assert first.piece_length == 8_388_608
    assert first.info_hash.v1 == bytes.fromhex("ba" * 20)
    assert first.info_hash.v2 == bytes.fromhex("bb" * 32)
    assert first.torrent == TorrentRef("torrents/wiki-graph-0001.torrent", b"\xbc" * 32)
    checked = datetime(2026, 11, 1, tzinfo=UTC)
    assert first.web_seeds == (WebSeed("https://example.org/dumps/", checked, 25),)
    assert (first.min_copies, first.release) == (3, datetime(2026, 12, 1, tzinfo=UTC))
    assert first.license == License("CC0-1.0")
    assert first.supersedes == (b"\xbd" * 32,)
    assert (last.at, last.use) == ("tail/2026", Decimal("0.5"))
    assert last.extra == Table((("x-why", "too rare"),))


def test_what_a_head_leaves_out_has_the_defaults_of_the_spec() -> None:
    head = parse_head(HEAD, file="dataset.yaml")

    assert (head.pack, head.format) == (None, Format.HYBRID)
    assert head.personal_data is PersonalData.UNKNOWN
    assert (head.root, head.license, head.popularity, head.trackers) == (None, None, None, ())


def test_guesses_of_init_stay_under_their_own_key() -> None:
    head = parse_head(HEAD + b"x-guessed: [title, license.spdx]\n", file="dataset.yaml")

    assert head.extra.get("x-guessed") == ("title", "license.spdx")


def test_a_head_needs_no_total_but_a_manifest_does() -> None:
    popularity = b"popularity: {metric: views}\n"

    head = parse_head(HEAD + popularity, file="dataset.yaml")

    assert head.popularity == Popularity("views")
    assert problems(HEAD + popularity + b"shards: []\n") == [("missing-key", 7, "popularity")]


def test_a_head_has_no_shards_and_says_who_makes_them() -> None:
    with pytest.raises(InvalidManifestError) as caught:
        parse_head(HEAD + b"shards: []\n", file="dataset.yaml")

    (problem,) = caught.value.problems
    assert str(problem) == "dataset.yaml:7: shards: a dataset.yaml has no shards"
    assert "seedbox build" in problem.hint


@pytest.mark.parametrize(
    "key", ["seedbox", "id", "sequence", "version", "issued", "title", "shards"]
)
def test_a_manifest_without_one_of_these_is_refused(key: str) -> None:
    lines = (HEAD + b"shards: []\n").splitlines(keepends=True)
    without = b"".join(line for line in lines if not line.startswith(key.encode()))

    assert problems(without) == [("missing-key", 1, "")]


@pytest.mark.parametrize("data", [b"[1]\n", b"text\n", b"---\n", b"12\n"])
def test_a_file_that_is_no_mapping_is_no_manifest(data: bytes) -> None:
    assert [rule for rule, _, _ in problems(data)] == ["type"]


def test_problems_of_the_yaml_and_of_the_fields_come_together() -> None:
    data = EXAMPLE.replace(b"version: ", b"version: &v ").replace(b"role: data", b"rule: data", 1)

    assert problems(data) == [
        ("anchor", 4, "version"),
        ("unknown-key", 54, "shards[1].rule"),
        ("missing-key", 53, "shards[1]"),
    ]


def test_an_alias_is_reported_once_and_not_as_a_wrong_value_too() -> None:
    data = HEAD.replace(b"title: Wiki", b"title: *t") + b"shards: []\n"

    assert problems(data) == [("alias", 6, "title")]


def test_the_error_names_the_file_and_lists_everything() -> None:
    data = HEAD.replace(b"sequence: 1", b"sequence: one") + b"shards: 3\n"

    with pytest.raises(InvalidManifestError) as caught:
        parse_manifest(data, file="m.yaml")

    assert caught.value.exit_status == 4
    assert caught.value.message == (
        "manifest m.yaml has 2 problems:\n"
        "  m.yaml:3: sequence: one is read as text, not a whole number\n"
        "  m.yaml:7: shards: 3 is read as a number, not a list"
    )


def test_after_100_problems_nobody_reads_on() -> None:
    data = HEAD + b"shards:\n" + b"- name: 1\n" * 1000

    found = parse_document(data, file="m.yaml").problems

    assert len(found) == 101
    assert found[-1].message == "reading stopped after 100 problems"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("title", 8),
        ("license.evidence.sha256", 22),
        ("license.nothing", 19),
        ("shards[1]", 53),
        ("shards[1].coverage", 60),
        ("shards[1].web_seeds[0].url", 64),
        ("shards[2].license.spdx", 69),
        ("", 1),
    ],
)
def test_a_path_leads_to_its_line_or_to_that_of_what_is_around_it(path: str, line: int) -> None:
    assert parse_document(EXAMPLE, file="m.yaml").line_of(path) == line


def test_a_head_tells_of_its_shards_once_however_many_there_are() -> None:
    shards = b"shards:\n" + b"- {name: 1, items: 2, extra: [3]}\n" * 50_000

    with pytest.raises(InvalidManifestError) as caught:
        parse_head(HEAD + shards, file="dataset.yaml")

    assert [(each.rule, each.line) for each in caught.value.problems] == [("unknown-key", 7)]


def test_what_is_wrong_before_a_file_breaks_off_is_told_too() -> None:
    data = EXAMPLE.replace(b"sequence: 7", b"sequence: seven") + b"  x-b: [\n"

    assert problems(data) == [("type", 3, "sequence"), ("yaml", 84, "")]


@given(st.binary(max_size=300))
def test_any_bytes_give_a_manifest_or_problems(data: bytes) -> None:
    document = parse_document(HEAD + data, file="m.yaml")

    assert document.value is not None or document.problems
