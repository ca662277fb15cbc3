"""The bytes of a manifest: the same from every Python on every machine, since they are signed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256

from seedbox.manifest.model import (
    Creator,
    Evidence,
    Head,
    License,
    Manifest,
    Origin,
    Pack,
    PersonalData,
    Popularity,
    Publisher,
    Rendition,
    Role,
    Shard,
    Table,
    TorrentRef,
    WebSeed,
)
from seedbox.manifest.parse import parse_manifest
from seedbox.manifest.write import write_manifest
from seedbox.torrent.info_hash import Format, InfoHash
from support.manifests import TRAPS

EAST = timezone(timedelta(hours=5, minutes=30))
FREE = Table(
    (
        ("x-text", tuple(TRAPS)),
        ("x-values", (None, True, False, 0, -(10**20), Decimal("-1.10"), "", Table())),
        ("x-keys", Table(tuple((text[:90], number) for number, text in enumerate(TRAPS)))),
    )
)
TERMS = License(
    "CC-BY-4.0 OR MIT",
    "Example Lab: “CC BY”",
    Evidence("https://example.org/license", date(2026, 10, 30), bytes(range(32))),
    Table((("x-a", "no"),)),
)
HEAD = Head(
    id="org.example/wiki",
    sequence=2**63 - 1,
    version="1.10",
    issued=datetime(2026, 11, 2, 9, 0, 0, 120_000, tzinfo=EAST),
    title="Straße, 東京 & \N{GRINNING FACE}: all",
    expires=datetime(9999, 12, 31, tzinfo=UTC),
    previous=b"\x11" * 32,
    description="First line\n\n  - indented: yes\n# no remark\nlast line\n",
    homepage="https://example.org/#[a]",
    doi="10.5281/zenodo.1",
    keywords=tuple(TRAPS),
    creators=(Creator("no", "0000-0000-0000-0000"), Creator("null", extra=FREE)),
    publisher=Publisher("2026-11-02", "mailto:a@example.org"),
    cite_as="@dataset{wiki,\n  year = 2026\n}",
    mirrors=("https://example.org/a,b",),
    withdrawals="https://example.org/w.yaml",
    license=TERMS,
    origin=Origin("https://example.org/a/", "pkg:npm/%40a/b@1", "012", date(1, 1, 1), bytes(32)),
    root="1e3",
    pack=Pack.TAR,
    format=Format.V2,
    personal_data=PersonalData.CONTAINS,
    popularity=Popularity(
        "12:30:00", date(2026, 1, 1), (date(2025, 1, 1), date(2025, 12, 31)), "~", Decimal("1E+3")
    ),
    renditions=(Rendition("no"), Rendition("opus", "opus-75k", Decimal("0.500"))),
    trackers=(("udp://a.example:1",), ("https://b.example/announce", "wss://c.example")),
    extra=FREE,
)
SHARD = Shard(
    name="012",
    role=Role.DATA,
    items=0,
    files=1,
    size=2**63 - 1,
    piece_length=16_384,
    info_hash=InfoHash(b"\x12" * 20, b"\x34" * 32),
    torrent=TorrentRef("torrents/0x1f.torrent", b"\x56" * 32),
    rendition="no",
    use=Decimal("0.30"),
    coverage=Decimal("0.1"),
    at="a b/ü",
    web_seeds=(WebSeed("https://example.org/?", datetime(2026, 1, 1, tzinfo=UTC), 25),),
    min_copies=3,
    release=datetime(2026, 12, 1, tzinfo=UTC),
    license=TERMS,
    supersedes=(b"\x78" * 32, b"\x9a" * 32),
    extra=FREE,
)
MANIFEST = Manifest(HEAD, (SHARD, replace(SHARD, name="two", role=Role.CATALOG, use=Decimal(0))))

DIGEST = "126d5b58fccdc5e800a1449a574748c32852586a6272ed793be8bff105410c6e"


def test_every_python_writes_the_same_bytes() -> None:
    written = write_manifest(MANIFEST)

    assert (len(written), sha256(written).hexdigest()) == (20_979, DIGEST)


def test_every_python_reads_them_back() -> None:
    written = write_manifest(MANIFEST)

    manifest = parse_manifest(written, file="m.yaml")

    assert manifest == MANIFEST
    assert write_manifest(manifest) == written
