"""One connection: bounded in total time and in bytes, whatever the other side does.

http.client bounds each read and not all of them together, so a server that sends a byte a second
would hold it for ever. Here every wait looks at one deadline, and every byte is counted.
"""

from __future__ import annotations

import errno
import functools
import io
import ipaddress
import os
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

_TLS_WANTS: dict[type[OSError], int] = {
    ssl.SSLWantReadError: select.POLLIN,
    ssl.SSLWantWriteError: select.POLLOUT,
}
_SLICE = 0.05  # seconds; how soon a wait sees that nobody wants the answer any more


class OutOfTimeError(Exception):
    """The deadline has passed."""


class TooMuchError(Exception):
    """More bytes came than anybody allowed."""


class CancelledError(Exception):
    """Nobody wants the answer any more."""


def never() -> bool:
    """Want the answer, however long it takes until the deadline."""
    return False


class Deadline:
    """When all of a request, its redirects included, has to be over."""

    def __init__(self, seconds: float, cancelled: Callable[[], bool] = never) -> None:
        """Begin to count.

        Args:
            seconds: From now.
            cancelled: Says that nobody wants the answer any more; asked twenty times a second.
        """
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._cancelled = cancelled

    def renew(self) -> None:
        """Begin to count again: what was waited for until now has come."""
        self._end = time.monotonic() + self.seconds

    def check(self) -> float:
        """Return the seconds that are left.

        Raises:
            OutOfTimeError: There are none.
            CancelledError: Nobody wants the answer.
        """
        if self._cancelled():
            raise CancelledError
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutOfTimeError
        return left

    def wait(self, sock: socket.socket, event: int) -> None:
        """Wait until a socket can be read from or written to."""
        poll = select.poll()
        poll.register(sock, event)
        while not poll.poll(min(self.check(), _SLICE) * 1000):
            pass


class Wire:
    """A connection as http.client takes one: `sendall`, `makefile`, `close`."""

    def __init__(self, sock: socket.socket, deadline: Deadline, *, public: bool) -> None:
        """Take over a connected socket that does not block."""
        self._socket = sock
        self._deadline = deadline
        self.public = public  # the other side is on the internet, not on this machine or network
        self.allowed = 0  # bytes that may still come

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on.

        Raises:
            ssl.SSLError: The certificate does not prove that this is the host.
        """
        # A connection that is cut must not pass for the end of a document.
        secured = context.wrap_socket(
            self._socket,
            server_hostname=host,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,
        )
        self._socket = secured
        self._patiently(secured.do_handshake, select.POLLIN)

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        sent = 0
        while sent < len(data):
            rest = memoryview(data)[sent:]
            sent += self._patiently(functools.partial(self._socket.send, rest), select.POLLOUT)

    def receive(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer as much as there is.

        Raises:
            TooMuchError: More came than is allowed.
        """
        if self.allowed <= 0:
            raise TooMuchError
        view = memoryview(buffer)[: self.allowed]
        count = self._patiently(lambda: self._socket.recv_into(view), select.POLLIN)
        self.allowed -= count
        return count

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what http.client reads from."""
        del mode  # always "rb"
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Leave it open: http.client closes it as soon as it knows where the body ends."""

    def _patiently(self, call: Callable[[], T], event: int) -> T:
        """Call what would block, again and again until it does not.

        Args:
            call: Raises if it would block.
            event: What it waits for, unless TLS has something of its own to do first.
        """
        while True:
            self._deadline.check()
            try:
                return call()
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                self._deadline.wait(self._socket, _TLS_WANTS.get(type(error), event))


class _Incoming(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._wire.receive(buffer)


def connect(host: str, port: int, deadline: Deadline, *, only_public: bool = False) -> Wire:
    """Connect to the first address of a host that takes a connection.

    Args:
        host: A name or an address.
        port: Of TCP.
        deadline: Holds for all addresses together. Looking up a name is the system's, which gives
            up by itself.
        only_public: A server on the internet has sent us here.

    Raises:
        OSError: No address, none that answers, or one that we may not be sent to.
    """
    refused: OSError = OSError(errno.EADDRNOTAVAIL, "it has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        public = is_public(str(address[0]))
        if only_public and not public:
            why = "it is on this machine or its network, and a public server redirects there"
            raise OSError(errno.EACCES, why)
        sock = socket.socket(family, kind, protocol)
        try:
            _connect(sock, address, deadline)
        except OSError as error:
            sock.close()
            refused = error
        except BaseException:
            sock.close()
            raise
        else:
            return Wire(sock, deadline, public=public)
    raise refused


def is_public(address: str) -> bool:
    """Tell whether an address is one of the internet, and not of this machine or its network."""
    return ipaddress.ip_address(address.partition("%")[0]).is_global


def _connect(sock: socket.socket, address: tuple[object, ...], deadline: Deadline) -> None:
    sock.settimeout(0)
    code = sock.connect_ex(address)
    if code == errno.EINPROGRESS:
        deadline.wait(sock, select.POLLOUT)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))
