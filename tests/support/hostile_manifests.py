"""A right manifest, and what is wrong with it after one change: rule and line of every problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

Expected = tuple[tuple[str, int | None], ...]  # rule and line, in the order of the lines
V1, V2, SHA256 = "a" * 40, "b" * 64, "c" * 64


def _shard(name: str, role: str, use: str, letters: str) -> str:
    v1, v2, digest = letters[0] * 40, letters[1] * 64, letters[2] * 64
    return f"""\
- name: {name}
  role: {role}
  items: 10
  files: 10
  size: 1000
{use}  piece_length: 16384
  info_hash: {{v1: {v1}, v2: {v2}}}
  torrent: {{path: torrents/{name}.torrent, sha256: {digest}}}
"""


GOOD = "".join(
    [
        """\
seedbox: 1
id: org.example/wiki
sequence: 2
version: "2.1.0"
issued: 2026-11-02T09:00:00Z
title: Wiki
license: {spdx: CC0-1.0}
root: wiki
pack: files
popularity: {metric: views, total: 100}
shards:
""",
        _shard("wiki-catalog", "catalog", "", "abc"),  # from line 12
        _shard("wiki-0001", "data", "  use: 60\n  coverage: 0.600000\n", "bcd"),  # from line 20
        _shard("wiki-0002", "data", "  use: 40\n  coverage: 1.000000\n", "cda"),  # from line 30
    ]
)
HEAD = GOOD.partition("shards:")[0]  # 10 lines


@dataclass(frozen=True)
class Case:
    """A file that is wrong."""

    name: str
    make: Callable[[], bytes]  # called by the test, since some files are large
    expected: Expected

    @property
    def id(self) -> str:
        return self.name.replace(" ", "-")


def raw(name: str, data: bytes, *expected: tuple[str, int | None]) -> Case:
    """A file as it stands."""
    return Case(name, lambda: data, expected)


def edit(name: str, old: str, new: str, *expected: tuple[str, int | None]) -> Case:
    """The right manifest with its only or first `old` replaced."""
    return Case(name, partial(_edited, old, new), expected)


def _edited(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1).encode()


def title(name: str, value: str, *expected: tuple[str, int | None]) -> Case:
    """The right manifest with another title, in line 6."""
    return edit(name, "title: Wiki", f"title: {value}", *expected)


# The first data shard, of which a line stands nowhere before.
USE, COVERAGE, NAME = "use: 60", "coverage: 0.600000", "name: wiki-0001"
TORRENT = "torrent: {path: torrents/wiki-0001.torrent"
HASH = f"info_hash: {{v1: {'b' * 40}, v2: {'c' * 64}}}"
ROLE = f"{NAME}\n  role: data"
ITEMS = f"{ROLE}\n  items: 10"
FILES = f"{ITEMS}\n  files: 10"
SIZE = f"{FILES}\n  size: 1000"
PIECES = f"{COVERAGE}\n  piece_length: 16384"

# --- rule 1: keys, and types that the field decides -------------------------------------------

KEYS = [
    edit("unknown key", "pack: files", "packs: files", ("unknown-key", 9)),
    edit("unknown key of a shard", USE, f"{USE}\n  uses: 60", ("unknown-key", 26)),
    edit("unknown key in braces", "{spdx:", "{open: true, spdx:", ("unknown-key", 7)),
    edit("unknown key that ends like a free one", "pack:", "-x-pack:", ("unknown-key", 9)),
    edit("key in upper case", "pack:", "Pack:", ("unknown-key", 9)),
    edit("key with a homoglyph", "pack:", "p\N{CYRILLIC SMALL LETTER A}ck:", ("unknown-key", 9)),
    edit("key with a space of no width", "pack:", "pack\N{ZERO WIDTH SPACE}:", ("unknown-key", 9)),
    edit("empty key", "pack: files", '"": files', ("unknown-key", 9)),
    edit("free key that is too long", "pack:", f"x-{'k' * 99}:", ("too-long", 9)),
    edit("free key with an escape", "pack:", '"x-\\e[31m":', ("character", 9)),
    edit("key that turns the writing", "pack:", '"x-\\u202egap":', ("character", 9)),
    edit("missing key", "title: Wiki\n", "", ("missing-key", 1)),
    edit("missing keys", 'version: "2.1.0"\n', "", ("missing-key", 1)),
    edit("missing key of a shard", PIECES, COVERAGE, ("missing-key", 20)),
    edit("missing key in braces", "spdx: CC0-1.0", "attribution: me", ("missing-key", 7)),
    edit("missing format", "seedbox: 1\n", "", ("missing-key", 1)),
    edit("later format", "seedbox: 1", "seedbox: 2", ("format-version", 1)),
    edit("much later format", "seedbox: 1", "seedbox: 9223372036854775807", ("format-version", 1)),
    edit("format that is no number", "seedbox: 1", "seedbox: one", ("type", 1)),
    edit("key twice", "pack: files", "title: Wiki", ("duplicate-key", 9)),
    edit("key twice in braces", "{spdx:", "{spdx: MIT, spdx:", ("duplicate-key", 7)),
    edit("key twice, once in quotes", "pack: files", '"title": Wiki', ("duplicate-key", 9)),
    edit("key twice, once escaped", "pack: files", '"t\\x69tle": Wiki', ("duplicate-key", 9)),
    edit("key twice in a shard", USE, f"{USE}\n  use: 6", ("duplicate-key", 26)),
    edit("key twice in a free mapping", "pack: files", "x-a: {b: 1, b: 2}", ("duplicate-key", 9)),
]
TRAPS = [
    *(
        title(f"text {trap} without quotes", trap, ("type", 6))
        for trap in [
            *("no", "NO", "on", "Off", "y", "n", "yes", "true", "False", "~", "null", "NULL"),
            *("1.10", "1e3", "012", "0o14", "0x1F", "0b11", "1_000", "12:30:00", "190:20:30"),
            *("+1", "-0", ".5", "1.", ".inf", "-.INF", ".nan", "685_230.15", "1E+5"),
            *("2026-11-02", "2026-11-02T09:00:00Z", "2001-1-1", "=", ""),
        ]
    ),
    edit("version that is a number", '"2.1.0"', "1.10", ("type", 4)),
    edit("version that is a date", '"2.1.0"', "2026-11-02", ("type", 4)),
    edit("version that is a list", '"2.1.0"', "[2, 1]", ("type", 4)),
    edit("root that is a number", "root: wiki", "root: 20261101", ("type", 8)),
    edit("digest that is a number", "v1: " + "b" * 40, "v1: " + "1" * 40, ("type", 28)),
    edit("digest in base 8 to some", "v1: " + "b" * 40, "v1: 0" + "1" * 39, ("type", 28)),
    edit("digest with an exponent", "v1: " + "b" * 40, "v1: 1e" + "1" * 38, ("type", 28)),
    edit("number in quotes", FILES, f'{ITEMS}\n  files: "10"', ("type", 23)),
    edit("sequence in quotes", "sequence: 2", "sequence: '2'", ("type", 3)),
    edit("use in quotes", USE, 'use: "60"', ("type", 25)),
    *(
        edit(f"whole number {trap}", ITEMS, f"{ROLE}\n  items: {trap}", ("type", 22))
        for trap in [
            *("010", "0xA", "0o12", "0b1010", "1_0", "1e1", "10.0", "+10", "-10", "0:10", "~"),
            *("ten", "no", ".inf", "[10]", "{a: 1}", "1e999999", "", "\N{FULLWIDTH DIGIT ONE}"),
        ]
    ),
    *(
        edit(f"number {trap}", USE, f"use: {trap}", ("type", 25))
        for trap in ("6e1", ".inf", ".nan", "1:00", "060", "60.", "-60", "1_0", f"6{'0' * 30}")
    ),
    edit("whole number beyond 63 bits", SIZE, f"{FILES}\n  size: {2**63}", ("range", 24)),
    edit("ten digits too many", "sequence: 2", f"sequence: {10**29}", ("type", 3)),
    edit("sequence 0", "sequence: 2", "sequence: 0", ("range", 3)),
    edit("date without a time", "issued: 2026-11-02T09:00:00Z", "issued: 2026-11-02", ("type", 5)),
    edit("time without a zone", "09:00:00Z", "09:00:00", ("type", 5)),
    edit("30 February", "2026-11-02T", "2026-02-30T", ("date", 5)),
    edit("hour 24", "T09:", "T24:", ("date", 5)),
    edit("year 1 in the east", "2026-11-02T09:00:00Z", "0001-01-01T00:00:00+01:00", ("date", 5)),
    edit("text where a mapping is wanted", "{spdx: CC0-1.0}", "CC0-1.0", ("type", 7)),
    edit("mapping where text is wanted", "root: wiki", "root: {name: wiki}", ("type", 8)),
    edit("list where text is wanted", "CC0-1.0", "[CC0-1.0, MIT]", ("type", 7)),
    edit("text where a list is wanted", "pack: files", "keywords: graph", ("type", 9)),
    edit("number in a list of texts", "pack: files", "keywords: [a, 1.10, b]", ("type", 9)),
]
TEXTS = [
    title("text of spaces", '"  "', ("empty", 6)),
    title("text that is too long", "x" * 65_537, ("too-long", 6)),
    title("text that clears the screen", '"a\\e[2J"', ("character", 6)),
    title("text with a bell", '"a\\a"', ("character", 6)),
    title("text with an escaped NUL", '"a\\0b"', ("character", 6)),
    title("text with DEL", '"a\\x7f"', ("character", 6)),
    title("text with a control code of 8 bits", '"a\\x9b31m"', ("character", 6)),
    title("text that turns the writing", "a\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", ("character", 6)),
    title("text that turns it by an escape", '"a\\u202egpj.exe"', ("character", 6)),
    title("text with an isolate", '"\\u2067a\\u2069"', ("character", 6)),
    title("text with a mark of direction", '"a\\u200eb"', ("character", 6)),
    edit(
        "remark that turns the writing",
        "pack:",
        "# \N{LEFT-TO-RIGHT EMBEDDING}a\npack:",
        ("character", 9),
    ),
    edit("keyword that turns it", "pack: files", 'keywords: ["\\u2066a"]', ("character", 9)),
    edit("free text that turns it", "pack: files", 'x-a: {b: ["\\u202da"]}', ("character", 9)),
    title("half of a surrogate pair", '"\\ud800"', ("yaml", 6)),
    title("noncharacter", '"\\uffff"', ("character", 6)),
]

# --- rule 2: names ----------------------------------------------------------------------------

NAMES = [
    *(
        edit(f"id {name}", "org.example/wiki", value, (rule, 2))
        for name, value, rule in [
            ("without a slash", "wiki", "name"),
            ("with two slashes", "org.example/a/b", "name"),
            ("in upper case", "Org.Example/Wiki", "name"),
            ("with a space", "org.example/my wiki", "name"),
            (
                "with a Cyrillic letter",
                "org.example/w\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}ki",
                "name",
            ),
            ("with a Greek letter", "\N{GREEK SMALL LETTER OMICRON}rg.example/wiki", "name"),
            ("with wide letters", "org.example/\N{FULLWIDTH LATIN SMALL LETTER W}iki", "name"),
            ("with a dotless i", "org.example/w\N{LATIN SMALL LETTER DOTLESS I}ki", "name"),
            ("with an accent apart", "org.example/wiki\N{COMBINING ACUTE ACCENT}", "name"),
            ("with a space of no width", "org.example/wi\N{ZERO WIDTH SPACE}ki", "name"),
            ("with a joiner", "org.example/wi\N{ZERO WIDTH JOINER}ki", "name"),
            ("with a soft hyphen", "org.example/wi\N{SOFT HYPHEN}ki", "name"),
            ("of 101 characters", f"org.example/{'w' * 101}", "name"),
            ("that climbs", "../..", "unsafe-path"),
            ("that climbs by half", "org.example/..", "unsafe-path"),
            ("that is a device", "org.example/nul", "unsafe-path"),
            ("that is a device with an ending", "com1.a/wiki", "unsafe-path"),
        ]
    ),
    edit(
        "id with a line feed",
        "org.example/wiki",
        '"org.example/wiki\\n"',
        ("name", 2),
        ("unsafe-path", 2),
    ),
    *(
        edit(f"shard {name}", NAME, f"name: {value}", (rule, 20))
        for name, value, rule in [
            ("in upper case", "Wiki-0001", "name"),
            ("with a slash", "wiki/0001", "name"),
            ("of 101 characters", "n" * 101, "name"),
            ("with a Cyrillic letter", "wiki-\N{CYRILLIC SMALL LETTER O}001", "name"),
            ("with a space of no width", "wiki\N{ZERO WIDTH NON-JOINER}-0001", "name"),
            ("that climbs", "..", "unsafe-path"),
            ("that is a device", "con", "unsafe-path"),
        ]
    ),
    edit("shard name twice", "name: wiki-0002", NAME, ("duplicate", 30)),
    edit("shard name of the catalog", NAME, "name: wiki-catalog", ("duplicate", 20)),
    edit("torrent twice", "torrents/wiki-0002", "torrents/wiki-0001", ("duplicate", 39)),
    edit(
        "torrent twice but for case", "torrents/wiki-0002", "Torrents/WIKI-0001", ("duplicate", 39)
    ),
    edit("info-hash twice", "v1: " + "c" * 40, "v1: " + "b" * 40, ("duplicate", 38)),
    edit("rendition in upper case", "pack: files", "renditions: {Opus: {}}", ("name", 9)),
    edit("rendition that climbs", "pack: files", "renditions: {../a: {}}", ("name", 9)),
    edit("rendition in another case", USE, f"rendition: Opus\n  {USE}", ("rendition", 25)),
    edit("rendition that nobody described", USE, f"rendition: opus\n  {USE}", ("rendition", 25)),
    edit(
        "rendition encoded as something in another case",
        "pack: files",
        "renditions: {opus: {encode: OPUS}}",
        ("name", 9),
    ),
    edit("DOI without a prefix", "pack: files", "doi: zenodo.1", ("doi", 9)),
    edit("DOI as a URL", "pack: files", "doi: https://doi.org/10.1/x", ("doi", 9)),
]
RULES_OF_TEXT = [*KEYS, *TRAPS, *TEXTS, *NAMES]
