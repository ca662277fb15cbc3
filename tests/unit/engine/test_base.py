from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.engine.base import AddTorrent, Endpoint, Mode, Settings
from seedbox.torrent.info_hash import InfoHash

V1, V2 = bytes(20), bytes(range(32))


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:6881", Endpoint("127.0.0.1", 6881)),
        ("0.0.0.0:0", Endpoint("0.0.0.0", 0)),
        ("[::1]:65535", Endpoint("::1", 65535)),
        ("[fe80::1%eth0]:80", Endpoint("fe80::1%eth0", 80)),
    ],
)
def test_an_endpoint_is_an_address_and_a_port(text: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(text) == endpoint
    assert str(endpoint) == text


@given(st.ip_addresses().map(str), st.integers(0, 65535))
def test_an_endpoint_reads_what_it_writes(host: str, port: int) -> None:
    assert Endpoint.parse(str(Endpoint(host, port))) == Endpoint(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1",
        "127.0.0.1:",
        ":6881",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1:\uff11",
        "127.0.0.1: 1",
        "127.0.0.1:6881 ",
        "[127.0.0.1]:6881",
        "::1:6881",
        "[::1]",
        "[::1:6881",
        "localhost:6881",
        "256.0.0.1:1",
    ],
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Endpoint.parse(text)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_lets_nothing_pass_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="None"):
        Settings(upload_limit=limit)
    with pytest.raises(ValueError, match="None"):
        Settings(download_limit=limit)


def test_by_default_nobody_is_called() -> None:
    assert Settings() == Settings(
        listen=(),
        upload_limit=None,
        download_limit=None,
        dht=False,
        lsd=False,
        trust_local_urls=False,
        lan_unlimited=False,
        count_local_peers=False,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"connections": 0},
        {"open_files": 0},
        {"announces_per_second": 0},
        {"dht_lookups_per_second": 0.0},
        {"dht_proof_after": 0.0},
    ],
)
def test_a_pace_of_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("descriptors", "connections", "files"),
    [
        (100_000, 4000, 500),
        (4756, 4000, 500),  # what they take, and 256 for everything else
        (4755, 4000, 499),
        (1024, 683, 85),
        (256, 29, 3),
        (0, 29, 3),
    ],
)
def test_settings_fit_into_what_a_process_may_have_open(
    descriptors: int, connections: int, files: int
) -> None:
    fitted = Settings(dht=True).within(descriptors)

    assert fitted == Settings(dht=True, connections=connections, open_files=files)


def test_a_seed_with_a_missing_piece_is_refused() -> None:
    with pytest.raises(ValueError, match="1 pieces are missing"):
        AddTorrent(b"", InfoHash(v1=V1), Path(), Mode.SEED, (True, False))


def test_a_fetch_may_miss_pieces() -> None:
    assert AddTorrent(b"", InfoHash(v1=V1), Path(), Mode.FETCH, (True, False)).have == (True, False)


@pytest.mark.parametrize(
    ("info_hash", "key"),
    [
        (InfoHash(v1=V1), V1.hex()),
        (InfoHash(v2=V2), V2.hex()),
        (InfoHash(V1, V2), V2.hex()),
    ],
)
def test_the_key_of_a_torrent_is_its_best_info_hash(info_hash: InfoHash, key: str) -> None:
    assert AddTorrent(b"", info_hash, Path(), Mode.FETCH, ()).key == key
