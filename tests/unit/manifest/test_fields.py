"""Wrong values of every kind: which rule, which line, which place."""

import pytest

from seedbox.manifest.lint import check
from seedbox.manifest.parse import parse_document

BASE = (
    """\
seedbox: 1
id: org.example/wiki
sequence: 2
version: "2.1.0"
issued: 2026-11-02T09:00:00Z
title: Wiki
license: {spdx: CC0-1.0}
root: "20261101"
pack: files
popularity: {metric: views, total: 100}
trackers: [[udp://tracker.example.org:6969/announce]]
shards:
- name: wiki-0001
  role: data
  items: 10
  files: 10
  size: 1000
  use: 60
  coverage: 0.600000
  piece_length: 16384
  info_hash: {v1: AAAA, v2: BBBB}
  torrent: {path: torrents/wiki-0001.torrent, sha256: CCCC}
""".replace("AAAA", "a" * 40)
    .replace("BBBB", "b" * 64)
    .replace("CCCC", "c" * 64)
)
V1, V2 = "a" * 40, "b" * 64
CYRILLIC_I = "\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}"
SHARD, HASH = "shards[0]", "shards[0].info_hash"


def test_the_base_of_the_table_is_right() -> None:
    assert check(BASE.encode(), file="m.yaml") == []


