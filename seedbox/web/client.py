"""HTTP/1.1 requests for documents and byte ranges (RFC 9110, 9112), strict about the answers.

What comes is exactly what was asked for, or an error says what came instead. Proxies that
variables such as HTTPS_PROXY name are not used: what they serve proves nothing of the server.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse

from seedbox import __version__
from seedbox.errors import UnreachableError, WebError
from seedbox.web import urls
from seedbox.web.urls import Place
from seedbox.web.wire import (
    Deadline,
    OutOfTimeError,
    TooMuchError,
    Wire,
    connect,
    never,
)

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_MOST_HEADERS = 64 * 1024  # bytes
_MOST_WHOLE = 1024 * 1024  # bytes of a file that is taken whole to cut a range from it
_CHUNK = 64 * 1024  # bytes
_OK, _PARTIAL, _NOT_SATISFIABLE = 200, 206, 416
_LATER = {429, 503}
_BROKEN = 500  # and above
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(?:\d{1,19}|\*)", re.ASCII)
_LENGTH = re.compile(r"\d{1,19}", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_MEND = "Have the server mended, or use another one."


@dataclass(frozen=True, slots=True)
class Page:
    """A document."""

    body: bytes
    url: str  # where it was in the end, as it may be shown
    type: str  # Content-Type; empty if the server does not say


def fetch(
    url: str, *, limit: int, timeout: float = 30.0, cancelled: Callable[[], bool] = never
) -> Page:
    """Get a document.

    Args:
        url: Of https or http.
        limit: Bytes at most.
        timeout: Seconds for all of it, redirects included.
        cancelled: Says that nobody wants it any more.

    Raises:
        UnreachableError: Nobody could be asked.
        WebError: Anything but the document came, or it is longer, or it takes longer.
        CancelledError: Nobody wants it any more.
    """
    with answered(url, {}, Deadline(timeout, cancelled)) as answer:
        if answer.status != _OK:
            raise answer.refusal()
        body = answer.body(limit)
        return Page(body, answer.place.shown, answer.header("Content-Type") or "")


def fetch_range(
    url: str,
    start: int,
    stop: int,
    *,
    timeout: float = 30.0,
    cancelled: Callable[[], bool] = never,
) -> bytes:
    """Get the bytes of a file from `start` up to, and without, `stop`: never fewer or more.

    Args:
        url: Of https or http.
        start: First byte.
        stop: Byte after the last one.
        timeout: Seconds for all of it, redirects included.
        cancelled: Says that nobody wants it any more.

    Raises:
        UnreachableError: Nobody could be asked.
        WebError: Anything but these bytes came, or it takes longer.
        CancelledError: Nobody wants it any more.
    """
    span = f"bytes={start}-{stop - 1}"
    with answered(url, {"Range": span}, Deadline(timeout, cancelled)) as answer:
        if answer.status == _PARTIAL:
            return answer.part(start, stop)
        if answer.status == _OK:
            return answer.cut(start, stop)
        raise answer.refusal()


@contextlib.contextmanager
def answered(
    url: str, headers: dict[str, str], deadline: Deadline, method: str = "GET"
) -> Iterator[Answer]:
    """Ask, go where redirects lead, and hold what is answered there.

    What goes wrong on the way, also in the block, is an error that names the URL.
    """
    place = urls.parse(url)
    public = False
    for _ in range(_MOST_REDIRECTS + 1):
        with _named(place, deadline), _connected(place, deadline, only_public=public) as wire:
            response = _asked(wire, place, headers, method)
            answer = Answer(place, response, wire, deadline)
            if answer.status not in _REDIRECTS:
                yield answer
                return
            place = urls.follow(place, answer.header("Location") or "")
            public = public or wire.public
    hint = "Ask for the URL that they lead to in the end."
    raise WebError(urls.parse(url).shown, f"redirects more than {_MOST_REDIRECTS} times", hint)


@contextlib.contextmanager
def _named(place: Place, deadline: Deadline) -> Iterator[None]:
    """Turn what goes wrong on the way into an error that names the URL."""
    try:
        yield
    except OutOfTimeError:
        reason = f"did not answer in full within {deadline.seconds:g} seconds"
        hint = "Try again later, or use a faster server."
        raise WebError(place.shown, reason, hint, passing=True) from None
    except TooMuchError:
        reason = "sends more than it may: endless headers, or chunks of next to nothing"
        raise WebError(place.shown, reason, _MEND) from None
    except (HTTPException, ValueError) as error:
        words = str(error) or type(error).__name__
        reason = f"does not answer as HTTP has it: {words[:200]}"
        hung_up = isinstance(error, OSError)  # http.client has an exception that is both
        raise WebError(place.shown, reason, _MEND, passing=hung_up) from error
    except OSError as error:
        reason = f"broke off: {_words(error)}"
        raise WebError(place.shown, reason, "Try again.", passing=True) from error


@contextlib.contextmanager
def _connected(place: Place, deadline: Deadline, *, only_public: bool) -> Iterator[Wire]:
    """Hold a connection to a server that has proved to be the one in the URL."""
    with contextlib.ExitStack() as stack:
        try:
            wire = connect(place.host, place.port, deadline, only_public=only_public)
            stack.enter_context(wire)
            if place.scheme == "https":
                wire.secure(_trusted(), place.host)
        except ssl.SSLCertVerificationError as error:
            reason = f"has a certificate that proves nothing: {error.verify_message}"
            hint = "Have the server's certificate mended; see also SSL_CERT_FILE."
            raise UnreachableError(place.shown, reason, hint) from error
        except OutOfTimeError:
            reason = f"cannot be reached within {deadline.seconds:g} seconds"
            hint = "Check the URL, and that it can be reached without a proxy; none is used."
            raise UnreachableError(place.shown, reason, hint, passing=True) from None
        except (OSError, UnicodeError) as error:
            hint = "Check the URL, and that it can be reached without a proxy; none is used."
            reason = f"cannot be reached: {_words(error)}"
            raise UnreachableError(place.shown, reason, hint, passing=_may_pass(error)) from error
        yield wire


@functools.cache
def _context(seen: tuple[str | None, ...]) -> ssl.SSLContext:
    del seen
    return ssl.create_default_context()


def _trusted() -> ssl.SSLContext:
    """Return what certificates are held against: what the system trusts, read once."""
    paths = ssl.get_default_verify_paths()
    return _context((paths.cafile, paths.capath))


def _may_pass(error: Exception) -> bool:
    """Tell whether a server that could not be reached may be reached the next time."""
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN  # a name that nobody knows stays unknown
    return isinstance(error, OSError) and error.errno != errno.EACCES  # see `connect`


def _words(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return f"its name has no address ({error.strerror})"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _asked(wire: Wire, place: Place, headers: dict[str, str], method: str) -> HTTPResponse:
    """Send the request and read the head of the answer."""
    connection = HTTPConnection(place.host, place.port)
    connection.sock = wire
    connection.putrequest(method, place.target, skip_host=True, skip_accept_encoding=True)
    sent = {
        "Host": place.authority,
        "User-Agent": f"seedbox/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders()
    wire.allowed = _MOST_HEADERS
    return connection.getresponse()


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer, and the way to its body."""

    place: Place
    response: HTTPResponse
    wire: Wire
    deadline: Deadline

    @property
    def status(self) -> int:
        """What the server says of the request."""
        return self.response.status

    def header(self, name: str) -> str | None:
        """Return a header that may come once.

        Raises:
            WebError: It comes with two values.
        """
        values = {value.strip() for value in self.response.headers.get_all(name, [])}
        if len(values) > 1:
            raise self.wrong(f"sends {name} twice: {_short(', '.join(sorted(values)))}")
        return values.pop() if values else None

    def body(self, limit: int) -> bytes:
        """Return the whole body, as it lies on the server.

        Raises:
            WebError: It is longer than `limit`, compressed, or not what the head says.
        """
        length = self.length(limit)
        self.wire.allowed += 2 * limit + _MOST_HEADERS  # chunks have heads of their own
        body = bytearray()
        while chunk := self.response.read(min(_CHUNK, limit + 1 - len(body))):
            body += chunk
            if len(body) > limit:
                raise self.wrong(f"sends more than {limit:,} bytes, and more are not taken")
        if length is not None and len(body) != length:
            raise self.wrong(f"broke off after {len(body):,} of {length:,} bytes", "Try again.")
        return bytes(body)

    def length(self, limit: int) -> int | None:
        """Return how long the body is to be, if the head says so.

        Raises:
            WebError: It is longer than `limit`, compressed, or the head makes no sense.
        """
        encoding = self.header("Content-Encoding") or "identity"
        if encoding.lower() != "identity":
            hint = "Have the server send files as they are; clients of BitTorrent ask for bytes."
            raise self.wrong(f"sends Content-Encoding {_short(encoding)}, not asked for", hint)
        coding = self.header("Transfer-Encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise self.wrong(f"sends Transfer-Encoding {_short(coding)}, not asked for")
            return None
        declared = self.header("Content-Length")
        if declared is None:
            return None
        if not _LENGTH.fullmatch(declared):
            raise self.wrong(f"sends Content-Length {_short(declared)}")
        if int(declared) > limit:
            raise self.wrong(f"is {int(declared):,} bytes long, at most {limit:,} are taken")
        return int(declared)

    def part(self, start: int, stop: int) -> bytes:
        """Return the body of a 206, which has to be just the bytes that were asked for."""
        found = self.header("Content-Range") or "no Content-Range"
        match = _CONTENT_RANGE.fullmatch(found)
        if match is None or (int(match[1]), int(match[2])) != (start, stop - 1):
            raise self.wrong(f"answers 206 with {_short(found)}, not bytes {start}-{stop - 1}")
        body = self.body(stop - start)
        if len(body) != stop - start:
            raise self.wrong(f"sends {len(body):,} bytes as {_short(found)}")
        return body

    def cut(self, start: int, stop: int) -> bytes:
        """Return the bytes that were asked for out of a 200: the whole of a small file."""
        declared = self.header("Content-Length") or ""
        if stop > _MOST_WHOLE or (
            _LENGTH.fullmatch(declared) is not None and int(declared) > _MOST_WHOLE
        ):
            hint = "Serve the files by a server that knows Range requests; most do."
            raise self.wrong("ignores Range and answers 200 with the whole file", hint)
        body = self.body(_MOST_WHOLE)
        if len(body) < stop:
            raise self.wrong(f"has {len(body):,} bytes, too few for bytes {start}-{stop - 1}")
        return body[start:stop]

    def refusal(self) -> WebError:
        """Return what to raise for a status that is not one of success."""
        status = self.status
        reason = f"answers {status} {_short(self.response.reason, quoted=False)}".rstrip()
        if status == _NOT_SATISFIABLE:
            has = self.header("Content-Range") or "it does not say what it has"
            return self.wrong(f"{reason}: the file is shorter ({_short(has, quoted=False)})")
        later = self.header("Retry-After")
        if status in _LATER:
            if later:
                seconds = " seconds" if later.isdecimal() else ""
                reason = f"{reason}, and to come back after {_short(later, quoted=False)}{seconds}"
            hint = "Try again later; the server has enough to do."
            return WebError(self.place.shown, reason, hint, passing=True, after=self.later())
        if status >= _BROKEN:
            hint = "Try again later, or have the server mended."
            return WebError(self.place.shown, reason, hint, passing=True)
        return self.wrong(reason, "Check that it lies there, and that everybody may ask for it.")

    def wrong(self, reason: str, hint: str = _MEND) -> WebError:
        """Return what to raise for an answer that is not what was asked for."""
        return WebError(self.place.shown, reason, hint)

    def later(self) -> float | None:
        """Return how many seconds the server wants to be left alone (RFC 9110, 10.2.3)."""
        said = self.header("Retry-After") or ""
        if _SECONDS.fullmatch(said):
            return float(said)
        try:
            then = parsedate_to_datetime(said)
            now = parsedate_to_datetime(self.header("Date") or "")
            return max(0.0, (then - now).total_seconds())
        except (TypeError, ValueError):  # it says nothing, or nothing that can be told from here
            return None


def _short(text: str, *, quoted: bool = True) -> str:
    """Return what a server says as it may stand in a message."""
    return repr(text[:80]) if quoted else repr(text[:80])[1:-1]
