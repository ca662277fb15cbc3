"""Where a connection may lead."""

import pytest

from seedbox.web.wire import Deadline, connect, is_public
from support.raw_web import ok, raw_server


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
    ],
)
def test_addresses_of_the_internet_are_told_from_those_of_a_network(
    address: str, public: bool
) -> None:
    assert is_public(address) is public


def test_a_server_of_the_internet_cannot_send_us_to_one_of_our_own() -> None:
    with raw_server([ok(b"x")]) as server, pytest.raises(OSError, match="redirects there"):
        connect("127.0.0.1", server.port, Deadline(5), only_public=True)

    assert server.requests == []
