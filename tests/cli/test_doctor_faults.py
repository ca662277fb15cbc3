"""Twelve faults, each planted alone: the doctor names each, with its verdict and next step."""

from __future__ import annotations

import errno
import os
import resource
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from seedbox.daemon.state import Locks, State
from support.cli import run_process
from support.diagnosing import (
    DAY,
    Setup,
    asked,
    at,
    diagnosed,
    faring,
    greeting,
    planned,
    tracking,
)
from support.faults import refusing
from support.publisher import Publisher
from support.stored import old_state
from support.swarm import free_port

OTHER_USER = 4242


@pytest.fixture
def setup(built: Publisher, tmp_path: Path) -> Setup:
    """A daemon that could be started."""
    return planned(built, tmp_path / "daemon")


def test_1_a_port_that_is_closed(state: Path, tmp_path: Path) -> None:
    free = f"127.0.0.1:{free_port()}"
    with asked(state, faring(tmp_path, free)):
        ran, found = diagnosed()

    row = at(found, "port", free)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == "a peer on this machine cannot connect: Connection refused"
    assert "firewall" in row["hint"]


def test_1_a_port_that_another_program_has(setup: Setup) -> None:
    host, _, port = setup.listen.partition(":")
    with socket.create_server((host, int(port))):
        ran, found = diagnosed(*setup.arguments)

    row = at(found, "port", setup.listen)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == "cannot listen by TCP: Address already in use"
    assert "--listen" in row["hint"]


def test_1_a_port_at_which_something_else_answers(state: Path, tmp_path: Path) -> None:
    with greeting(b"SSH-2.0\r\n") as other, asked(state, faring(tmp_path, other)):
        _, found = diagnosed()

    assert at(found, "port")["verdict"] == "FAIL"
    assert at(found, "port")["found"].endswith("(9 bytes came)")


def test_2_a_tracker_that_is_dead(setup: Setup) -> None:
    tracker = f"udp://127.0.0.1:{free_port()}/announce"
    setup.rebuild(tracker)

    ran, found = diagnosed(*setup.arguments, "--online")
    _, offline = diagnosed(*setup.arguments)

    row = at(found, "tracker", tracker)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == "cannot be reached: Connection refused"
    assert "operator" in row["hint"]
    assert at(offline, "tracker", tracker)["verdict"] == "N/A"
    assert at(offline, "tracker", tracker)["hint"] == "Pass --online to ask it."


def test_3_a_clock_that_is_off_by_a_day(setup: Setup) -> None:
    with tracking(ahead=DAY) as tracker:
        setup.rebuild(tracker)
        ran, found = diagnosed(*setup.arguments, "--online")

    row = at(found, "clock")
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == f"1 d 0 h behind what {tracker} says"
    assert "NTP" in row["hint"]


def test_3_a_clock_that_is_a_day_before_what_was_written_here(setup: Setup) -> None:
    with State.open(setup.state, now=time.time()) as made:
        made.audit(time.time() + DAY, "started", "daemon")
    ran, found = diagnosed(*setup.arguments)

    row = at(found, "clock")
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert "the last line of the daemon's log is from " in row["found"]


def test_4_a_limit_of_256_files(tmp_path: Path) -> None:
    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    ran = run_process("doctor", "--json", "--state", tmp_path / "daemon", preexec_fn=lower)

    row = at(ran.document["findings"], "open-files")
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"].startswith("256 at once: ")
    assert "LimitNOFILE=65536" in row["hint"]


@pytest.mark.parametrize(
    ("free_bytes", "inodes", "hint"),
    [
        (0, 10**6, "Free 256 MiB or more there."),
        (10**12, 3, "Remove files there; few more can be made."),
    ],
)
def test_5_a_disk_that_is_full(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, free_bytes: int, inodes: int, hint: str
) -> None:
    full = SimpleNamespace(f_bavail=free_bytes, f_frsize=1, f_files=10**7, f_favail=inodes)
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    ran, found = diagnosed(*setup.arguments)

    row = at(found, "space", setup.state)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert f"{inodes:,} more files" in row["found"]
    assert row["hint"] == hint
    assert at(found, "space", setup.release.of.source)["verdict"] == "PASS"  # only read there


def test_6_a_state_that_is_read_only(setup: Setup) -> None:
    setup.state.mkdir(mode=0o700)
    with refusing("open", str(setup.state), errno.EROFS):
        ran, found = diagnosed(*setup.arguments)

    row = at(found, "state", setup.state)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == "nothing can be written there: Read-only file system"
    assert "--state" in row["hint"]


