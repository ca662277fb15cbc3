"""Where a path stands: the line of the thing, or of the nearest thing around it."""

from pathlib import Path

import pytest

from seedbox.manifest.lines import find_lines

EXAMPLE = Path(__file__).with_name("example.yaml").read_bytes()


def test_many_paths_are_found_in_one_reading() -> None:
    expected = {
        "title": 8,
        "license.evidence.sha256": 22,
        "license.nothing": 19,
        "trackers[0][0]": 41,
        "trackers[7]": 41,
        "shards": 44,
        "shards[1]": 53,
        "shards[1].coverage": 60,
        "shards[1].web_seeds[0].url": 64,
        "shards[2].license.spdx": 69,
        "shards[9].name": 1,
        "nothing[3].at.all": 1,
        "": 1,
    }

    assert find_lines(EXAMPLE, expected, many="shards") == expected


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a: 1\nshards: [{\n  name: b}, {\n  name: c}]\n", 4),
        (b"a: 1\nshards: {name: b}\n", 1),
        (b"- a\n", 1),
        (b"a: 1\nshards: [\n", None),  # which is no YAML
        (b"x" * (64 * 1024 * 1024 + 1), None),
    ],
)
def test_whatever_the_document_a_line_is_found_or_none(data: bytes, line: int | None) -> None:
    path = "shards[1].name"

    assert find_lines(data, [path], many="shards") == {path: line}


def test_reading_ends_where_all_is_found() -> None:
    broken_later = b"a: 1\nb: 2\nc: [\n"

    assert find_lines(broken_later, ["b"], many="shards") == {"b": 2}


def test_a_document_with_too_many_problems_has_lines_up_to_them() -> None:
    data = b"a: 1\nb: 2\n" + b"c: &x 1\n" * 200

    assert find_lines(data, ["b", "d"], many="shards") == {"b": 2, "d": None}
