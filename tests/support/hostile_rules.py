"""Manifests that are wrong in how their parts fit together: rules 3 to 9 of the format page."""

from __future__ import annotations

from support.hostile_manifests import (
    COVERAGE,
    FILES,
    GOOD,
    HASH,
    HEAD,
    ITEMS,
    NAME,
    PIECES,
    ROLE,
    SIZE,
    TORRENT,
    USE,
    V1,
    V2,
    Case,
    edit,
    raw,
)

CATALOG, FIRST, SECOND = (f"- name: wiki-{each}" for each in GOOD.split("- name: wiki-")[1:])
ORDER = [
    raw(
        "catalog behind the data",
        f"{HEAD}shards:\n{FIRST}{CATALOG}{SECOND}".encode(),
        ("order", 22),
    ),
    raw("catalog at the end", f"{HEAD}shards:\n{FIRST}{SECOND}{CATALOG}".encode(), ("order", 32)),
    edit("less popular first", ITEMS, f"{ROLE}\n  items: 100", ("order", 30)),
    edit("less popular by a hair", ITEMS, f"{ROLE}\n  items: 16", ("order", 30)),
    edit(
        "ties in the wrong order",
        ITEMS,
        f"{ROLE.replace('0001', '0003')}\n  items: 15",
        ("order", 30),
    ),
    edit("role that is none", ROLE, f"{NAME}\n  role: index", ("choice", 21)),
    edit("role in upper case", ROLE, f"{NAME}\n  role: Data", ("choice", 21)),
    raw("no shards", f"{HEAD}shards: []\n".encode(), ("no-shards", 11)),
    raw("no shards on lines", f"{HEAD}shards: [\n]\n".encode(), ("no-shards", 11)),
    raw("no shards key", HEAD.encode(), ("missing-key", 1)),
    raw("shards without a value", f"{HEAD}shards:\n".encode(), ("type", 11)),
    raw("shards that are a mapping", f"{HEAD}shards: {{a: 1}}\n".encode(), ("type", 11)),
    raw(
        "shards that are numbers", f"{HEAD}shards:\n- 1\n- 2\n".encode(), ("type", 12), ("type", 13)
    ),
    raw("shards in shards", f"{HEAD}shards:\n- - a\n".encode(), ("type", 12)),
]
COVERAGES = [
    edit("coverage off by a millionth", COVERAGE, "coverage: 0.600001", ("coverage", 26)),
    edit("coverage with too few decimals", COVERAGE, "coverage: 0.61", ("coverage", 26)),
    edit("coverage over 1", COVERAGE, "coverage: 1.6", ("coverage", 26)),
    edit("coverage with a sign", COVERAGE, "coverage: -0.6", ("type", 26)),
    edit("coverage without a leading zero", COVERAGE, "coverage: .6", ("type", 26)),
    edit("coverage as percent", COVERAGE, "coverage: 60%", ("type", 26)),
    edit("coverage missing", f"{COVERAGE}\n  ", "", ("coverage", 20)),
    edit(
        "use missing",
        f"{USE}\n  {COVERAGE}\n  ",
        "",
        ("coverage", 20),
        ("order", 28),
        ("coverage", 34),
    ),
    edit("total that is too small", "total: 100", "total: 50", ("coverage", 26), ("coverage", 36)),
    edit("total of 0", "total: 100", "total: 0", ("coverage", 26), ("coverage", 36)),
    edit("total missing", ", total: 100", "", ("missing-key", 10)),
    edit(
        "popularity missing",
        "popularity: {metric: views, total: 100}\n",
        "",
        *[("coverage", line) for line in (24, 25, 34, 35)],
    ),
    edit("size under 0", SIZE, f"{FILES}\n  size: -1", ("type", 24)),
    edit("files under 0", FILES, f"{ITEMS}\n  files: -1", ("type", 23)),
]
REFUSED = [
    ("CC-BY-NC-4.0", "non-commercial"),
    ("CC-BY-ND-4.0", "no-derivatives"),
    ("CC-BY-4.0 AND CC-BY-NC-SA-4.0", "non-commercial"),
    ("NOASSERTION", "noassertion"),
    ("NONE", "none"),
    ("LicenseRef-Open", "unknown-ref"),
    ("My License", "unknown-license"),
    ("CC\N{FULLWIDTH HYPHEN-MINUS}BY\N{FULLWIDTH HYPHEN-MINUS}4.0", "unknown-license"),
    ("\N{CYRILLIC CAPITAL LETTER ES}C0-1.0", "unknown-license"),
    ("MIT\N{ZERO WIDTH SPACE}", "unknown-license"),
    ("MIT AND", "invalid-expression"),
    ("MIT OR " * 201 + "MIT", "invalid-expression"),
    ("(" * 21 + "MIT" + ")" * 21, "invalid-expression"),
]
LICENSES = [
    *(
        edit(f"license {text[:30]}", "spdx: CC0-1.0", f'spdx: "{text}"', (f"license-{rule}", 7))
        for text, rule in REFUSED
    ),
    edit("license of a shard", USE, f"license: {{spdx: JSON}}\n  {USE}", ("license-not-open", 25)),
    edit(
        "licenses of nobody",
        "license: {spdx: CC0-1.0}\n",
        "",
        *[("license-missing", line) for line in (11, 19, 29)],
    ),
    edit(
        "license that says it is open",
        "{spdx:",
        "{redistributable: true, spdx:",
        ("unknown-key", 7),
    ),
    edit("license that is empty", "spdx: CC0-1.0", 'spdx: ""', ("empty", 7)),
    edit(
        "license proved by a digest cut short",
        "{spdx:",
        f"{{evidence: {{url: https://a.example/, sha256: {V1}}}, spdx:",
        ("digest", 7),
    ),
]
HASHES = [
    edit("info-hash of neither kind", HASH, "info_hash: {}", ("missing-key", 28)),
    edit(
        "info-hash of a third kind",
        HASH,
        HASH.replace("v2", "v3"),
        ("unknown-key", 28),
        ("format", 28),
    ),
    edit(
        "info-hash of one kind in a hybrid",
        HASH,
        f"info_hash: {{v2: {V2.replace('b', 'c')}}}",
        ("format", 28),
    ),
    edit("info-hash of v1 in upper case", "v1: " + "b" * 40, "v1: " + "B" * 40, ("digest", 28)),
    edit("info-hash of v1 with 41 digits", "v1: " + "b" * 40, "v1: " + "b" * 41, ("digest", 28)),
    edit("info-hash of v2 with 63 digits", f"v2: {'c' * 64}", f"v2: {'c' * 63}", ("digest", 28)),
    edit("info-hash with a letter behind f", "v1: " + "b" * 40, "v1: g" + "b" * 39, ("digest", 28)),
    edit("info-hash with a line feed", "v1: " + "b" * 40, f'v1: "{"b" * 40}\\n"', ("digest", 28)),
    edit("info-hash in base 32", "v1: " + "b" * 40, "v1: " + "B" * 32, ("digest", 28)),
    edit(
        "digest of a torrent with its kind",
        ".torrent, sha256: ccc",
        ".torrent, sha256: sha256:ccc",
        ("digest", 19),
    ),
    edit("piece length of 8 KiB", PIECES, f"{COVERAGE}\n  piece_length: 8192", ("range", 27)),
    edit(
        "piece length of 48 KiB", PIECES, f"{COVERAGE}\n  piece_length: 49152", ("piece-length", 27)
    ),
    edit(
        "piece length of a byte more",
        PIECES,
        f"{COVERAGE}\n  piece_length: 16385",
        ("piece-length", 27),
    ),
    edit(
        "format that nothing has",
        "pack: files",
        "format: v1",
        *[("format", line) for line in (18, 28, 38)],
    ),
]
CLIMBERS = [
    *("../wiki.torrent", "/etc/passwd", "a/../../b", "a//b", "./a", "a/.", "", "..", "~/../a"),
    *("C:/wiki", "c:wiki", "a\\\\..\\\\b", "\\\\\\\\server\\\\share", "nul", "a/com1.txt"),
    *(
        "a/\\u2028b",
        "a/" * 101 + "b",
        "x" * 256,
        "a/\N{ZERO WIDTH SPACE}/b",
        "_____padding_file_0_x",
    ),
    *("a\\nb", "a\\tb"),
]
PATHS = [
    *(
        edit(
            f"path {path[:30]}",
            TORRENT,
            f'torrent: {{path: "{path}"',
            ("unsafe-path" if path else "empty", 29),
        )
        for path in CLIMBERS
    ),
    edit("path with NUL", TORRENT, 'torrent: {path: "a\\0"', ("character", 29)),
    edit("path that turns the writing", TORRENT, 'torrent: {path: "a\\u202eb"', ("character", 29)),
    edit("root that climbs", "root: wiki", "root: ..", ("unsafe-path", 8)),
    edit("root that is a path", "root: wiki", "root: a/b", ("unsafe-path", 8)),
    edit("root that is a drive", "root: wiki", 'root: "c:"', ("unsafe-path", 8)),
    edit("root of nothing to see", "root: wiki", 'root: "\\u200b"', ("unsafe-path", 8)),
    edit("folder that climbs", FILES, f"{ITEMS}\n  files: 1\n  at: a/../..", ("unsafe-path", 24)),
    edit("folder of no files", FILES, f"{ITEMS}\n  files: 0\n  at: a", ("at", 24)),
    edit("folder of many files", USE, f"at: a\n  {USE}", ("at", 25)),
]
SEED = "web_seeds: [{url: "
WEB = [
    *(
        edit(
            f"web seed {url}",
            USE,
            f'{SEED}"{url}"}}]\n  {USE}',
            *[(rule, 25) for rule in rules.split()],
        )
        for url, rules in [
            ("https://example.org/dumps", "web-seed"),
            ("https://example.org/dumps/?a=b", "web-seed"),
            ("https://example.org/dumps/#", "web-seed"),
            ("ftp://example.org/dumps/", "url"),
            ("file:///etc/", "url"),
            ("//example.org/dumps/", "url"),
            ("javascript:alert(1)", "url web-seed"),
            ("https:///dumps/", "url"),
            ("https://example.org:99999/", "url"),
            ("https://example.org:0/", "url"),
            ("https://[::1/", "url"),
            ("https://ex\N{CYRILLIC SMALL LETTER A}mple.org/", "url"),
            ("https://example.org/a b/", "url"),
            ("https://example.org/\\r\\nHost: a/", "character"),
        ]
    ),
    raw(
        "web seed at the origin itself",
        GOOD.replace("pack: files", "origin: {url: https://a.example/wiki}")
        .replace(USE, f"{SEED}https://a.example/wiki/}}]\n  {USE}")
        .encode(),
        ("web-seed", 25),
    ),
    edit("origin in brackets", "pack: files", 'origin: {url: "https://[::1/"}', ("url", 9)),
    edit("tracker without a scheme", "pack: files", "trackers: [[tracker.example]]", ("url", 9)),
    edit("trackers without tiers", "pack: files", "trackers: [udp://a.example:1]", ("type", 9)),
    edit("home page in data", "pack: files", "homepage: data:text/html,a", ("url", 9)),
    edit("mirror on a disk", "pack: files", "mirrors: [file:///etc/passwd]", ("url", 9)),
    edit("withdrawals by mail", "pack: files", "withdrawals: mailto:a@b.example", ("url", 9)),
]
RELEASES = [
    edit("expired when issued", "pack: files", "expires: 2026-11-02T09:00:00Z", ("expires", 9)),
    edit("expired before", "pack: files", "expires: 2025-01-01T00:00:00Z", ("expires", 9)),
    edit(
        "expired before, by its zone",
        "pack: files",
        "expires: 2026-11-02T10:00:00+01:00",
        ("expires", 9),
    ),
    edit(
        "first that replaces", "sequence: 2", f"sequence: 1\nprevious: sha256:{V2}", ("previous", 4)
    ),
    edit(
        "first that replaces itself",
        "sequence: 2",
        f"previous: sha256:{V2}\nsequence: 1",
        ("previous", 3),
    ),
    edit("previous without its kind", "pack: files", f"previous: {V2}", ("digest", 9)),
    edit("previous of another kind", "pack: files", f"previous: sha1:{V1}", ("digest", 9)),
    edit(
        "window that runs back",
        ", total",
        ", window: [2026-02-01, 2026-01-01], total",
        ("window", 10),
    ),
    edit(
        "window that runs back by a day",
        ", total",
        ", window: [2026-01-01, 2025-12-31], total",
        ("window", 10),
    ),
    edit("window of one day", ", total", ", window: [2026-02-01], total", ("type", 10)),
    edit("month 13", ", total", ", as_of: 2026-13-01, total", ("date", 10)),
]
RULES: list[Case] = [*ORDER, *COVERAGES, *LICENSES, *HASHES, *PATHS, *WEB, *RELEASES]
