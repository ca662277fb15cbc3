from dataclasses import dataclass, replace

import pytest

from seedbox.manifest.model import Head, Pack
from seedbox.manifest.parse import parse_head
from seedbox.plan.pack import choose_pack

HEAD: Head = parse_head(
    b"seedbox: 1\nid: org.example/set\nsequence: 1\nversion: a\n"
    b"issued: 2026-01-02T03:04:05Z\ntitle: A set\n",
    file="dataset.yaml",
)


@dataclass(frozen=True)
class Options:
    web_seeds: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("count", "size", "pack"),
    [
        (100_000, 262_143, Pack.TAR),
        (99_999, 10, Pack.FILES),
        (100_000, 262_144, Pack.FILES),
        (1, 10, Pack.FILES),
    ],
)
def test_a_hundred_thousand_small_items_are_packed(count: int, size: int, pack: Pack) -> None:
    chosen = choose_pack(HEAD, count, count * size, Options())

    assert chosen.pack is pack
    assert chosen.why is not None
    assert f"{count:,} items" in chosen.why


def test_web_seeds_serve_files_so_nothing_is_packed_then() -> None:
    chosen = choose_pack(HEAD, 100_000, 1_000_000, Options(("https://example.org/",)))

    assert chosen.pack is Pack.FILES


@pytest.mark.parametrize("pack", list(Pack))
def test_what_the_publisher_has_chosen_stays(pack: Pack) -> None:
    for count in (1, 100_000):
        chosen = choose_pack(replace(HEAD, pack=pack), count, count * 10, Options())

        assert (chosen.pack, chosen.why) == (pack, None)
