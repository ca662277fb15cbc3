"""The doctor's round over daemons, running or to be started: each fault is planted, and named."""

from __future__ import annotations

import errno
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from seedbox.daemon.record import View
from seedbox.daemon.state import Locks, State
from seedbox.hashing import built
from seedbox.jobs.doctor.installation import LIBTORRENT_TRUSTS
from support.cli import run, run_process
from support.diagnosing import DAY, at, bad, diagnosed, faring, greeting, tracking
from support.fake_daemon import Decided, FakeDaemon, dataset, missing, running, shard
from support.faults import refusing
from support.publisher import Publisher
from support.signed import Signed, signed
from support.stored import old_state

OTHER_USER = 4242
FULL_MACHINE = (
    built()
    and resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 8192
    and any(Path(path).exists() for path in LIBTORRENT_TRUSTS)
)


@pytest.fixture
def release(built: Publisher) -> Signed:
    """A release that is signed, by a publisher whose key is pinned."""
    made = signed(built)
    made.pin()
    return made


@pytest.fixture
def free() -> str:
    """An address that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


@dataclass(frozen=True)
class Setup:
    """What the doctor is told of a daemon that is to be started."""

    release: Signed
    state: Path
    listen: str

    @property
    def arguments(self) -> list[object]:
        data = ["--data", self.release.of.source]
        return [self.release.manifest, *data, "--state", self.state, "--listen", self.listen]


@pytest.fixture
def setup(release: Signed, tmp_path: Path, free: str) -> Setup:
    """A good one."""
    return Setup(release, tmp_path / "daemon", free)


@contextmanager
def asked(state: Path, seen: View, log: float | None = None) -> Iterator[Path]:
    """Have a daemon that says such things of itself; gives its state folder."""
    folder = state / "daemon-0123456789ab"
    lines = [] if log is None else [Decided(1, log)]
    with running(folder / "api.sock", daemon=FakeDaemon(seen, log=lines)):
        yield folder


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
def test_nothing_is_called_bad_of_one_that_is_to_be_started(release: Signed, setup: Setup) -> None:
    with tracking() as tracker:
        release.of.build(tracker=tracker)
        assert run("sign", release.manifest, "--key", release.key).status == 0
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


# --- the twelve faults ------------------------------------------------------------------------


def test_1_a_port_that_is_closed(state: Path, tmp_path: Path, free: str) -> None:
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


def test_2_a_tracker_that_is_dead(release: Signed, setup: Setup, free: str) -> None:
    tracker = f"udp://{free}/announce"
    release.of.build(tracker=tracker)
    assert run("sign", release.manifest, "--key", release.key).status == 0

    ran, found = diagnosed(*setup.arguments, "--online")
    _, offline = diagnosed(*setup.arguments)

    row = at(found, "tracker", tracker)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert row["found"] == "cannot be reached: Connection refused"
    assert "operator" in row["hint"]
    assert at(offline, "tracker", tracker)["verdict"] == "N/A"
    assert at(offline, "tracker", tracker)["hint"] == "Pass --online to ask it."


def test_3_a_clock_that_is_off_by_a_day(release: Signed, setup: Setup) -> None:
    with tracking(ahead=DAY) as tracker:
        release.of.build(tracker=tracker)
        assert run("sign", release.manifest, "--key", release.key).status == 0
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


@pytest.mark.parametrize(("free_bytes", "inodes"), [(0, 10**6), (10**12, 3)])
def test_5_a_disk_that_is_full(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, free_bytes: int, inodes: int
) -> None:
    full = SimpleNamespace(f_bavail=free_bytes, f_frsize=1, f_files=10**7, f_favail=inodes)
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    ran, found = diagnosed(*setup.arguments)

    row = at(found, "space", setup.state)
    assert (ran.status, row["verdict"]) == (1, "FAIL")
    assert f"{inodes:,} more files" in row["found"]
    assert row["hint"].startswith("Free 256 MiB or more there")
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
    ran, found = diagnosed(built.manifest, "--data", built.source, "--state", tmp_path / "daemon")

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


def test_a_daemon_that_does_not_let_us_in_is_a_failure(tmp_path: Path) -> None:
    ran, found = diagnosed("--api", tmp_path)  # a folder is no socket

    assert (ran.status, at(found, "daemon")["verdict"]) == (1, "FAIL")


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
