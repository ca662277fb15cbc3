"""Writing: what is written reads back the same, by us and by every other YAML reader."""

import string
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from seedbox.manifest import model
from seedbox.manifest.model import Head, Manifest, Shard, Table
from seedbox.manifest.nodes import load
from seedbox.manifest.parse import parse_head, parse_manifest
from seedbox.manifest.problems import Problems
from seedbox.manifest.write import write_head, write_manifest
from seedbox.torrent.info_hash import Format, InfoHash

HOUR = timedelta(hours=1)
EXAMPLE = Path(__file__).with_name("example.yaml").read_bytes()


def table(pairs: dict[str, model.Extra]) -> Table:
    return Table(tuple(pairs.items()))


# Text that some YAML reader takes for something else, or that needs quotes, escapes or a block.
TRAPS = [
    *("no", "on", "y", "1.10", "012", "1e3", "12:30:00", "0x1f", "0b1", "1_000", ".inf", "~"),
    *("null", "2026-11-02", "<<", "=", "-", "- a", "? a", "a: b", "a:", ":a", "a #b", "#a", "a "),
    *(" a", "[a]", "{a}", "a, b", "a]", "'", '"', 'a"b', "\\", "a\\n", "&a", "*a", "!a", "|", ">"),
    *(
        "%a",
        "@a",
        "`a",
        "---",
        "...",
        "... a",
        "a\nb",
        "a\n\nb\n",
        "\na",
        " a\nb",
        "a \nb",
        "a\n b",
    ),
    *("a\tb", "\ta\nb", "a\n\n", "a\n#b", "a\n---\nb", "a\u2028b", "a\ufeffb", "\xa0a", "é", "😀"),
    *("a\u2029\nb", "x" * 2000, "two  spaces", "key: |", "a\n  - b: c\n"),
]
TEXT = st.one_of(
    st.sampled_from(TRAPS),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=30),
    st.text("ab \n\t:#-,[]{}'\"\\!&*|>%@`?é", min_size=1, max_size=20),
).filter(lambda text: text.strip())
WORD = st.text(string.ascii_lowercase + string.digits + "._-", min_size=1, max_size=12)
NAME = WORD.map(lambda word: f"a{word}z")  # no reserved word ends or begins like this
URL = st.builds("https://example.org/{}".format, st.text(string.ascii_letters + ":,[]{}#?=%'@"))
INTEGER = st.integers(0, 2**63 - 1)
NUMBER = st.decimals(0, 10**12, places=3) | st.integers(0, 10**30 - 1).map(Decimal)
MOMENT = st.datetimes(timezones=st.just(UTC))
SHA256 = st.binary(min_size=32, max_size=32) | st.sampled_from([b"\x11" * 32, b"\x00" * 32])
EXTRA: SearchStrategy[model.Extra] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXT | NUMBER,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(TEXT.filter(lambda key: len(key) < 100), inner, max_size=3).map(table)
    ),
    max_leaves=6,
)


