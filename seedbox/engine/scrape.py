"""How large swarms are, asked of trackers for many torrents at once (BEP 15, BEP 48).

libtorrent asks for one info-hash of one torrent at a time. A packet of UDP takes 74, a request of
HTTP some 50. What comes back is taken for hostile: anything but the answer to what was asked is an
error that names the tracker. Which swarm of a hybrid counts is the caller's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote_from_bytes, urlsplit

from seedbox import web
from seedbox.errors import InvalidTorrentError, UnreachableError, WebError
from seedbox.torrent import fields
from seedbox.torrent.bencode import Limits, Value, decode_dict

UDP_BATCH, HTTP_BATCH = 74, 50  # info-hashes in one question (BEP 15: "up to about 74")
_HASH_BYTES = 20
_LIMITS = Limits(size=64 * 1024, depth=6, values=2_000)
_MOST_COUNT = 1 << 32
_MAGIC = 0x41727101980  # BEP 15: what the first packet begins with
_CONNECT, _SCRAPE, _ERROR = 0, 2, 3  # BEP 15: actions
_CONNECTION_LASTS = 50.0  # seconds; BEP 15: a minute
_TRIES = 3  # packets get lost
_WORDS = 200  # characters of what a tracker writes
_ANNOUNCE = re.compile(r"(.*/)announce([^/]*)", re.DOTALL)
_MEND = "Have the tracker mended, or use another one."
_LATER = "Try again later, or use another tracker."


@dataclass(frozen=True, slots=True)
class Counts:
    """How large a swarm is, as a tracker says."""

    seeds: int
    leechers: int
    downloads: int  # how many peers have said that they have all of it, ever


async def scrape(
    tracker: str, hashes: Sequence[bytes], *, seconds: float = 10.0
) -> Mapping[bytes, Counts]:
    """Ask a tracker how large swarms are.

    Nothing is returned if one of several questions fails: ask for a few hundred at a time.

    Args:
        tracker: Its announce URL, of udp, http or https.
        hashes: Info-hashes of 20 bytes; of v2 the first 20.
        seconds: Until each question must be answered, with its repetitions.

    Returns:
        What the tracker knows. One of UDP has no way to leave out what it does not know: it says 0.

    Raises:
        UnreachableError: Nobody could be asked.
        WebError: It does not scrape, does not answer, refuses, or answers something else.
    """
    wanted = sorted(set(hashes))  # trackers answer in the order that is asked, and keys are sorted
    if any(len(digest) != _HASH_BYTES for digest in wanted):
        raise ValueError("trackers know torrents by 20 bytes")
    if tracker.startswith("udp://"):
        return await _scrape_udp(tracker, wanted, seconds)
    found: dict[bytes, Counts] = {}
    for batch in _batches(wanted, HTTP_BATCH):
        found |= await asyncio.to_thread(_scrape_http, tracker, batch, seconds)
    return found


def _batches(hashes: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(hashes), size):
        yield hashes[start : start + size]


# --- HTTP (BEP 48) ----------------------------------------------------------------------------


def _scrape_http(tracker: str, hashes: Sequence[bytes], seconds: float) -> dict[bytes, Counts]:
    path, _, query = tracker.partition("?")
    parts = _ANNOUNCE.fullmatch(path)
    if parts is None:
        hint = "Use a tracker whose URL ends in /announce (BEP 48)."
        raise WebError(tracker, "cannot be scraped: its URL does not say where", hint)
    asked = "&".join(f"info_hash={quote_from_bytes(digest, safe='')}" for digest in hashes)
    url = f"{parts[1]}scrape{parts[2]}?{query}{'&' if query else ''}{asked}"
    try:
        body = web.fetch(url, limit=_LIMITS.size, timeout=seconds).body
    except WebError as error:  # without the question in its name, which is long
        kind = type(error)
        raise kind(tracker, error.reason, error.hint, passing=error.passing) from error
    try:
        return _counts(body, set(hashes))
    except InvalidTorrentError as error:
        reason = f"does not answer as BEP 48 has it: {error.message}"
        raise WebError(tracker, reason, _MEND) from error
    except _RefusedError as error:
        raise WebError(tracker, f"refuses to be scraped: {error}", _LATER) from error


class _RefusedError(Exception):
    """What the tracker says instead."""


def _counts(body: bytes, asked: set[bytes]) -> dict[bytes, Counts]:
    top, _ = decode_dict(body, _LIMITS)
    if (failure := fields.optional(top, b"failure reason", bytes)) is not None:
        raise _RefusedError(_readable(failure))
    files: dict[bytes, Value] = fields.get(top, b"files", dict)
    if foreign := [digest for digest in files if digest not in asked]:
        raise InvalidTorrentError(f"it counts {foreign[0][:_HASH_BYTES].hex()}, not asked for")
    return {digest: _count(fields.get(files, digest, dict)) for digest in files}


def _count(file: dict[bytes, Value]) -> Counts:
    numbers = [
        fields.get(file, b"complete", int),
        fields.get(file, b"incomplete", int),
        fields.optional(file, b"downloaded", int) or 0,
    ]
    for number in numbers:
        if not 0 <= number < _MOST_COUNT:
            raise InvalidTorrentError(f"it counts {number} peers")
    return Counts(*numbers)


def _readable(words: bytes) -> str:
    """Return what a tracker wrote, as it may be shown."""
    text = words[: 4 * _WORDS].decode(errors="replace")[:_WORDS]
    return "".join(mark if mark.isprintable() else "�" for mark in text)


# --- UDP (BEP 15) -----------------------------------------------------------------------------


async def _scrape_udp(tracker: str, hashes: Sequence[bytes], seconds: float) -> dict[bytes, Counts]:
    addresses = await _addresses(tracker, seconds)
    for address in addresses[:-1]:
        with contextlib.suppress(UnreachableError):  # the next one may be there
            return await _ask(tracker, address, hashes, seconds)
    return await _ask(tracker, addresses[-1], hashes, seconds)


async def _addresses(tracker: str, seconds: float) -> list[tuple[str, int]]:
    """Look up where a tracker is, by IPv6 and IPv4; at least one address."""
    host, port = _place(tracker)
    try:
        async with asyncio.timeout(seconds):
            places = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )
    except (OSError, UnicodeError, TimeoutError) as error:
        reason = str(error) or "its name is not looked up in time"
        raise UnreachableError(
            tracker, f"cannot be reached: {reason}", _LATER, passing=True
        ) from error
    return list(dict.fromkeys((str(place[4][0]), int(place[4][1])) for place in places))


def _place(tracker: str) -> tuple[str, int]:
    try:
        parts = urlsplit(tracker)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        hint = "A tracker of UDP is written udp://host:port/announce."
        raise WebError(repr(tracker[:_WORDS]), "names no host and port", hint)
    return host, port


async def _ask(
    tracker: str, address: tuple[str, int], hashes: Sequence[bytes], seconds: float
) -> dict[bytes, Counts]:
    loop = asyncio.get_running_loop()
    try:
        transport, line = await loop.create_datagram_endpoint(
            lambda: _Line(tracker), remote_addr=address
        )
    except OSError as error:
        reason = f"cannot be reached: {error.strerror or error}"
        raise UnreachableError(tracker, reason, _LATER, passing=True) from error
    try:
        found: dict[bytes, Counts] = {}
        connection, until = b"", 0.0
        for batch in _batches(hashes, UDP_BATCH):
            if loop.time() >= until:
                hello = struct.pack("!Q", _MAGIC)
                connection = await line.ask(hello, _CONNECT, b"", seconds, size=8)
                until = loop.time() + _CONNECTION_LASTS
            size = 12 * len(batch)
            answer = await line.ask(connection, _SCRAPE, b"".join(batch), seconds, size=size)
            counts = struct.iter_unpack("!III", answer)
            found |= {
                digest: Counts(seeds, leechers, downloads)
                for digest, (seeds, downloads, leechers) in zip(batch, counts, strict=True)
            }
        return found
    finally:
        transport.close()


class _Line(asyncio.DatagramProtocol):
    """One socket that talks to one address; what others send does not get here."""

    def __init__(self, tracker: str) -> None:
        self._tracker = tracker
        self._came: asyncio.Queue[bytes | Exception] = asyncio.Queue(maxsize=64)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not proven by isinstance: asyncio's own is no subclass of it before Python 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 -- its base's
        self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc)

    def _put(self, what: bytes | Exception) -> None:
        if not self._came.full():  # a flood: what is asked for may be asked for again
            self._came.put_nowait(what)

    async def ask(
        self, connection: bytes, action: int, body: bytes, seconds: float, *, size: int
    ) -> bytes:
        """Return what answers a question, after its action and transaction; `size` bytes.

        Raises:
            UnreachableError: The other machine has nobody there, or nothing came in time.
            WebError: What came is no answer.
        """
        transaction = secrets.token_bytes(4)
        question = connection + struct.pack("!I", action) + transaction + body
        heard = "does not answer"
        for _ in range(_TRIES):
            if self._transport is not None:
                self._transport.sendto(question)
            try:
                async with asyncio.timeout(seconds / _TRIES):
                    while (came := await self._next())[4:8] != transaction:
                        heard = "answers with another transaction, or less than one"
                    return self._answer(came, action, size)
            except TimeoutError:
                continue
        reason = f"{heard} within {seconds:g} seconds"
        raise UnreachableError(self._tracker, reason, _LATER, passing=True)

    async def _next(self) -> bytes:
        came = await self._came.get()
        if isinstance(came, OSError):
            reason = f"cannot be reached: {came.strerror or came}"
            raise UnreachableError(self._tracker, reason, _LATER, passing=True) from came
        if isinstance(came, Exception):
            raise came
        return came

    def _answer(self, came: bytes, action: int, size: int) -> bytes:
        (given,) = struct.unpack("!I", came[:4])
        if given == _ERROR:
            words = _readable(came[8:])
            raise WebError(self._tracker, f"refuses to be scraped: {words}", _LATER)
        if given != action or len(came) != 8 + size:
            reason = f"answers action {action} by {given} with {len(came) - 8:,} bytes, not {size}"
            raise WebError(self._tracker, reason, _MEND)
        return came[8:]
