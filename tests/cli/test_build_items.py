"""Builds of what a table names, in place of all that lies in a folder."""

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

from support.cli import Ran, run
from support.publisher import HEAD, SIZES, Publisher

VALUES = {"b/c.bin": "60", "a.bin": "20", "b/d.bin": "10", "e.bin": "6", "f/g/h.bin": "4"}
ROWS = [f"{path},{size},{VALUES.get(path, '')}" for path, size in SIZES.items()]


@pytest.fixture
def items(dataset: Publisher) -> Path:
    """A table of everything in the source."""
    return table(dataset, *ROWS)


def table(dataset: Publisher, *rows: str, head: str = "path,size,popularity") -> Path:
    path = dataset.folder / "items.csv"
    path.write_text("\n".join([head, *rows, ""]), "utf-8")
    return path


def built(dataset: Publisher, items: Path, *more: object, **changes: object) -> Ran:
    return dataset.build("--items", items, *more, **{"popularity": None, **changes})


def failed(dataset: Publisher, items: object, *more: object, **changes: object) -> Ran:
    arguments = dataset.arguments(**{"popularity": None, **changes})
    return run(*arguments, "--items", items, *more, "--json")


def files(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and ".seedbox" not in path.parts
    }


@pytest.mark.parametrize("pack", ["files", "tar"])
def test_a_table_makes_what_the_folder_makes(
    dataset: Publisher, items: Path, tmp_path: Path, pack: str
) -> None:
    dataset.build("--catalog", "--pack", pack, out=tmp_path / "folder")
    whole = files(tmp_path / "folder")

    built(dataset, items, "--catalog", "--pack", pack, "--memory", "256MiB")
    assert files(dataset.out) == whole

    paths = table(dataset, *(row.rpartition(",")[0] for row in reversed(ROWS)), head="path,size")
    beside = built(
        dataset, paths, "--catalog", "--pack", pack, out=tmp_path / "b", popularity=dataset.table
    )
    assert beside.status == 0
    assert files(tmp_path / "b") == whole


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_tables_come_in_other_formats_too(
    dataset: Publisher, items: Path, tmp_path: Path, kind: str
) -> None:
    built(dataset, items)
    whole = files(dataset.out)
    other = tmp_path / f"items.{kind}"
    with duckdb.connect() as connection:
        form = "json" if kind == "jsonl" else kind
        connection.execute(f"COPY (FROM read_csv('{items}')) TO '{other}' (FORMAT {form})")

    built(dataset, other, out=tmp_path / "other")

    assert files(tmp_path / "other") == whole


def test_only_what_the_table_names_is_published(dataset: Publisher) -> None:
    built(dataset, table(dataset, "b/c.bin,200000,1", "e.bin,100000,0"), "--pack", "files")

    assert [(shard["files"], shard["size"]) for shard in dataset.shards()] == [(2, 300_000)]
    assert run("verify", dataset.manifest, dataset.source).status == 0


def test_ids_urls_attributions_and_digests_of_the_table_are_in_the_catalog(
    dataset: Publisher,
) -> None:
    row = f"Nile 1,a.bin,300000,5,https://example.org/a,By Ada,{'ab' * 32}"
    head = "id,path,size,popularity,url,attribution,sha256"
    built(dataset, table(dataset, row, "c,b/c.bin,200000,1,,,", head=head), "--catalog")

    found = run("search", dataset.manifest, "nile", "--data", dataset.out, "--json").document[
        "items"
    ]

    with duckdb.connect() as connection:
        listed = connection.execute(
            "SELECT id, path, url, attribution, sha256 FROM read_parquet(?)",
            [str(dataset.out / "set-catalog" / "items" / "0000.parquet")],
        ).fetchall()
    assert [item["item"] for item in found] == ["Nile 1"]
    assert listed == [
        ("Nile 1", "a.bin", "https://example.org/a", "By Ada", "ab" * 32),
        ("c", "b/c.bin", None, "Example Lab, CC BY 4.0", None),
    ]


def test_an_item_is_read_from_its_tar_by_what_the_catalog_says(
    dataset: Publisher, items: Path
) -> None:
    built(dataset, items, "--catalog", "--pack", "tar")

    (item,) = run(
        "search", dataset.manifest, "--item", "b/d.bin", "--data", dataset.out, "--json"
    ).document["items"]

    with (dataset.out / f"{item['shard']}.tar").open("rb") as stream:
        stream.seek(item["offset"])
        assert stream.read(item["length"]) == (dataset.source / "b" / "d.bin").read_bytes()