FREE = st.dictionaries(NAME.map("x-{}".format), EXTRA, max_size=2).map(table)
CREATOR = st.builds(model.Creator, TEXT, st.none() | TEXT, FREE)
PUBLISHER = st.builds(model.Publisher, TEXT, st.none() | URL, FREE)
EVIDENCE = st.builds(model.Evidence, URL, st.none() | st.dates(), st.none() | SHA256, FREE)
LICENSE = st.builds(model.License, TEXT, st.none() | TEXT, st.none() | EVIDENCE, FREE)
ORIGIN = st.builds(
    model.Origin,
    url=URL,
    purl=st.none() | st.just("pkg:npm/%40iconify/json@2.2.535"),
    revision=st.none() | TEXT,
    retrieved=st.none() | st.dates(),
    sha256=st.none() | SHA256,
    extra=FREE,
)
POPULARITY = st.builds(
    model.Popularity,
    TEXT,
    st.none() | st.dates(),
    st.none() | st.tuples(st.dates(), st.dates()),
    st.none() | TEXT,
    NUMBER,
    FREE,
)
RENDITION = st.builds(model.Rendition, NAME | st.just("no"), st.none() | NAME, st.none() | NUMBER)
WEB_SEED = st.builds(model.WebSeed, URL, st.none() | MOMENT, st.none() | INTEGER, FREE)
INFO_HASH = st.one_of(
    st.builds(InfoHash, st.binary(min_size=20, max_size=20), st.none() | SHA256),
    st.builds(InfoHash, st.none(), SHA256),
)
HEAD = st.builds(
    Head,
    id=st.builds("{}/{}".format, NAME, NAME),
    sequence=st.integers(1, 2**63 - 1),
    version=TEXT,
    issued=MOMENT,
    title=TEXT,
    expires=st.none() | MOMENT,
    previous=st.none() | SHA256,
    description=st.none() | TEXT,
    homepage=st.none() | URL,
    doi=st.none() | st.just("10.5281/zenodo.1"),
    keywords=st.lists(TEXT, max_size=2).map(tuple),
    creators=st.lists(CREATOR, max_size=2).map(tuple),
    publisher=st.none() | PUBLISHER,
    cite_as=st.none() | TEXT,
    mirrors=st.lists(URL, max_size=2).map(tuple),
    withdrawals=st.none() | URL,
    license=st.none() | LICENSE,
    origin=st.none() | ORIGIN,
    root=st.none() | NAME,
    popularity=st.none() | POPULARITY,
    renditions=st.lists(RENDITION, max_size=2, unique_by=lambda each: each.name).map(tuple),
    trackers=st.lists(st.lists(URL, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    extra=FREE,
)
SHARD = st.builds(
    Shard,
    name=NAME,
    items=INTEGER,
    files=INTEGER,
    size=INTEGER,
    piece_length=st.integers(14, 40).map(lambda power: 2**power),
    info_hash=INFO_HASH,
    torrent=st.builds(model.TorrentRef, NAME.map("torrents/{}.torrent".format), SHA256, FREE),
    rendition=st.none() | TEXT,
    use=st.none() | NUMBER,
    coverage=st.none() | st.decimals(0, 1, places=6),
    at=st.none() | st.builds("{}/{}".format, NAME, NAME),
    web_seeds=st.lists(WEB_SEED, max_size=2).map(tuple),
    min_copies=st.none() | st.integers(1, 9),
    release=st.none() | MOMENT,
    license=st.none() | LICENSE,
    supersedes=st.lists(SHA256, max_size=2).map(tuple),
    extra=FREE,
)
MANIFEST = st.builds(Manifest, HEAD, st.lists(SHARD, max_size=2).map(tuple))


@settings(max_examples=200, deadline=None)
@given(MANIFEST)
def test_a_written_manifest_reads_back_the_same(manifest: Manifest) -> None:
    written = write_manifest(manifest)

    assert parse_manifest(written, file="m.yaml") == manifest
    assert write_manifest(parse_manifest(written, file="m.yaml")) == written


@settings(deadline=None)
@given(MANIFEST)
def test_both_of_pyyamls_parsers_read_what_is_written(manifest: Manifest) -> None:
    written = write_manifest(manifest)

    trees = [
        load(written, Problems("m.yaml"), loader=loader)
        for loader in (yaml.SafeLoader, yaml.CSafeLoader)
    ]

    assert trees[0] == trees[1] is not None


@given(TEXT, TEXT, TEXT)
def test_other_yaml_readers_see_the_same_text(title: str, inner: str, key: str) -> None:
    head = replace(
        parse_manifest(EXAMPLE, file="m.yaml").head,
        title=title,
        description=inner,
        keywords=(inner, title),
        extra=Table((("x-free", Table(((key[:90], title),))),)),
    )

    seen = yaml.safe_load(write_head(head))

    assert (seen["title"], seen["description"]) == (title, inner)
    assert seen["keywords"] == [inner, title]
    assert seen["x-free"] == {key[:90]: title}


def test_other_yaml_readers_see_the_same_values_in_the_example() -> None:
    seen, written = (
        yaml.safe_load(data)
        for data in (EXAMPLE, write_manifest(parse_manifest(EXAMPLE, file="m.yaml")))
    )

    assert seen == written


def test_the_example_is_written_as_it_stands_but_for_comments_blanks_and_quotes() -> None:
    lines = [line.partition("    #")[0].rstrip() for line in EXAMPLE.decode().splitlines()]
    expected = "\n".join(line for line in lines if line) + "\n"
    expected = expected.replace('"2.1.0"', "2.1.0").replace("[A, ~, 3]", "[A, null, 3]")

    assert write_manifest(parse_manifest(EXAMPLE, file="m.yaml")).decode() == expected


def test_every_field_of_the_model_is_written() -> None:
    manifest = parse_manifest(EXAMPLE, file="m.yaml")
    written = write_manifest(manifest).decode()

    for record in (manifest.head, manifest.shards[1]):
        names = {each.name for each in fields(record) if getattr(record, each.name)} - {"extra"}
        assert [name for name in sorted(names) if f"{name}:" not in written] == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda head: replace(head, root="20261101"), 'root: "20261101"'),
        (lambda head: replace(head, root="photos"), "root: photos"),
        (lambda head: replace(head, title="no"), 'title: "no"'),
        (lambda head: replace(head, title="Wikis: all"), 'title: "Wikis: all"'),
        (lambda head: replace(head, title="Straße, 東京 & more"), "title: Straße, 東京 & more"),
        (lambda head: replace(head, keywords=("a, b", "c")), 'keywords: ["a, b", c]'),
        (lambda head: replace(head, title="a\u2028b"), r'title: "a\u2028b"'),
        (lambda head: replace(head, description="a\n\nb\n"), "description: |\n  a\n\n  b"),
        (lambda head: replace(head, cite_as="@x{\n  a,\n}"), "cite_as: |-\n  @x{\n    a,\n  }"),
        (
            lambda head: replace(head, issued=datetime(2026, 1, 2, 3, tzinfo=timezone(-HOUR))),
            "issued: 2026-01-02T04:00:00Z",
        ),
        (
            lambda head: replace(head, popularity=model.Popularity("m", total=Decimal("1E+3"))),
            "popularity:\n  metric: m\n  total: 1000",
        ),
        (
            lambda head: replace(head, popularity=model.Popularity("m", total=Decimal("0.50"))),
            "popularity:\n  metric: m\n  total: 0.5",
        ),
        (lambda head: replace(head, format=Format.V1), "format: v1"),
        (
            lambda head: replace(head, renditions=(model.Rendition("no"),)),
            'renditions:\n  "no": {}',
        ),
    ],
)
def test_a_field_is_written_for_people(change: Callable[[Head], Head], line: str) -> None:
    written = write_head(change(parse_manifest(EXAMPLE, file="m.yaml").head)).decode()

    assert f"\n{line}\n" in written


