"""Small HTTP servers on 127.0.0.1, in threads: files with ranges, and a tracker (BEP 3, 23)."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from support import reference


class _Quiet(BaseHTTPRequestHandler):
    """One connection; what it asked for is kept by the server."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as its base has it
        pass

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(ConnectionError):  # it need not wait for us
            self.end_headers()
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # callers beyond the default of 5 would wait a second
    daemon_threads = True


@contextlib.contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def files_over_http(root: Path, *, ranges: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder; gives its URL, which ends in a slash, and the paths asked for.

    Without `ranges` every answer is the whole file.
    """
    paths: list[str] = []

    class Handler(_Quiet):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            paths.append(path)
            file = root / path.lstrip("/")
            if not file.is_file():
                self.answer(404, b"")
                return
            data = file.read_bytes()
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            if wanted is None or not ranges:
                self.answer(200, data)
                return
            start, last = int(wanted[1]), min(int(wanted[2]), len(data) - 1)
            span = f"bytes {start}-{last}/{len(data)}"
            self.answer(206, data[start : last + 1], Content_Range=span)

    with _serving(Handler) as url:
        yield url + "/", paths


@contextlib.contextmanager
def answering(answer: Callable[[str], bytes]) -> Iterator[str]:
    """Answer every request with what a function makes of its path and query."""

    class Handler(_Quiet):
        def do_GET(self) -> None:
            self.answer(200, answer(self.path))

    with _serving(Handler) as url:
        yield url


class Tracker:
    """A tracker that names to each peer all that came before."""

    def __init__(self) -> None:
        self.url = ""
        self.peers: dict[bytes, list[bytes]] = {}  # info-hash of 20 bytes -> compact addresses
        self.events: list[bytes] = []  # of each announce
        self.failure: bytes | None = None  # what to say instead of naming peers
        self.awake = threading.Event()  # while it is not set, announces hang
        self.awake.set()

    def reply(self, query: str) -> bytes:
        pairs = (pair.partition("=") for pair in query.split("&"))
        asked = {name: unquote_to_bytes(value) for name, _, value in pairs}
        self.events.append(asked.get("event", b""))
        if self.failure is not None:
            return reference.bencode({b"failure reason": self.failure})
        known = self.peers.setdefault(asked["info_hash"], [])
        named = b"".join(known)
        address = bytes([127, 0, 0, 1]) + int(asked["port"]).to_bytes(2, "big")
        if address not in known:
            known.append(address)
        return reference.bencode({b"interval": 1800, b"peers": named})


@contextlib.contextmanager
def tracking() -> Iterator[Tracker]:
    """Run a tracker."""
    tracker = Tracker()

    class Handler(_Quiet):
        def do_GET(self) -> None:
            tracker.awake.wait()
            self.answer(200, tracker.reply(urlsplit(self.path).query))

    with _serving(Handler) as url:
        tracker.url = f"{url}/announce"
        try:
            yield tracker
        finally:
            tracker.awake.set()
