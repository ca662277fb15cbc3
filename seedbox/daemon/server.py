"""The interface, served in the daemon's own loop: `async with serving(daemon, where): …`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from seedbox.daemon import connections, sockets
from seedbox.daemon.answering import Answers
from seedbox.daemon.api.daemon import Daemon
from seedbox.daemon.api.gate import Rules
from seedbox.daemon.app import RATE, Gate, application
from seedbox.daemon.streams import Hub
from seedbox.engine.base import Endpoint
from seedbox.jobs.events import Note, OnEvent, Warned

_KEEP_ALIVE = 5  # seconds between two requests on a connection
_ENDING = 0.5  # seconds for answers under way, when the daemon ends


@dataclass(frozen=True, slots=True)
class OnSocket:
    """A Unix socket; the file system says who may connect."""

    path: Path


@dataclass(frozen=True, slots=True)
class OnAddress:
    """An address, and the token that every request has to carry."""

    endpoint: Endpoint
    token: str


class _Server(uvicorn.Server):
    """uvicorn within a loop that is not its own: no signals, and no waking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the daemon."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and say so."""
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; who has not got an answer soon gets none."""
        loop = asyncio.get_running_loop()
        cutting = loop.call_later(_ENDING, self._cut)
        await super().shutdown(sockets)
        cutting.cancel()

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


@contextlib.asynccontextmanager
async def serving(
    daemon: Daemon,
    where: Sequence[OnSocket | OnAddress],
    *,
    tell: Callable[[str], None],
    rate: float = RATE,
) -> AsyncIterator[tuple[str, ...]]:
    """Serve the interface of a daemon while the context lasts; it ends within a second or so.

    Args:
        daemon: Asked in this loop.
        where: To listen; nothing is served before all of them do.
        tell: Gets a line about whatever nobody foresaw.
        rate: Requests/s that each listener answers.

    Yields:
        The addresses, as a client takes them: a path, or a URL.

    Raises:
        DaemonRunningError: Another daemon listens on the socket.
        DestinationTakenError, DiskError: The socket cannot be made.
        ApiAddressError: The address is taken, or not ours.
    """
    answers, hub = Answers(daemon, time.time), Hub(daemon)
    app = application(answers, hub, tell)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(answers.close)
        bound = [_bind(each, stack) for each in where]
        hearing = asyncio.create_task(hub.run())
        stack.push_async_callback(_end, hearing)
        servers = []
        for each, sock in zip(where, bound, strict=True):
            server = _Server(_config(Gate(app, _rules(each, sock), time.monotonic, rate=rate)))
            stack.push_async_callback(_stop, server, asyncio.create_task(server.serve([sock])))
            servers.append(server)
        stack.callback(hub.stop)
        await asyncio.gather(*(server.ready.wait() for server in servers))
        yield tuple(map(_name, where, bound))
        for server in servers:
            server.stop.set()  # all at once, not one after the other


def beside(
    where: Sequence[OnSocket | OnAddress], on_event: OnEvent
) -> Callable[[Daemon], Coroutine[None, None, None]]:
    """Return what serves the interface of a daemon until it is cancelled, for `run_daemon`.

    It raises what `serving` raises.
    """

    async def serve(daemon: Daemon) -> None:
        async with serving(daemon, where, tell=lambda line: on_event(Warned(line))) as places:
            for place in places:
                on_event(Note(f"asked at {place}"))
            await asyncio.Event().wait()

    return serve


async def _stop(server: _Server, task: asyncio.Task[None]) -> None:
    server.stop.set()
    await task


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _bind(where: OnSocket | OnAddress, stack: contextlib.AsyncExitStack) -> socket.socket:
    if isinstance(where, OnAddress):
        return stack.enter_context(sockets.bind_address(where.endpoint))
    sock = sockets.bind_path(where.path)
    stack.callback(sockets.remove, where.path, sock, where.path.lstat().st_ino)
    return sock


def _bound(where: OnAddress, sock: socket.socket) -> Endpoint:
    """Return the address with the port that the system chose."""
    return Endpoint(where.endpoint.host, sock.getsockname()[1])


def _rules(where: OnSocket | OnAddress, sock: socket.socket) -> Rules:
    if isinstance(where, OnSocket):
        return Rules.local()
    host, _, port = str(_bound(where, sock)).rpartition(":")
    return Rules.bound(host, int(port), where.token)


def _name(where: OnSocket | OnAddress, sock: socket.socket) -> str:
    return str(where.path) if isinstance(where, OnSocket) else f"http://{_bound(where, sock)}"


def _config(app: Gate) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http=connections.Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",  # what strangers send fills no log; what fails here, `tell` gets
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        h11_max_incomplete_event_size=connections.HEAD,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=1,
    )
