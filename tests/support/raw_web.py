"""Servers that answer with the bytes they are told to, whatever HTTP has to say of them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Reply = bytes | Iterable[bytes]  # sent at once, or piece by piece until the client goes


def head(status: str, *headers: str) -> bytes:
    """The head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1")


def ok(body: bytes, *headers: str) -> bytes:
    """A good answer."""
    return head("200 OK", f"Content-Length: {len(body)}", *headers) + body


def partial(body: bytes, content_range: str, *headers: str) -> bytes:
    """An answer to a request for a range."""
    length = f"Content-Length: {len(body)}"
    return head("206 Partial", length, f"Content-Range: {content_range}", *headers) + body


def moved(location: str) -> bytes:
    """A redirect."""
    return head("302 Found", f"Location: {location}", "Content-Length: 0")


@dataclass
class RawServer:
    """What was asked, and where."""

    port: int
    host: str = "127.0.0.1"
    scheme: str = "http"
    requests: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def targets(self) -> list[str]:
        return [request.split(b" ")[1].decode() for request in self.requests]


def _request(sock: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request and not request.startswith(b"\x16"):  # TLS
        more = sock.recv(65_536)
        if not more:
            break
        request += more
    return request


def _serve(sock: socket.socket, reply: Reply, server: RawServer) -> None:
    request = _request(sock)
    if request:
        server.requests.append(request)
    with contextlib.suppress(OSError):  # the client may go whenever it likes
        for part in [reply] if isinstance(reply, bytes) else reply:
            sock.sendall(part)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):  # its end, so that nothing is reset under way
            pass


class _Connections:
    """Answers each connection in a thread of its own."""

    def __init__(
        self, server: RawServer, replies: Sequence[Reply], context: ssl.SSLContext | None
    ) -> None:
        self._server = server
        self._replies = replies
        self._context = context
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:  # it is closed
                return
            reply = self._replies[min(len(self._threads), len(self._replies) - 1)]
            thread = threading.Thread(target=self._answer, args=(sock, reply))
            self._open.append(sock)
            self._threads.append(thread)
            thread.start()

    def _answer(self, sock: socket.socket, reply: Reply) -> None:
        with contextlib.suppress(OSError), sock:  # a handshake may fail on purpose
            if self._context is None:
                _serve(sock, reply, self._server)
            else:
                with self._context.wrap_socket(sock, server_side=True) as secured:
                    _serve(secured, reply, self._server)

    def close(self) -> None:
        for sock in self._open:
            with contextlib.suppress(OSError):  # most are closed
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def raw_server(
    replies: Sequence[Reply], *, host: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> Iterator[RawServer]:
    """Answer each connection with the next reply, and the ones after the last with it too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((host, 0))
        listener.listen(64)
        server = RawServer(listener.getsockname()[1], host, "https" if context else "http")
        connections = _Connections(server, replies, context)
        accepting = threading.Thread(target=connections.accept, args=(listener,))
        accepting.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            connections.close()
