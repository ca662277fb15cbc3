"""Ctrl-C and SIGTERM, to real processes in the middle of their work."""

import importlib.util
import os
import signal
from pathlib import Path

import pytest

from support.cli import Process, run, run_process, snapshot
from support.publisher import Publisher

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
LARGE = 64 << 20  # bytes; with hashlib 16 runs of pieces to tell of, and with
MANY = 16  # threads they are as many with the C extension
GOES_ON = "stopped; run the same command again to go on"


@pytest.fixture(params=["", "hashlib"], ids=["fastest", "hashlib"])
def path(request: pytest.FixtureRequest) -> dict[str, str]:
    """What makes a command hash with what this machine has, or with hashlib."""
    return {"SEEDBOX_HASH": request.param}


@pytest.fixture
def large(dataset: Publisher) -> Publisher:
    """A dataset that takes a while to hash."""
    os.truncate(dataset.source / "a.bin", LARGE)
    return dataset


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_build_that_was_stopped_goes_on(
    large: Publisher, tmp_path: Path, path: dict[str, str], number: signal.Signals, status: int
) -> None:
    arguments = large.arguments(piece_length="16KiB", jobs=MANY)
    with Process(*arguments, "--json", env=path, close=True) as build:
        build.until_advanced("hash set-0002", 100_000)
        ran = build.end(number)

    assert (ran.status, ran.out) == (status, "")
    assert ran.events[-1] == {"event": "note", "message": GOES_ON}
    assert not large.manifest.exists()

    again = run(*arguments, "--json", env=path).document
    whole = large.build("--json", out=tmp_path / "other", piece_length="16KiB").document
    hashed_before = again["size"] - again["hashed"]
    assert 200_000 < hashed_before < 200_000 + LARGE < whole["hashed"] == again["size"]
    assert large.manifest.read_bytes() == (tmp_path / "other" / "manifest.yaml").read_bytes()


def test_a_killed_build_goes_on_too(large: Publisher, path: dict[str, str]) -> None:
    arguments = large.arguments(piece_length="16KiB", jobs=MANY)
    with Process(*arguments, env=path, close=True) as build:
        build.until_advanced("hash set-0002", 100_000)
        assert build.end(signal.SIGKILL).status == -9

    again = run(*arguments, "--json", env=path)
    hashed_before = again.document["size"] - again.document["hashed"]
    assert 200_000 < hashed_before < 200_000 + LARGE
    assert "of 67,108,864 bytes were hashed before" in again.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_has_nothing_to_go_on_with_does_not_promise_it(
    large: Publisher, path: dict[str, str], number: signal.Signals
) -> None:
    run("torrent", large.source, "-o", large.folder / "x.torrent", "--piece-length", "16KiB")
    before = snapshot(large.folder)
    arguments = ("verify", large.folder / "x.torrent", large.source, "--jobs", MANY)
    with Process(*arguments, env=path, close=True) as verify:
        verify.until_advanced("verify source")
        ran = verify.end(number)

    assert ran.events[-1] == {"event": "note", "message": "stopped"}
    assert snapshot(large.folder) == before


def test_for_people_it_is_one_line_and_none_with_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt(name)

    monkeypatch.setattr(importlib.util, "find_spec", interrupted)  # asked for by the demo

    loud, quiet = run("demo"), run("demo", "--quiet")

    assert (loud.status, loud.out, loud.err) == (130, "", "stopped\n")
    assert (quiet.status, quiet.out, quiet.err) == (130, "", "")


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_seed_that_is_stopped_says_what_it_served(
    built: Publisher, number: signal.Signals, status: int
) -> None:
    before = snapshot(built.folder)
    arguments = ("seed", built.manifest, "--data", built.source, "--listen", "127.0.0.1:0")
    with Process(*arguments, "--json") as seed:
        seed.until("seeding", shard="set-0003")
        ran = seed.end(number)

    assert ran.status == status
    assert ran.document == {
        "ok": True,
        "seeded": [
            {"name": "set-0001", "size": 200_000, "uploaded": 0, "lost": None},
            {"name": "set-0002", "size": 300_000, "uploaded": 0, "lost": None},
            {"name": "set-0003", "size": 300_001, "uploaded": 0, "lost": None},
        ],
        "skipped": [],
        "manifests": [
            {
                "manifest": str(built.manifest),
                "id": "org.example/set",
                "signature": {"checked": False, "key": None},
            }
        ],
    }
    assert snapshot(built.folder) == before


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_seed_can_be_stopped_while_it_still_hashes(
    large: Publisher, path: dict[str, str], number: signal.Signals, status: int
) -> None:
    large.build(piece_length="16KiB")
    arguments = ("seed", large.manifest, "--data", large.source, "--listen", "127.0.0.1:0")
    with Process(*arguments, "--jobs", MANY, "--json", env=path, close=True) as seed:
        seed.until_advanced("verify set-0002")
        ran = seed.end(number)

    assert ran.status == status
    assert [shard["name"] for shard in ran.document["seeded"]] == ["set-0001"]


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_fetch_that_is_stopped_while_it_waits_for_peers(
    built: Publisher, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    out = tmp_path / "mirror"
    with Process("fetch", built.manifest, "--out", out, "--json") as fetch:
        fetch.until("started", task="fetch set-0003")
        ran = fetch.end(number)

    assert (ran.status, ran.out) == (status, "")
    assert ran.events[-1] == {"event": "note", "message": GOES_ON}
    assert run_process("fetch", built.manifest, "--out", out, "--dry-run").status == 0


def test_impatience_changes_nothing(built: Publisher, tmp_path: Path) -> None:
    with Process("fetch", built.manifest, "--out", tmp_path / "mirror") as fetch:
        fetch.until("started", task="fetch set-0003")
        for _ in range(5):
            fetch.send(signal.SIGINT)
        fetch.until("done", task="fetch set-0003")
        fetch.send(signal.SIGINT)
        ran = fetch.end()

    assert ran.status in {130, -2}  # -2: the last one came when all was over, as Python ended
    assert {event["event"] for event in ran.events} <= {"done", "note"}
