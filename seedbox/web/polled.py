"""Documents that are asked for again and again: only what has changed is sent (RFC 9110, 13).

How long an answer is good for is what Cache-Control says (RFC 9111, 5.2.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from seedbox.web.client import Answer, answered
from seedbox.web.wire import Deadline, never

_OK, _NOT_MODIFIED = 200, 304
_GONE = {404, 410}
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,200}"')  # RFC 9110, 8.8.3, without obs-text
_DATE = re.compile(r"[A-Za-z0-9 ,:+-]{1,64}", re.ASCII)
_MAX_AGE = re.compile(r"max-age=\"?(\d{1,19})\"?", re.IGNORECASE | re.ASCII)
_AT_ONCE = {"no-cache", "no-store"}


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one version of a document from another, as its server has it."""

    etag: str | None = None
    modified: str | None = None  # Last-Modified

    @property
    def headers(self) -> dict[str, str]:
        """The conditions of a request that wants only another version."""
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of asking."""

    body: bytes | None  # None: it is as it was
    validators: Validators
    max_age: float | None  # seconds; None: the server does not say


def poll(
    url: str,
    seen: Validators | None,
    *,
    limit: int,
    timeout: float = 30.0,
    cancelled: Callable[[], bool] = never,
) -> Polled | None:
    """Ask for a document, unless it is as it was.

    Args:
        url: Of https or http.
        seen: What its server said of the version that is here; None: none is here.
        limit: Bytes at most.
        timeout: Seconds for all of it, redirects included.
        cancelled: Says that nobody wants it any more.

    Returns:
        None: the server has no such document (404, 410).

    Raises:
        UnreachableError: Nobody could be asked.
        WebError: Anything else came, or it is longer, or it takes longer.
        CancelledError: Nobody wants it any more.
    """
    conditions = {} if seen is None else seen.headers
    with answered(url, conditions, Deadline(timeout, cancelled)) as answer:
        if answer.status in _GONE:
            return None
        if answer.status == _NOT_MODIFIED:
            if seen is None or not conditions:
                raise answer.wrong("answers 304 to whoever has nothing yet")
            return Polled(None, _joined(_validators(answer), seen), _max_age(answer))
        if answer.status != _OK:
            raise answer.refusal()
        return Polled(answer.body(limit), _validators(answer), _max_age(answer))


def _validators(answer: Answer) -> Validators:
    """Return what is fit to be sent back; a server that talks nonsense is asked for all of it."""
    etag, modified = answer.header("ETag"), answer.header("Last-Modified")
    return Validators(
        etag if etag and _ETAG.fullmatch(etag) else None,
        modified if modified and _DATE.fullmatch(modified) else None,
    )


def _joined(new: Validators, old: Validators) -> Validators:
    """Return what holds after a 304, which need not repeat everything."""
    return Validators(new.etag or old.etag, new.modified or old.modified)


def _max_age(answer: Answer) -> float | None:
    """Return for how many seconds the server says that the document is good."""
    values = answer.response.headers.get_all("Cache-Control", [])
    said = [part.strip() for value in values for part in value.split(",")]
    if any(part.lower() in _AT_ONCE for part in said):
        return 0.0
    ages = [float(found[1]) for part in said if (found := _MAX_AGE.fullmatch(part))]
    return min(ages, default=None)
