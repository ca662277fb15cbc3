"""The OpenAPI 3.1 document, from the same declarations that requests are routed and read by."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from seedbox.daemon.api.documents import SHAPES
from seedbox.daemon.api.operations import OPERATIONS, Operation
from seedbox.daemon.api.problems import KINDS
from seedbox.daemon.api.queries import Parameter
from seedbox.daemon.api.shapes import TEXT, Document

_ABOUT = (
    "What a seedbox daemon holds, serves and announces, and the commands that it takes. It listens "
    "on a Unix socket, without a token; on TCP only when asked, with one. Times are seconds since "
    "the epoch, UTC; sizes are bytes; rates are bytes/s. Keys may be added within /v1."
)
_EVENTS = (
    "Events named after `kind`, whose data is a Shard, a Manifest or Traffic. Each has an id; a "
    "client that comes back with `Last-Event-ID` is told what it has missed. Where that is not "
    "known any more, or the client is too slow, it gets `resync`: read everything anew."
)


def openapi(version: str) -> Document:
    """Return the document.

    Args:
        version: Of seedbox.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "seedbox",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR, **{shape.name: shape.schema for shape in SHAPES}},
        },
    }


_ERROR = {
    "type": "object",
    "description": "A refusal, shaped as errors of the command line are.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint", "data"],
            "properties": {
                "code": {"type": "string", "enum": list(KINDS)},
                "message": TEXT,
                "hint": TEXT,
                "data": {"type": "object"},
            },
        }
    },
}


def _operation(operation: Operation) -> Document:
    described: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [_parameter(each) for each in operation.parameters],
        "responses": {"200": _answer(operation), **_refusals(operation.codes)},
    }
    if operation.body is not None:
        content = {"application/json": {"schema": operation.body}}
        described["requestBody"] = {"required": operation.body_needed, "content": content}
    return described


def _answer(operation: Operation) -> Document:
    schema: Any = {"type": "object"} if operation.answer is None else operation.answer.ref
    if operation.media != "application/json":
        content = {operation.media.partition(";")[0]: {"schema": TEXT}}
        events = operation.media == "text/event-stream"
        return {"description": _EVENTS if events else operation.summary, "content": content}
    return {"description": "As asked.", "content": {operation.media: {"schema": schema}}}


def _refusals(codes: Iterable[str]) -> Document:
    """Return the answers that are errors, by status, each with the codes that it may have."""
    told: dict[int, list[str]] = {}
    for code in codes:
        status, meaning = KINDS[code]
        told.setdefault(status, []).append(f"`{code}`: {meaning}")
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        str(status): {
            "description": "\n".join([HTTPStatus(status).phrase, "", *meanings]),
            "content": content,
        }
        for status, meanings in sorted(told.items())
    }


def _parameter(parameter: Parameter) -> Document:
    schema: dict[str, Any] = dict(parameter.kind.schema)
    if parameter.repeated:
        schema = {"type": "array", "items": schema, "maxItems": 16}
    if parameter.default is not None:
        schema["default"] = parameter.default
    described: Document = {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "required": parameter.in_path,
        "description": parameter.about,
        "schema": schema,
    }
    return {**described, "style": "form", "explode": True} if parameter.repeated else described
