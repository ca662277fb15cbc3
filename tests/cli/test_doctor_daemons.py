"""The doctor's round over daemons: those that are well, and what else they can lack."""

from __future__ import annotations

import resource
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.daemon.server import OnAddress
from seedbox.daemon.state import State
from seedbox.engine.base import Endpoint
from seedbox.hashing import built
from seedbox.jobs.doctor.installation import LIBTORRENT_TRUSTS
from support.cli import Process, run
from support.diagnosing import (
    Setup,
    asked,
    at,
    bad,
    diagnosed,
    faring,
    greeting,
    planned,
    tracking,
)
from support.fake_daemon import TOKEN, FakeDaemon, dataset, missing, running, shard
from support.publisher import Publisher
from support.web import files_over_http

FULL_MACHINE = (
    built()
    and resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 8192
    and any(Path(path).exists() for path in LIBTORRENT_TRUSTS)
)


@pytest.fixture
def setup(built: Publisher, tmp_path: Path) -> Setup:
    """A daemon that could be started."""
    return planned(built, tmp_path / "daemon")


# --- what is well -----------------------------------------------------------------------------


@pytest.mark.skipif(not FULL_MACHINE, reason="this machine itself has faults")
def test_nothing_is_called_bad_of_a_daemon_that_is_well(state: Path, tmp_path: Path) -> None:
    with greeting() as peer, asked(state, faring(tmp_path, peer), time.time() - 5):
        ran, found = diagnosed()

    assert (ran.status, bad(found)) == (0, [])
    verdicts = {row["point"]: row["verdict"] for row in found}
    known = ("daemon", "lock", "port", "shards", "announced", "dht", "reachable", "key", "data")
    assert [verdicts[point] for point in known] == ["PASS"] * len(known)
    assert at(found, "reachable")["found"].endswith("3 of 3 shards, last 203.0.113.5:51413")
    assert at(found, "port", peer)["found"] == "shakes hands with a peer of this machine"


@pytest.mark.skipif(not FULL_MACHINE, reason="this machine itself has faults")
def test_nothing_is_called_bad_of_one_that_is_to_be_started(setup: Setup) -> None:
    with tracking() as tracker:
        setup.rebuild(tracker)
        State.open(setup.state, now=time.time()).close()
        ran, found = diagnosed(*setup.arguments, "--online")

    assert (ran.status, bad(found)) == (0, [])
    reply = "answers: 3 seeds and 2 leechers of a shard that was asked"
    assert at(found, "tracker", tracker)["found"] == reply
    assert at(found, "clock")["found"] == f"within a minute of what {tracker} says"
    assert at(found, "key")["found"].startswith("signed by key ")
    assert at(found, "port")["found"] == "free, for TCP and UDP"
    assert at(found, "schema")["verdict"] == at(found, "lock", setup.state)["verdict"] == "PASS"
    points = ("daemon", "shards", "announced", "dht", "reachable")
    assert {at(found, point)["verdict"] for point in points} == {"N/A"}


def test_it_changes_nothing(setup: Setup) -> None:
    before = {path: path.stat().st_mtime_ns for path in setup.release.of.folder.rglob("*")}

    diagnosed(*setup.arguments)

    assert not setup.state.exists()
    after = {path: path.stat().st_mtime_ns for path in setup.release.of.folder.rglob("*")}
    assert after == before


# --- what else a daemon says ------------------------------------------------------------------


def test_shards_that_are_not_announced_are_counted_and_one_is_named(
    state: Path, tmp_path: Path
) -> None:
    with greeting() as peer:
        well = faring(tmp_path, peer)
        silent = shard(9, announced=None, reachable=None)
        with asked(state, replace(well, shards=(*well.shards, silent, missing(10)))):
            _, found = diagnosed()

    announced = at(found, "announced")
    assert announced["verdict"] == "WARN"
    assert announced["found"] == "1 of 4 that are held are not announced"
    assert announced["hint"].startswith("Run `seedbox why set-00009`")
    assert at(found, "shards")["verdict"] == "WARN"
    assert at(found, "shards")["found"].endswith("; 1 missing")


def test_a_manifest_that_the_daemon_refuses_is_named(state: Path, tmp_path: Path) -> None:
    with greeting() as peer:
        refused = dataset(problem="it was signed by another key", signed_by=None)
        with asked(state, faring(tmp_path, peer, datasets=(refused,))):
            _, found = diagnosed()

    assert at(found, "manifest")["verdict"] == at(found, "key")["verdict"] == "WARN"
    assert at(found, "manifest")["found"].endswith("refused: it was signed by another key")


def test_a_daemon_that_does_not_let_us_in_is_a_failure() -> None:
    with running(OnAddress(Endpoint("127.0.0.1", 0), TOKEN)) as served:
        ran, found = diagnosed("--api", served.places[0])

    row = at(found, "daemon")
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert "token" in row["found"] + row["hint"]


