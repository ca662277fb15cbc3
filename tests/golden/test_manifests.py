"""The published manifests hold together: with their torrents, signatures, licenses and tables."""

from dataclasses import replace
from pathlib import Path

import pytest

import recipes
from seedbox.catalog.popularity import read_popularity
from seedbox.jobs.shards import read_head
from seedbox.manifest import licenses
from seedbox.manifest.keys import PublicKey
from seedbox.manifest.lint import read_manifest
from seedbox.manifest.model import Manifest, Pack
from seedbox.manifest.signature import check, parse_signature
from seedbox.torrent.metainfo import Metainfo
from support.cli import run

FOLDER = Path(__file__).parents[2] / "manifests"
NAMES = ["cldr-dates", "geonames", "iconify", "klettres", "openmoji", "postal-codes"]
MIB = 1 << 20


def published(name: str) -> Manifest:
    path = FOLDER / name / "manifest.yaml"
    return read_manifest(path.read_bytes(), file=str(path))


def contents(name: str) -> list[Metainfo]:
    shards = published(name).shards
    return [Metainfo.parse((FOLDER / name / each.torrent.path).read_bytes()) for each in shards]


def files(name: str) -> list[str]:
    """The last part of every path."""
    return [file.path[-1] for metainfo in contents(name) for file in metainfo.files]


def test_every_folder_is_a_dataset_that_has_a_recipe() -> None:
    assert sorted(path.parent.name for path in FOLDER.glob("*/dataset.yaml")) == NAMES
    assert sorted(recipe.name for recipe in recipes.RECIPES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_lint_finds_nothing_and_has_every_torrent_at_hand(name: str) -> None:
    ran = run("lint", FOLDER / name / "manifest.yaml", "--json")

    (report,) = ran.document["manifests"]
    assert (ran.status, report["problems"]) == (0, [])
    assert report["torrents"] == report["shards"] > 1
    torrents = list((FOLDER / name / "torrents").iterdir())
    assert len(torrents) == report["shards"], "torrents that no shard names"


@pytest.mark.parametrize("name", NAMES)
def test_the_example_key_has_signed_it(name: str) -> None:
    path = FOLDER / name / "manifest.yaml"
    data, key = path.read_bytes(), PublicKey.parse((FOLDER / "example.pub").read_text())
    signature_path = path.with_name("manifest.yaml.minisig")
    signature = parse_signature(signature_path.read_bytes(), file=str(signature_path))

    assert check(data, signature, [key], file=str(path)) == key
    assert f"id:seedbox.examples/{name} sequence:1 sha256:" in signature_path.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_its_dataset_yaml_says_with_the_total_filled_in(name: str) -> None:
    told, manifest = read_head(FOLDER / name / "dataset.yaml"), published(name)

    assert manifest.head.popularity is not None
    assert told.popularity is not None
    popularity = replace(told.popularity, total=manifest.head.popularity.total)
    assert manifest.head == replace(told, popularity=popularity, pack=Pack.FILES)


@pytest.mark.parametrize("recipe", recipes.RECIPES, ids=lambda recipe: recipe.name)
def test_it_names_its_package_with_version_and_digest(recipe: recipes.Recipe) -> None:
    head = published(recipe.name).head

    assert head.origin is not None
    assert head.origin.purl == recipe.data.purl
    assert head.origin.sha256 == bytes.fromhex(recipe.data.sha256)
    assert head.license is not None
    evidence = head.license.evidence
    assert evidence is not None
    if recipe.name == "geonames":  # the package does not state the license of the data
        assert evidence.url.startswith("https://download.geonames.org/")
    else:
        assert evidence.url.startswith(f"{recipe.data.purl}#")
        assert evidence.sha256 is not None
        assert evidence.retrieved is not None


@pytest.mark.parametrize("recipe", recipes.RECIPES, ids=lambda recipe: recipe.name)
def test_its_popularity_table_has_a_source_and_is_what_is_summed(recipe: recipes.Recipe) -> None:
    popularity = published(recipe.name).head.popularity
    rows = read_popularity(FOLDER / recipe.name / "popularity.csv").rows

    assert popularity is not None
    assert popularity.total == sum(row.value for row in rows.values()) > 0
    source = recipe.more[0] if recipe.more else recipe.data
    assert popularity.source is not None
    assert popularity.source.startswith(f"{source.purl}#")


@pytest.mark.parametrize("name", NAMES)
def test_every_license_is_open(name: str) -> None:
    manifest = published(name)

    licenses.gate(manifest)
    assert licenses.refused(manifest) == ()
    assert manifest.head.license is not None
    assert licenses.verdict(manifest.head.license.spdx).open


@pytest.mark.parametrize("name", NAMES)
def test_no_web_seed_and_no_tracker_is_promised(name: str) -> None:
    manifest = published(name)

    assert manifest.head.trackers == ()
    assert {shard.web_seeds for shard in manifest.shards} == {()}
    assert manifest.head.format == "hybrid"


def test_the_torrents_of_a_dataset_are_a_few_mib_and_the_folder_is_small() -> None:
    sizes = {
        name: sum(path.stat().st_size for path in (FOLDER / name / "torrents").iterdir())
        for name in NAMES
    }
    everything = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())

    assert max(sizes.values()) < 4 * MIB
    assert everything < 8 * MIB


