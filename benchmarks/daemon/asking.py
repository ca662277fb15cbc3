"""What others see of a seeder: the tracker that it announces to, and a peer that calls it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from seedbox.engine.scrape import scrape
from seedbox.errors import SeedboxError

TRACKER_PORT = 36969
TRACKER = f"udp://127.0.0.1:{TRACKER_PORT}/announce"
HANDSHAKE = 68  # bytes (BEP 3)
INTERESTED = struct.pack("!IB", 1, 2)
_BITFIELD, _HAVE_ALL = 5, 14  # BEP 3, BEP 6
_AT_ONCE = 740  # info-hashes of one question to the tracker; ten packets


@contextlib.contextmanager
def tracking(hashes: Iterable[bytes]) -> Iterator[None]:
    """Run opentracker, which Debian builds to know listed torrents only."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)  # it gives up its rights after the start
        (folder / "list").write_text("".join(f"{each.hex()}\n" for each in hashes))
        port = str(TRACKER_PORT)
        command = ["opentracker", "-i", "127.0.0.1", "-p", port, "-P", port, "-d", made]
        # Run as root it lives in the folder, which is its / then.
        listed = ["-w", "/list" if os.geteuid() == 0 else str(folder / "list")]
        with subprocess.Popen(
            [*command, *listed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as tracker:
            try:
                _wait_for(TRACKER_PORT)
                yield
            finally:
                tracker.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


class Announced:
    """Which torrents a tracker knows a seed of; those it knows are not asked for again."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        """Take the info-hashes."""
        self._missing = list(hashes)

    def missing(self) -> int:
        """Ask, and return how many it does not know."""
        self._missing = asyncio.run(self._ask())
        return len(self._missing)

    async def _ask(self) -> list[bytes]:
        left: list[bytes] = []
        for start in range(0, len(self._missing), _AT_ONCE):
            asked = self._missing[start : start + _AT_ONCE]
            try:
                told = await scrape(TRACKER, asked)
            except SeedboxError:
                left += asked  # it has other things to do
                continue
            unknown = [each for each in asked if each not in told or not told[each].seeds]
            left += unknown
            if len(unknown) == len(asked):  # programs announce in some order: the rest comes later
                return left + self._missing[start + _AT_ONCE :]
        return left


# --- a peer that calls ------------------------------------------------------------------------


def shake_hands(port: int, digest: bytes, peer: int = 0) -> socket.socket:
    """Return a connection on which both sides have named the torrent."""
    name = b"-XX0001-%012d" % peer
    source = (f"127.0.0.{peer + 2}", 0)  # programs take one connection of each address
    connection = socket.create_connection(("127.0.0.1", port), 10, source)
    with contextlib.ExitStack() as stack:
        stack.callback(connection.close)
        connection.sendall(b"\x13BitTorrent protocol" + bytes(8) + digest + name + INTERESTED)
        named = receive(connection, HANDSHAKE)[28:48]
        assert named == digest, f"the seeder named {named.hex()}, not {digest.hex()}"
        stack.pop_all()
    return connection


def receive(connection: socket.socket, size: int) -> bytes:
    """Return so many bytes."""
    told = bytearray()
    while len(told) < size:
        more = connection.recv(size - len(told))
        if not more:
            raise ConnectionError("the seeder hung up")
        told += more
    return bytes(told)


def has_all(port: int, digest: bytes, pieces: int = 1) -> bool:
    """Tell whether a seeder says that it has every piece of a torrent."""
    kind, message = None, b""
    try:
        with shake_hands(port, digest) as connection:
            while kind not in {_BITFIELD, _HAVE_ALL}:
                (size,) = struct.unpack("!I", receive(connection, 4))
                message = receive(connection, size)
                kind = message[0] if message else None
    except OSError:
        return False
    return kind == _HAVE_ALL or int.from_bytes(message[1:]).bit_count() == pieces


def answering(port: int, hashes: Sequence[bytes], seed: int, count: int = 20) -> tuple[int, int]:
    """Return of how many torrents, chosen at random, a seeder has every piece, and how many."""
    chosen = random.Random(seed).sample(hashes, min(count, len(hashes)))
    return sum(has_all(port, digest) for digest in chosen), len(chosen)
