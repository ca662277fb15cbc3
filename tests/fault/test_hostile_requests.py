"""Requests that nobody honest sends: each is refused, and the daemon goes on serving others."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedbox.daemon import app, connections
from seedbox.daemon.client import Client
from seedbox.daemon.server import OnAddress
from seedbox.engine.base import Endpoint
from support.fake_daemon import TOKEN, FakeDaemon, Running, running, view

WAIT = (429, "too-many-requests")
DEADLINE = 30.0  # seconds
BEARER = f"Authorization: Bearer {TOKEN}"
JSON = "Content-Type: application/json"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Running]:
    """A daemon on a Unix socket and on an address."""
    where = (tmp_path / "state" / "api.sock", OnAddress(Endpoint("127.0.0.1", 0), TOKEN))
    with running(*where, daemon=FakeDaemon(view(50))) as served:
        yield served
        assert served.complaints == []


def port(asked: Running) -> int:
    return int(asked.places[1].rpartition(":")[2])


def connect(asked: Running, place: int = 1) -> socket.socket:
    if place == 0:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(asked.places[0])
    else:
        sock = socket.create_connection(("127.0.0.1", port(asked)))
    sock.settimeout(DEADLINE)
    return sock


def request(asked: Running, *headers: str, line: str = "GET /v1/status", host: str = "") -> bytes:
    host = host or f"Host: 127.0.0.1:{port(asked)}"
    return "\r\n".join([f"{line} HTTP/1.1", host, *headers, "", ""]).encode("latin-1")


def reply(sock: socket.socket) -> tuple[int, str]:
    """The status and code of the next answer; 0 and nothing if the connection just ends."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while b"\r\n\r\n" not in data and (more := sock.recv(65_536)):
            data += more
    if not data:
        return 0, ""
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields[b"content-length"]):
        body += sock.recv(65_536)
    document = json.loads(body[: int(fields[b"content-length"])])
    return int(head.split(b" ")[1]), document.get("error", {}).get("code", "")


def answer(asked: Running, sent: bytes, place: int = 1) -> tuple[int, str]:
    with connect(asked, place) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(sent)
        return reply(sock)


def well(asked: Running) -> bool:
    """Others are served, on both listeners."""
    clients = (Client(asked.places[0]), Client(asked.places[1], TOKEN))
    return [client.get("/v1/status")["shards"] for client in clients] == [50, 50]


def test_what_is_asked_rightly_is_answered(asked: Running) -> None:
    assert answer(asked, request(asked, BEARER)) == (200, "")
    assert answer(asked, request(asked, host="Host: localhost"), 0) == (200, "")


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ([], (401, "token-missing")),
        (["Authorization: Bearer wrong"], (401, "token-wrong")),
        ([f"Authorization: Basic {TOKEN}"], (401, "token-wrong")),
        (["Authorization: Bearer \xe9\xff"], (401, "token-wrong")),
        ([f"{BEARER}x"], (401, "token-wrong")),
        ([BEARER, "Origin: https://evil.example"], (403, "foreign-origin")),
        ([BEARER, "Origin: null"], (403, "foreign-origin")),
        ([BEARER, "Origin: http://localhost:1"], (403, "foreign-origin")),
        ([BEARER, "Sec-Fetch-Site: cross-site"], (403, "foreign-origin")),
        ([BEARER, "Sec-Fetch-Site: same-site"], (403, "foreign-origin")),
    ],
)
def test_who_may_not_ask_is_refused(
    headers: list[str], refused: tuple[int, str], asked: Running
) -> None:
    assert answer(asked, request(asked, *headers)) == refused
    assert well(asked)


