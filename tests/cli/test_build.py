from pathlib import Path

import pytest

from support.cli import paths, run, run_process, snapshot
from support.publisher import HEAD, SIZES, Publisher

ALL = sum(SIZES.values())


def test_it_writes_a_manifest_and_a_torrent_for_each_shard(dataset: Publisher) -> None:
    ran = run(*dataset.arguments())

    assert ran.status == 0
    assert paths(dataset.out) == [
        ".seedbox/lock",
        ".seedbox/made",
        "manifest.yaml",
        "torrents/set-0001.torrent",
        "torrents/set-0002.torrent",
        "torrents/set-0003.torrent",
    ]
    assert run("lint", dataset.manifest).status == 0


def test_people_get_a_table_and_json_readers_one_document(dataset: Publisher) -> None:
    plain, again = run(*dataset.arguments()), run(*dataset.arguments(), "--json")

    rows = [line.split() for line in plain.out.splitlines()]
    assert rows[0] == ["shard", "files", "size", "coverage", "info-hash"]
    assert rows[1][:5] == ["set-0001", "1", "195.31", "KiB", "60.0"]
    assert plain.out.splitlines()[-2:] == [
        "without a popularity value: 1 file, counted as 0",
        f"wrote {dataset.manifest} and 3 torrents",
    ]
    document = again.document
    assert set(document) == {
        *(
            "manifest",
            "catalog",
            "size",
            "hashed",
            "unlisted",
            "left_out",
            "refused",
            "more_refused",
            "shards",
        )
    }
    assert document["manifest"] == str(dataset.manifest)
    assert (document["size"], document["unlisted"], document["left_out"]) == (ALL, 1, [])
    assert [(s["name"], s["files"], s["size"], s["coverage"]) for s in document["shards"]] == [
        ("set-0001", 1, 200_000, 0.6),
        ("set-0002", 1, 300_000, 0.8),
        ("set-0003", 4, 300_001, 1),
    ]
    assert set(document["shards"][0]["info_hash"]) == {"v1", "v2"}


def test_the_source_is_only_read(dataset: Publisher) -> None:
    before = snapshot(dataset.source)

    dataset.build()

    assert snapshot(dataset.source) == before


def test_a_pipe_gets_a_line_for_each_shard_that_was_hashed(dataset: Publisher) -> None:
    lines = run(*dataset.arguments()).err.splitlines()

    assert [line.rpartition(" in ")[0] for line in lines] == [
        "hash set-0001: 195.31 KiB",
        "hash set-0002: 292.97 KiB",
        "hash set-0003: 292.97 KiB",
    ]


def test_events_are_json_lines_and_bytes_only_grow(dataset: Publisher) -> None:
    events = run(*dataset.arguments(), "--json-events").events

    first = [event for event in events if event["task"] == "hash set-0001"]
    assert first[0] == {"event": "started", "task": "hash set-0001", "total": 200_000}
    assert first[-1] == {"event": "done", "task": "hash set-0001"}
    done = [event["done"] for event in first[1:-1]]
    assert done == sorted(done)
    assert done[-1] == 200_000


def test_quiet_leaves_the_result_alone(dataset: Publisher) -> None:
    loud, quiet = run(*dataset.arguments()), run(*dataset.arguments(), "--quiet")

    assert quiet.err == ""
    assert quiet.out == loud.out


def test_dry_run_prints_the_plan_and_touches_nothing(dataset: Publisher) -> None:
    before = snapshot(dataset.folder)

    plain = run(*dataset.arguments(), "--dry-run")
    document = run(*dataset.arguments(), "--dry-run", "--json").document

    assert snapshot(dataset.folder) == before
    assert (plain.status, plain.err) == (0, "")
    assert plain.out.splitlines()[0].split() == [
        *("shard", "files", "size", "pieces", "of", "coverage")
    ]
    assert set(document) == {
        *(
            "id",
            "root",
            "pack",
            "pack_why",
            "catalog",
            "size",
            "unlisted",
            "refused",
            "more_refused",
            "shards",
        )
    }
    assert document["shards"][2] == {
        "name": "set-0003",
        "files": 4,
        "size": 300_001,
        "piece_length": 16_384,
        "pieces": 21,
        "use": 20,
        "coverage": 1,
        "license": None,
    }


