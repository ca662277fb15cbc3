"""Trackers for UDP (BEP 15): a small one of our own that can misbehave, and Debian's opentracker.

The one for HTTP is in `web`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import struct
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

import pytest

from support.swarm import DEADLINE, free_port

# libtorrent keeps the connection (BEP 15) of a tracker for a minute, by its address without the
# port, over all sessions of a process: each tracker has an address of its own.
_HOSTS = (f"127.1.{n // 250}.{n % 250 + 1}" for n in itertools.count())

CONNECTION = bytes.fromhex("00000417 27101980")  # BEP 15
Twist = Callable[[bytes], Iterable[bytes]]


def as_it_is(answer: bytes) -> list[bytes]:
    return [answer]


class UdpTracker(asyncio.DatagramProtocol):
    """Takes every announce, and counts seeds and leechers as it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.announces: list[tuple[float, bytes, int]] = []  # when, info-hash, event (BEP 15)
        self.counts: dict[bytes, tuple[int, int, int]] = {}  # seeds, downloads, leechers
        self.batches: list[int] = []  # info-hashes of each scrape
        self.connects = 0
        self.drop = 0  # how many packets to lose
        self.interval = 1800  # seconds
        self.twist: Twist = as_it_is  # what to send in place of an answer to a scrape
        self._transport: asyncio.DatagramTransport | None = None
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.drop:
            self.drop -= 1
            return
        for answer in self._answers(data):
            assert self._transport is not None
            self._transport.sendto(answer, addr)
        self._news.set()

    def _answers(self, data: bytes) -> Iterable[bytes]:
        connection, (action,), transaction = data[:8], struct.unpack("!I", data[8:12]), data[12:16]
        if action == 0:
            assert connection == CONNECTION
            self.connects += 1
            return [struct.pack("!I", 0) + transaction + b"our-conn"]
        assert connection == b"our-conn"
        if action == 1:
            (event,) = struct.unpack("!I", data[80:84])
            self.announces.append((asyncio.get_running_loop().time(), data[16:36], event))
            return [struct.pack("!I4sIII", 1, transaction, self.interval, 0, 1)]
        hashes = [data[at : at + 20] for at in range(16, len(data), 20)]
        self.batches.append(len(hashes))
        counts = (struct.pack("!III", *self.counts.get(digest, (0, 0, 0))) for digest in hashes)
        return self.twist(struct.pack("!I", 2) + transaction + b"".join(counts))

    def events(self, event: int) -> list[bytes]:
        """The info-hashes that were announced with an event: 0 none, 2 started, 3 stopped."""
        return [digest for _, digest, given in self.announces if given == event]

    async def until(self, event: int, count: int) -> list[bytes]:
        """Wait for announces with an event."""
        async with asyncio.timeout(DEADLINE):
            while len(found := self.events(event)) < count:
                self._news.clear()
                await self._news.wait()
        return found


@contextlib.asynccontextmanager
async def udp_tracking(host: str | None = None) -> AsyncIterator[UdpTracker]:
    """Run a tracker in the loop of the test."""
    host = host or next(_HOSTS)
    loop = asyncio.get_running_loop()
    transport, tracker = await loop.create_datagram_endpoint(UdpTracker, local_addr=(host, 0))
    port = transport.get_extra_info("sockname")[1]
    tracker.url = f"udp://{f'[{host}]' if ':' in host else host}:{port}/announce"
    try:
        yield tracker
    finally:
        transport.close()


@contextlib.contextmanager
def opentracker(hashes: Iterable[bytes]) -> Iterator[str]:
    """Run Debian's opentracker for some info-hashes of 20 bytes; gives its host and port.

    It is built to refuse others.
    """
    program = shutil.which("opentracker")
    if program is None:
        pytest.skip("opentracker is not installed (Debian: opentracker)")
    host, port = next(_HOSTS), free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        white = Path(folder, "white")
        white.write_text("".join(f"{digest.hex()}\n" for digest in hashes))
        listen = ["-i", host, "-p", str(port), "-P", str(port)]
        # As root it changes into the folder for good, as anybody else it only goes there.
        where = "/white" if is_root() else str(white)
        command = [program, *listen, "-d", folder, "-w", where]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield f"{host}:{port}"
        finally:
            process.terminate()
            process.wait(DEADLINE)


def is_root() -> bool:
    return Path("/proc/self").stat().st_uid == 0