def test_shards_hold_so_many_items_with_a_table_or_without(
    dataset: Publisher, items: Path, tmp_path: Path
) -> None:
    sizes = {"shard_size": 10**9, "shard_items": 2}
    dataset.build(out=tmp_path / "folder", **sizes)

    built(dataset, items, **sizes)

    assert [shard["files"] for shard in dataset.shards()] == [2, 2, 2]
    assert files(dataset.out) == files(tmp_path / "folder")


def test_a_dry_run_shows_the_plan_and_writes_nothing(dataset: Publisher, items: Path) -> None:
    arguments = dataset.arguments(popularity=None)
    planned = run(*arguments, "--items", items, "--pack", "tar", "--dry-run", "--json")

    assert [shard["size"] for shard in planned.document["shards"]] == [204_800, 307_200, 307_200]
    assert planned.document["size"] == 819_200
    assert not dataset.out.exists()
    shown = run(*arguments, "--items", items, "--dry-run")
    assert "set-0003" in shown.out
    assert not dataset.out.exists()


def test_a_build_that_is_done_is_done_again_without_packing(
    dataset: Publisher, items: Path
) -> None:
    built(dataset, items, "--pack", "tar")
    whole = files(dataset.out)

    again = built(dataset, items, "--pack", "tar")

    assert "set-0001: packed before" in again.err
    assert files(dataset.out) == whole


BAD = {
    "missing": ("a.bin,300000,", "'a.bin' has no popularity"),
    "invalid": ("a.bin,300000,-3", "'a.bin' has a wrong value: popularity '-3' is negative"),
    "duplicates": ("a.bin,300000,1\na.bin,300000,2", "'a.bin' comes again"),
}


@pytest.mark.parametrize("rule", BAD)
def test_rows_are_refused_or_let_be_as_each_rule_says(dataset: Publisher, rule: str) -> None:
    rows, why = BAD[rule]
    items = table(dataset, "e.bin,100000,1", *rows.split("\n"))

    ran = failed(dataset, items, f"--{rule}", "refuse")
    assert (ran.error[0], ran.error[1]) == (4, "invalid-items")
    assert why in ran.error[2]

    built(dataset, items, f"--{rule}", "first" if rule == "duplicates" else "zero")
    assert sum(shard["files"] for shard in dataset.shards()) == 2


def test_popularity_of_unknown_items_is_refused_or_ignored(dataset: Publisher) -> None:
    items = table(dataset, "a.bin,300000", head="path,size")

    ran = failed(dataset, items, popularity=dataset.table)
    assert ran.error[:2] == (4, "invalid-items")
    assert "'b/c.bin' is not in" in ran.error[2]

    built(dataset, items, "--unknown", "ignore", popularity=dataset.table)
    assert [shard["coverage"] for shard in dataset.shards()] == [1.0]


def test_unsafe_paths_are_refused_all_at_once(dataset: Publisher) -> None:
    rows = ["../up,1,1", "/etc/passwd,1,1", "b/../c,1,1", "e.bin,100000,1", "E.BIN,1,1"]

    ran = failed(dataset, table(dataset, *rows, *(f"x{n}/../y,1,1" for n in range(30))))

    assert ran.error[:2] == (4, "unsafe-path")
    for path in ("'../up'", "'/etc/passwd'", "'b/../c'"):
        assert path in ran.error[2]
    assert "14 more paths are unsafe" in ran.error[2]
    assert not dataset.manifest.exists()


def test_files_that_are_missing_or_of_another_size_are_named_all_at_once(
    dataset: Publisher,
) -> None:
    (dataset.source / "link").symlink_to("a.bin")
    rows = ["a.bin,299999,9", "gone,1,8", "link,300000,7", "f,1,6", "e.bin,100000,1"]

    for pack in ("tar", "files"):
        ran = failed(dataset, table(dataset, *rows), "--pack", pack, shard_size=10**9)

        assert ran.error[:2] == (4, "not-as-listed")
        assert "'a.bin' has 300,000 bytes, the table of items says 299,999" in ran.error[2]
        for why in ("'gone' is missing", "'link' is a symbolic link", "'f' is no regular file"):
            assert why in ran.error[2]
        assert not dataset.manifest.exists()
        assert not list(dataset.out.glob("*.tar"))