def test_the_same_input_gives_the_same_bytes_in_another_folder(
    dataset: Publisher, tmp_path: Path
) -> None:
    dataset.build()
    dataset.build(out=tmp_path / "other")

    first, second = snapshot(dataset.out), snapshot(tmp_path / "other")
    assert {path: what for path, (what, _) in first.items()} == {
        path: what for path, (what, _) in second.items()
    }


def test_a_second_build_writes_nothing_that_is_there(built: Publisher) -> None:
    before = snapshot(built.out / "torrents"), built.manifest.stat()

    built.build()

    after = snapshot(built.out / "torrents"), built.manifest.stat()
    assert (after[0], after[1].st_mtime_ns) == (before[0], before[1].st_mtime_ns)


@pytest.mark.parametrize("form", ["v1", "v2", "hybrid"])
def test_format_overrides_the_dataset(dataset: Publisher, form: str) -> None:
    shards = dataset.build("--format", form, "--json").document["shards"]

    wanted = {"v1": {"v1"}, "v2": {"v2"}, "hybrid": {"v1", "v2"}}[form]
    assert [set(shard["info_hash"]) for shard in shards] == [wanted] * 3


def test_trackers_override_the_dataset_and_each_makes_a_tier(dataset: Publisher) -> None:
    dataset.head.write_text(HEAD + "trackers: [[https://old.example/announce]]\n")
    dataset.build(*("--tracker", "udp://one.example:1/a", "--tracker", "https://two.example/a"))

    said = run("show", dataset.torrent(3), "--json").document
    assert said["trackers"] == [["udp://one.example:1/a"], ["https://two.example/a"]]
    assert "two.example" in dataset.manifest.read_text()


def test_web_seeds_get_the_folder_of_a_lone_file(dataset: Publisher) -> None:
    dataset.build("--web-seed", "https://data.example/x/")

    seeds = [run("show", dataset.torrent(n), "--json").document["web_seeds"] for n in (1, 2, 3)]
    assert seeds == [
        ["https://data.example/x/set/b/"],
        ["https://data.example/x/set/"],
        ["https://data.example/x/"],
    ]
    assert run("lint", dataset.manifest).status == 0


def test_a_shard_may_be_as_large_as_everything_by_default(dataset: Publisher) -> None:
    shards = dataset.build("--json", shard_size=None).document["shards"]

    assert [shard["size"] for shard in shards] == [ALL]


def test_links_and_pipes_are_left_out_and_named(dataset: Publisher) -> None:
    (dataset.source / "link").symlink_to("a.bin")

    ran = run(*dataset.arguments())

    assert ran.status == 0
    assert "left out: link is a symbolic link" in ran.out.splitlines()


def test_out_may_lie_inside_the_source(dataset: Publisher) -> None:
    inside = dataset.source / "published"

    first = dataset.build("--json", out=inside).document
    second = dataset.build("--json", out=inside).document

    assert first["size"] == second["size"] == ALL


def test_a_file_of_somebody_else_in_out_is_not_replaced(dataset: Publisher) -> None:
    dataset.out.mkdir()
    dataset.manifest.write_text("mine")

    ran = run(*dataset.arguments(), "--json")

    assert ran.error[:2] == (5, "destination-taken")
    assert dataset.manifest.read_text() == "mine"


def test_web_seeds_that_do_not_fit_the_origin_leave_no_manifest(dataset: Publisher) -> None:
    dataset.head.write_text(HEAD + "origin: {url: https://data.example/dumps/set}\n")

    ran = run(*dataset.arguments(), "--web-seed", "https://data.example/dumps/set/", "--json")

    status, code, message, _ = ran.error
    assert (status, code) == (4, "invalid-manifest")
    assert "the origin is https://data.example/dumps/set" in message
    assert not dataset.manifest.exists()


def test_a_process_does_the_same(dataset: Publisher) -> None:
    ran = run_process(*dataset.arguments(), "--quiet")

    assert (ran.status, ran.err) == (0, "")
    assert run("lint", dataset.manifest).status == 0
