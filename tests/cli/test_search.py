import builtins
from pathlib import Path

import pytest

from seedbox.cli import search as _  # noqa: F401  (imported before imports are hindered)
from support.catalogs import publish_catalog
from support.cli import run
from support.publisher import Publisher


def test_items_are_shown_with_the_shard_that_holds_each(tmp_path: Path) -> None:
    manifest = publish_catalog(tmp_path)

    ran = run("search", manifest, "hit", "--data", tmp_path)

    assert ran.status == 0
    assert [line.split() for line in ran.out.splitlines()][1:4] == [
        ["rank", "item", "popularity", "size", "license", "shard"],
        ["1", "top", "90", "1000", "B", "CC0-1.0", "set-0001"],
        ["3", "rare", "1e-09", "500", "B", "CC0-1.0", "set-0001"],
    ]


def test_json_has_all_that_the_catalog_knows(tmp_path: Path) -> None:
    manifest = publish_catalog(tmp_path, packed=True)

    document = run("search", manifest, "--item", "second", "--data", tmp_path, "--json").document

    assert document == {
        "id": "org.example/set",
        "catalog": "set-0001",
        "more": False,
        "items": [
            {
                "rank": 2,
                "item": "second",
                "path": "music/second.ogg",
                "url": None,
                "popularity": 9.5,
                "size": 2000,
                "license": "CC-BY-4.0",
                "attribution": "By Ada",
                "sha256": "00" * 32,
                "shard": "set-0002",
                "rendition": None,
                "offset": 512,
                "length": 0,
            }
        ],
        "signature": {"checked": False, "key": None},
    }


def test_the_limit_is_told(tmp_path: Path) -> None:
    manifest = publish_catalog(tmp_path)

    ran = run("search", manifest, "music", "--limit", 2, "--data", tmp_path)

    assert "the first 2 items; --limit finds more" in ran.out


def test_nothing_found_is_status_1(tmp_path: Path) -> None:
    manifest = publish_catalog(tmp_path)

    assert run("search", manifest, "nowhere", "--data", tmp_path).status == 1
    ran = run("search", manifest, "--item", "nowhere", "--data", tmp_path)
    assert (ran.status, ran.out.splitlines()[-1]) == (1, "nothing found")


@pytest.mark.parametrize("words", [[], [" "], ["a", "--item", "b"]])
def test_words_or_an_id_are_needed(words: list[str], tmp_path: Path) -> None:
    manifest = publish_catalog(tmp_path)

    ran = run("search", manifest, *words, "--data", tmp_path, "--json")

    assert ran.error[:3] == (2, "usage", "a search is for words or for one id")


def test_a_catalog_that_is_not_here_is_said_how_to_get(tmp_path: Path) -> None:
    manifest = publish_catalog(tmp_path)
    (tmp_path / "set-0001" / "items" / "0000.parquet").unlink()

    ran = run("search", manifest, "hit", "--data", tmp_path, "--json")

    assert ran.error == (
        4,
        "source",
        f"the catalog set-0001 is not whole in {tmp_path}: 1 of its 2 files are there",
        f"Run: seedbox fetch {manifest} --out {tmp_path} --shard set-0001",
    )


def test_a_dataset_without_a_catalog_is_told(built: Publisher) -> None:
    ran = run("search", built.manifest, "a", "--json")

    assert ran.error[:3] == (2, "usage", "org.example/set has no catalog shard")


def test_without_duckdb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, real = publish_catalog(tmp_path), builtins.__import__

    def hindered(name: str, *arguments: object, **more: object) -> object:
        if name == "duckdb":
            raise ImportError(name)
        return real(name, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", hindered)

    ran = run("search", manifest, "hit", "--data", tmp_path, "--json")

    assert (ran.error[0], ran.error[3]) == (5, "Run: pip install 'seedbox[publish]'")
