"""Asking a daemon: finding it, and one request and one answer, bounded in size and time."""

from __future__ import annotations

import http.client
import json
import socket
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from seedbox.daemon import sockets, tokens
from seedbox.errors import (
    DaemonAnswerError,
    DaemonNotRunningError,
    DaemonRefusedError,
    UsageError,
)

SOCKET = "api.sock"  # in a daemon's state folder
_SECONDS = 30.0  # for one answer, all of it
_MOST = 16 * 1024 * 1024  # bytes of one answer
_CHUNK = 64 * 1024  # bytes
_MISNAMED = range(400, 500)
_NOT_LET_IN = {401, 403, 429}

Query = Mapping[str, str | int | list[str]]


class _OverSocket(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with sockets.short(self._path) as name:
            self.sock.connect(name)


@dataclass(frozen=True, slots=True)
class Client:
    """Knows where a daemon is."""

    place: str  # a path, or http://HOST:PORT
    token: str | None = None
    seconds: float = _SECONDS

    def get(self, path: str, query: Query | None = None) -> dict[str, Any]:
        """Ask for a document.

        Raises:
            DaemonNotRunningError: Nobody listens there.
            DaemonAnswerError: What came is no answer of a daemon, or came too late.
            DaemonRefusedError: The daemon does not let us in.
            UsageError: There is no such thing, or it is not called so.
        """
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return self._ask("GET", path + asked, None)

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Send a command.

        Raises:
            SeedboxError: See `get`.
        """
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, target: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = self._connection()
        try:
            connection.request(method, target, body, headers)
            with connection.getresponse() as reply:  # it may own the socket by then
                return self._answer(reply.status, self._read(reply))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise DaemonNotRunningError(self.place) from error
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise DaemonAnswerError(self.place, f"did not answer: {why}") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if not self.place.startswith("http://"):
            return _OverSocket(Path(self.place), self.seconds)
        url = urlsplit(self.place)
        return http.client.HTTPConnection(url.hostname or "", url.port, timeout=self.seconds)

    def _read(self, reply: http.client.HTTPResponse) -> bytes:
        due, read = time.monotonic() + self.seconds, bytearray()
        while chunk := reply.read1(_CHUNK):
            read += chunk
            if len(read) > _MOST:
                raise DaemonAnswerError(self.place, f"sent over {_MOST:,} bytes")
            if time.monotonic() > due:
                raise DaemonAnswerError(self.place, f"took over {self.seconds:g} seconds")
        return bytes(read)

    def _answer(self, status: int, body: bytes) -> dict[str, Any]:
        """Return a document, or raise what was refused."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise DaemonAnswerError(self.place, f"answered {status} with what is no JSON object")
        if status == http.client.OK:
            return document
        error = document.get("error")
        told = error if isinstance(error, dict) else {}
        code, message, hint = (str(told.get(key, "")) for key in ("code", "message", "hint"))
        if status in _NOT_LET_IN:
            raise DaemonRefusedError(self.place, code, message, hint)
        if status in _MISNAMED and message:
            raise UsageError(message, hint)
        raise DaemonAnswerError(self.place, f"answered {status}: {message or 'nothing more'}")


def named(name: str) -> str:
    """Return a word as a part of a path."""
    return quote(name, safe="")


# --- which daemon -----------------------------------------------------------------------------


def find(api: str | None, state: Path | None, token_file: Path | None, home: Path) -> Client:
    """Return a client of the daemon that is meant.

    Args:
        api: A URL or the path of a socket, if one was given.
        state: A daemon's state folder, if one was given.
        token_file: Holds the token for a URL; else it is looked for in `state`.
        home: The folder that holds the state folders of all daemons.

    Raises:
        UsageError: What was given is neither; or there are several daemons, and none was given.
        DaemonNotRunningError: There is none.
        DiskError: The token cannot be read.
    """
    if api is not None and "://" in api:
        return Client(_checked(api), _token(state, token_file))
    if api is not None:
        return Client(api)
    if state is not None:
        return Client(str(state / SOCKET))
    found = [path for path in sorted(home.glob(f"daemon-*/{SOCKET}")) if _alive(path)]
    if not found:
        raise DaemonNotRunningError(str(home))
    if len(found) > 1:
        places = ", ".join(str(path.parent) for path in found)
        hint = "Pass the --state of one of them."
        raise UsageError(f"{len(found)} daemons are running: {places}", hint)
    return Client(str(found[0]))


def _alive(path: Path) -> bool:
    return stat.S_ISSOCK(path.lstat().st_mode) and sockets.answers(path)


def _checked(url: str) -> str:
    """Return a URL that names a host and a port, and nothing else."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "http" and parts.hostname and parts.port
        right = plain and parts.path in {"", "/"} and not (parts.query or parts.fragment)
        if right and "@" not in parts.netloc:
            return f"http://{parts.netloc}"
    except ValueError:  # no port, or no address in brackets
        pass
    raise UsageError(f"{url!r} is no address of a daemon", "Write http://HOST:PORT.")


def _token(state: Path | None, token_file: Path | None) -> str | None:
    if token_file is not None:
        return tokens.read_token(token_file)
    return None if state is None else tokens.read_token(state / tokens.NAME)
