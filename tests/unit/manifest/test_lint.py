"""Rules between fields and shards: what breaks them, where, and what does not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidManifestError
from seedbox.manifest.coverage import arrange
from seedbox.manifest.lint import check, check_torrent, lint, read_manifest
from seedbox.manifest.model import Head, License, Manifest, Pack, Popularity, Role, Shard
from seedbox.manifest.parse import parse_manifest
from seedbox.manifest.write import write_manifest
from seedbox.torrent.info_hash import Format, InfoHash

TEXT = Path(__file__).with_name("example.yaml").read_text("utf-8")
EXAMPLE = parse_manifest(TEXT.encode(), file="m.yaml")
CATALOG, FIRST, LAST = EXAMPLE.shards


def found(manifest: Manifest) -> list[tuple[str, str]]:
    return [(problem.rule, problem.path) for problem in lint(manifest)]


def shards(*changed: Shard) -> Manifest:
    return replace(EXAMPLE, shards=changed)


def head(**changes: object) -> Manifest:
    return replace(EXAMPLE, head=replace(EXAMPLE.head, **changes))  # type: ignore[arg-type]


def test_the_example_keeps_every_rule() -> None:
    assert check(TEXT.encode(), file="m.yaml") == []
    assert read_manifest(TEXT.encode(), file="m.yaml") == EXAMPLE


HASH = InfoHash(bytes(20), bytes(32))
POPULARITY = Popularity("views", total=Decimal(182_345_678_901))
BREAKS: list[tuple[Manifest, str, str]] = [
    # --- rule 9, as far as one file can tell
    (head(expires=datetime(2026, 11, 2, 9, tzinfo=UTC)), "expires", "expires"),
    (head(sequence=1), "previous", "previous"),
    (
        head(popularity=replace(POPULARITY, window=(date(2026, 1, 2), date(2026, 1, 1)))),
        "window",
        "popularity.window",
    ),
    # --- rule 2
    (shards(), "no-shards", "shards"),
    (shards(CATALOG, FIRST, replace(LAST, name=FIRST.name)), "duplicate", "shards[2].name"),
    (
        shards(
            CATALOG, FIRST, replace(LAST, torrent=replace(LAST.torrent, path=FIRST.torrent.path))
        ),
        "duplicate",
        "shards[2].torrent.path",
    ),
    (
        shards(
            CATALOG, FIRST, replace(LAST, info_hash=InfoHash(FIRST.info_hash.v1, LAST.info_hash.v2))
        ),
        "duplicate",
        "shards[2].info_hash.v1",
    ),
    # --- rule 3
    (
        shards(CATALOG, replace(FIRST, items=10**18), LAST),
        "order",
        "shards[2]",
    ),
    # --- rule 4
    (
        shards(CATALOG, replace(FIRST, coverage=Decimal("0.280976")), LAST),
        "coverage",
        "shards[1].coverage",
    ),
    (shards(CATALOG, replace(FIRST, coverage=None), LAST), "coverage", "shards[1]"),
    (shards(CATALOG, FIRST, replace(LAST, use=None)), "coverage", "shards[2]"),
    (shards(replace(CATALOG, coverage=Decimal(0)), FIRST, LAST), "coverage", "shards[0]"),
    # --- rule 5
    (head(license=License("CC-BY-NC-4.0")), "license-non-commercial", "license.spdx"),
    (
        shards(CATALOG, replace(FIRST, license=License("CC-BY-ND-4.0")), LAST),
        "license-no-derivatives",
        "shards[1].license.spdx",
    ),
    (
        shards(CATALOG, replace(FIRST, license=License("LicenseRef-Ours")), LAST),
        "license-unknown-ref",
        "shards[1].license.spdx",
    ),
    # --- formats
    (
        shards(CATALOG, replace(FIRST, info_hash=InfoHash(v2=FIRST.info_hash.v2)), LAST),
        "format",
        "shards[1].info_hash",
    ),
    (
        shards(CATALOG, replace(FIRST, piece_length=49_152), LAST),
        "piece-length",
        "shards[1].piece_length",
    ),
    (shards(CATALOG, replace(FIRST, rendition="opus"), LAST), "rendition", "shards[1].rendition"),
    (shards(CATALOG, FIRST, replace(LAST, files=2, web_seeds=())), "at", "shards[2].at"),
    # --- rule 7
    (
        shards(
            CATALOG,
            replace(
                FIRST, web_seeds=(replace(FIRST.web_seeds[0], url="https://example.org/dumps"),)
            ),
            LAST,
        ),
        "web-seed",
        "shards[1].web_seeds[0].url",
    ),
]


@pytest.mark.parametrize(("manifest", "rule", "path"), BREAKS)
def test_what_breaks_one_rule_is_found_once(manifest: Manifest, rule: str, path: str) -> None:
    assert found(manifest) == [(rule, path)]
    assert all(problem.hint.endswith(".") for problem in lint(manifest))


def test_a_catalog_behind_data_is_out_of_order() -> None:
    assert found(shards(FIRST, CATALOG, LAST)) == [("order", "shards[1]")]


def test_equally_popular_shards_stand_by_name() -> None:
    half = replace(EXAMPLE.head, popularity=Popularity("v", total=Decimal(2)))
    pair = [
        replace(LAST, use=Decimal(1), web_seeds=()),
        replace(LAST, use=Decimal(1), web_seeds=()),
    ]
    named = [replace(pair[0], name="b"), replace(pair[1], name="a", info_hash=HASH)]
    named[1] = replace(named[1], torrent=replace(LAST.torrent, path="torrents/a.torrent"))
    right = Manifest(half, arrange(named, Decimal(2)))
    wrong = Manifest(
        half,
        (
            replace(named[0], coverage=Decimal("0.5")),
            replace(named[1], coverage=Decimal(1)),
        ),
    )

    assert found(right) == []
    assert found(wrong) == [("order", "shards[1]")]


def test_coverage_over_one_is_found_at_each_shard_that_is_over() -> None:
    total = Decimal(51_234_567_889)
    over = replace(EXAMPLE.head, popularity=Popularity("v", total=total))
    covered = [replace(FIRST, coverage=Decimal(1)), replace(LAST, coverage=Decimal(1))]

    assert found(Manifest(over, (CATALOG, *covered))) == []  # by less than a millionth
    much = replace(EXAMPLE.head, popularity=Popularity("v", total=Decimal(25_617_283_945)))
    covered = [replace(FIRST, coverage=Decimal(2)), replace(LAST, coverage=Decimal(2))]
    assert found(Manifest(much, (CATALOG, *covered))) == [
        ("coverage", "shards[1].coverage"),
        ("coverage", "shards[2].coverage"),
    ]


def test_use_without_popularity_means_nothing() -> None:
    assert found(head(popularity=None)) == [
        ("coverage", "shards[1].use"),
        ("coverage", "shards[1].coverage"),
        ("coverage", "shards[2].use"),
        ("coverage", "shards[2].coverage"),
    ]


def test_without_popularity_shards_stand_by_name() -> None:
    plain = [replace(each, use=None, coverage=None) for each in (FIRST, LAST)]
    bare = replace(EXAMPLE.head, popularity=None)

    assert found(Manifest(bare, tuple(plain))) == []
    assert found(Manifest(bare, tuple(reversed(plain)))) == [("order", "shards[1]")]


def test_a_shard_without_any_license_is_found_alone() -> None:
    assert found(head(license=None)) == [
        ("license-missing", "shards[0]"),
        ("license-missing", "shards[2]"),
    ]


def test_every_rule_is_checked_at_once_and_every_problem_has_its_line() -> None:
    text = TEXT.replace("CC-BY-4.0", "CC-BY-NC-4.0", 1).replace("0.280975", "0.3", 1)
    text = text.replace("  min_copies: 3\n", "  min_copy: 3\n")

    assert [(each.line, each.path, each.rule) for each in check(text.encode(), file="m.yaml")] == [
        (20, "license.spdx", "license-non-commercial"),
        (60, "shards[1].coverage", "coverage"),
        (65, "shards[1].min_copy", "unknown-key"),
    ]


def test_a_problem_shows_both_values() -> None:
    (problem,) = check(TEXT.replace("0.280975", "0.3", 1).encode(), file="m.yaml")

    assert str(problem) == (
        "m.yaml:60: shards[1].coverage: coverage is 0.3, the uses so far give 0.280975"
    )


def test_reading_leaves_the_license_to_the_gate() -> None:
    text = TEXT.replace("CC-BY-4.0", "CC-BY-NC-4.0", 1)

    assert read_manifest(text.encode(), file="m.yaml").head.license == replace(
        EXAMPLE.head.license or License(""), spdx="CC-BY-NC-4.0"
    )


def test_reading_refuses_what_breaks_another_rule() -> None:
    with pytest.raises(InvalidManifestError, match="the uses so far give"):
        read_manifest(TEXT.replace("0.280975", "0.3", 1).encode(), file="m.yaml")


def test_problems_are_bounded() -> None:
    many = tuple(replace(LAST, name=f"n{number:04}") for number in range(1000))

    assert len(lint(shards(*many))) == 100


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**6)), min_size=1, max_size=12),
    st.integers(0, 1),
)
def test_what_arrange_makes_keeps_order_and_coverage(
    sizes: list[tuple[int, int]], catalogs: int
) -> None:
    total = Decimal(sum(use for use, _ in sizes))
    made = [
        replace(
            FIRST,
            name=f"s{number}",
            use=Decimal(use),
            items=items,
            info_hash=InfoHash(bytes([number]) * 20, bytes([number]) * 32),
            torrent=replace(FIRST.torrent, path=f"torrents/s{number}.torrent"),
            role=Role.CATALOG if number < catalogs else Role.DATA,
        )
        for number, (use, items) in enumerate(sizes)
    ]
    popularity = Popularity("v", total=total)
    manifest = Manifest(replace(EXAMPLE.head, popularity=popularity), arrange(made, total))

    assert check(write_manifest(manifest), file="m.yaml") == []


# --- the torrents beside it -------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """A metainfo, as far as `check_torrent` looks."""

    info_hash: InfoHash
    name: str
    size: int
    files: tuple[str, ...]
    piece_length: int


FACTS = Facts(FIRST.info_hash, "20261101", 21_474_836_480, ("f",) * 51_001, 8_388_608)


def compared(
    facts: Facts = FACTS,
    digest: bytes = b"\xbc" * 32,
    shard: Shard = FIRST,
    of: Head = EXAMPLE.head,
) -> list[str]:
    problems = check_torrent(of, shard, facts, digest, file="m.yaml", path="shards[1]")
    return [f"{problem.path}: {problem.message}" for problem in problems]


def test_a_torrent_that_agrees_with_its_entry_is_right() -> None:
    assert compared() == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f: replace(f, size=1),
            "size: size is 1 in the torrent, 21474836480 in the manifest",
        ),
        (
            lambda f: replace(f, files=()),
            "files: files is 0 in the torrent, 51001 in the manifest",
        ),
        (
            lambda f: replace(f, piece_length=16_384),
            "piece_length: piece_length is 16384 in the torrent, 8388608 in the manifest",
        ),
        (
            lambda f: replace(f, name="dump"),
            "name: name is dump in the torrent, 20261101 in the manifest",
        ),
        (
            lambda f: replace(f, info_hash=InfoHash(v1=b"\xba" * 20)),
            f"info_hash.v2: info_hash.v2 is absent in the torrent, {'bb' * 32} in the manifest",
        ),
    ],
)
def test_a_torrent_that_disagrees_is_shown_with_both_values(
    change: Callable[[Facts], Facts], message: str
) -> None:
    assert compared(change(FACTS)) == [f"shards[1].{message}"]


def test_another_torrent_in_its_place_is_found_by_its_digest() -> None:
    (message,) = compared(digest=bytes(32))

    assert message.startswith(f"shards[1].torrent.sha256: torrent.sha256 is {'00' * 32}")


def test_a_single_file_may_have_any_name_and_a_tar_only_its_shards() -> None:
    single = replace(FACTS, files=("f",), name="photo.jpg")
    tar = replace(EXAMPLE.head, pack=Pack.TAR, format=Format.HYBRID)

    assert compared(single, shard=replace(FIRST, files=1)) == []
    assert compared(single, shard=replace(FIRST, files=1), of=tar) == [
        "shards[1].name: name is photo.jpg in the torrent, wiki-graph-0001.tar in the manifest"
    ]


@pytest.mark.parametrize("pack", list(Pack))
def test_a_catalog_is_called_like_its_shard_however_the_data_is_packed(pack: Pack) -> None:
    catalog = replace(FIRST, role=Role.CATALOG)
    of = replace(EXAMPLE.head, pack=pack)

    assert compared(replace(FACTS, name=FIRST.name), shard=catalog, of=of) == []
    assert compared(shard=catalog, of=of) == [
        "shards[1].name: name is 20261101 in the torrent, wiki-graph-0001 in the manifest"
    ]
