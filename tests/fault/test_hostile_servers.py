"""Servers that never end, trickle, or say nothing: each is given up in time."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator

import pytest

from seedbox.errors import UnreachableError, WebError
from seedbox.web import CancelledError, fetch
from support.raw_web import Reply, head, raw_server


def refused(reply: Reply, *, limit: int = 1000, timeout: float = 30.0) -> str:
    with raw_server([reply]) as server, pytest.raises(WebError) as caught:
        fetch(server.url("/page"), limit=limit, timeout=timeout)
    return caught.value.reason


CHUNKED = head("200 OK", "Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("begin", "repeated", "reason"),
    [
        (CHUNKED, b"1\r\na\r\n", "sends more than 5,000 bytes"),
        (head("200 OK"), b"a" * 1000, "sends more than 5,000 bytes"),
        (CHUNKED + b"0\r\n", b"A: b\r\n", "sends more than it may"),
        (CHUNKED, b"1;" + b"x" * 10_000 + b"\r\na\r\n", "sends more than it may"),
        (b"", head("100 Continue"), "sends more than it may"),
        (b"", bytes(1000), "sends more than it may"),
    ],
    ids=["chunks", "body", "trailers", "extensions", "continue", "no-line-end"],
)
def test_what_never_ends_is_ended(begin: bytes, repeated: bytes, reason: str) -> None:
    endless = itertools.chain([begin], itertools.repeat(repeated))

    assert reason in refused(endless, limit=5000)


def test_a_server_that_trickles_is_given_up_at_the_deadline_and_not_later() -> None:
    stopped = threading.Event()

    def trickle() -> Iterator[bytes]:
        yield head("200 OK", "Content-Length: 1000")
        while not stopped.wait(0.01):
            yield b"a"

    try:
        reason = refused(trickle(), timeout=0.2)
    finally:
        stopped.set()
    assert reason == "did not answer in full within 0.2 seconds"


def test_a_server_that_says_nothing_is_given_up_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(WebError) as caught:
        fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/", limit=1, timeout=0.1)

    assert caught.value.reason == "did not answer in full within 0.1 seconds"


@pytest.mark.parametrize("looks", [0, 5])
def test_nobody_waits_for_an_answer_that_is_not_wanted_any_more(looks: int) -> None:
    asked = iter([False] * looks)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(CancelledError):
            fetch(url, limit=1, cancelled=lambda: next(asked, True))


def test_a_server_that_takes_no_connection_is_given_up_at_the_deadline() -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # more than fit into its queue
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        with pytest.raises(UnreachableError) as caught:
            fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/", limit=1, timeout=0.1)

    assert caught.value.reason == "cannot be reached within 0.1 seconds"
