"""Who may ask, and how often; tests/fault/test_hostile_requests.py asks a real server."""

import pytest

from seedbox.daemon.api.gate import Bucket, Rules, check, check_type
from seedbox.daemon.api.problems import ApiError


@pytest.mark.parametrize(
    ("host", "port", "passes"),
    [
        ("192.0.2.1", 8080, ["192.0.2.1:8080", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"]),
        ("[2001:db8::1]", 8080, ["[2001:db8::1]:8080", "[2001:DB8::1]:8080"]),
        ("192.0.2.1", 80, ["192.0.2.1", "192.0.2.1:80", "LOCALHOST"]),
    ],
)
def test_the_address_that_is_listened_on_may_be_the_host(
    host: str, port: int, passes: list[str]
) -> None:
    rules = Rules.bound(host, port, "token")
    for name in passes:
        check({"host": name, "authorization": "bearer token"}, rules)
    for name in ("192.0.2.2:8080", "localhost:1", f"x{passes[0]}", "", "192.0.2.1:8080."):
        with pytest.raises(ApiError, match="neither this machine"):
            check({"host": name, "authorization": "bearer token"}, rules)


def test_a_unix_socket_needs_no_token() -> None:
    check({"host": "localhost"}, Rules.local())


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_a_body_that_says_it_is_json_passes(kind: str) -> None:
    check_type(kind)


@pytest.mark.parametrize("kind", [None, "", "text/plain", "text/plain;application/json", "json"])
def test_a_body_that_says_something_else_does_not(kind: str | None) -> None:
    with pytest.raises(ApiError, match="not 'application/json'"):
        check_type(kind)


def test_a_bucket_is_full_at_first_and_fills_again() -> None:
    bucket = Bucket(2.0, 3.0)
    for _ in range(3):
        bucket.take(100.0)
    with pytest.raises(ApiError, match="more than 2 requests"):
        bucket.take(100.4)

    bucket.take(100.5)
    for _ in range(3):
        bucket.take(10_000.0)
    with pytest.raises(ApiError):
        bucket.take(10_000.0)
    with pytest.raises(ApiError):
        bucket.take(1.0)  # a clock that goes back fills nothing
