import time
from pathlib import Path

import pytest

from seedbox.daemon.client import Client
from seedbox.daemon.questions import ask
from seedbox.errors import UsageError
from seedbox.jobs.doctor import Verdict
from support.diagnosing import faring
from support.fake_daemon import Decided, FakeDaemon, dataset, running


def test_a_daemon_is_asked_for_what_it_alone_knows(tmp_path: Path) -> None:
    path, now = tmp_path / "api.sock", time.time()
    many = tuple(dataset(f"org.example/{number:03}") for number in range(205))
    seen = faring(tmp_path, "127.0.0.1:6881", datasets=many)
    with running(path, daemon=FakeDaemon(seen, log=[Decided(1, now - 9), Decided(2, now)])):
        answers, finding = ask(lambda: Client(str(path)))

    assert answers is not None
    assert (finding.verdict, finding.about) == (Verdict.PASS, str(path))
    assert [each["id"] for each in answers.datasets] == [each.id for each in many]
    assert (answers.held.listed, answers.held.held, answers.held.unannounced) == (3, 3, 0)
    assert answers.info_hash == seen.shards[0].info_hash.v1
    assert (answers.here, answers.socket, answers.last) == (True, path, now)
    assert round(answers.age) == 3600


def test_a_daemon_without_shards_has_none_to_name(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with running(path, daemon=FakeDaemon(faring(tmp_path, "127.0.0.1:6881", 0))):
        answers, _ = ask(lambda: Client(str(path)))

    assert answers is not None
    assert (answers.info_hash, answers.last, answers.held.caller) == (None, None, None)


def test_nobody_there_is_no_failure(tmp_path: Path) -> None:
    answers, finding = ask(lambda: Client(str(tmp_path / "api.sock")))

    assert answers is None
    assert finding.verdict is Verdict.UNKNOWN


def test_a_question_that_was_wrong_is_not_the_daemon_s_fault() -> None:
    def unclear() -> Client:
        raise UsageError("2 daemons are running", "Pass the --state of one of them.")

    with pytest.raises(UsageError):
        ask(unclear)