def test_the_icon_sets_are_236_in_shards_by_license_without_those_that_are_not_open() -> None:
    held = {path.removesuffix(".json") for path in files("iconify")}
    manifest = published("iconify")
    rows = read_popularity(FOLDER / "iconify" / "popularity.csv").rows

    assert len(held) == len(files("iconify")) == 236
    left = {path.removesuffix(".json"): row.license for path, row in rows.items()}
    assert {name: left[name] for name in set(left) - held} == {
        "cbi": "CC-BY-NC-SA-4.0",
        "ps": "CC-BY-NC-4.0",
        "bubbles": "NOASSERTION",
        "devicon-line": "NOASSERTION",
        "devicon-original": "NOASSERTION",
        "emblemicons": "NOASSERTION",
        "streamline-guidance": "NOASSERTION",
    }
    named = {shard.license.spdx for shard in manifest.shards if shard.license}
    assert all(shard.license for shard in manifest.shards)
    assert len(named) == 16
    assert manifest.head.license is not None
    assert set(manifest.head.license.spdx.split(" AND ")) == named
    assert manifest.shards[-1].coverage is not None
    assert manifest.shards[-1].coverage < 1


def test_each_icon_set_lies_in_a_shard_of_its_own_license() -> None:
    rows = read_popularity(FOLDER / "iconify" / "popularity.csv").rows
    wrong = []
    for shard, metainfo in zip(published("iconify").shards, contents("iconify"), strict=True):
        for file in metainfo.files:
            own = licenses.verdict(rows[file.path[-1]].license).expression
            if shard.license is None or own != shard.license.spdx:
                wrong.append((shard.name, file.path[-1]))

    assert wrong == []


def test_counts_are_those_of_the_packages() -> None:
    assert {name: len(files(name)) for name in NAMES} == {
        "cldr-dates": 3064,
        "geonames": 8,
        "iconify": 236,
        "klettres": 1890,
        "openmoji": 13506,
        "postal-codes": 125,
    }
    assert sum(path.endswith(".ogg") for path in files("klettres")) == 1836


def test_no_file_is_executable_or_has_a_time_in_any_torrent() -> None:
    for name in NAMES:
        for path in sorted((FOLDER / name / "torrents").iterdir()):
            data = path.read_bytes()
            assert b"4:attr1:x" not in data, path
            assert b"5:mtime" not in data, path


def test_the_readme_says_that_the_key_proves_nothing() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")

    assert "**the signature proves nothing**" in text
    for name in NAMES:
        assert f"- **{name}**: " in text, "where its popularity comes from"