def test_a_page_of_the_daemon_itself_may_ask(asked: Running) -> None:
    origin = f"Origin: http://127.0.0.1:{port(asked)}"

    assert answer(asked, request(asked, BEARER, origin, "Sec-Fetch-Site: same-origin"))[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "localhost.evil.example"],
)
def test_a_foreign_host_is_refused(host: str, asked: Running) -> None:
    head = request(asked, BEARER, host=f"Host: {host.format(port=port(asked))}")

    assert answer(asked, head) == (403, "foreign-host")
    assert answer(asked, request(asked, host="Host: evil.example"), 0) == (403, "foreign-host")
    assert well(asked)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /v1/status HTTP/1.1\r\n\r\n",  # no Host
        b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),  # TLS
        b"\x00\xff" * 200,
        b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 20_000 + b"\r\n\r\n",
        b"POST /v1/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET http:\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_and_heads_without_end_are_refused(sent: bytes, asked: Running) -> None:
    for place in (0, 1):
        assert answer(asked, sent, place) in {(400, "bad-http"), (0, "")}
    assert well(asked)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//v1/status",
        "/v1/status/",
        "/v1/../v1/status",
        "/v1/%2e%2e/v1/status",
        "/v1/datasets/%2e%2e%2f%2e%2e%2fetc/passwd/x",
        "/v1/status%00",
        "/V1/STATUS",
        "http://evil.example/v1/status",
        "*",
        "/v1/why/a%2fb",
    ],
)
def test_a_path_is_taken_as_it_is_written(path: str, asked: Running) -> None:
    assert answer(asked, request(asked, BEARER, line=f"GET {path}")) == (404, "unknown-path")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/shards?limit=1001",
        "/v1/shards?limit=1&limit=2",
        "/v1/shards?limit=%D9%A1",
        "/v1/shards?text=%ff",
        "/v1/shards?" + "reached=served&" * 100,
        "/v1/shards?a",
        "/v1/status?x=1",
        "/v1/why/" + "x" * 101,
        "/v1/why/%0a",
        "/v1/shards/" + "A" * 64,
        "/v1/shards?key=" + "a" * 64,
    ],
)
def test_a_query_that_is_not_understood_is_refused(path: str, asked: Running) -> None:
    assert answer(asked, request(asked, BEARER, line=f"GET {path}")) == (400, "bad-query")


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "TRACE", "X" * 100])
def test_another_method_is_refused(method: str, asked: Running) -> None:
    sent = request(asked, BEARER, line=f"{method} /v1/status")

    assert answer(asked, sent) == (405, "method-not-allowed")


def test_ten_megabytes_are_refused_unread(asked: Running) -> None:
    size = 10 * 1024 * 1024
    head = request(asked, BEARER, JSON, f"Content-Length: {size}", line="POST /v1/pause")

    assert answer(asked, head) == (413, "body-too-large")
    assert answer(asked, head + bytes(size)) in {(413, "body-too-large"), (0, "")}
    chunked = request(asked, BEARER, JSON, "Transfer-Encoding: chunked", line="POST /v1/pause")
    chunks = b"2000\r\n" + bytes(0x2000) + b"\r\n"
    assert answer(asked, chunked + chunks * 9) in {(413, "body-too-large"), (0, "")}
    assert asked.daemon.told == []
    assert well(asked)


@pytest.mark.parametrize(
    ("kind", "body", "refused"),
    [
        ("text/plain", b'{"dataset": "org.example/set"}', (415, "content-type")),
        ("application/x-www-form-urlencoded", b"dataset=org.example", (415, "content-type")),
        ("multipart/form-data; boundary=x", b"--x--", (415, "content-type")),
        ("application/json", b"", (400, "bad-body")),
        ("application/json", b"[" * 60_000, (400, "bad-body")),
        ("application/json", b'{"dataset": NaN}', (400, "bad-body")),
        ("application/json", b'{"dataset": "a/b", "dataset": "a/b"}', (400, "bad-body")),
        ("application/json", b'{"dataset": "a/b", "shards": ["x"]}', (400, "bad-body")),
        ("application/json", b'{"shards": []}', (400, "bad-body")),
        ("application/json", b'{"shards": [1]}', (400, "bad-body")),
        ("application/json", b'{"shards": "set-00001"}', (400, "bad-body")),
        ("application/json", b'{"dataset": "\xff"}', (400, "bad-body")),
        ("application/json", b'"dataset"', (400, "bad-body")),
        ("application/json", b'{"shards": ["nowhere"]}', (404, "unknown-shard")),
        ("application/json", b'{"dataset": "org.example/none"}', (404, "unknown-dataset")),
    ],
)
def test_a_body_that_is_not_understood_changes_nothing(
    kind: str, body: bytes, refused: tuple[int, str], asked: Running
) -> None:
    length = f"Content-Length: {len(body)}"
    head = request(asked, BEARER, f"Content-Type: {kind}", length, line="POST /v1/pause")

    assert answer(asked, head + body) == refused
    assert asked.daemon.told == []