WRONG: list[tuple[str, str, str, int, str]] = [
    # old, new, rule, line, path
    # --- types: the field decides, not the look
    ('version: "2.1.0"', "version: 1.10", "type", 4, "version"),
    ('version: "2.1.0"', "version: 2026-11-02", "type", 4, "version"),
    ('version: "2.1.0"', "version: 1e3", "type", 4, "version"),
    ('version: "2.1.0"', "version: [2, 1]", "type", 4, "version"),
    ("title: Wiki", "title: no", "type", 6, "title"),
    ("title: Wiki", "title: 12:30:00", "type", 6, "title"),
    ("title: Wiki", "title:", "type", 6, "title"),
    ("title: Wiki", 'title: " "', "empty", 6, "title"),
    ("title: Wiki", 'title: "a\\e[31m"', "character", 6, "title"),
    ("title: Wiki", 'title: "a\\0b"', "character", 6, "title"),
    ("title: Wiki", f"title: {'x' * 65_537}", "too-long", 6, "title"),
    ('root: "20261101"', "root: 20261101", "type", 8, "root"),
    ("name: wiki-0001", "name: 012", "type", 13, f"{SHARD}.name"),
    ("items: 10", 'items: "10"', "type", 15, f"{SHARD}.items"),
    ("items: 10", "items: 010", "type", 15, f"{SHARD}.items"),
    ("items: 10", "items: 1_0", "type", 15, f"{SHARD}.items"),
    ("items: 10", "items: 1e1", "type", 15, f"{SHARD}.items"),
    ("items: 10", "items: 10.0", "type", 15, f"{SHARD}.items"),
    ("items: 10", "items: -10", "type", 15, f"{SHARD}.items"),
    ("items: 10", "items: ten", "type", 15, f"{SHARD}.items"),
    ("items: 10", "items: {a: 1}", "type", 15, f"{SHARD}.items"),
    ("size: 1000", "size: 16:40", "type", 17, f"{SHARD}.size"),
    ("size: 1000", "size: 9223372036854775808", "range", 17, f"{SHARD}.size"),
    ("size: 1000", f"size: 1{'0' * 10_000}", "type", 17, f"{SHARD}.size"),
    ("use: 60", "use: 6e1", "type", 18, f"{SHARD}.use"),
    ("use: 60", "use: .inf", "type", 18, f"{SHARD}.use"),
    ("use: 60", "use: .nan", "type", 18, f"{SHARD}.use"),
    ("use: 60", 'use: "60"', "type", 18, f"{SHARD}.use"),
    ("coverage: 0.600000", "coverage: .6", "type", 19, f"{SHARD}.coverage"),
    ("issued: 2026-11-02T09:00:00Z", "issued: 2026-11-02", "type", 5, "issued"),
    ("issued: 2026-11-02T09:00:00Z", "issued: 2026-11-02T09:00:00", "type", 5, "issued"),
    ("issued: 2026-11-02T09:00:00Z", "issued: 2026-02-30T09:00:00Z", "date", 5, "issued"),
    ("issued: 2026-11-02T09:00:00Z", "issued: 0001-01-01T00:00:00+01:00", "date", 5, "issued"),
    ("issued: 2026-11-02T09:00:00Z", "issued: 1793610000", "type", 5, "issued"),
    ("license: {spdx: CC0-1.0}", "license: CC0-1.0", "type", 7, "license"),
    ("license: {spdx: CC0-1.0}", "license: {spdx: }", "type", 7, "license.spdx"),
    ("trackers: [[udp", "trackers: [udp://a.b:1, [udp", "type", 11, "trackers[0]"),
    ("total: 100", "total: 100, window: [2026-01-01]", "type", 10, "popularity.window"),
    ("total: 100", "total: 100, as_of: 2026-13-01", "date", 10, "popularity.as_of"),
    ("total: 100", "total: 100, as_of: 1.11.2026", "type", 10, "popularity.as_of"),
    # --- keys
    ("title: Wiki", "titel: Wiki\ntitle: Wiki", "unknown-key", 6, "titel"),
    ("role: data", "role: data\n  sise: 3", "unknown-key", 15, f"{SHARD}.sise"),
    (f"v1: {V1}", f"v1: {V1}, v3: x", "unknown-key", 21, f"{HASH}.v3"),
    ("spdx: CC0-1.0", "spdx: CC0-1.0, open: true", "unknown-key", 7, "license.open"),
    ("spdx: CC0-1.0", "attribution: me", "missing-key", 7, "license"),
    (f"{{v1: {V1}, v2: {V2}}}", "{}", "missing-key", 21, HASH),
    ("pack: files", "origin: {revision: x}", "missing-key", 9, "origin"),
    ("pack: files", f"x-{'a' * 99}: 1", "too-long", 9, f"x-{'a' * 58}…"),
    ("pack: files", 'x-a: "\\a"', "character", 9, "x-a"),
    # --- names, digests, choices
    ("id: org.example/wiki", "id: wiki", "name", 2, "id"),
    ("id: org.example/wiki", "id: Org.Example/Wiki", "name", 2, "id"),
    ("id: org.example/wiki", "id: org.example/wіki", "name", 2, "id"),  # noqa: RUF001 - Cyrillic
    ("id: org.example/wiki", "id: org.example/a/b", "name", 2, "id"),
    ("id: org.example/wiki", "id: ../..", "unsafe-path", 2, "id"),
    ("id: org.example/wiki", "id: org.example/aux", "unsafe-path", 2, "id"),
    ("name: wiki-0001", "name: Wiki-0001", "name", 13, f"{SHARD}.name"),
    ("name: wiki-0001", f"name: {'n' * 101}", "name", 13, f"{SHARD}.name"),
    ("name: wiki-0001", "name: ..", "unsafe-path", 13, f"{SHARD}.name"),
    ("role: data", "role: index", "choice", 14, f"{SHARD}.role"),
    ("pack: files", "pack: zip", "choice", 9, "pack"),
    ("pack: files", "personal_data: no", "type", 9, "personal_data"),
    ("pack: files", "doi: https://doi.org/10.1/x", "doi", 9, "doi"),
    ("sequence: 2", "sequence: 0", "range", 3, "sequence"),
    ("seedbox: 1", "seedbox: 2", "format-version", 1, "seedbox"),
    (V1, V1.upper(), "digest", 21, f"{HASH}.v1"),
    (V1, "a" * 41, "digest", 21, f"{HASH}.v1"),
    (V1, "1" * 40, "type", 21, f"{HASH}.v1"),
    (V2, "b" * 63 + "g", "digest", 21, f"{HASH}.v2"),
    ("pack: files", f"previous: {V2}", "digest", 9, "previous"),
    ("piece_length: 16384", "piece_length: 8192", "range", 20, f"{SHARD}.piece_length"),
    # --- paths and URLs
    ("torrents/wiki", "../wiki", "unsafe-path", 22, f"{SHARD}.torrent.path"),
    ("torrents/wiki", "/etc/wiki", "unsafe-path", 22, f"{SHARD}.torrent.path"),
    ("torrents/wiki", "a//wiki", "unsafe-path", 22, f"{SHARD}.torrent.path"),
    ("torrents/wiki", "C:/wiki", "unsafe-path", 22, f"{SHARD}.torrent.path"),
    ("torrents/wiki", "a\\wiki", "unsafe-path", 22, f"{SHARD}.torrent.path"),
    ("role: data", "role: data\n  at: a/../b", "unsafe-path", 15, f"{SHARD}.at"),
    ('root: "20261101"', "root: a/b", "unsafe-path", 8, "root"),
    ('root: "20261101"', "root: ..", "unsafe-path", 8, "root"),
    ("pack: files", "homepage: example.org", "url", 9, "homepage"),
    ("pack: files", "homepage: javascript:alert(1)", "url", 9, "homepage"),
    ("pack: files", "homepage: 'https://exa mple.org'", "url", 9, "homepage"),
    ("pack: files", "homepage: https://bücher.example", "url", 9, "homepage"),
    ("pack: files", "homepage: https:///nohost", "url", 9, "homepage"),
    ("pack: files", 'homepage: "https://[::1"', "url", 9, "homepage"),
    ("pack: files", "homepage: https://a.b:99999/", "url", 9, "homepage"),
    ("pack: files", 'origin: {url: "https://[::1/"}', "url", 9, "origin.url"),
    ("pack: files", "renditions: {Opus: {}}", "name", 9, "renditions.Opus"),
    ("pack: files", "renditions: {opus: {encode: Opus}}", "name", 9, "renditions.opus.encode"),
    ("pack: files", "renditions: [opus]", "type", 9, "renditions"),
    ("pack: files", "x-a: {b: [c, *d]}", "alias", 9, "x-a.b[1]"),
    ("pack: files", "mirrors: [file:///etc/passwd]", "url", 9, "mirrors[0]"),
    ("udp://tracker", "tracker", "url", 11, "trackers[0][0]"),
]