def test_of_a_daemon_by_tcp_the_state_folder_is_not_guessed(
    tmp_path: Path,
) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    place = OnAddress(Endpoint("127.0.0.1", 0), TOKEN)
    with greeting() as peer, running(place, daemon=FakeDaemon(faring(tmp_path, peer))) as served:
        _, found = diagnosed("--api", served.places[0], "--token-file", token)

    assert at(found, "daemon")["verdict"] == at(found, "port")["verdict"] == "PASS"
    assert not [row for row in found if row["point"] in {"lock", "schema"}]


def test_what_is_no_manifest_fails_with_its_reason(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    setup.release.manifest.write_text("seedbox: [\n")
    ran, found = diagnosed(*setup.arguments, tmp_path / "empty")

    assert ran.status == 1
    assert at(found, "manifest", setup.release.manifest)["verdict"] == "FAIL"
    assert at(found, "manifest", tmp_path / "empty")["found"] == "no manifest is there"


def test_data_that_are_not_there_fail(setup: Setup, tmp_path: Path) -> None:
    ran, found = diagnosed(*setup.arguments, "--data", tmp_path / "unmounted")

    row = at(found, "data", tmp_path / "unmounted")
    assert (ran.status, row["verdict"], row["found"]) == (1, "FAIL", "it is not there")


def test_the_manifests_of_a_daemon_are_read_for_what_they_name(
    setup: Setup, state: Path, tmp_path: Path
) -> None:
    setup.rebuild("udp://127.0.0.1:1/announce")
    url = "http://127.0.0.1:1/manifest.yaml"
    local = dataset(source=str(setup.release.manifest))
    with greeting() as peer:
        seen = faring(tmp_path, peer, datasets=(local, dataset("org.example/far", source=url)))
        with asked(state, seen):
            _, found = diagnosed()
            _, online = diagnosed("--online")

    assert at(found, "manifest", setup.release.manifest)["verdict"] == "PASS"
    assert at(found, "key", url)["verdict"] == "PASS"
    assert at(found, "tracker")["verdict"] == "N/A"
    assert at(online, "tracker")["about"] == "udp://127.0.0.1:1/announce"
    assert at(online, "tracker")["verdict"] == "FAIL"


def test_a_manifest_by_url_has_its_clock_asked(setup: Setup, tmp_path: Path) -> None:
    with files_over_http(setup.release.of.out) as (url, _):
        ran, found = diagnosed(f"{url}manifest.yaml", "--state", tmp_path / "daemon")

    assert (ran.status, bad(found)) == (0, [])
    assert at(found, "key")["verdict"] == at(found, "manifest")["verdict"] == "PASS"
    assert at(found, "clock")["verdict"] == "PASS"


def test_a_state_that_is_damaged_fails(setup: Setup) -> None:
    setup.state.mkdir(mode=0o700)
    (setup.state / "seedbox.sqlite").write_bytes(b"no database" * 100)
    ran, found = diagnosed(*setup.arguments)

    row = at(found, "schema", setup.state)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert f"{setup.state}/seedbox.sqlite is damaged" in row["found"]


def test_several_daemons_have_to_be_told_apart(state: Path, tmp_path: Path) -> None:
    folders = [state / f"daemon-{number}" for number in range(2)]
    daemon = FakeDaemon(faring(tmp_path, "127.0.0.1:1"))
    with running(*(folder / "api.sock" for folder in folders), daemon=daemon):
        ran = run("doctor", "--json")
        _, one = diagnosed("--state", folders[1])

    assert ran.error[:2] == (2, "usage")
    assert at(one, "daemon")["about"] == str(folders[1] / "api.sock")


@pytest.mark.skipif(not FULL_MACHINE, reason="this machine itself has faults")
def test_a_seed_that_really_runs_is_well(setup: Setup) -> None:
    seed = Process("seed", *setup.arguments[:-1], "127.0.0.1:0", "--no-dht")
    with seed:
        listens = seed.until("listening")["endpoint"]
        for number in (1, 2, 3):
            seed.until("seeding", shard=f"set-000{number}")
        _, found = diagnosed(*setup.arguments)
        seed.end(signal.SIGTERM)

    assert bad(found) == [("dht", "WARN")]
    assert at(found, "port", listens)["found"] == "shakes hands with a peer of this machine"
    assert at(found, "shards")["found"] == "3 of 3 that are listed are held in their swarms"
    assert at(found, "lock", setup.state)["found"] == f"process {seed.pid} has it, and answers"
    assert at(found, "open-files", f"process {seed.pid}")["verdict"] == "PASS"
    assert at(found, "announced")["verdict"] == "N/A"  # it has no tracker, and has only begun


def test_of_another_machine_s_daemon_only_what_it_says_itself_is_judged(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    there = OnAddress(Endpoint("127.0.0.2", 0), TOKEN)  # by its address, not this machine's own
    daemon = FakeDaemon(faring(tmp_path / "there", "203.0.113.1:6881"))
    with running(there, daemon=daemon) as served:
        _, found = diagnosed("--api", served.places[0], "--token-file", token)

    assert at(found, "port")["verdict"] == "N/A"
    assert at(found, "port")["hint"] == "Run `seedbox doctor` there."
    assert at(found, "announced")["verdict"] == "PASS"
    assert not [row for row in found if row["point"] in {"state", "data", "lock", "manifest"}]
