"""What `seedbox export croissant` writes is Croissant, says the library of its makers."""

import itertools
import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedbox.manifest.coverage import arrange
from seedbox.manifest.croissant import export
from seedbox.manifest.model import (
    Creator,
    License,
    Manifest,
    Origin,
    Pack,
    Popularity,
    Publisher,
    Role,
    Shard,
    WebSeed,
)
from seedbox.torrent.info_hash import InfoHash
from support.cli import run
from support.datasets import entry, manifest
from support.publisher import Publisher as Folder
from support.publisher import publisher

# mlcroissant reads by rdflib, which has not kept up with itself.
pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated, use:DeprecationWarning:rdflib")

SEEDS = (WebSeed("https://one.example/d/"), WebSeed("https://two.example/d/"))
NO_NETWORK = "validation asks the network"


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError(NO_NETWORK)

    monkeypatch.setattr(socket.socket, "connect", refused)


@pytest.fixture
def built(tmp_path: Path) -> Folder:
    dataset = publisher(tmp_path / "publisher")
    dataset.build()
    return dataset


def judged(croissant: object) -> Any:  # noqa: ANN401  (it has no types)
    """The metadata that mlcroissant reads."""
    mlcroissant = pytest.importorskip("mlcroissant")  # takes a second, for these tests alone
    return mlcroissant.Dataset(croissant).metadata


def complaints(croissant: str | Path, log: list[logging.LogRecord] | None = None) -> list[str]:
    """What mlcroissant finds wrong or improvable, in its issues and in its log."""
    loaded = json.loads(croissant) if isinstance(croissant, str) else croissant
    issues = judged(loaded).ctx.issues
    logged = [each.getMessage() for each in log or [] if each.levelno >= logging.WARNING]
    return [*sorted(issues.errors), *sorted(issues.warnings), *logged]


def text_of(subject: Manifest, **names: str) -> str:
    return export(subject, names).text


def full() -> Manifest:
    """Every field that a manifest may have."""
    shards = [
        entry("set-catalog", role=Role.CATALOG, use=None, files=12),
        entry("set-0001", files=9, use=Decimal("2.5"), web_seeds=SEEDS, info_hash=both(1)),
        entry("set-0002", at="sub/folder", web_seeds=SEEDS, info_hash=InfoHash(v2=bytes(32))),
    ]
    return manifest(
        *arrange(shards, Decimal("3.5")),
        sequence=7,
        version="2.1.0-rc.1",
        issued=datetime(2026, 11, 2, 9, 0, 0, 1500, tzinfo=UTC),
        description="Who links to whom,\none row a link.",
        homepage="https://example.org/wiki",
        doi="10.1002/(SICI)1:<a>#b%c",
        keywords=("graph", "wikipedia"),
        creators=(Creator("Ada", "0000-0002-1825-0097"), Creator("Example Lab")),
        publisher=Publisher("Example Press", "mailto:data@example.org"),
        cite_as="@dataset{a,\n  title={A \\& B}\n}",
        mirrors=("https://example.org/wiki/manifest.yaml",),
        withdrawals="https://example.org/wiki/withdrawals.yaml",
        license=License("CC-BY-4.0", "Example Lab, CC BY 4.0"),
        origin=Origin(url="https://example.org/dumps/1", purl="pkg:npm/wiki@1.2.3"),
        popularity=Popularity("page views", source="logs", total=Decimal("3.5")),
        trackers=(("udp://t.example:1/announce",), ("https://u.example/announce",)),
    )


def both(number: int) -> InfoHash:
    return InfoHash(bytes([number]) * 20, bytes([number]) * 32)


def several_licenses() -> Manifest:
    expressions = (
        "MIT",
        "MIT AND CC0-1.0",
        "MIT OR Apache-2.0",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "LicenseRef-DbCL-1.0",
        "Apache-2.0+ AND (ISC OR MIT)",
    )
    shards = [
        entry(f"s{at}", license=License(expression, f"credit {at}"))
        for at, expression in enumerate(expressions)
    ]
    return manifest(*shards, entry("plain"))


def unicode() -> Manifest:
    return manifest(
        entry("a"),
        title="グラフ 😀 \u202e שלום",
        description='"quotes" \\ \u2028 and\ttabs {{braces}} http://[not a url',
        keywords=("é", "e\u0301", "@id", "_:b0", "seedbox:use"),
        creators=(Creator("Łukasz Ñandú"), Creator("@value"), Creator("https://schema.org/x")),
        version="第一版",
    )


CASES = {
    "minimal": manifest(entry("a")),
    "full": full(),
    "several licenses": several_licenses(),
    "unicode": unicode(),
    "tar": manifest(entry("a", web_seeds=SEEDS), entry("b"), pack=Pack.TAR),
    "200 shards": manifest(*(entry(f"s{at:04}", files=at) for at in range(200))),
    "the same creator twice": manifest(entry("a"), creators=(Creator("Ada"), Creator("Ada"))),
    "the same person twice": manifest(
        entry("a"), creators=(Creator("Ada", "0000-0002-1825-0097"),) * 2
    ),
    "names that look like paths": manifest(entry("a.torrent"), entry("..a"), entry("a..data")),
}


@pytest.mark.parametrize("case", CASES)
def test_there_is_no_error_and_no_warning(case: str, caplog: pytest.LogCaptureFixture) -> None:
    assert complaints(text_of(CASES[case]), caplog.records) == []


