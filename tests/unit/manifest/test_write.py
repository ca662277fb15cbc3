"""Writing: what is written reads back the same, by us and by every other YAML reader."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings

from seedbox.manifest import model
from seedbox.manifest.model import Head, Manifest, Table
from seedbox.manifest.nodes import load
from seedbox.manifest.parse import parse_head, parse_manifest
from seedbox.manifest.problems import Problems
from seedbox.manifest.write import write_head, write_manifest
from seedbox.torrent.info_hash import Format
from support.manifests import MANIFEST, TEXT

HOUR = timedelta(hours=1)
EXAMPLE = Path(__file__).with_name("example.yaml").read_bytes()


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
