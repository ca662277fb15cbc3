"""Asking again for what may have changed: conditions, answers, and how long they are good for."""

import pytest

from seedbox.errors import WebError
from seedbox.web import Polled, Validators, poll
from support.raw_web import Reply, head, ok, raw_server

DATE = "Sun, 01 Mar 2026 00:00:00 GMT"
KNOWN = Validators('"a"', DATE)


def polled(reply: Reply, seen: Validators | None = None) -> Polled | None:
    with raw_server([reply]) as server:
        return poll(server.url("/manifest.yaml"), seen, limit=100)


def test_what_the_server_says_of_the_version_is_kept() -> None:
    found = polled(head("200 OK", "Content-Length: 0", 'ETag: W/"x"', f"Last-Modified: {DATE}"))

    assert found == Polled(b"", Validators('W/"x"', DATE), None)


def test_both_conditions_are_sent_and_304_means_as_it_was() -> None:
    with raw_server([head("304 Not Modified", "Cache-Control: max-age=60")]) as server:
        found = poll(server.url("/a"), KNOWN, limit=100)

    assert found == Polled(None, KNOWN, 60.0)
    request = server.requests[0]
    assert 'If-None-Match: "a"' in str(request)
    assert f"If-Modified-Since: {DATE}" in str(request)


def test_a_304_may_rename_the_version() -> None:
    found = polled(head("304 Not Modified", 'ETag: "b"'), KNOWN)

    assert found is not None
    assert found.validators == Validators('"b"', DATE)


@pytest.mark.parametrize("seen", [None, Validators()])
def test_a_304_to_an_unconditional_request_is_an_error(seen: Validators | None) -> None:
    with pytest.raises(WebError, match="answers 304 to whoever has nothing yet"):
        polled(head("304 Not Modified"), seen)


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_no_such_document_is_none(status: str) -> None:
    assert polled(head(status, "Content-Length: 0")) is None


@pytest.mark.parametrize("line", ["ETag: nonsense", 'ETag: "\u00e9"', f'ETag: "{"x" * 201}"'])
def test_an_etag_that_is_none_is_not_sent_back(line: str) -> None:
    found = polled(head("200 OK", "Content-Length: 0", line))

    assert found is not None
    assert found.validators == Validators()


@pytest.mark.parametrize(
    ("said", "age"),
    [
        (("Cache-Control: public, max-age=300",), 300.0),
        (('Cache-Control: Max-Age="7"',), 7.0),
        (("Cache-Control: max-age=9", "Cache-Control: max-age=5"), 5.0),
        (("Cache-Control: max-age=99999999999999",), 99_999_999_999_999.0),
        (("Cache-Control: no-cache, max-age=300",), 0.0),
        (("Cache-Control: max-age=-1",), None),
        (("Cache-Control: s-maxage=5",), None),
        ((), None),
    ],
)
def test_max_age_is_what_cache_control_says(said: tuple[str, ...], age: float | None) -> None:
    found = polled(head("200 OK", "Content-Length: 0", *said))

    assert found is not None
    assert found.max_age == age


def test_a_document_that_is_too_long_is_an_error() -> None:
    with pytest.raises(WebError, match="at most 100 are taken"):
        polled(ok(b"x" * 101))
