"""Builds with a catalog, and the other commands that take what they have made."""

import builtins
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from seedbox.cli import build as _  # noqa: F401  (imported before imports are hindered)
from support.cli import run
from support.encoders import HALVES, PATHS, PYTHON
from support.publisher import HEAD, Publisher

LICENSE = 'license:\n  spdx: CC-BY-4.0\n  attribution: "Example Lab, CC BY 4.0"\n'


def of_catalog(dataset: Publisher, *words: object) -> list[dict[str, Any]]:
    document = run("search", dataset.manifest, *words, "--data", dataset.out, "--json").document
    items: list[dict[str, Any]] = document["items"]
    return items


@pytest.mark.parametrize("pack", ["files", "tar"])
def test_the_catalog_comes_first_and_every_command_takes_it(dataset: Publisher, pack: str) -> None:
    dataset.build("--catalog", "--pack", pack)

    shown = run("show", dataset.manifest, "--json").document["shards"]
    assert [(shard["name"], shard["coverage"]) for shard in shown] == [
        ("set-catalog", None),
        ("set-0001", 0.6),
        ("set-0002", 0.8),
        ("set-0003", 1.0),
    ]
    assert run("lint", dataset.manifest).status == 0
    ran = run("verify", dataset.manifest, dataset.out, "--shard", "set-catalog")
    assert ran.status == 0
    assert [item["item"] for item in of_catalog(dataset, "bin")] == [
        "b/c.bin",
        "a.bin",
        "b/d.bin",
        "e.bin",
        "f/g/h.bin",
    ]
    assert run("export", "croissant", dataset.manifest).status == 0


def from_tar(dataset: Publisher, item: Mapping[str, Any]) -> bytes:
    """The bytes of an item, by what `search` says of it alone."""
    with (dataset.out / f"{item['shard']}.tar").open("rb") as stream:
        stream.seek(item["offset"])
        return stream.read(item["length"])


def test_an_item_is_read_from_its_tar_by_what_the_catalog_says_alone(dataset: Publisher) -> None:
    dataset.build("--catalog", "--pack", "tar")

    for path in ("b/c.bin", "a.bin", "f/g/h.bin", "f/empty"):
        (item,) = of_catalog(dataset, "--item", path)
        wanted = (dataset.source / path).read_bytes()
        assert item["length"] == item["size"] == len(wanted)
        assert from_tar(dataset, item) == wanted
        assert item["sha256"] == hashlib.sha256(wanted).hexdigest()


def test_a_tar_that_was_packed_without_a_catalog_is_read_for_its_digests(
    dataset: Publisher, tmp_path: Path
) -> None:
    dataset.build("--pack", "tar")
    ran = dataset.build("--catalog", "--pack", "tar")
    dataset.build("--catalog", "--pack", "tar", out=tmp_path / "other")

    assert "set-0001: packed before" in ran.err
    assert (tmp_path / "other" / "manifest.yaml").read_bytes() == dataset.manifest.read_bytes()


def test_an_encoded_item_is_read_so_too_and_has_the_digest_of_its_original(
    dataset: Publisher,
) -> None:
    own = {
        "run": [*PYTHON, PATHS + HALVES, "{in}", "{out}"],
        "version": [*PYTHON, "print('fake 1.0')"],
        "suffix": ".half",
    }
    half = f"{{below: 10, command: {json.dumps(own)}}}"
    dataset.head.write_text(HEAD + f"renditions:\n  original: {{}}\n  half: {half}\n")
    dataset.build("--catalog", "--pack", "tar", "--allow-commands")

    (kept,) = of_catalog(dataset, "--item", "a.bin")
    assert kept["sha256"] == hashlib.sha256(from_tar(dataset, kept)).hexdigest()
    for path in ("e.bin", "f/g/h.bin"):
        (item,) = of_catalog(dataset, "--item", path)
        original = (dataset.source / path).read_bytes()
        assert item["rendition"] == "half"
        assert item["sha256"] == hashlib.sha256(original).hexdigest()
        assert (item["size"], item["length"]) == (len(original), len(original) // 2)
        assert from_tar(dataset, item) == original[: len(original) // 2]


def test_the_catalog_verifies_in_the_folder_of_a_mirror(dataset: Publisher) -> None:
    dataset.build("--catalog")
    mirror = dataset.folder / "mirror" / "org.example" / "set" / "set-catalog"
    shutil.copytree(dataset.out / "set-catalog", mirror)

    arguments = ("verify", dataset.manifest, dataset.folder / "mirror", "--shard", "set-catalog")

    assert run(*arguments).status == 0
    (mirror / "items" / "0000.parquet").write_bytes(b"other")
    assert run(*arguments).status == 1


def test_the_same_input_gives_the_same_manifest(dataset: Publisher, tmp_path: Path) -> None:
    dataset.build("--catalog")
    first = dataset.manifest.read_bytes()

    dataset.build("--catalog", jobs=1)
    dataset.build("--catalog", out=tmp_path / "other")

    assert dataset.manifest.read_bytes() == first
    assert (tmp_path / "other" / "manifest.yaml").read_bytes() == first


def test_people_are_told_where_it_is(dataset: Publisher) -> None:
    planned = run(*dataset.arguments(), "--catalog", "--dry-run")
    assert "first of all, the catalog: set-catalog" in planned.out
    assert not dataset.out.exists()

    built = run(*dataset.arguments(), "--catalog")
    assert f"wrote the catalog {dataset.out / 'set-catalog'}" in built.out
    assert f"--data {dataset.out}" in built.out
    document = run(*dataset.arguments(), "--catalog", "--json").document
    assert document["catalog"] == str(dataset.out / "set-catalog")


def test_without_duckdb_the_extra_is_named_before_anything_is_written(
    dataset: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def hindered(name: str, *arguments: object, **more: object) -> object:
        if name == "duckdb":
            raise ImportError(name)
        return real(name, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", hindered)

    ran = run(*dataset.arguments(), "--catalog", "--json")

    assert (ran.error[0], ran.error[3]) == (5, "Run: pip install 'seedbox[publish]'")
    assert not dataset.out.exists()


def test_a_dataset_whose_files_have_licenses_of_their_own_passes_the_gate(
    dataset: Publisher,
) -> None:
    dataset.head.write_text(HEAD.replace(LICENSE, ""))
    rows = ["a.bin,5,CC0-1.0", "b/c.bin,9,CC-BY-4.0", "b/d.bin,7,CC-BY-NC-4.0"]
    dataset.table.write_text("\n".join(["path,value,license", *rows]) + "\n")

    assert run(*dataset.arguments(), "--catalog", "--json").error[:2] == (7, "files-refused")
    dataset.build("--catalog", "--leave-out-refused")

    assert run("lint", dataset.manifest).status == 0
    assert dataset.shards()[0]["license"] == "CC-BY-4.0 AND CC0-1.0"
    assert [(item["item"], item["license"]) for item in of_catalog(dataset, "bin")] == [
        ("b/c.bin", "CC-BY-4.0"),
        ("a.bin", "CC0-1.0"),
    ]
