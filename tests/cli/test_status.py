"""`status`, `top`, `why`, `pause`, `resume` and `reload`, on a daemon that is really asked."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedbox.daemon import tokens
from seedbox.daemon.record import PauseShards, Reload, ResumeShards
from seedbox.daemon.server import OnAddress
from seedbox.engine.base import Endpoint
from support.cli import run
from support.fake_daemon import DATASETS, FakeDaemon, Running, missing, running, shard, view
from support.raw_web import ok, raw_server

STATES = ("listed", "verified", "announced", "reachable", "served")
ESCAPES = "\x1b[31m"
VERBS = [["status"], ["top"], ["why", "x"], ["pause", "x"], ["resume", "x"], ["reload"]]


@pytest.fixture
def asked(state: Path) -> Iterator[Running]:
    """One daemon, found without being named: 9 shards, one of them with a file that is gone."""
    twin = shard(1, DATASETS[1], name="set-00001")
    daemon = FakeDaemon(view(7, missing(8), twin))
    with running(state / "daemon-0123456789ab" / "api.sock", daemon=daemon) as served:
        yield served


@pytest.mark.usefixtures("asked")
def test_status_counts_each_shard_in_every_state_it_has_reached() -> None:
    document = run("status", "--json").document

    states = {"listed": 9, "verified": 8, "announced": 4, "reachable": 2, "served": 1}
    assert document["counts"] == states
    assert [each["manifest"]["id"] for each in document["datasets"]] == [*DATASETS]
    assert [each["totals"]["counts"]["verified"] for each in document["datasets"]] == [7, 1]


@pytest.mark.usefixtures("asked")
def test_status_has_a_row_for_each_dataset_and_one_for_all() -> None:
    ran = run("status")

    rows = [line.split() for line in ran.out.splitlines()]
    assert ran.status == 0
    assert rows[0] == ["dataset", *STATES, "held", "size", "served"]
    assert rows[1][:6] == ["org.example/set", "8", "7", "4", "2", "1"]
    assert rows[3][:6] == ["all", "9", "8", "4", "2", "1"]
    assert "not served: 1 missing" in ran.out
    assert "upload      300 B/s to 7 peers" in ran.out
    assert "this month  1.95 KiB of 9.77 KiB" in ran.out


@pytest.mark.usefixtures("asked")
def test_top_without_a_terminal_shows_one_look() -> None:
    ran = run("top", "--sort", "uploaded")

    assert ran.status == 0
    assert "9 listed > 8 verified > 4 announced > 2 reachable > 1 served" in ran.out
    assert [line.split()[0] for line in ran.out.splitlines()[4:6]] == ["shard", "set-00008"]
    assert run("top", "--json").document["status"]["shards"] == 9


@pytest.mark.usefixtures("asked")
def test_why_gives_the_evidence_of_each_state() -> None:
    ran = run("why", "set-00004")

    assert ran.status == 0
    assert "manifest  /srv/org.example/set/manifest.yaml, sequence 3, signed by 01234" in ran.out
    assert "verified   yes  2027-01-15 07:59:56 UTC  hash of 4" in ran.out
    assert "served     no" in ran.out
    assert "hint: Nothing to do: nobody has asked for it yet." in ran.out


@pytest.mark.usefixtures("asked")
def test_why_names_the_file_to_blame_and_the_next_step() -> None:
    out = run("why", "set-00008").out

    assert "not served since 2027-01-15 07:59:00 UTC: missing" in out
    assert "file: /srv/data/set/a.csv" in out
    assert "hint: Put the file back, or mount its disk" in out


@pytest.mark.usefixtures("asked")
def test_a_name_that_several_datasets_have_needs_the_dataset() -> None:
    status, code, message, _ = run("why", "set-00001", "--json").error

    assert (status, code, message) == (2, "usage", "set-00001 is the name of 2 shards")
    told = run("why", "set-00001", "--dataset", DATASETS[1], "--json").document
    assert told["shard"]["dataset"] == DATASETS[1]
    key = told["shard"]["key"]
    assert run("why", key[:10], "--json").document["shard"]["key"] == key


def test_shards_and_datasets_are_paused_and_resumed(asked: Running) -> None:
    assert run("pause", "set-00002", "set-00003").out == "2 shards paused\n"
    assert run("resume", "set-00002").out == "1 shard resumed\n"
    assert run("pause", "--dataset", DATASETS[1], "--json").document["changed"] == 1

    keys = [shard(2).key, shard(3).key]
    assert asked.daemon.told == [
        PauseShards(tuple(keys)),
        ResumeShards((keys[0],)),
        PauseShards((shard(1, DATASETS[1]).key,)),
    ]


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_command_is_for_shards_or_for_a_dataset(verb: str, asked: Running) -> None:
    assert run(verb, "--json").error[:2] == (2, "usage")
    assert run(verb, "x", "--dataset", DATASETS[0], "--json").error[:2] == (2, "usage")
    assert run(verb, "nowhere", "--json").error[2] == "there is no shard nowhere"
    assert asked.daemon.told == []


def test_reload_says_what_became_of_it(asked: Running) -> None:
    assert run("reload").out == "0 shards changed\nevery manifest is as it was\n"
    assert asked.daemon.told == [Reload()]


@pytest.mark.parametrize("arguments", VERBS, ids=lambda arguments: arguments[0])
def test_without_a_daemon_each_says_so(arguments: list[str], state: Path) -> None:
    (state / "daemon-0123456789ab").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(state / "daemon-0123456789ab" / "api.sock"))

    status, code, message, hint = run(*arguments, "--json").error

    assert (status, code) == (3, "daemon-not-running")
    assert message == f"no seedbox daemon answers at {state}"
    assert hint.startswith("Start one: seedbox seed MANIFEST --data FOLDER")


def test_of_several_daemons_one_has_to_be_named(asked: Running, state: Path) -> None:
    with running(state / "daemon-ba9876543210" / "api.sock", daemon=FakeDaemon(view(1))):
        status, code, message, hint = run("status", "--json").error

        assert (status, code, hint) == (2, "usage", "Pass the --state of one of them.")
        assert message.startswith("2 daemons are running: ")
        one = run("status", "--state", state / "daemon-ba9876543210", "--json")
        assert one.document["shards"] == 1
        assert run("status", "--api", asked.places[0], "--json").document["shards"] == 9


def test_on_tcp_the_token_is_taken_from_a_file(tmp_path: Path) -> None:
    token = tokens.token_in(tmp_path / "s")
    where = OnAddress(Endpoint("127.0.0.1", 0), token)
    with running(where, daemon=FakeDaemon(view(2))) as served:
        url = served.places[0]

        assert run("status", "--api", url, "--state", tmp_path / "s").status == 0
        assert run("status", "--api", url, "--token-file", tmp_path / "s/api.token").status == 0
        status, code, message, hint = run("status", "--api", url, "--json").error
    assert (status, code) == (7, "daemon-refused")
    assert message == f"the daemon at {url} refuses: the request has no token (token-missing)"
    assert "api.token" in hint


@pytest.mark.parametrize("url", ["https://x:1", "http://x", "http://x:1/y", "http://a:b@x:1"])
def test_a_url_names_a_host_and_a_port(url: str) -> None:
    assert run("status", "--api", url, "--json").error[:2] == (2, "usage")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"[" * 100_000, b"\xff"])
def test_what_is_no_daemon_is_called_so(body: bytes) -> None:
    with raw_server([ok(body)]) as other:
        status, code, message, _ = run("status", "--api", other.url(""), "--json").error

    assert (status, code) == (6, "daemon-answer")
    assert message.endswith("answered 200 with what is no JSON object")


def test_nothing_that_a_daemon_says_steers_a_terminal(state: Path) -> None:
    hostile = missing(1, f"/srv/{ESCAPES}.csv")
    with running(state / "daemon-0" / "api.sock", daemon=FakeDaemon(view(0, hostile))):
        out = run("why", "set-00001").out + run("top").out + run("status").out

    assert "\x1b" not in out
    assert json.dumps(ESCAPES)[1:-1] not in out
