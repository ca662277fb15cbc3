"""A client that asks for blocks and throws them away, so that the seeder is what is measured.

Run by `run_daemons.py` in a process of its own: prints seconds of wall time and of its own CPU.
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
import sys
import time
from dataclasses import dataclass

from asking import receive, shake_hands

_BLOCK = 16 * 1024  # bytes
_HEAD = 5  # bytes: the length of a message, and its kind (BEP 3)
_DEPTH = 250  # blocks asked for at once; as many as common clients let wait
_CHOKE, _UNCHOKE, _PIECE = 0, 1, 7
_BUFFER = 4 * 1024 * 1024  # bytes
_STALL = 20.0  # seconds


@dataclass(slots=True)
class Leecher:
    """One connection, and how far it is."""

    connection: socket.socket
    first: int  # block
    wanted: int  # blocks
    blocks: int  # of the torrent
    in_piece: int  # blocks
    asked: int = 0  # blocks
    came: int = 0  # blocks, the last of them perhaps only begun
    choked: bool = False
    head: bytes = b""  # of a message, until it is whole
    left: int = 0  # bytes of a message that are still to come

    def ask(self) -> None:
        """Ask for more once half of what was asked for has come."""
        waiting = self.asked - self.came
        if self.choked or waiting > _DEPTH // 2 or self.asked >= self.wanted:
            return
        questions = bytearray()
        for _ in range(min(_DEPTH - waiting, self.wanted - self.asked)):
            piece, at = divmod((self.first + self.asked) % self.blocks, self.in_piece)
            questions += struct.pack("!IBIII", 13, 6, piece, at * _BLOCK, _BLOCK)
            self.asked += 1
        self.connection.sendall(questions)

    def take(self, data: memoryview) -> None:
        """Count the blocks in what came; the seeder may also choke us, and go on later."""
        at, end = min(self.left, len(data)), len(data)
        self.left -= at
        while at < end:
            more = data[at : at + _HEAD - len(self.head)]
            at += len(more)
            self.head += more
            if len(self.head) < _HEAD:
                return
            size, kind = struct.unpack("!IB", self.head)
            self.head = b""
            if kind == _PIECE:
                self.came += 1
            elif kind in {_CHOKE, _UNCHOKE}:
                self.choked = kind == _CHOKE
                if self.choked:
                    self.asked = self.came  # BEP 3: what was asked for is forgotten
            self.left = size - 1
            step = min(self.left, end - at)
            self.left -= step
            at += step

    @property
    def done(self) -> bool:
        """Everything has come."""
        return self.came >= self.wanted and not self.left and not self.head


def _wait_until_let(connection: socket.socket) -> None:
    message = b""
    while message[:1] != bytes([_UNCHOKE]):
        (size,) = struct.unpack("!I", receive(connection, 4))
        message = receive(connection, size)


def drain(
    port: int, digest: bytes, size: int, piece: int, leechers: int, total: int
) -> tuple[float, float]:
    """Take so many bytes in all by so many connections; return wall and CPU seconds."""
    blocks, wanted = size // _BLOCK, total // leechers // _BLOCK
    made = []
    for number in range(leechers):
        connection = shake_hands(port, digest, number)
        connection.settimeout(_STALL)
        _wait_until_let(connection)
        first = number * blocks // leechers
        made.append(Leecher(connection, first, wanted, blocks, piece // _BLOCK))
    began, busy = time.perf_counter(), time.process_time()
    with selectors.DefaultSelector() as selector:
        for leecher in made:
            selector.register(leecher.connection, selectors.EVENT_READ, leecher)
            leecher.ask()
        _take(selector, len(made))
    took = time.perf_counter() - began, time.process_time() - busy
    for leecher in made:
        leecher.connection.close()
    return took


def _take(selector: selectors.BaseSelector, live: int) -> None:
    buffer = memoryview(bytearray(_BUFFER))
    while live:
        ready = selector.select(_STALL)
        if not ready:
            raise TimeoutError(f"nothing came for {_STALL:g} seconds")
        for key, _ in ready:
            leecher: Leecher = key.data
            came = leecher.connection.recv_into(buffer)
            if not came:
                raise ConnectionError("the seeder hung up")
            leecher.take(buffer[:came])
            if leecher.done:
                selector.unregister(leecher.connection)
                live -= 1
            else:
                leecher.ask()


def main() -> None:
    """Drain as the arguments say."""
    port, digest, *numbers = sys.argv[1:]
    size, piece, leechers, total = map(int, numbers)
    print(json.dumps(drain(int(port), bytes.fromhex(digest), size, piece, leechers, total)))


if __name__ == "__main__":
    main()
