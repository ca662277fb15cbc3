"""Why a request is refused: one code each, with its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS: Mapping[str, tuple[int, str]] = {
    "bad-http": (400, "What came is no HTTP/1.1 request, or its head is over 16 KiB."),
    "bad-query": (400, "A parameter is unknown, stands twice, or has a value that it cannot have."),
    "bad-body": (400, "The body is no JSON object, or not the one that the path takes."),
    "token-missing": (401, "On TCP every request carries `Authorization: Bearer TOKEN`."),
    "token-wrong": (401, "The token is not the one of this daemon."),
    "foreign-host": (403, "`Host` is neither this machine nor the address that is listened on."),
    "foreign-origin": (403, "The request comes from a page of somebody else."),
    "unknown-path": (404, "There is nothing at this path."),
    "unknown-shard": (404, "The daemon has no such shard."),
    "unknown-dataset": (404, "The daemon has no such dataset."),
    "method-not-allowed": (405, "The path has another method; `Allow` names it."),
    "body-too-late": (408, "The body did not come in time."),
    "ambiguous-shard": (409, "Several shards have this name; `data` lists their keys."),
    "body-too-large": (413, "The body is over 64 KiB."),
    "content-type": (415, "A body is JSON, and says so."),
    "too-many-requests": (429, "More requests came than are answered; `Retry-After` says when."),
    "bug": (500, "Something that nobody foresaw; the daemon has logged it and goes on."),
    "too-many-connections": (503, "Every connection, or every stream, that there may be is open."),
    "stopping": (503, "The daemon is about to end."),
}


class ApiError(Exception):
    """A request that is refused."""

    def __init__(
        self, code: str, message: str, hint: str, *, data: Mapping[str, Any] | None = None
    ) -> None:
        """Say what is wrong and what to do; `code` is one of KINDS."""
        super().__init__(message)
        self.status = KINDS[code][0]
        self.code, self.message, self.hint = code, message, hint
        self.data = data or {}

    @property
    def document(self) -> dict[str, Any]:
        """The answer, shaped as errors of the command line are."""
        told = {"code": self.code, "message": self.message, "hint": self.hint, "data": self.data}
        return {"error": told}

    @property
    def headers(self) -> dict[str, str]:
        """What HTTP wants beside the document (RFC 9110, RFC 6750)."""
        match self.status:
            case 401:
                return {"WWW-Authenticate": "Bearer"}
            case 429 | 503:
                return {"Retry-After": "1"}
            case _:
                return {}
