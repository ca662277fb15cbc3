"""Hypothesis strategies for whole manifests: every field, awkward text, free keys of any shape."""

from __future__ import annotations

import string
from datetime import UTC, timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from seedbox.manifest import model
from seedbox.manifest.commands import Command, Made
from seedbox.manifest.model import Head, Manifest, Shard, Table
from seedbox.torrent.info_hash import Format, InfoHash


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
    *("190:20:30", "685_230.15", "0o14", "+1", "1.", "2001-1-1", "2026-11-02T09:00:00Z", "y: n"),
    *("a\u200db", "a\u200bb", "\u0438d", "e\u0301", "\U0001f468\u200d\U0001f469", "\U0010fffd"),
    *("a\u2029\nb", "x" * 2000, "two  spaces", "key: |", "a\n  - b: c\n"),
]
# What turns the direction of writing (UAX 9), which no text may hold.
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TEXT = st.one_of(
    st.sampled_from(TRAPS),
    st.text(
        st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters=TURNING),
        min_size=1,
        max_size=30,
    ),
    st.text("ab \n\t:#-,[]{}'\"\\!&*|>%@`?é", min_size=1, max_size=20),
).filter(lambda text: text.strip())
WORD = st.text(string.ascii_lowercase + string.digits + "._-", min_size=1, max_size=12)
NAME = WORD.map(lambda word: f"a{word}z")  # no reserved word ends or begins like this
URL = st.builds("https://example.org/{}".format, st.text(string.ascii_letters + ":,[]{}#?=%'@"))
INTEGER = st.integers(0, 2**63 - 1)
NUMBER = st.decimals(0, 10**12, places=3) | st.integers(0, 10**30 - 1).map(Decimal)
MOMENT = st.datetimes(timezones=st.just(UTC))
LINES = st.lists(TEXT | st.just("") | st.just("  "), min_size=2, max_size=4).map("\n".join)
LONG = TEXT | LINES.filter(lambda text: text.strip())
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
ARGUMENT = TEXT.filter(lambda text: len(text) <= 1000)
COMMAND = st.builds(
    Command,
    st.lists(ARGUMENT, max_size=2).map(lambda more: ("opusenc", "{in}", "-o{out}", *more)),
    st.lists(ARGUMENT, max_size=2).map(lambda more: ("/usr/bin/opusenc", *more)),
    st.sampled_from([".opus", ".tar.zst"]),
    st.sampled_from([(), (".wav", ".flac")]),
    st.sampled_from([(), ("opusinfo", "{out}")]),
    st.integers(1, 604_800).map(lambda seconds: timedelta(seconds=seconds)),
)
RUN = st.just(("ffmpeg", "-i", "{in}", "{out}"))
MADE = st.builds(
    Made, TEXT.filter(lambda text: len(text) <= 200), RUN, INTEGER, INTEGER, st.none() | SHA256
)
RENDITION = st.builds(
    model.Rendition,
    NAME | st.just("no"),
    st.none() | NAME,
    st.none() | NUMBER,
    st.none() | COMMAND,
    st.none() | MADE,
    FREE,
)
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
    description=st.none() | LONG,
    homepage=st.none() | URL,
    doi=st.none() | st.just("10.5281/zenodo.1"),
    keywords=st.lists(TEXT, max_size=2).map(tuple),
    creators=st.lists(CREATOR, max_size=2).map(tuple),
    publisher=st.none() | PUBLISHER,
    cite_as=st.none() | LONG,
    mirrors=st.lists(URL, max_size=2).map(tuple),
    withdrawals=st.none() | URL,
    license=st.none() | LICENSE,
    origin=st.none() | ORIGIN,
    root=st.none() | NAME,
    pack=st.sampled_from(model.Pack),
    format=st.sampled_from(Format),
    personal_data=st.sampled_from(model.PersonalData),
    popularity=st.none() | POPULARITY,
    renditions=st.lists(RENDITION, max_size=2, unique_by=lambda each: each.name).map(tuple),
    trackers=st.lists(st.lists(URL, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    extra=FREE,
)
SHARD = st.builds(
    Shard,
    name=NAME,
    role=st.sampled_from(model.Role),
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