@pytest.mark.parametrize(
    ("coverage", "shown"),
    [("1", "1.000000"), ("0", "0.000000"), ("0.5", "0.500000"), ("0.1234567", "0.1234567")],
)
def test_coverage_has_six_decimals_and_loses_none(coverage: str, shown: str) -> None:
    manifest = parse_manifest(EXAMPLE, file="m.yaml")
    shard = replace(manifest.shards[1], coverage=Decimal(coverage))

    assert f"  coverage: {shown}\n" in write_manifest(replace(manifest, shards=(shard,))).decode()


def test_remarks_stand_above_their_key_also_where_it_has_no_value() -> None:
    head = Head(
        id="org.example/a",
        sequence=1,
        version="1.0.0",
        issued=datetime(2026, 1, 1, tzinfo=UTC),
        title="A",
        license=model.License("MIT"),
    )
    remarks = {
        "": "Check every guess.",
        "title": "from README.md\nline two",
        "license.spdx": "guess:\tLICENSE\x1b",
        "popularity": "none found",
    }

    written = write_head(head, remarks)

    assert written.decode() == (
        "# Check every guess.\n"
        "seedbox: 1\n"
        "id: org.example/a\n"
        "sequence: 1\n"
        "version: 1.0.0\n"
        "issued: 2026-01-01T00:00:00Z\n"
        "# from README.md\n"
        "# line two\n"
        "title: A\n"
        "# guess: LICENSE\n"
        "license:\n"
        "  spdx: MIT\n"
        "pack: files\n"
        "format: hybrid\n"
        "personal_data: unknown\n"
        "# none found\n"
    )
    assert parse_head(written, file="dataset.yaml") == head


def test_a_moment_without_a_time_zone_is_a_bug_of_the_caller() -> None:
    head = parse_manifest(EXAMPLE, file="m.yaml").head
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - what is under test

    with pytest.raises(ValueError, match="no time zone"):
        write_head(replace(head, issued=naive))


def test_text_that_no_file_can_hold_is_a_bug_of_the_caller() -> None:
    head = parse_manifest(EXAMPLE, file="m.yaml").head

    with pytest.raises(ValueError, match="not valid Unicode"):
        write_head(replace(head, root="caf\udce9"))


def test_a_day_is_written_as_iso_8601() -> None:
    origin = model.Origin(url="https://example.org/a", retrieved=date(2026, 1, 2))
    head = replace(parse_manifest(EXAMPLE, file="m.yaml").head, origin=origin)

    assert (
        "origin: {url: https://example.org/a, retrieved: 2026-01-02}\n" in write_head(head).decode()
    )