def test_6_data_that_are_read_only_are_a_fault_only_where_fetch_has_put_them(setup: Setup) -> None:
    data = setup.release.of.source
    with refusing("open", str(data), errno.EROFS):
        _, seeded = diagnosed(*setup.arguments)
        (data / "org.example" / "set" / ".seedbox").mkdir(parents=True)
        ran, fetched = diagnosed(*setup.arguments)

    assert at(seeded, "data", data)["verdict"] == "PASS"
    row = at(fetched, "data", data)
    assert (ran.status, row["verdict"]) == (0, "WARN")
    assert "cannot be deleted" in row["found"]
    assert row["hint"] == "Make it writable for this user."


def test_7_the_dht_is_off(state: Path, tmp_path: Path) -> None:
    with greeting() as peer, asked(state, faring(tmp_path, peer, dht_nodes=None)):
        ran, found = diagnosed()

    row = at(found, "dht")
    assert (ran.status, row["verdict"]) == (0, "WARN")
    assert row["found"].startswith("off")
    assert row["hint"]


def test_7_the_dht_is_on_and_dead(state: Path, tmp_path: Path) -> None:
    with greeting() as peer, asked(state, faring(tmp_path, peer, dht_nodes=0)):
        ran, found = diagnosed()

    assert (ran.status, at(found, "dht")["verdict"]) == (1, "FAIL")
    assert "UDP" in at(found, "dht")["hint"]


def test_8_there_are_no_certificates() -> None:
    nowhere = {"SSL_CERT_FILE": "/nowhere/ca.pem", "SSL_CERT_DIR": "/nowhere/certs"}
    ran, found = diagnosed(env=nowhere)

    row = at(found, "certificates")
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert "no server of https can be asked" in row["found"]
    assert row["hint"].startswith("Install the package ca-certificates.")


def test_9_a_state_that_is_another_user_s(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    State.open(setup.state, now=time.time()).close()
    monkeypatch.setattr(os, "geteuid", lambda: OTHER_USER)
    ran, found = diagnosed(*setup.arguments)

    row = at(found, "owner", setup.state)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == f"belongs to user {os.getuid()}, and this is user 4242"
    assert f"chown -R 4242 {setup.state}" in row["hint"]


def test_9_a_token_that_others_may_read(setup: Setup) -> None:
    setup.state.mkdir(mode=0o700)
    token = setup.state / "api.token"
    token.write_text("t" * 43)
    token.chmod(0o644)
    ran, found = diagnosed(*setup.arguments)

    row = at(found, "modes", setup.state)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == f"others may open {token} (mode 644)"
    assert row["hint"] == f"chmod go= {token}"


def test_10_a_socket_that_a_killed_daemon_has_left(setup: Setup) -> None:
    setup.state.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(setup.state / "api.sock"))
    (setup.state / "api.sock").chmod(0o600)
    _, found = diagnosed(*setup.arguments)

    row = at(found, "lock", setup.state)
    assert row["verdict"] == "WARN"
    assert row["found"] == "api.sock lies there and nobody answers: its daemon was killed"
    assert row["hint"].startswith("Start the daemon again")
    assert at(found, "daemon")["verdict"] == "N/A"


def test_10_a_lock_whose_holder_does_not_answer(setup: Setup) -> None:
    with Locks.take(setup.state, [setup.release.of.source]):
        ran, found = diagnosed(*setup.arguments)

    row = at(found, "lock", setup.state)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == f"process {os.getpid()} holds it, and nobody answers at its socket"
    assert f"kill {os.getpid()}" in row["hint"]


def test_10_data_that_another_daemon_holds(setup: Setup, tmp_path: Path) -> None:
    with Locks.take(tmp_path / "theirs", [setup.release.of.source]):
        ran, found = diagnosed(*setup.arguments)

    row = at(found, "lock", setup.release.of.source)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"].startswith(f"process {os.getpid()} holds it: another daemon")


def test_11_an_old_schema(setup: Setup) -> None:
    database = old_state(setup.state)
    before = database.read_bytes()
    _, found = diagnosed(*setup.arguments)

    row = at(found, "schema", setup.state)
    assert row["verdict"] == "WARN"
    assert row["found"].startswith("schema 1, this seedbox has ")
    assert "keeps a copy" in row["hint"]
    assert database.read_bytes() == before


def test_12_a_key_that_nobody_has_pinned(built: Publisher, tmp_path: Path) -> None:
    _, found = diagnosed(built.manifest, "--data", built.source, "--state", tmp_path / "daemon")

    row = at(found, "key", built.manifest)
    assert row["verdict"] == "WARN"
    assert row["found"].startswith("no key is pinned for org.example/set")
    assert row["hint"].startswith("Run `seedbox trust add org.example/set KEY`")
    assert at(found, "manifest")["verdict"] == "PASS"


def test_12_a_key_that_is_pinned_and_a_signature_that_is_missing(setup: Setup) -> None:
    setup.release.manifest.with_name("manifest.yaml.minisig").unlink()
    ran, found = diagnosed(*setup.arguments)

    row = at(found, "key", setup.release.manifest)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert "manifest.yaml.minisig" in row["found"] + row["hint"]
