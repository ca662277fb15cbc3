"""The interface as an ASGI application: who may ask, what is asked, what is answered or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from seedbox.daemon.answering import Answers, encoded
from seedbox.daemon.api import gate
from seedbox.daemon.api.operations import OPERATIONS, Operation
from seedbox.daemon.api.problems import ApiError
from seedbox.daemon.api.queries import EventsQuery
from seedbox.daemon.connections import HEAD
from seedbox.daemon.streams import Hub

BODY = 64 * 1024  # bytes
BODY_SECONDS = 10.0  # from the head to the last byte
RATE, BURST = 100.0, 300.0  # requests/s of one listener, and at once
_WRONG_RATE = 10.0  # requests/s that may not ask, and are told why
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Gate:
    """Lets requests in that may ask, as often as they may."""

    def __init__(
        self, app: ASGIApp, rules: gate.Rules, clock: Callable[[], float], *, rate: float = RATE
    ) -> None:
        """Guard `app`; `clock` only ever rises, in seconds."""
        self._app, self._rules, self._clock = app, rules, clock
        self._right = gate.Bucket(rate, rate * BURST / RATE)
        self._wrong = gate.Bucket(_WRONG_RATE, 10 * _WRONG_RATE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            self._check(scope)
        except ApiError as error:
            # What follows of it is not read; the connection could not be used again.
            await _refusal(error, {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        try:
            gate.check(_headers(scope), self._rules)
        except ApiError:
            self._wrong.take(self._clock())
            raise
        self._right.take(self._clock())


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers of a request, by name in lower case.

    Raises:
        ApiError: The head is too large: h11 only sees to that while it waits for more of one.
    """
    fields = scope["headers"]
    if sum(len(k) + len(v) + 4 for k, v in fields) + len(scope["raw_path"]) > HEAD:
        message = f"the head of the request is over {HEAD:,} bytes"
        raise ApiError("bad-http", message, "Send fewer or shorter headers.")
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in fields}


def application(answers: Answers, hub: Hub, tell: Callable[[str], None]) -> Starlette:
    """Return the application.

    Args:
        answers: Has a method for each operation that is answered with JSON.
        hub: Has the streams.
        tell: Gets a line about whatever nobody foresaw.
    """

    def bug(_: Request, error: Exception) -> Response:
        tell(f"the interface has a bug: {type(error).__name__}: {error}")
        hint = "Report it with what the daemon has logged."
        return _refusal(ApiError("bug", "nobody foresaw this; the daemon goes on", hint))

    app = Starlette(
        routes=[_route(each, answers, hub) for each in OPERATIONS],
        exception_handlers={
            ApiError: _on_refusal,
            HTTPException: _on_http,
            ClientDisconnect: _on_gone,
            Exception: bug,
        },
    )
    app.router.redirect_slashes = False
    return app


def _route(operation: Operation, answers: Answers, hub: Hub) -> Route:
    async def stream(request: Request) -> Response:
        asked = operation.asked(request.path_params, request.scope["query_string"])
        if not isinstance(asked, EventsQuery):
            raise TypeError(f"{operation.name} is asked with {type(asked).__name__}")
        events = hub.listen(asked, request.headers.get("last-event-id"))
        headers = {**_HEADERS, "Connection": "close"}  # when it ends, so does the connection
        return StreamingResponse(events, headers=headers, media_type=operation.media)

    async def endpoint(request: Request) -> Response:
        answer: Callable[..., Awaitable[bytes]] = getattr(answers, operation.name)
        asked = operation.asked(request.path_params, request.scope["query_string"])
        given: tuple[object, ...] = ()
        if operation.read is not None:
            given = (operation.read(await _body(request, needed=operation.body_needed)),)
        body = await answer(asked, *given)
        return Response(body, 200, _HEADERS, media_type=operation.media)

    chosen = stream if operation.query is EventsQuery else endpoint
    route = Route(operation.path, chosen, methods=[operation.method])
    if chosen is stream and route.methods is not None:
        route.methods.discard("HEAD")  # what would never end has no head of its own
    return route


async def _body(request: Request, *, needed: bool) -> bytes:
    """Return the body of a request.

    Raises:
        ApiError: It is not JSON, too large or too late.
    """
    declared = request.headers.get("content-length", "0")
    if needed or declared != "0" or "transfer-encoding" in request.headers:
        gate.check_type(request.headers.get("content-type"))
    large = ApiError("body-too-large", f"the body is over {BODY:,} bytes", "Send less at once.")
    if int(declared) > BODY:  # h11 has seen to it that these are digits, and not many
        raise large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY:
                    raise large
    except TimeoutError:
        message = f"the body did not come within {BODY_SECONDS:g} seconds"
        raise ApiError("body-too-late", message, "Send it at once.") from None
    return bytes(body)


def _json(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    told = {**_HEADERS, **(headers or {})}
    return Response(body, status, told, media_type="application/json")


def _refusal(error: ApiError, headers: dict[str, str] | None = None) -> Response:
    return _json(error.status, encoded(error.document), {**error.headers, **(headers or {})})


def _on_refusal(request: Request, error: Any) -> Response:  # noqa: ANN401  (an ApiError)
    has_body = {"content-length", "transfer-encoding"} & {*request.headers}
    return _refusal(error, {"Connection": "close"} if has_body else None)


def _on_http(request: Request, error: Any) -> Response:  # noqa: ANN401  (an HTTPException)
    if error.status_code == 405:  # noqa: PLR2004  (Starlette knows two refusals)
        allowed = error.headers["Allow"]
        told = ApiError(
            "method-not-allowed", f"{request.method[:20]} is not for this path", f"Use {allowed}."
        )
        return _refusal(told, {"Allow": allowed, "Connection": "close"})
    message = f"there is nothing at {request.url.path[:100]!r}"
    told = ApiError("unknown-path", message, "See /openapi.json for what there is.")
    return _refusal(told, {"Connection": "close"})


def _on_gone(request: Request, error: Exception) -> Response:
    """Answer nobody: the other side left in the middle of its body."""
    del request, error
    return Response(status_code=400)