def test_heads_and_bodies_that_do_not_end_do_not_last(
    asked: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(app, "BODY_SECONDS", 0.3)
    post = request(asked, BEARER, JSON, "Content-Length: 9", line="POST /v1/pause")
    with contextlib.ExitStack() as stack:
        silent, head, body, after = (stack.enter_context(connect(asked)) for _ in range(4))
        head.sendall(b"GET /v1/status HT")
        body.sendall(post + b"{")
        after.sendall(request(asked, BEARER))
        assert reply(after) == (200, "")
        after.sendall(b"GET /")  # the second one on the same connection

        assert reply(body) == (408, "body-too-late")
        assert [reply(sock) for sock in (silent, head, after)] == [(0, "")] * 3
    assert well(asked)


def test_a_head_that_drips_does_not_last(asked: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    began = time.monotonic()
    with connect(asked) as sock, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        sock.settimeout(0.02)
        while time.monotonic() - began < DEADLINE:
            sock.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                if not sock.recv(1):
                    break

    assert time.monotonic() - began < 10
    assert well(asked)


def test_garbage_behind_a_request_is_refused_after_its_answer(asked: Running) -> None:
    with connect(asked) as sock:
        sock.sendall(request(asked, BEARER) + b"\x00garbage\r\n\r\n")

        assert reply(sock) == (200, "")
        assert reply(sock) in {(400, "bad-http"), (0, "")}
    assert well(asked)


def test_silent_connections_make_room_for_those_that_ask(asked: Running) -> None:
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(asked)) for _ in range(200)]

        assert well(asked)
        assert reply(silent[0]) == (0, "")  # the oldest went first


def test_where_every_connection_is_busy_the_next_is_told_so(asked: Running) -> None:
    post = request(asked, BEARER, JSON, "Content-Length: 9", line="POST /v1/pause")
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            busy = stack.enter_context(connect(asked))
            busy.sendall(post.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
            assert busy.recv(100).startswith(b"HTTP/1.1 100")  # so it is being answered

        assert answer(asked, request(asked, BEARER)) == (503, "too-many-connections")
        assert answer(asked, request(asked, host="Host: localhost"), 0) == (200, "")


def test_garbage_in_the_middle_of_an_answer_ends_it(asked: Running) -> None:
    chunked = "Transfer-Encoding: chunked"
    with connect(asked) as sock:
        sock.sendall(request(asked, BEARER, chunked, line="GET /v1/events"))
        assert sock.recv(12) == b"HTTP/1.1 200"
        sock.sendall(b"garbage\r\n")
        with contextlib.suppress(ConnectionResetError):
            while sock.recv(65_536):
                pass
    assert well(asked)


def test_who_leaves_in_the_middle_of_a_body_is_forgotten(asked: Running) -> None:
    with connect(asked) as sock:
        sock.sendall(
            request(asked, BEARER, JSON, "Content-Length: 9", line="POST /v1/pause") + b"{"
        )
    assert well(asked)


def test_more_requests_than_are_answered_are_told_to_wait(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        slow = stack.enter_context(running(tmp_path / "s" / "api.sock", rate=1.0))
        sock = stack.enter_context(connect(slow, 0))
        got: list[tuple[int, str]] = []
        while len(got) < 20 and WAIT not in got:
            sock.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got.append(reply(sock))

    assert got[:3] == [(200, "")] * 3
    assert got[-1] == WAIT


def test_who_guesses_tokens_does_not_use_up_the_requests_of_others(asked: Running) -> None:
    wrong = {answer(asked, request(asked)) for _ in range(130)}

    assert wrong == {(401, "token-missing"), (429, "too-many-requests")}
    assert well(asked)


def test_a_bug_is_answered_and_told_and_the_daemon_goes_on(tmp_path: Path) -> None:
    daemon = FakeDaemon(view(50), fails=ZeroDivisionError("by nothing"))
    with running(tmp_path / "s" / "api.sock", daemon=daemon) as served:
        body = b'{"dataset": "org.example/set"}'
        head = f"POST /v1/pause HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\n"
        sent = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

        assert answer(served, sent, 0) == (500, "bug")
        assert Client(served.places[0]).get("/v1/status")["shards"] == 50
        (told,) = served.complaints
    assert told == "the interface has a bug: ZeroDivisionError: by nothing"
