"""Schemathesis, which knows OpenAPI, asks what our document allows, and much that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from requests import Session

from seedbox.daemon.api.openapi import openapi
from seedbox.daemon.api.operations import OPERATIONS
from seedbox.daemon.server import OnAddress
from seedbox.engine.base import Endpoint
from support.fake_daemon import TOKEN, Decided, FakeDaemon, Running, Then, missing, running, view

ASKED = [each for each in OPERATIONS if each.media == "application/json"]


@pytest.fixture(scope="module")
def asked() -> Iterator[Running]:
    daemon = FakeDaemon(view(30, missing(31)))
    daemon.past = [Then(daemon.seen.at - 60 * n, n) for n in range(9)]
    daemon.log = [Decided(n, daemon.seen.at) for n in range(1, 9)]
    with running(OnAddress(Endpoint("127.0.0.1", 0), TOKEN), daemon=daemon) as served:
        yield served


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (each.name, mode)
        for each in ASKED
        for mode in schemathesis.GenerationMode
        if mode.is_positive or each.parameters or each.body  # else nothing can be wrong
    ],
)
def test_every_answer_is_one_that_the_document_allows(
    name: str, mode: schemathesis.GenerationMode, asked: Running
) -> None:
    schema = schemathesis.openapi.from_dict(openapi("0.1.0"))
    operation = schema.find_operation_by_id(name)
    session = Session()
    session.trust_env = False

    @seed(1)
    @settings(
        max_examples=10,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        response = case.call(base_url=asked.places[0], session=session, headers=bearer)
        case.validate_response(response, headers=bearer, transport_kwargs={"session": session})

    ask()
    session.close()
    assert asked.complaints == []