@pytest.mark.parametrize(("old", "new", "rule", "line", "path"), WRONG)
def test_a_wrong_value_is_found_with_its_rule_line_and_path(
    old: str, new: str, rule: str, line: int, path: str
) -> None:
    assert old in BASE

    found = parse_document(BASE.replace(old, new, 1).encode(), file="m.yaml").problems

    assert [(each.rule, each.line, each.path) for each in found] == [(rule, line, path)]
    assert found[0].message
    assert found[0].hint.endswith(".")
    assert len(str(found[0])) < 400


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (
            'version: "2.1.0"',
            "version: 1.10",
            "1.10 is read as a number, not text",
            'Quote it: "1.10".',
        ),
        (
            "title: Wiki",
            "title: no",
            "no is read as a truth value, not text",
            'Quote it: "no".',
        ),
        (
            "items: 10",
            'items: "10"',
            "'10' is text, not a whole number",
            "Write digits without quotes.",
        ),
        (
            "role: data",
            "rolle: data\n  role: data",
            "the key 'rolle' is unknown",
            "Did you mean role? Keys of your own begin with x-.",
        ),
        (
            "title: Wiki",
            f"t{CYRILLIC_I}tle: 1\ntitle: Wiki",
            f"the key 't{CYRILLIC_I}tle' is unknown; its letters are 't\\u0456tle'",
            "Did you mean title? Keys of your own begin with x-.",
        ),
        (
            "title: Wiki",
            'title: "a\\u202eb"',
            "the text holds the character U+202E, which turns the direction of writing",
            "Remove the character.",
        ),
        (
            "pack: files",
            "pack: zip",
            "zip is read as text, not files or tar",
            "Write files or tar.",
        ),
        (
            "issued: 2026-11-02T09:00:00Z",
            "issued: 2026-11-02",
            "2026-11-02 is read as a date, not a moment",
            "Write it as 2026-11-02T09:00:00Z.",
        ),
    ],
)
def test_a_problem_shows_what_was_read_and_how_to_mend_it(
    old: str, new: str, message: str, hint: str
) -> None:
    (problem,) = parse_document(BASE.replace(old, new, 1).encode(), file="m.yaml").problems

    assert (problem.message, problem.hint) == (message, hint)


def test_wrong_values_in_many_places_are_found_at_once() -> None:
    data = BASE.replace("CC0-1.0", "[]").replace("items: 10", "items: x").replace("views", "no")

    found = parse_document(data.encode(), file="m.yaml").problems

    assert [each.path for each in found] == [
        "license.spdx",
        "popularity.metric",
        "shards[0].items",
    ]


@pytest.mark.parametrize(
    "issued", ["2026-11-02T10:00:00+01:00", '"2026-11-02T09:00:00Z"', "2026-11-02T09:00:00.0Z"]
)
def test_one_moment_has_several_spellings(issued: str) -> None:
    data = BASE.replace("2026-11-02T09:00:00Z", issued).encode()

    assert parse_document(data, file="m").value == parse_document(BASE.encode(), file="m").value


def test_control_codes_of_a_terminal_are_not_passed_on() -> None:
    data = BASE.replace("title: Wiki", '"\\e]0;evil\\a": 1').encode()

    found = parse_document(data, file="m.yaml").problems

    assert all(str(problem).isprintable() for problem in found)


def test_a_key_of_a_million_letters_is_cut_short() -> None:
    data = f"? {'k' * 1_000_000}\n: 1\n".encode()

    found = parse_document(data, file="m.yaml").problems

    assert max(len(f"{problem}{problem.hint}") for problem in found) < 800
