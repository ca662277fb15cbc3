"""Builds with a catalog, and the other commands that take what they have made."""

import builtins
import hashlib
import shutil
from pathlib import Path

import pytest

from seedbox.cli import build as _  # noqa: F401  (imported before imports are hindered)
from support.cli import run
from support.publisher import HEAD, Publisher

LICENSE = 'license:\n  spdx: CC-BY-4.0\n  attribution: "Example Lab, CC BY 4.0"\n'


def of_catalog(dataset: Publisher, *words: object) -> list[dict[str, object]]:
    document = run("search", dataset.manifest, *words, "--data", dataset.out, "--json").document
    items: list[dict[str, object]] = document["items"]
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


def test_an_item_is_read_from_its_tar_by_what_the_catalog_says_alone(dataset: Publisher) -> None:
    dataset.build("--catalog", "--pack", "tar")

    (item,) = of_catalog(dataset, "--item", "f/g/h.bin")

    with (dataset.out / f"{item['shard']}.tar").open("rb") as stream:
        stream.seek(int(str(item["offset"])))
        found = stream.read(int(str(item["length"])))
    wanted = (dataset.source / "f" / "g" / "h.bin").read_bytes()
    assert hashlib.sha256(found).digest() == hashlib.sha256(wanted).digest()


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
