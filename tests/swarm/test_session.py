"""How the libtorrent session meets the world: its ports, its settings, its end."""

import gc
import socket
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from time import monotonic

import libtorrent as lt
import pytest

from seedbox.engine.base import Added, Endpoint, Finished, Settings
from seedbox.engine.libtorrent import LibtorrentEngine, tuning
from seedbox.errors import PortInUseError
from support.content import content
from support.swarm import LOOPBACK, in_loop, running, share


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@in_loop
async def test_a_port_taken_by_another_program_is_never_replaced(
    kind: socket.SocketKind,
) -> None:
    with socket.socket(type=kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        taken = Endpoint("127.0.0.1", other.getsockname()[1])
        with pytest.raises(PortInUseError) as caught:
            async with LibtorrentEngine(Settings(listen=(taken,))):
                pass

    assert caught.value.message == f"cannot listen on {taken}: Address already in use"


@in_loop
async def test_an_address_of_another_machine_is_an_error() -> None:
    foreign = Endpoint("203.0.113.1", 0)  # RFC 5737: nobody's
    with pytest.raises(PortInUseError) as caught:
        async with LibtorrentEngine(Settings(listen=(foreign,))):
            pass

    assert caught.value.message.startswith("cannot listen on 203.0.113.1:")


@in_loop
async def test_every_address_of_the_machine_is_told_one_by_one() -> None:
    async with LibtorrentEngine(Settings(listen=(Endpoint("0.0.0.0", 0),))) as engine:
        assert "127.0.0.1" in {endpoint.host for endpoint in engine.listening}
        assert not any(ip_address(endpoint.host).is_unspecified for endpoint in engine.listening)


@in_loop
async def test_nothing_stays_open_after_the_end() -> None:
    gc.collect()  # what earlier tests have left is not ours to count
    before = open_files()
    for _ in range(3):
        async with LibtorrentEngine(LOOPBACK):
            pass

    gc.collect()
    assert open_files() <= before


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nobody_is_called_who_was_not_asked_for() -> None:
    settings = lt.session(tuning.pack(Settings())).get_settings()

    assert {name: settings[name] for name in CALLS} == CALLS  # type: ignore[literal-required]


CALLS = {
    "enable_dht": False,
    "dht_bootstrap_nodes": "",
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "webtorrent_stun_server": "",
    "ssrf_mitigation": True,
    "listen_interfaces": "",
}


def test_what_is_asked_for_is_passed_on() -> None:
    asked = Settings(
        listen=(Endpoint("127.0.0.1", 0), Endpoint("::1", 0)),
        upload_limit=1 << 40,
        download_limit=1000,
        dht=True,
        lsd=True,
        trust_local_urls=True,
    )
    settings = tuning.pack(asked)

    assert settings["listen_interfaces"] == "127.0.0.1:0,[::1]:0"
    assert settings["upload_rate_limit"] == 2_147_483_647  # bytes/s; the most libtorrent takes
    assert settings["download_rate_limit"] == 1000
    assert settings["enable_dht"]
    assert settings["dht_bootstrap_nodes"]
    assert settings["enable_lsd"]
    assert not settings["ssrf_mitigation"]


def test_a_dht_of_our_own_is_entered_by_its_own_nodes() -> None:
    node = Endpoint("127.0.0.1", 6881)
    settings = tuning.pack(Settings(dht=True, dht_nodes=(node,), dht_lookups_per_second=5))

    assert settings["dht_bootstrap_nodes"] == "127.0.0.1:6881"
    assert not settings["dht_restrict_routing_ips"]
    assert settings["dht_upload_rate_limit"] == 38_000  # bytes/s
    assert "dht_restrict_routing_ips" not in tuning.pack(Settings(dht=True))


def test_connections_and_files_are_as_many_as_asked_for() -> None:
    settings = tuning.pack(Settings(connections=77, open_files=33))

    assert (settings["connections_limit"], settings["file_pool_size"]) == (77, 33)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("10.0.0.1", True),
        ("127.9.9.9", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.255.255", True),
        ("169.254.1.1", True),
        ("203.0.113.1", False),
        ("8.8.8.8", False),
        ("::1", True),
        ("fe80::1", True),
        ("fd00::1", True),
        ("2001:4860::1", False),
    ],
)
def test_local_peers_are_free_of_limits_only_if_asked(host: str, is_local: bool) -> None:
    limited, local = 1 << 0, 1 << 2  # libtorrent's classes

    assert tuning.classes(Settings()).access(host) == limited
    free = tuning.classes(Settings(lan_unlimited=True)).access(host)
    assert free == (local if is_local else limited)


@pytest.mark.parametrize("unlimited", [True, False])
@in_loop
async def test_a_local_peer_takes_what_it_can_if_it_is_free_of_the_limit(
    unlimited: bool, tmp_path: Path
) -> None:
    shared = share(tmp_path / "seed", {"a": content("a", 3_000_000), "b": b"b"})
    settings = replace(LOOPBACK, lan_unlimited=unlimited)
    async with (
        running(LibtorrentEngine(settings)) as seed,
        running(LibtorrentEngine(LOOPBACK)) as fetch,
    ):
        seed.engine.limit(1_000_000)
        seed.engine.add(shared.seed())
        await seed.until(Added)
        start = monotonic()
        fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), peers=(seed.address,)))
        await fetch.until(Finished)
        took = monotonic() - start

    assert (took > 1) is not unlimited  # seconds; 3 at the limit


@in_loop
async def test_a_bug_is_heard_by_whoever_listens(tmp_path: Path) -> None:
    wrong = replace(share(tmp_path).seed(), torrent=None)  # type: ignore[arg-type]
    async with LibtorrentEngine(LOOPBACK) as engine:
        engine.add(wrong)
        with pytest.raises(AttributeError):
            await anext(engine.events())
