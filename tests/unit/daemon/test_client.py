"""Asking: what is not an answer of a daemon is called so; tests/cli/test_status.py has the rest."""

from pathlib import Path

import pytest

from seedbox.daemon import client
from seedbox.daemon.client import Client, find, named
from seedbox.errors import DaemonAnswerError, DaemonNotRunningError, SeedboxError
from support.raw_web import Reply, head, ok, raw_server


def refused(reply: Reply, seconds: float = 30.0) -> str:
    with raw_server([reply]) as other, pytest.raises(DaemonAnswerError) as found:
        Client(other.url(""), seconds=seconds).get("/v1/status")
    return found.value.message.partition(" at http://127.0.0.1:")[2].partition(" ")[2]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (head("500 X", "Content-Length: 2") + b"{}", "answered 500: nothing more"),
        (head("302 X", "Location: /x", "Content-Length: 2") + b"{}", "answered 302: nothing more"),
        (head("404 X", "Content-Length: 2") + b"{}", "answered 404: nothing more"),
        (ok(b'{"error": 1}').replace(b"200 OK", b"503 X"), "answered 503: nothing more"),
        (b"garbage\r\n\r\n", "did not answer: garbage"),
        (b"", "did not answer: Remote end closed connection without response"),
    ],
)
def test_what_is_no_answer_of_a_daemon_is_called_so(reply: bytes, told: str) -> None:
    assert refused(reply).startswith(told)


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_MOST", 100_000)
    endless = [head("200 OK"), *[b"x" * 65_536] * 1000]

    assert refused(endless) == "sent over 100,000 bytes"


def test_an_answer_that_takes_too_long_is_cut_off() -> None:
    long = [head("200 OK"), *[b"x" * 65_536] * 100]

    assert refused(long, 0.000_001).startswith(("did not answer: timed out", "took over"))


def test_a_state_folder_without_a_daemon_is_named(tmp_path: Path) -> None:
    for state in (tmp_path, tmp_path / ("x" * 120)):
        with pytest.raises(SeedboxError) as found:
            find(None, state, None, tmp_path).get("/v1/status")
        assert str(state) in found.value.message
    with pytest.raises(DaemonNotRunningError):
        find("http://127.0.0.1:1", None, None, tmp_path).get("/v1/status")


def test_a_file_that_is_no_socket_is_no_daemon(tmp_path: Path) -> None:
    (tmp_path / "daemon-0").mkdir()
    (tmp_path / "daemon-0" / "api.sock").write_text("")

    with pytest.raises(DaemonNotRunningError):
        find(None, None, None, tmp_path)


def test_a_name_is_one_part_of_a_path() -> None:
    assert named("../a b?c#d") == "..%2Fa%20b%3Fc%23d"
