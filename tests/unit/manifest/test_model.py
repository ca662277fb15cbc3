"""What the values of a manifest answer by themselves."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.manifest.model import License, Origin, Table
from seedbox.manifest.parse import parse_manifest

EXAMPLE = parse_manifest(Path(__file__).with_name("example.yaml").read_bytes(), file="m.yaml")


@pytest.mark.parametrize(
    ("root", "origin", "name"),
    [
        ("photos", Origin(url="https://example.org/dumps/2026"), "photos"),
        (None, Origin(url="https://example.org/dumps/2026"), "2026"),
        (None, Origin(url="https://example.org/dumps/2026/"), "2026"),
        (None, Origin(url="https://example.org/a%20b/?x=1#y"), "a b"),
        (None, Origin(url="https://example.org/"), None),
        (None, Origin(url="https://example.org"), None),
        (None, Origin(url="https://example.org/a/.."), None),
        (None, Origin(url="https://example.org/a%2F..%2Fb"), None),
        (None, Origin(purl="pkg:npm/a@1"), None),
        (None, None, None),
    ],
)
def test_torrents_are_named_by_root_or_by_the_origins_last_folder(
    root: str | None, origin: Origin | None, name: str | None
) -> None:
    assert replace(EXAMPLE.head, root=root, origin=origin).torrent_root == name


def test_a_shards_own_license_goes_before_the_datasets() -> None:
    catalog, first, _ = EXAMPLE.shards

    assert EXAMPLE.license_of(catalog) == EXAMPLE.head.license
    assert EXAMPLE.license_of(first) == License("CC0-1.0")


def test_the_size_is_that_of_all_shards() -> None:
    assert EXAMPLE.size == 214_748_364 + 21_474_836_480 + 4_096


def test_a_manifest_can_be_hashed_and_sent_to_another_process() -> None:
    copy = pickle.loads(pickle.dumps(EXAMPLE))  # noqa: S301 - our own bytes

    assert copy == EXAMPLE
    assert hash(copy) == hash(EXAMPLE)


def test_a_table_answers_by_key() -> None:
    table = Table((("a", 1), ("b", None)))

    assert (table.get("a"), table.get("b"), table.get("c")) == (1, None, None)
    assert (bool(table), bool(Table())) == (True, False)
