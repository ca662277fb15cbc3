"""One declaration: the routes, the parsers, the OpenAPI document and docs/api.md agree."""

import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from seedbox.daemon.answering import Answers
from seedbox.daemon.api.openapi import openapi
from seedbox.daemon.api.operations import OPERATIONS, Operation
from seedbox.daemon.api.problems import KINDS, ApiError

DOCUMENT = openapi("0.1.0")
PAGE = (Path(__file__).parents[4] / "docs" / "api.md").read_text("utf-8")


def test_the_document_has_every_operation_and_nothing_else() -> None:
    described = {
        (each["operationId"], path, method.upper())
        for path, methods in DOCUMENT["paths"].items()
        for method, each in methods.items()
    }

    assert described == {(each.name, each.path, each.method) for each in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_operation_has_an_answer_that_takes_what_is_asked(operation: Operation) -> None:
    assert operation.name == "events" or inspect.iscoroutinefunction(
        getattr(Answers, operation.name)
    )
    made = operation.query
    assert is_dataclass(made)
    assert {each.name for each in fields(made)} == {each.name for each in operation.parameters}
    assert set(re.findall(r"{(\w+)}", operation.path)) == {
        each.name for each in operation.parameters if each.in_path
    }


def test_every_reference_in_the_document_leads_somewhere() -> None:
    named = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}

    assert set(references(DOCUMENT)) == named


def test_the_page_lists_every_path_and_every_code() -> None:
    rows = [tuple(cell.strip() for cell in row.split("|")[1:-1]) for row in PAGE.splitlines()]

    assert {row for row in rows if len(row) == 3 and row[0] in {"GET", "POST"}} == {
        (each.method, f"`{each.path}`", each.summary) for each in OPERATIONS
    }
    assert [row for row in rows if len(row) == 3 and row[1].isdecimal()] == [
        (f"`{code}`", str(status), meaning) for code, (status, meaning) in KINDS.items()
    ]


def test_every_code_is_that_of_an_operation_or_of_the_server_itself() -> None:
    described = {code for operation in OPERATIONS for code in operation.codes}

    assert described == {*KINDS} - {"unknown-path"}


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        ("token-missing", {"WWW-Authenticate": "Bearer"}),
        ("too-many-requests", {"Retry-After": "1"}),
        ("unknown-path", {}),
    ],
)
def test_a_refusal_has_the_headers_of_its_status(code: str, headers: dict[str, str]) -> None:
    error = ApiError(code, "what", "do", data={"x": 1})

    assert error.headers == headers
    assert error.document == {
        "error": {"code": code, "message": "what", "hint": "do", "data": {"x": 1}}
    }


def references(value: Any) -> list[str]:  # noqa: ANN401 -- any JSON
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [ref for each in value.values() for ref in references(each)]
    return [ref for each in value for ref in references(each)] if isinstance(value, list) else []
