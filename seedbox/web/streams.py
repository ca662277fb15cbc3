"""Files by HTTP that are too large for memory: what a server says of them, and their bytes.

The bytes of one file may come in several answers. That they are all of the same state of the
file is held by what the server says of it: a strong ETag or the time of change (RFC 9110, 8.8),
and the length. A digest that comes along (RFC 9530, RFC 3230) is of the whole file.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seedbox.errors import OriginChangedError, WebError
from seedbox.web.client import Answer, answered
from seedbox.web.wire import Deadline, never

_MOST = 1 << 60  # bytes of a file
_READ = 64 * 1024  # bytes at a time, each within the time that silence may last
_HEADERS = 64 * 1024  # bytes; the heads of chunks
_OK, _PARTIAL, _NOT_SATISFIABLE = 200, 206, 416
_TOTAL = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19})", re.ASCII)
_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]{0,200}"')  # RFC 9110, 8.8.3; W/ makes a weak one
_SHA256 = re.compile(r"(?:^|,)\s*sha-256\s*=\s*(:?)([A-Za-z0-9+/]{43}=)\1\s*(?:,|$)", re.IGNORECASE)
_HINT = "Have the server say how long the file is, or name its size and SHA-256 in the list."


@dataclass(frozen=True, slots=True)
class State:
    """What a server says of a file, without its bytes."""

    size: int  # bytes
    etag: str | None = None  # a strong one
    modified: str | None = None  # Last-Modified, as it was sent
    sha256: bytes | None = None  # of the whole file

    @property
    def validator(self) -> str | None:
        """What tells this state of the file from another, as If-Range takes it."""
        return self.etag or self.modified

    def joined(self, other: State) -> State:
        """Return what both say together."""
        etag, modified = self.etag or other.etag, self.modified or other.modified
        return State(self.size, etag, modified, self.sha256 or other.sha256)

    def differs(self, other: State) -> tuple[str, str] | None:
        """Return in what two states of one file differ, in words; None: in nothing.

        What only one of them says is no difference.
        """
        pairs = [
            (f"{self.size:,} bytes", f"{other.size:,} bytes"),
            (self.etag, other.etag),
            (self.modified, other.modified),
            (self.sha256 and self.sha256.hex(), other.sha256 and other.sha256.hex()),
        ]
        for was, now in pairs:
            if was and now and was != now:
                return was, now
        return None


@dataclass(frozen=True, slots=True)
class Stream:
    """Bytes of a file under way."""

    start: int  # of the first byte; 0 if the server sends the whole file, whatever was asked for
    state: State
    _answer: Answer
    _stop: int
    _renew: Callable[[], None]

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes up to the end that was asked for, as they come.

        Raises:
            WebError: They do not all come.
        """
        left, unheard = self._stop - self.start, _READ
        while left:
            chunk = self._answer.response.read1(min(_READ, left))
            if not chunk:
                done = self._stop - self.start - left
                reason = f"broke off after {done:,} of {done + left:,} bytes"
                raise WebError(self._answer.place.shown, reason, "Try again.", passing=True)
            left -= len(chunk)
            unheard -= len(chunk)
            if unheard <= 0:
                unheard = _READ
                self._renew()
            yield chunk


def look(url: str, *, timeout: float = 30.0, cancelled: Callable[[], bool] = never) -> State:
    """Ask what a file is like: by HEAD, and by a range of one byte where that says too little.

    Raises:
        UnreachableError: Nobody could be asked.
        WebError: There is no such file, or nobody says how long it is.
        CancelledError: Nobody wants it any more.
    """
    with answered(url, {}, Deadline(timeout, cancelled), "HEAD") as answer:
        if answer.status == _OK and (size := answer.length(_MOST)) is not None:
            return _state(answer, size)
    with answered(url, {"Range": "bytes=0-0"}, Deadline(timeout, cancelled)) as answer:
        if answer.status in {_PARTIAL, _NOT_SATISFIABLE}:
            found = _TOTAL.fullmatch(answer.header("Content-Range") or "")
            if found and (answer.status == _PARTIAL or found[3] == "0"):
                return _state(answer, int(found[3]))
        elif answer.status != _OK:
            raise answer.refusal()
        elif (size := answer.length(_MOST)) is not None:
            return _state(answer, size)
        raise answer.wrong("does not say how long it is", _HINT)


@contextlib.contextmanager
def stream(
    url: str,
    state: State,
    span: tuple[int, int],
    *,
    silence: float = 30.0,
    cancelled: Callable[[], bool] = never,
) -> Iterator[Stream]:
    """Ask for the bytes of a file from the start of a span up to, and without, its stop.

    Args:
        url: Of https or http.
        state: What the server said of the file before.
        span: First byte, and the byte after the last.
        silence: Seconds for the head of the answer, and then for each 64 KiB.
        cancelled: Says that nobody wants it any more.

    Raises:
        UnreachableError: Nobody could be asked.
        OriginChangedError: The file is not what it was.
        WebError: Anything but these bytes comes.
        CancelledError: Nobody wants it any more.
    """
    start, stop = span
    headers = {}
    if (start, stop) != (0, state.size):
        headers["Range"] = f"bytes={start}-{stop - 1}"
        if state.validator:
            headers["If-Range"] = state.validator
    deadline = Deadline(silence, cancelled)
    with answered(url, headers, deadline) as answer:
        deadline.renew()
        found = _held(url, state, answer, span)
        begin = start if answer.status == _PARTIAL else 0
        answer.wire.allowed += 2 * (stop - begin) + _HEADERS
        yield Stream(begin, found, answer, stop, deadline.renew)


def _held(url: str, state: State, answer: Answer, span: tuple[int, int]) -> State:
    """Return what an answer with bytes says of the file, which is what it was.

    Raises:
        OriginChangedError: It is not.
        WebError: The answer is none of these bytes.
    """
    start, stop = span
    if answer.status == _OK:
        size = answer.length(_MOST)
        found = _state(answer, state.size if size is None else size)
    elif answer.status in {_PARTIAL, _NOT_SATISFIABLE}:
        said = answer.header("Content-Range") or "no Content-Range"
        match = _TOTAL.fullmatch(said)
        if match is None:
            raise answer.wrong(f"answers {answer.status} with {said[:80]!r}")
        found = _state(answer, int(match[3]))
    else:
        raise answer.refusal()
    if change := state.differs(found):
        raise OriginChangedError(url, was=change[0], now=change[1])
    if answer.status == _OK:
        return found
    if match is None or (match[1], match[2]) != (str(start), str(stop - 1)):
        raise answer.wrong(
            f"answers {answer.status} with {said[:80]!r}, asked for {start}-{stop - 1}"
        )
    if answer.length(stop - start) not in {None, stop - start}:
        raise answer.wrong(f"sends another length than {stop - start:,} bytes as {said[:80]!r}")
    return found


def _state(answer: Answer, size: int) -> State:
    etag = answer.header("ETag") or ""
    return State(
        size,
        etag if _ETAG.fullmatch(etag) else None,
        _fixed(answer),
        _digest(answer),
    )


def _fixed(answer: Answer) -> str | None:
    """Return the time of change, if a change since would show in it (RFC 9110, 8.8.2.2)."""
    modified = answer.header("Last-Modified")
    return modified if modified and modified != answer.header("Date") else None


def _digest(answer: Answer) -> bytes | None:
    """Return the SHA-256 that the server says the whole file has."""
    for name in ("Repr-Digest", "Digest"):
        if found := _SHA256.search(answer.header(name) or ""):
            with contextlib.suppress(binascii.Error):  # as good as none
                return base64.b64decode(found[2], validate=True)
    return None
