import os
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from seedbox.daemon import examining
from seedbox.daemon.examining import Database, Hold, data_locks, hold, lock, look_at_database, peer
from seedbox.daemon.state import Locks, State
from seedbox.daemon.state.schema import SCHEMA
from seedbox.errors import CorruptStateError
from seedbox.jobs.doctor import Verdict
from support.cli import snapshot
from support.fake_daemon import running
from support.stored import NOON, old_state

SEED = 0x73656564


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (Hold(known=True, pid=7, socket=True, answers=True), Verdict.PASS),
        (Hold(known=False, pid=None, socket=True, answers=True), Verdict.PASS),
        (Hold(known=True, pid=7, socket=True, answers=False), Verdict.FAIL),
        (Hold(known=True, pid=7, socket=False, answers=False), Verdict.FAIL),
        (Hold(known=True, pid=None, socket=True, answers=False), Verdict.WARN),
        (Hold(known=True, pid=None, socket=False, answers=False), Verdict.PASS),
        (Hold(known=False, pid=None, socket=False, answers=False), Verdict.UNKNOWN),
    ],
)
def test_who_has_a_folder_has_to_answer(seen: Hold, verdict: Verdict) -> None:
    assert lock(seen, "/s").verdict is verdict


def test_a_daemon_that_answers_is_seen_and_its_process_known(tmp_path: Path) -> None:
    with running(tmp_path / "api.sock"):
        seen, pid = hold(tmp_path), peer(tmp_path / "api.sock")

    assert (seen.socket, seen.answers) == (True, True)
    assert pid == os.getpid()


def test_of_nobody_there_is_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert peer(tmp_path / "api.sock") is None
    monkeypatch.delattr(socket, "SO_PEERCRED")

    assert peer(tmp_path / "api.sock") is None


def test_a_lock_is_seen_and_not_touched(tmp_path: Path) -> None:
    with Locks.take(tmp_path / "state", [tmp_path]):
        assert hold(tmp_path / "state").pid == os.getpid()
        assert [found.verdict for found in data_locks([tmp_path], None)] == [Verdict.FAIL]
        assert data_locks([tmp_path], os.getpid()) == ()

    assert hold(tmp_path / "state").pid is None
    assert data_locks([tmp_path, tmp_path / "absent"], None) == ()


# --- the database -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (None, Verdict.PASS),
        (Database(SEED, SCHEMA, None), Verdict.PASS),
        (Database(SEED, SCHEMA - 1, None), Verdict.WARN),
        (Database(SEED, SCHEMA + 1, None), Verdict.FAIL),
        (Database(SEED, 0, None), Verdict.FAIL),
        (Database(0, 1, None), Verdict.FAIL),
        (CorruptStateError("/s/x", "torn", backup=None), Verdict.FAIL),
    ],
)
def test_a_schema_has_to_be_ours_or_older(
    seen: Database | CorruptStateError | None, verdict: Verdict
) -> None:
    found = examining.schema(seen, "/s")

    assert (found.point, found.verdict) == ("schema", verdict)
    assert (found.hint is None) is (verdict is Verdict.PASS)


def test_looking_at_a_database_changes_nothing(tmp_path: Path) -> None:
    with State.open(tmp_path / "s", now=NOON) as state:
        state.audit(NOON, "started", "daemon")
        state.audit(NOON + 5, "paused", "daemon")
    before = snapshot(tmp_path)

    assert look_at_database(tmp_path / "s") == Database(SEED, SCHEMA, NOON + 5)
    assert snapshot(tmp_path) == before


def test_what_is_in_the_log_of_a_database_alone_is_read_too(tmp_path: Path) -> None:
    with State.open(tmp_path / "s", now=NOON) as state:
        state.audit(NOON + 7, "started", "daemon")

        assert look_at_database(tmp_path / "s") == Database(SEED, SCHEMA, NOON + 7)


def test_an_old_one_a_newer_one_and_none_at_all(tmp_path: Path) -> None:
    path = old_state(tmp_path / "s")
    old = look_at_database(tmp_path / "s")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")

    assert old == Database(SEED, 1, NOON)
    assert look_at_database(tmp_path / "s") == Database(SEED, 999, None)
    assert look_at_database(tmp_path) is None


def test_what_is_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "seedbox.sqlite").write_bytes(b"not a database at all" * 100)

    with pytest.raises(CorruptStateError):
        look_at_database(tmp_path)


def test_the_time_of_a_state_without_a_log_is_not_known(tmp_path: Path) -> None:
    State.open(tmp_path / "s", now=time.time()).close()

    assert look_at_database(tmp_path / "s") == Database(SEED, SCHEMA, None)