def test_single_files_with_web_seeds_are_fine_too(caplog: pytest.LogCaptureFixture) -> None:
    shards = [entry(f"s{at}", web_seeds=SEEDS) for at in range(3)]
    names = {"s0": "a.bin", "s1": "größe 1#?.bin", "s2": "%41/b.bin"}

    assert complaints(export(manifest(*shards), names).text, caplog.records) == []


def test_a_file_that_the_command_wrote_is_fine(
    built: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    run("export", "croissant", built.manifest, "-o", built.out)

    assert complaints(built.out / "croissant.json", caplog.records) == []


@pytest.mark.parametrize("field", ["license", "citeAs", "version", "datePublished"])
def test_the_judge_would_miss_a_field(field: str) -> None:
    document = json.loads(text_of(full()))
    del document[field]

    (complaint,) = complaints(json.dumps(document))

    assert f"/{field}" in complaint


def test_the_judge_would_tell_of_a_context_that_is_not_croissants(
    caplog: pytest.LogCaptureFixture,
) -> None:
    document = json.loads(text_of(full()))
    del document["@context"]["rai"]

    (complaint,) = complaints(json.dumps(document), caplog.records)

    assert "'rai'" in complaint


def test_the_judge_reads_what_was_meant() -> None:
    subject = full()

    read = judged(json.loads(text_of(subject, **{"set-0002": "b.bin"})))

    assert (read.name, read.url) == ("A set", "https://example.org/wiki")
    assert (read.version, read.cite_as) == ("2.1.0-rc.1", subject.head.cite_as)
    assert read.license == ["https://spdx.org/licenses/CC-BY-4.0.html"]
    assert read.date_published == subject.head.issued
    assert sorted((type(each).__name__, each.name) for each in read.creators) == [
        ("Organization", "Example Lab"),
        ("Person", "Ada"),
    ]
    assert sorted(each.id for each in read.file_sets) == ["set-0001/data", "set-catalog/data"]
    files = {each.id: each for each in read.file_objects}
    assert files["set-0002/data"].contained_in == ["set-0002.torrent"]
    torrent = files["set-0001.torrent"]
    assert torrent.content_url == "https://example.org/wiki/torrents/set-0001.torrent"
    assert torrent.encoding_formats == ["application/x-bittorrent"]
    assert torrent.same_as is not None
    assert torrent.same_as[0].startswith(f"magnet:?xt=urn:btih:{'01' * 20}&xt=urn:btmh:1220{'01'}")


def test_our_own_terms_are_numbers_and_text_in_rdf() -> None:
    rdflib = pytest.importorskip("rdflib")  # comes with mlcroissant
    graph = rdflib.Graph().parse(
        data=text_of(full()), format="json-ld", publicID="https://x.example/"
    )

    term = rdflib.Namespace("urn:uuid:6343f5c7-f6a0-4700-9e3d-7da420974529#")
    shard = rdflib.URIRef("https://x.example/set-0001.torrent")
    values = {name: graph.value(shard, term[name]).toPython() for name in ("rank", "use", "role")}
    assert values == {"rank": 2, "use": Decimal("2.5"), "role": "data"}


# --- whatever a manifest says -----------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=30)
LINE = TEXT.filter(str.strip)
LICENSES = st.sampled_from(["MIT", "CC0-1.0", "MIT OR ISC", "MIT AND (ISC OR CC0-1.0)", "GPL-3.0+"])
TERMS = st.builds(License, LICENSES, st.none() | LINE)
NAMES = st.from_regex(r"[a-z0-9._-]{1,20}", fullmatch=True)


@st.composite
def manifests(draw: st.DrawFn) -> tuple[Manifest, dict[str, str]]:
    """A manifest with any of its fields, and names for some of its files."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    shards = [draw(shard_entries(name, at)) for at, name in enumerate(names)]
    whole = manifest(
        *shards,
        title=draw(LINE),
        version=draw(LINE | st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,3}){0,3}", fullmatch=True)),
        sequence=draw(st.integers(1, 2**63 - 1)),
        issued=draw(st.datetimes(timezones=st.just(UTC))),
        description=draw(st.none() | LINE),
        doi=draw(st.none() | st.from_regex(r"10\.[0-9.]+/[!-~]+", fullmatch=True)),
        keywords=tuple(draw(st.lists(LINE, max_size=3))),
        creators=tuple(draw(st.lists(st.builds(Creator, LINE, st.none() | LINE), max_size=3))),
        publisher=draw(st.none() | st.builds(Publisher, LINE)),
        cite_as=draw(st.none() | LINE),
        license=draw(TERMS),
        pack=draw(st.sampled_from(Pack)),
    )
    named = draw(st.sets(st.sampled_from(names)))
    return whole, {name: draw(LINE) for name in sorted(named)}


@st.composite
def shard_entries(draw: st.DrawFn, name: str, number: int) -> Shard:
    plain = entry(name, info_hash=both(number))
    return replace(
        plain,
        use=draw(st.none() | st.decimals(0, 10**9, places=3)),
        size=draw(st.integers(0, 2**63 - 1)),
        license=draw(st.none() | TERMS),
        web_seeds=draw(st.sampled_from([(), SEEDS])),
    )


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(manifests())
def test_any_manifest_is_valid_croissant(subject: tuple[Manifest, dict[str, str]]) -> None:
    text = export(*subject).text

    assert text.isascii()
    assert list(numbers(json.loads(text))) == []
    assert complaints(text) == []


def numbers(value: Any) -> Iterator[float]:  # noqa: ANN401  (JSON)
    """Every number that JSON readers may round."""
    if isinstance(value, float):
        yield value
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        yield from itertools.chain.from_iterable(map(numbers, inner))