def digested(dataset: Publisher, **wrong: str) -> Path:
    """A table of a, c and e that says their digests, some of them wrong ones, and not that of h."""
    rows = [
        f"{path},{SIZES[path]},1,{wrong.get(path[-5], sha256_of(dataset, path))}"
        for path in ("a.bin", "b/c.bin", "e.bin")
    ]
    return table(dataset, *rows, "f/g/h.bin,50000,1,", head="path,size,popularity,sha256")


def sha256_of(dataset: Publisher, path: str) -> str:
    return hashlib.sha256((dataset.source / path).read_bytes()).hexdigest()


@pytest.mark.parametrize("catalog", [[], ["--catalog"]], ids=["without catalog", "catalog"])
def test_digests_of_the_table_are_held_to_what_is_packed(
    dataset: Publisher, catalog: list[str]
) -> None:
    words = ["--pack", "tar", *catalog]

    ran = failed(dataset, digested(dataset, a="ab" * 32, e="cd" * 32), *words, shard_size=10**9)

    assert ran.error[:2] == (4, "not-as-listed")
    for path, said in {"a.bin": "ab" * 32, "e.bin": "cd" * 32}.items():
        read = sha256_of(dataset, path)
        assert f"{path!r} has SHA-256 {read}, the table of items says {said}" in ran.error[2]
    assert "c.bin" not in ran.error[2]
    assert not dataset.manifest.exists()
    again = built(dataset, digested(dataset), *words, shard_size=10**9)
    assert "set-0001: packed before" in again.err


def test_of_many_wrong_digests_20_are_named(dataset: Publisher) -> None:
    for at in range(33):
        (dataset.source / f"{at:02}").write_bytes(b"x")
    rows = [f"{at:02},1,{'ab' * 32}" for at in range(33)]

    ran = failed(dataset, table(dataset, *rows, head="path,size,sha256"), "--pack", "tar")

    assert "'19' has SHA-256 2d711642" in ran.error[2]
    assert "'20' has" not in ran.error[2]
    assert "13 more files are not as the table says" in ran.error[2]


def test_of_many_missing_files_20_are_named(dataset: Publisher) -> None:
    ran = failed(dataset, table(dataset, *(f"gone{n:02},1,1" for n in range(33))))

    assert "13 more files are not as the table says" in ran.error[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--missing", "zero"], "--missing is about a table of items, and there is none"),
        (["--duplicates", "first"], "--duplicates is about a table of items, and there is none"),
        (["--memory", "1GiB"], "--memory is about a table of items, and there is none"),
    ],
)
def test_options_of_tables_are_refused_without_one(
    dataset: Publisher, words: list[str], message: str
) -> None:
    assert run(*dataset.arguments(), *words, "--json").error[:3] == (2, "usage", message)


def test_a_table_goes_with_a_source_and_not_with_a_server(dataset: Publisher, items: Path) -> None:
    message = "--items names files below --source, and does not go with --from"

    assert failed(dataset, items, source=None).error[:3] == (2, "usage", message)
    ran = failed(dataset, items, "--from", "https://example.org/SHA256SUMS", source=None)
    assert ran.error[:3] == (2, "usage", message)


def test_renditions_are_refused(dataset: Publisher, items: Path) -> None:
    dataset.head.write_text(HEAD + "renditions: {small: {encode: zstd-19, below: 9}}\n")

    ran = failed(dataset, items)

    assert ran.error[:2] == (2, "usage")
    assert "items of a table are not encoded, and dataset.yaml asks for small" in ran.error[2]


def test_without_sizes_a_table_is_refused(dataset: Publisher) -> None:
    ran = failed(dataset, table(dataset, "a.bin,1", head="path,popularity"))

    assert ran.error[:2] == (4, "invalid-items")
    assert "there is no column size" in ran.error[2]


def test_too_little_memory_is_named(dataset: Publisher, items: Path) -> None:
    ran = failed(dataset, items, "--memory", "1KiB")

    assert ran.error[:2] == (5, "memory-limit")


def test_what_is_left_out_is_counted_in_the_report(dataset: Publisher) -> None:
    rows = [f"x{n},1,1,CC-BY-NC-4.0" for n in range(40)]
    items = table(dataset, "a.bin,300000,60,", *rows, head="path,size,popularity,license")

    assert failed(dataset, items).error[:2] == (7, "files-refused")
    document = json.loads(built(dataset, items, "--leave-out-refused", "--json").out)

    assert (len(document["refused"]), document["more_refused"]) == (21, 19)
    assert dataset.shards()[0]["coverage"] == 0.6
    shown = built(dataset, items, "--leave-out-refused").out
    assert "left out, not openly licensed: 40 files" in shown
