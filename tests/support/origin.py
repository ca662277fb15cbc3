"""A web server on 127.0.0.1 that has files, and fails as it is told to."""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote

_CHUNK = 256 * 1024
Data = bytes | int  # an int: so many zeros


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str  # unescaped, without the slash at its start
    range: str | None
    if_range: str | None


@dataclass(frozen=True)
class Fault:
    """How one answer with bytes differs from a good one."""

    status: int | None = None  # instead of bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # more, or others; "" leaves one out
    breaks: int | None = None  # bytes of the body, after which the connection ends
    stalls: int | None = None  # bytes of the body, after which nothing comes
    trickles: bool = False  # a byte at a time, and never an end
    becomes: Data | None = None  # the file is changed before the answer


@dataclass
class Origin:
    """What the server has, how it fails, and what it was asked for."""

    url: str
    files: dict[str, Data]
    ranges: bool = True  # it knows Range requests
    head: bool = True  # it knows HEAD
    validators: tuple[str, ...] = ("ETag", "Last-Modified")
    headers: dict[str, Mapping[str, str]] = field(default_factory=dict)  # more, by path
    faults: dict[str, list[Fault | None]] = field(default_factory=dict)  # of GETs, in order
    asked: list[Asked] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)  # paths that were answered with 304
    ended: threading.Event = field(default_factory=threading.Event)
    most: int = 0  # requests at a time
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ranges_of(self, path: str) -> list[str | None]:
        """The ranges that were asked for, in order."""
        return [each.range for each in self.asked if (each.method, each.path) == ("GET", path)]

    def counted(self, change: int) -> None:
        with self.lock:
            self.now += change
            self.most = max(self.most, self.now)


def _part(data: Data, start: int, stop: int) -> bytes:
    return bytes(stop - start) if isinstance(data, int) else data[start:stop]


def _size(data: Data) -> int:
    return data if isinstance(data, int) else len(data)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    origin: Origin

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as its base has it
        pass

    def do_HEAD(self) -> None:
        self._counted()

    def do_GET(self) -> None:
        self._counted()

    def _counted(self) -> None:
        self.origin.counted(1)
        try:
            with contextlib.suppress(OSError):  # the client may go whenever it likes
                self._answer()
        finally:
            self.origin.counted(-1)

    def _answer(self) -> None:
        origin, path = self.origin, unquote(self.path.partition("?")[0]).lstrip("/")
        asked = Asked(self.command, path, self.headers.get("Range"), self.headers.get("If-Range"))
        fault = None
        with origin.lock:
            origin.asked.append(asked)
            if self.command == "GET" and origin.faults.get(path):
                fault = origin.faults[path].pop(0)
            if fault and fault.becomes is not None:
                origin.files[path] = fault.becomes
        if self.command == "HEAD" and not origin.head:
            self._send(405, {"Content-Length": "0"})
        elif path not in origin.files:
            self._send(404, {"Content-Length": "0"})
        else:
            self._file(asked, origin.files[path], fault or Fault())

    def _file(self, asked: Asked, data: Data, fault: Fault) -> None:
        status, start, stop = 200, 0, _size(data)
        headers = self._validators(asked.path, data)
        fits = asked.if_range is None or asked.if_range in headers.values()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.range or "")
        if wanted and self.origin.ranges and fits:
            if int(wanted[1]) >= stop:
                span = f"bytes */{stop}"
                self._send(416, {**headers, "Content-Range": span, "Content-Length": "0"})
                return
            start, stop = int(wanted[1]), min(int(wanted[2]) + 1, stop)
            status, headers["Content-Range"] = 206, f"bytes {start}-{stop - 1}/{_size(data)}"
        headers["Content-Length"] = str(stop - start)
        if fault == Fault() and self.headers.get("If-None-Match") in {headers.get("ETag")} - {None}:
            self.origin.unchanged.append(asked.path)
            more = self.origin.headers.get(asked.path, {})
            self._send(304, {"ETag": headers["ETag"], **more})
            return
        if fault.status is not None:
            self._send(fault.status, {"Content-Length": "0", **fault.headers})
            return
        self._send(status, {**headers, **self.origin.headers.get(asked.path, {}), **fault.headers})
        if self.command == "GET":
            self._body(data, start, stop, fault)

    def _validators(self, path: str, data: Data) -> dict[str, str]:
        digest = hashlib.sha256(f"{path} {data!r}".encode()).hexdigest()
        known = {"ETag": f'"{digest}"', "Last-Modified": "Sun, 01 Mar 2026 00:00:00 GMT"}
        return {name: known[name] for name in self.origin.validators}

    def _send(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)  # no Date, unless a test sends one
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()

    def _body(self, data: Data, start: int, stop: int, fault: Fault) -> None:
        end = min(stop, start + (fault.breaks if fault.breaks is not None else stop))
        if fault.stalls is not None:
            end = start + fault.stalls
        for at in range(start, end, _CHUNK):
            self.wfile.write(_part(data, at, min(end, at + _CHUNK)))
        if fault.stalls is not None:
            self.origin.ended.wait()
        while fault.trickles and end < stop and not self.origin.ended.wait(0.01):
            self.wfile.write(_part(data, end, end + 1))
            end += 1
        if end < stop:
            self.close_connection = True


@contextlib.contextmanager
def origin(files: Mapping[str, Data], *, host: str = "127.0.0.1") -> Iterator[Origin]:
    """Serve files by their paths; the URL ends in a slash."""

    class Handler(_Handler):
        pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    with Server((host, 0), Handler) as server:
        Handler.origin = made = Origin(f"http://{host}:{server.server_port}/", dict(files))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.ended.set()
            server.shutdown()
            thread.join()
