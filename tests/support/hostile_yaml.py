"""Files that are wrong as YAML, or that are made to cost whoever reads them."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable
from functools import partial

from support.hostile_manifests import GOOD, HEAD, Case, edit, raw, title

MiB = 1024 * 1024
HEAD_BYTES = HEAD.encode()  # 10 lines


def laughs(levels: int) -> str:
    """Return a billion laughs: lists of aliases of lists of aliases, two lines a level."""
    letters = string.ascii_lowercase[: levels + 1]
    lines = ["x-a: &a [l, l]\n"]
    lines += [
        f"x-{n}: &{n} [{', '.join(f'*{m}' for _ in range(9))}]\n"
        for m, n in itertools.pairwise(letters)
    ]
    return "".join(lines)


EXPANDING = [
    title("anchor", "&a Wiki", ("anchor", 6)),
    title("anchor that is used", "&a Wiki\nx-b: *a", ("anchor", 6), ("alias", 7)),
    title("alias of nothing", "*a", ("alias", 6)),
    title("alias of itself", "&a [*a]", ("anchor", 6), ("alias", 6), ("type", 6)),
    edit("alias as a key", "pack: files", "*a : files", ("alias", 9)),
    edit("anchor on a key", "pack: files", "&a pack: files", ("anchor", 9)),
    edit("anchor on the shards", "shards:\n", "shards: &a\n", ("anchor", 11)),
    edit(
        "laughs",
        "shards:",
        f"{laughs(2)}shards:",
        ("anchor", 11),
        ("anchor", 12),
        *[("alias", 12)] * 9,
        ("anchor", 13),
        *[("alias", 13)] * 9,
    ),
    edit("merge key", "{spdx:", "{<<: {a: b}, spdx:", ("merge-key", 7)),
    edit("merge key with an alias", "pack: files", "<<: *a", ("merge-key", 9), ("alias", 9)),
    edit("merge key twice", "{spdx:", "{<<: {a: b}, <<: {c: d}, spdx:", *[("merge-key", 7)] * 2),
    title("tag of YAML", "!!str Wiki", ("tag", 6)),
    title(
        "tag that runs a program",
        '!!python/object/apply:os.system ["touch {canary}"]',
        ("tag", 6),
        ("type", 6),
    ),
    title(
        "tag that makes an object",
        "!!python/object/new:subprocess.Popen [[touch, {canary}]]",
        ("tag", 6),
        ("type", 6),
    ),
    title("tag of Ruby", "!ruby/object:Gem::Installer {i: x}", ("tag", 6), ("type", 6)),
    title("tag of Java", "!!javax.script.ScriptEngineManager [a]", ("tag", 6), ("type", 6)),
    title("tag in full", "!<tag:yaml.org,2002:str> Wiki", ("tag", 6)),
    title("tag of nothing", "! Wiki", ("tag", 6)),
    title("tag of bytes", "!!binary V2lraQ==", ("tag", 6)),
    edit("tag of a set", "pack: files", "keywords: !!set {a, b}", ("tag", 9), ("type", 9)),
]
STREAMS = [
    edit("second document", "pack: files", "---\npack: files", ("documents", 9)),
    raw("second document behind an end", f"{GOOD}...\n---\na: 1\n".encode(), ("documents", 41)),
    raw("version of YAML", f"%YAML 1.1\n---\n{GOOD}".encode(), ("directive", 1)),
    raw("handle of tags", f"%TAG ! tag:a.example,2026:\n---\n{GOOD}".encode(), ("directive", 1)),
    raw("directive that nobody knows", f"%WIKI\n---\n{GOOD}".encode(), ("yaml", 1)),
    raw("nothing", b"", ("empty", 1)),
    raw("words alone", b"# nothing\n\n# at all\n", ("empty", 1)),
    raw("end of a document", b"...\n", ("yaml", 1)),
    raw("text", b"seedbox\n", ("type", 1)),
    raw("list", f"- {GOOD.splitlines()[0]}\n".encode(), ("type", 1)),
    raw("number", b"1\n", ("type", 1)),
    raw("JSON that is cut short", b'{"seedbox": 1, "id": "a', ("yaml", 1)),
    raw("program", b"\x7fELF\x02\x01\x01" + bytes(57), *[("character", 1)] * 61),
    raw("gzip", b"\x1f\x8b\x08\x00" + bytes(20), ("encoding", 1)),
    *(
        raw(f"encoding {name}", GOOD.encode(name), ("encoding", 1))
        for name in ("utf-16", "utf-32", "utf-8-sig")
    ),
    raw("encoding utf-16-be without a mark", "a: 1\n".encode("utf-16-be"), *[("character", 1)] * 5),
    raw(
        "encoding utf-16-le without a mark",
        "a: 1\n".encode("utf-16-le"),
        *[("character", 1)] * 4,
        ("character", 2),
    ),
    raw(
        "encoding latin-1",
        GOOD.replace("Wiki\n", "Wik\xed\n", 1).encode("latin-1"),
        ("encoding", 6),
    ),
    raw(
        "slash in an overlong form",
        GOOD.encode().replace(b"root: wiki", b"root: \xc0\xaf"),
        ("encoding", 8),
    ),
    raw(
        "half of a surrogate pair in UTF-8",
        GOOD.encode().replace(b"root: wiki", b"root: \xed\xa0\x80"),
        ("encoding", 8),
    ),
    raw(
        "code point beyond Unicode",
        GOOD.encode().replace(b"root: wiki", b"root: \xf4\x90\x80\x80"),
        ("encoding", 8),
    ),
    *(
        title(f"raw {name}", f"Wi{character}ki", ("character", 6))
        for name, character in [
            ("NUL", "\0"),
            ("escape", "\x1b"),
            ("tab", "\t"),
            ("DEL", "\x7f"),
            ("next line", "\x85"),
            ("line separator", "\N{LINE SEPARATOR}"),
            ("paragraph separator", "\N{PARAGRAPH SEPARATOR}"),
            ("byte order mark", "\N{ZERO WIDTH NO-BREAK SPACE}"),
            ("noncharacter", "\ufffe"),
        ]
    ),
    edit("tab as indentation", "  role:", "\trole:", ("character", 13)),
    edit("quote that stays open", "root: wiki", "root: 'wiki", ("yaml", 40)),
    edit("bracket that stays open", "pack: files", "keywords: [a", ("yaml", 10)),
    edit("indentation that is off", "  items:", "   items:", ("yaml", 14)),
    edit("value that begins with @", "root: wiki", "root: @wiki", ("yaml", 8)),
    edit("escape that is none", "root: wiki", 'root: "\\q"', ("yaml", 8)),
    edit("key that is a list", "pack: files", "? [a, b]\n: c", ("key", 9)),
    edit("key that is a mapping", "pack: files", "{a: b}: c", ("key", 9)),
    edit("33 levels", "pack: files", f"x-a: {'[' * 32}{']' * 32}", ("nesting", 9)),
    edit("33 levels of mappings", "pack: files", f"x-a: {'{a: ' * 32}{'}' * 32}", ("nesting", 9)),
]
LAUGHS = [
    ("anchor", 1),
    *(each for line in range(2, 12) for each in [("anchor", line), *[("alias", line)] * 9]),
]


def flood(name: str, make: Callable[[], bytes], rule: str, line: int | None) -> Case:
    """A file that ends in one problem."""
    return Case(name, make, ((rule, line),))


def fill(unit: bytes, size: int = 64 * MiB, head: bytes = b"") -> bytes:
    """Repeat a unit as often as the size allows."""
    return head + unit * ((size - len(head)) // len(unit))


def counted(line: bytes, count: int, head: bytes = b"") -> bytes:
    """Write a line, which holds its number, many times."""
    return head + b"".join([line % number for number in range(count)])


FLOODS = [
    flood("65 MiB", lambda: fill(b"# words\n", 65 * MiB), "too-large", None),
    flood(
        "a byte over 64 MiB",
        lambda: GOOD.encode() + b"#" * (64 * MiB + 1 - len(GOOD)),
        "too-large",
        None,
    ),
    *(
        flood(f"64 MiB of {unit!r} in a line", partial(fill, unit.encode()), "too-long", 1)
        for unit in (
            "[",
            "{a: ",
            "- ",
            "? ",
            "a",
            "#",
            " ",
            "\r",
            "*a ",
            "&a ",
            "!",
            "\0",
            "'",
            "9",
            "\N{GRINNING FACE}",
        )
    ),
    flood("title of 10 MB", lambda: fill(b"x", 10_000_000, b"title: "), "too-long", 1),
    flood(
        "title of 10 MB in line 11",
        lambda: fill(b"x", 10_000_000, HEAD_BYTES + b"x-a: "),
        "too-long",
        11,
    ),
    flood("key of 10 MB", lambda: fill(b"k", 10_000_000, HEAD_BYTES) + b": 1\n", "too-long", 11),
    flood(
        "number of 10 million digits",
        lambda: fill(b"9", 10_000_000, HEAD_BYTES + b"x-a: "),
        "too-long",
        11,
    ),
    flood("64 MiB of lines without a value", lambda: fill(b"#" * 99 + b"\n"), "too-long", 1),
    flood("64 MiB of line feeds", lambda: fill(b"\n"), "too-long", 1),
    flood(
        "64 MiB of text in a block",
        lambda: fill(b"  " + b"x" * 97 + b"\n", head=HEAD_BYTES + b"x-a: |\n"),
        "too-long",
        11,
    ),
    flood(
        "64 MiB of text in quotes",
        lambda: fill(b"  " + b"x" * 97 + b"\n", head=HEAD_BYTES + b'x-a: "\n'),
        "too-long",
        11,
    ),
    flood(
        "64 MiB of text on plain lines",
        lambda: fill(b"  " + b"x" * 97 + b"\n", head=HEAD_BYTES + b"x-a: a\n"),
        "too-long",
        11,
    ),
    flood(
        "64 MiB of blank lines in a block",
        lambda: fill(b"\n", head=HEAD_BYTES + b"x-a: |\n"),
        "too-long",
        11,
    ),
    flood(
        "64 MiB of faces",
        lambda: fill("  \N{GRINNING FACE}\n".encode(), head=HEAD_BYTES + b"x-a: |\n"),
        "too-long",
        11,
    ),
    flood("64 MiB of [", lambda: fill(b"[\n"), "nesting", 33),
    flood("64 MiB of items", lambda: fill(b"- a\n"), "too-many", 100_001),
    flood("64 MiB of empty items", lambda: fill(b"-\n"), "too-many", 100_001),
    flood(
        "64 MiB of items in a list",
        lambda: fill(b"a,\n", head=HEAD_BYTES + b"x-a: ["),
        "too-many",
        99_984,
    ),
    flood("64 MiB of documents", lambda: fill(b"---\n"), "documents", 2),
    flood(
        "30 MiB of handles of tags", lambda: counted(b"%%TAG !a%d! b\n", 2_000_000), "too-long", 1
    ),
    flood("30 MiB of unknown directives", lambda: fill(b"%a\n", 30 * MiB), "yaml", 1),
    flood(
        "a million keys of one's own", lambda: counted(b"x-%d: 1\n", 1_000_000), "too-many", 50_001
    ),
    flood(
        "a million keys of one's own inside",
        lambda: counted(b"  %d: 1\n", 1_000_000, b"x-a:\n"),
        "too-many",
        50_001,
    ),
    flood(
        "a shard with a million values",
        lambda: fill(b"1,\n", 3 * MiB, HEAD_BYTES + b"shards:\n- x-a: ["),
        "too-many",
        99_984,
    ),
    flood(
        "a bad byte at the end",
        lambda: fill(b"a: 1\n", 64 * MiB - 1) + b"\xff",
        "encoding",
        13_421_773,
    ),
    flood("999 kB of levels", lambda: fill(b"[", 999_000), "nesting", 1),
    flood("999 kB of levels of keys", lambda: fill(b"? ", 999_000), "nesting", 1),
    flood("999 kB of levels of mappings", lambda: fill(b"{a: ", 999_000), "nesting", 1),
    flood("999 kB of a handle", lambda: fill(b"!", 999_000), "too-long", 1),
    flood("999 kB of stars", lambda: fill(b"* ", 999_000), "yaml", 1),
]


def many(name: str, make: Callable[[], bytes], rule: str, first: int, last: int) -> Case:
    """A file with a problem a line, of which the first hundred are told."""
    lines = [first + (last - first) * number // 99 for number in range(100)]
    return Case(name, make, (*((rule, line) for line in lines), ("too-many-problems", last)))


MANY = [
    many(
        "half a million unknown keys", lambda: counted(b"k%d: 1\n", 500_000), "unknown-key", 1, 100
    ),
    many(
        "half a million times one key",
        lambda: fill(b"title: 1\n", 4 * MiB, HEAD_BYTES),
        "duplicate-key",
        11,
        110,
    ),
    many(
        "64 MiB of shards that are text",
        lambda: fill(b"- a\n", head=HEAD_BYTES + b"shards:\n"),
        "type",
        12,
        111,
    ),
    many(
        "64 MiB of shards that are nothing",
        lambda: fill(b"-\n", head=HEAD_BYTES + b"shards:\n"),
        "type",
        12,
        111,
    ),
    many(
        "64 MiB of shards in brackets",
        lambda: fill(b"a,\n", head=HEAD_BYTES + b"shards: ["),
        "type",
        11,
        110,
    ),
    many("a million anchors", lambda: counted(b"x-%d: &a b\n", 1_000_000), "anchor", 1, 100),
    many("half a million aliases", lambda: fill(b"*a,\n", 2 * MiB, b"x-a: ["), "alias", 1, 100),
    many("half a million tags", lambda: fill(b"!a b,\n", 3 * MiB, b"x-a: ["), "tag", 1, 100),
    many("64 MiB of tabs", lambda: fill(b"a:\t1\n"), "character", 1, 100),
    many("64 MiB of NUL", lambda: fill(b"\0\n"), "character", 1, 100),
    many(
        "numbers where text is wanted",
        lambda: fill(b"- 1\n", MiB // 4, HEAD_BYTES + b"keywords:\n"),
        "type",
        12,
        111,
    ),
    Case(
        "a billion laughs", lambda: laughs(25).encode(), (*LAUGHS[:100], ("too-many-problems", 11))
    ),
]
YAML: list[Case] = [*EXPANDING, *STREAMS, *FLOODS, *MANY]
