"""Connections to the interface: every one has an end, whatever the other side does or does not.

uvicorn reads and writes HTTP; here are the limits that it does not have. A head has to be there in
time; who takes nothing of an answer is let go; and where as many are connected as may be, whoever
has not asked anything makes room for the next.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from seedbox.daemon.answering import encoded
from seedbox.daemon.api.problems import ApiError

MOST = 64  # connections to one listener
HEAD = 16 * 1024  # bytes of a request's head
HEAD_SECONDS = 10.0  # from the first byte of a head to its last, and from connecting
TAKING_SECONDS = 10.0  # without the other side taking anything


class Connection(H11Protocol):
    """One connection."""

    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # None before the first request
    opened = 0.0  # on the loop's clock
    _head_due: asyncio.TimerHandle | None = None
    _taking_due: asyncio.TimerHandle | None = None

    @property
    def _waits(self) -> bool:
        """No request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it in, if there is room or can be made."""
        others = [
            other
            for other in self.connections
            if isinstance(other, Connection) and not other.transport.is_closing()
        ]
        super().connection_made(transport)
        if len(others) >= MOST:
            idle = [other for other in others if other._waits]  # noqa: SLF001  (its own class)
            if not idle:
                self._refuse()
                return
            min(idle, key=lambda other: other.opened).transport.abort()
        self.opened = self.loop.time()
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that has begun has to end."""
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        """Begin with what has come meanwhile; what is left of the answer has to be taken."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_taking()
        elif not self._waits or self.conn.trailing_data[0]:
            self._watch_head()

    def pause_writing(self) -> None:
        """Wait for the other side, but not for ever."""
        super().pause_writing()
        self._watch_taking()

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._taking_due is not None and not self.transport.is_closing():
            self._taking_due.cancel()
            self._taking_due = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, as everything is refused here."""
        error = ApiError("bad-http", f"what came is no HTTP/1.1: {msg}", "Send HTTP/1.1.")
        body = encoded(error.document)
        try:
            sent = [
                self.conn.send(_head(400, len(body))),
                self.conn.send(h11.Data(data=body)),
                self.conn.send(h11.EndOfMessage()),
            ]
        except h11.LocalProtocolError:  # it is in the middle of an answer
            self.transport.abort()
            return
        self.transport.write(b"".join(part for part in sent if part))
        self._end()

    def _refuse(self) -> None:
        """Say that there is no room; nobody has asked anything yet."""
        error = ApiError(
            "too-many-connections",
            f"{MOST} connections are open, and each is being answered",
            "Ask again in a second.",
        )
        body = encoded(error.document)
        sending = h11.Connection(h11.SERVER)
        parts = (_head(503, len(body)), h11.Data(data=body), h11.EndOfMessage())
        self.transport.write(b"".join(sending.send(part) or b"" for part in parts))
        self._end()

    def _end(self) -> None:
        self.transport.close()
        self._watch_taking()

    # --- deadlines ----------------------------------------------------------------------------

    def _watch_head(self) -> None:
        """Let the time run that a head may take, or stop it once the head is there."""
        if not self._waits:
            if self._head_due is not None:
                self._head_due.cancel()
                self._head_due = None
        elif self._head_due is None and not self.transport.is_closing():
            self._head_due = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _watch_taking(self) -> None:
        if self._taking_due is None:
            self._taking_due = self.loop.call_later(TAKING_SECONDS, self.transport.abort)

    def _cancel(self) -> None:
        for due in (self._head_due, self._taking_due):
            if due is not None:
                due.cancel()


def _head(status: int, length: int) -> h11.Response:
    """Return the head of an answer that ends the connection."""
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(length)),
        ("Connection", "close"),
    ]
    return h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase)
