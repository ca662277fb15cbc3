import errno
import socket

import pytest

from seedbox.engine.base import Endpoint
from seedbox.jobs.doctor import Verdict
from seedbox.jobs.doctor.ports import answers, free_to_listen, greeted
from support.diagnosing import greeting

HASH = bytes(range(20))


def test_a_free_address_passes_and_is_free_afterwards() -> None:
    for _ in range(2):
        found = free_to_listen(Endpoint("127.0.0.1", 0))

        assert (found.verdict, found.found) == (Verdict.PASS, "any free one")


def test_a_port_that_is_taken_for_udp_alone_fails() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        found = free_to_listen(Endpoint("127.0.0.1", taken.getsockname()[1]))

    assert found.verdict is Verdict.FAIL
    assert found.found == "cannot listen by UDP: Address already in use"
    assert "ss -lntup" in str(found.hint)


def test_an_address_of_another_machine_fails() -> None:
    found = free_to_listen(Endpoint("192.0.2.1", 6881))

    assert found.verdict is Verdict.FAIL
    assert found.found == "cannot listen by TCP: Cannot assign requested address"
    assert "an address of this machine" in str(found.hint)


@pytest.mark.parametrize(
    ("host", "verdict"), [("::", Verdict.UNKNOWN), ("2001:db8::1", Verdict.FAIL)]
)
def test_a_machine_without_ipv6_is_faulty_only_if_ipv6_was_asked_for(
    host: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.socket

    class Without(real):  # type: ignore[misc, valid-type]  # the class of the platform
        def __init__(self, family: int = socket.AF_INET, *more: int) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *more)

    monkeypatch.setattr(socket, "socket", Without)

    assert free_to_listen(Endpoint(host, 6881)).verdict is verdict


def test_a_peer_that_knows_the_shard_passes() -> None:
    with greeting() as address:
        (found,) = answers([address], HASH)

    assert (found.verdict, found.about) == (Verdict.PASS, address)


@pytest.mark.parametrize(
    "twist",
    [
        b"",
        b"\x13BitTorrent protocol",
        b"\x13BitTorrent protocol" + bytes(48),  # of another shard
        b"\x13BitTorrent protocxl" + bytes(8) + HASH + bytes(20),
    ],
)
def test_whatever_else_answers_fails(twist: bytes) -> None:
    with greeting(twist) as address:
        (found,) = answers([address], HASH)

    assert found.verdict is Verdict.FAIL
    assert found.found.endswith(f"({len(twist)} bytes came)")


def test_without_a_shard_it_is_only_called() -> None:
    with greeting() as address:
        (found,) = answers([address], None)

    assert found.verdict is Verdict.PASS
    assert found.found == "takes connections; no shard is held to shake hands for"


def test_an_address_for_everybody_is_called_on_this_machine() -> None:
    with greeting() as address:
        found = greeted(Endpoint("0.0.0.0", Endpoint.parse(address).port), HASH)

    assert (found.verdict, found.about) == (Verdict.PASS, f"0.0.0.0:{address.split(':')[1]}")


def test_a_daemon_that_listens_nowhere_fails() -> None:
    (found,) = answers([], HASH)

    assert (found.verdict, found.found) == (Verdict.FAIL, "the daemon listens nowhere")
