"""What the process uses, and the page on which it stands with everything else."""

import http.client
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seedbox.daemon import resources
from seedbox.daemon.server import OnAddress
from seedbox.engine.base import Endpoint
from support.fake_daemon import running

TOKEN = "t" * 32
NAMES = {
    "process_cpu_seconds",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
}


def families(page: bytes) -> set[str]:
    return {family.name for family in text_string_to_metric_families(page.decode())}


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Where a daemon answers."""
    with running(OnAddress(Endpoint("127.0.0.1", 0), TOKEN)) as daemon:
        host, _, port = daemon.places[0].removeprefix("http://").rpartition(":")
        yield host, int(port)


def asked(
    address: tuple[str, int], target: str, *, token: str | None = TOKEN, method: str = "GET"
) -> tuple[int, str | None, bytes]:
    """Status, type and body."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    connection.request(method, target, headers=headers)
    reply = connection.getresponse()
    found = reply.status, reply.getheader("Content-Type"), reply.read()
    connection.close()
    return found


def test_the_process_is_measured_under_the_names_that_all_clients_use() -> None:
    assert families(resources.exposition()) == NAMES


def test_the_page_has_the_daemon_and_its_process(address: tuple[str, int]) -> None:
    status, kind, page = asked(address, "/metrics")

    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert families(page) > {"seedbox_uploaded_bytes", "seedbox_shards", *NAMES}
    assert b"seedbox_shard_" not in page


def test_the_page_has_single_shards_when_asked(address: tuple[str, int]) -> None:
    page = asked(address, "/metrics?shards=yes")[2]

    assert b'seedbox_shard_seeding{dataset="' in page


@pytest.mark.parametrize(
    ("target", "token", "method", "status"),
    [
        ("/metrics", None, "GET", 401),
        ("/metrics", "u" * 32, "GET", 401),
        ("/metrics", TOKEN, "POST", 405),
        ("/metrics?shards=all", TOKEN, "GET", 400),
        ("/metrics/", TOKEN, "GET", 404),
    ],
)
def test_the_page_is_guarded_as_all_the_others(
    address: tuple[str, int], target: str, token: str | None, method: str, status: int
) -> None:
    assert asked(address, target, token=token, method=method)[0] == status
