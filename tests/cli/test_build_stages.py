"""Datasets that are released in stages: built, shown, and taken only as far as they are out."""

from pathlib import Path

import pytest

from support.cli import Process, run, run_process
from support.publisher import HEAD, Publisher

RULE = """\
release:
  catalog: now
  head: {coverage: 80%, after: 7 days}
  tail: {shards: 20, every: month}
"""
# Long past and long to come, whatever the clock says: set-0001 and set-0002 are out.
TODAY = """\
release:
  head: {shards: 2, after: 2002-02-02}
  tail: {every: 100 years}
"""
LATE = (
    "tail 1 and what follows come after the manifest expires on 2026-02-01: issue it again before"
)
LATER = "it is released on 2102-02-02 00:00 UTC"


def ruled(dataset: Publisher, rule: str, *more: object) -> Publisher:
    dataset.head.write_text(HEAD.replace("2026-01-02T", "2001-01-02T") + rule)
    dataset.build(*more)
    return dataset


def test_the_manifest_has_the_date_of_each_shard_and_lint_takes_it(dataset: Publisher) -> None:
    dataset.head.write_text(HEAD + RULE)
    dataset.build("--catalog")

    assert [(shard["name"], shard["release"]) for shard in dataset.shards()] == [
        ("set-catalog", None),
        ("set-0001", "2026-01-09T03:04:05Z"),
        ("set-0002", "2026-01-09T03:04:05Z"),
        ("set-0003", "2026-02-09T03:04:05Z"),
    ]
    text = dataset.manifest.read_text()
    assert "\n  release: 2026-01-09T03:04:05Z\n" in text
    assert "\nrelease:" not in text
    assert run("lint", dataset.manifest).status == 0


def test_torrents_are_the_same_as_without_stages(dataset: Publisher) -> None:
    dataset.build()
    plain = [dataset.torrent(number).read_bytes() for number in (1, 2, 3)]

    dataset.head.write_text(HEAD + RULE)
    dataset.build()

    assert [dataset.torrent(number).read_bytes() for number in (1, 2, 3)] == plain


def test_people_see_the_stages_before_and_after_a_build(dataset: Publisher) -> None:
    dataset.head.write_text(HEAD + "expires: 2026-02-01T00:00:00Z\n" + RULE)

    planned = run(*dataset.arguments(), "--catalog", "--dry-run").out.splitlines()
    built = run(*dataset.arguments(), "--catalog").out.splitlines()
    shown = run("show", dataset.manifest).out.splitlines()

    rows = [
        "head     2026-01-09 03:04 UTC       2  488.28 KiB    80.0 %",
        "tail 1   2026-02-09 03:04 UTC       1  292.97 KiB   100.0 %",
        LATE,
    ]
    for told in (planned, built, shown):
        start = told.index("stage    released              shards        size  coverage")
        assert told[start + 1].startswith("catalog  at once                    1 ")
        assert told[start + 2 : start + 5] == rows
    assert "  1           -     0.0 %" in "\n".join(planned)


def test_json_has_the_stages_too(dataset: Publisher) -> None:
    assert "stages" not in run(*dataset.arguments(), "--dry-run", "--json").document
    dataset.head.write_text(HEAD + RULE)

    planned = run(*dataset.arguments(), "--dry-run", "--json").document["stages"]
    built = run(*dataset.arguments(), "--json").document["stages"]
    shown = run("show", dataset.manifest, "--json").document["stages"]

    assert planned == built == shown
    assert planned == [
        {
            "name": "head",
            "release": "2026-01-09T03:04:05Z",
            "shards": 2,
            "size": 500_000,
            "coverage": 0.8,
        },
        {
            "name": "tail 1",
            "release": "2026-02-09T03:04:05Z",
            "shards": 1,
            "size": 300_001,
            "coverage": 1.0,
        },
    ]


def test_many_stages_are_cut_short_for_people(dataset: Publisher) -> None:
    rule = "release:\n  head: {shards: 1}\n  tail: {shards: 1, every: day}\n"
    dataset.head.write_text(HEAD + rule)
    for number in range(30):
        (dataset.source / f"{number}.bin").write_bytes(b"x" * 1000)

    told = run(*dataset.arguments(shard_size=1), "--dry-run").out

    assert "and 11 more stages, the last on 2026-02-05" in told


def test_a_rule_that_the_data_cannot_keep_is_refused_before_anything_is_hashed(
    dataset: Publisher,
) -> None:
    dataset.head.write_text(HEAD.replace("popularity: {metric: reads}\n", "") + RULE)

    ran = run(*dataset.arguments(popularity=None), "--json")

    assert ran.error == (
        2,
        "usage",
        "release.head.coverage is 80.0 %, but no use of any file is known",
        "Pass --popularity, or count shards instead: `head: {shards: 3}`.",
    )
    assert not dataset.out.exists()


def test_only_what_is_released_is_planned_to_be_fetched(dataset: Publisher, tmp_path: Path) -> None:
    ruled(dataset, TODAY)

    ran = run("fetch", dataset.manifest, "--out", tmp_path / "m", "--dry-run", "--json")

    assert [shard["name"] for shard in ran.document["shards"]] == ["set-0001", "set-0002"]
    assert ran.document["left_out"] == [{"name": "set-0003", "reason": LATER}]


@pytest.mark.parametrize("pack", ["files", "tar"])
def test_only_what_is_released_is_seeded_and_fetched(
    dataset: Publisher, tmp_path: Path, pack: str
) -> None:
    ruled(dataset, TODAY, "--pack", pack)
    data = dataset.source if pack == "files" else dataset.out
    with Process("seed", dataset.manifest, "--data", data, "--listen", "127.0.0.1:0") as seed:
        peer = seed.until("listening")["endpoint"]
        seed.until("warned", message=f"set-0003 is not seeded: {LATER}")
        seed.until("seeding", shard="set-0001")
        seed.until("seeding", shard="set-0002")
        arguments = (dataset.manifest, "--out", tmp_path / "m", "--peer", peer, "--stall", "20s")
        ran = run_process("fetch", *arguments, "--json")
        told = run_process("fetch", *arguments)

    assert ran.status == told.status == 1  # it is not all of the dataset
    assert [(s["name"], s["outcome"]) for s in ran.document["shards"]] == [
        ("set-0001", "fetched"),
        ("set-0002", "fetched"),
    ]
    assert ran.document["left_out"] == [{"name": "set-0003", "reason": LATER}]
    assert f"left out: set-0003: {LATER}" in told.out.splitlines()
