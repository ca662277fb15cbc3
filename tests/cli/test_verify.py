import time
from pathlib import Path

import pytest

from support.cli import UNCHECKED, run, snapshot
from support.publisher import Publisher


def test_the_source_is_right(built: Publisher) -> None:
    before = snapshot(built.folder)

    ran = run("verify", built.manifest, built.source)

    assert ran.status == 0
    assert ran.out.splitlines() == [
        f"signature: {UNCHECKED}",
        "6 of 6 files are right, 800,001 of 800,001 bytes",
    ]
    assert [line.rpartition(" in ")[0] for line in ran.err.splitlines()] == [
        "verify set-0001: 195.31 KiB",
        "verify set-0002: 292.97 KiB",
        "verify set-0003: 292.97 KiB",
    ]
    assert snapshot(built.folder) == before


def spoil(built: Publisher) -> None:
    source = built.source
    with (source / "a.bin").open("r+b") as stream:
        stream.seek(100_000)
        stream.write(b"\xff" * 4)
    with (source / "b" / "d.bin").open("ab") as stream:
        stream.write(b"more")
    (source / "e.bin").unlink()


def test_each_file_gets_its_verdict(built: Publisher) -> None:
    spoil(built)

    ran = run("verify", built.manifest, built.source)

    assert ran.status == 1
    assert ran.out.splitlines()[1:] == [
        "a.bin: bytes 98,304 to 114,687 are wrong",
        "b/d.bin: 150,005 bytes, should have 150,001",
        "e.bin: is missing",
        "3 of 6 files are right, 250,000 of 800,001 bytes",
    ]


def test_json_has_every_file_and_byte_range(built: Publisher) -> None:
    spoil(built)

    ran = run("verify", built.manifest, built.source, "--json")

    assert (ran.status, ran.document["ok"]) == (1, False)
    torrents = ran.document["torrents"]
    assert [(t["name"], t["ok"], t["size"], t["good"]) for t in torrents] == [
        ("set-0001", True, 200_000, 200_000),
        ("set-0002", False, 300_000, 0),
        ("set-0003", False, 300_001, 50_000),
    ]
    assert torrents[1]["files"] == [
        {
            "path": "a.bin",
            "state": "bad",
            "length": 300_000,
            "found": 300_000,
            "bad": [[98_304, 114_688]],
            "unproven": [],
            "reason": None,
        }
    ]
    states = {file["path"]: file["state"] for file in torrents[2]["files"]}
    assert states == {
        "b/d.bin": "wrong-size",
        "e.bin": "missing",
        "f/empty": "ok",
        "f/g/h.bin": "ok",
    }


def test_one_shard_alone(built: Publisher) -> None:
    spoil(built)

    ran = run("verify", built.manifest, built.source, "--shard", "set-0001", "--json")

    assert ran.status == 0
    assert [torrent["name"] for torrent in ran.document["torrents"]] == ["set-0001"]


def test_a_shard_that_is_not_there_is_wrong_usage_with_a_guess(built: Publisher) -> None:
    ran = run("verify", built.manifest, built.source, "--shard", "set-001", "--json")

    assert ran.error == (2, "usage", "no shard is named 'set-001'", "Did you mean set-0001?")


@pytest.mark.parametrize(("folder", "number"), [("", 3), ("set", 3), ("set", 2), ("set/b", 1)])
def test_a_torrent_finds_its_data_in_the_folder_or_around_it(
    built: Publisher, tmp_path: Path, folder: str, number: int
) -> None:
    (tmp_path / "around").mkdir()
    built.source.rename(tmp_path / "around" / "set")

    ran = run("verify", built.torrent(number), tmp_path / "around" / folder)

    assert ran.status == 0, ran.out


def test_a_lone_file_can_be_named_itself(built: Publisher) -> None:
    assert run("verify", built.torrent(2), built.source / "a.bin").status == 0
    assert run("verify", built.torrent(2), built.source / "e.bin").status == 1


def test_nothing_there_is_all_missing(built: Publisher, tmp_path: Path) -> None:
    ran = run("verify", built.manifest, tmp_path)

    assert ran.status == 1
    assert ran.out.splitlines()[1] == "org.example/set/set/b/c.bin: is missing"
    assert ran.out.splitlines()[-1] == "0 of 6 files are right, 0 of 800,001 bytes"


def test_no_such_path_is_status_4(built: Publisher, tmp_path: Path) -> None:
    assert run("verify", built.manifest, tmp_path / "none", "--json").error[:2] == (4, "source")


def test_a_torrent_that_is_missing_is_status_4(built: Publisher) -> None:
    built.torrent(2).unlink()

    status, code, message, _ = run("verify", built.manifest, built.source, "--json").error

    assert (status, code) == (4, "source")
    assert message == f"{built.torrent(2)} is missing"


def test_another_torrent_than_the_manifest_means_is_status_4(built: Publisher) -> None:
    built.torrent(2).write_bytes(built.torrent(3).read_bytes())

    ran = run("verify", built.manifest, built.source, "--json")

    assert ran.error[:2] == (4, "invalid-manifest")


@pytest.mark.parametrize("path", ["", "hashlib"], ids=["fastest", "hashlib"])
def test_a_limit_on_reading_takes_its_time_and_changes_no_verdict(
    built: Publisher, path: str
) -> None:
    spoil(built)
    arguments = ("verify", built.manifest, built.source, "--json")
    free = run(*arguments)

    begun = time.monotonic()
    held = run(*arguments, "--max-read", "2MB/s", env={"SEEDBOX_HASH": path})
    seconds = time.monotonic() - begun

    assert (held.status, held.document) == (1, free.document)
    # All but d, which has the wrong size, and e, which is missing; in three torrents.
    assert seconds >= (200_000 + 300_000 + 50_000) / 2_000_000


@pytest.mark.parametrize("rate", ["0", "-1MB/s", "fast"])
def test_a_limit_on_reading_is_a_rate_above_zero(built: Publisher, rate: str) -> None:
    ran = run("verify", built.manifest, built.source, "--max-read", rate, "--json")

    assert ran.error[:2] == (2, "usage")
    assert rate in ran.error[2]


def test_quiet_prints_the_verdict_alone(built: Publisher) -> None:
    ran = run("verify", built.manifest, built.source, "--quiet")

    assert (ran.err, len(ran.out.splitlines())) == ("", 2)


def test_events_are_json_lines(built: Publisher) -> None:
    events = run("verify", built.manifest, built.source, "--json-events").events

    assert events[0] == {"event": "started", "task": "verify set-0001", "total": 200_000}
    assert events[-1] == {"event": "done", "task": "verify set-0003"}
