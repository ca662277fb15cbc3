"""Who may ask, and how often: decided from a request's head alone, before anything is read.

A page of somebody else in the user's browser is kept out three times: by `Host`, which it cannot
choose (DNS rebinding); by `Origin` and `Sec-Fetch-Site`, which its browser adds; and on TCP by the
token, which it does not have. A state can only be changed with a body that says it is JSON, which
no form can send (CSRF).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from seedbox.daemon.api.problems import ApiError

_LOCAL = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a listener asks of a request."""

    hosts: frozenset[str]  # values that `Host` may have
    token: bytes | None = None  # None: the file system says who may connect

    @classmethod
    def local(cls) -> Rules:
        """Return the rules of a Unix socket."""
        return cls(frozenset(_LOCAL))

    @classmethod
    def bound(cls, host: str, port: int, token: str) -> Rules:
        """Return the rules of an address; `host` is in brackets if it is IPv6."""
        names = (*_LOCAL, host)
        hosts = {f"{name}:{port}" for name in names} | ({*names} if port == _HTTP else set())
        return cls(frozenset(hosts), token.encode())


_HTTP = 80  # the port that `Host` leaves out


def check(headers: Mapping[str, str], rules: Rules) -> None:
    """Let a request pass, or not.

    Args:
        headers: By name in lower case.
        rules: Of the listener that it came by.

    Raises:
        ApiError: It may not.
    """
    host = headers.get("host", "").lower()
    if host not in rules.hosts:
        raise ApiError(
            "foreign-host",
            f"Host {host[:100]!r} is neither this machine nor the address that is listened on",
            "Ask by the address that the daemon listens on, or by localhost.",
        )
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if (origin is not None and origin.lower() != f"http://{host}") or site in _FOREIGN:
        raise ApiError(
            "foreign-origin",
            f"the request comes from a page of {(origin or 'another site')[:100]!r}",
            "Ask from a program, or from a page that this daemon serves.",
        )
    if rules.token is not None:
        _check_token(headers.get("authorization"), rules.token)


_FOREIGN = {"cross-site", "same-site"}  # what is not the same origin (Fetch Metadata)


def _check_token(given: str | None, token: bytes) -> None:
    hint = "Send `Authorization: Bearer TOKEN`; TOKEN is in the file api.token of the daemon."
    if given is None:
        raise ApiError("token-missing", "the request has no token", hint)
    scheme, _, credentials = given.partition(" ")
    # latin-1 is what header bytes were read as, so that nothing is lost or refused on the way.
    same = hmac.compare_digest(credentials.strip().encode("latin-1"), token)
    if scheme.lower() != "bearer" or not same:
        raise ApiError("token-wrong", "the token is not the one of this daemon", hint)


def check_type(content_type: str | None) -> None:
    """Let a body pass that says it is JSON.

    Raises:
        ApiError: It says something else, or nothing.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(
            "content-type",
            f"the body is {kind[:100] or 'of no stated type'!r}, not 'application/json'",
            "Send JSON, and `Content-Type: application/json`.",
        )


@dataclass(slots=True)
class Bucket:
    """So many requests a second, and some at once; two numbers, however many ask."""

    rate: float  # requests/s
    burst: float
    left: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        """Begin full."""
        self.left = self.burst

    def take(self, now: float) -> None:
        """Take one.

        Raises:
            ApiError: None is left.
        """
        self.left = min(self.burst, self.left + max(0.0, now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            raise ApiError(
                "too-many-requests",
                f"more than {self.rate:g} requests came in a second",
                "Wait a second; ask for larger pages, or listen to /v1/events.",
            )
        self.left -= 1
