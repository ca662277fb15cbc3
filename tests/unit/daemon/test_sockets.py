"""Where the interface listens."""

import os
import socket
import stat
from pathlib import Path

import pytest

from seedbox.daemon import sockets
from seedbox.daemon.client import Client
from seedbox.daemon.server import OnAddress, OnSocket
from seedbox.engine.base import Endpoint
from seedbox.errors import (
    ApiAddressError,
    DaemonRunningError,
    DestinationTakenError,
    DiskError,
)
from support.fake_daemon import TOKEN, FakeDaemon, running, view


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_socket_is_for_its_owner_alone_and_goes_with_the_daemon(tmp_path: Path) -> None:
    path = tmp_path / "state" / "api.sock"
    with running(path):
        assert (mode(path), mode(path.parent)) == (0o600, 0o700)
        assert names(path.parent) == ["api.sock"]

    assert not path.exists()


def test_a_folder_that_others_can_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    with running(tmp_path / "state" / "api.sock"):
        assert mode(tmp_path / "state") == 0o700


def test_the_socket_of_a_dead_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    with running(path):
        assert Client(str(path)).get("/v1/status")["shards"] == 20


def test_the_socket_of_a_daemon_that_lives_is_left(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with running(path, daemon=FakeDaemon(view(3))):
        with pytest.raises(DaemonRunningError), running(path):
            pass

        assert Client(str(path)).get("/v1/status")["shards"] == 3


def test_what_is_no_socket_is_left(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    path.write_text("mine")
    with pytest.raises(DestinationTakenError), running(path):
        pass

    assert path.read_text() == "mine"
    assert names(tmp_path) == ["api.sock"]


def test_a_link_to_a_socket_is_left(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "other"))
    (tmp_path / "api.sock").symlink_to(tmp_path / "other")

    with pytest.raises(DestinationTakenError), running(tmp_path / "api.sock"):
        pass


def test_another_socket_at_the_path_is_not_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with running(path):
        path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))

    assert path.is_socket()


@pytest.mark.parametrize("length", [90, 107, 108, 200])
def test_a_path_may_be_longer_than_a_socket_address(length: int, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    while len(os.fsencode(folder)) + len("/api.sock") < length:
        left = length - len(os.fsencode(folder)) - len("/api.sock")
        folder = folder.with_name(folder.name + "y" * min(left, 100))
    with running(folder / "api.sock"):
        assert Client(str(folder / "api.sock")).get("/v1/status")["shards"] == 20


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError, match=r"cannot use .*/file"), running(tmp_path / "file/api.sock"):
        pass
    long = tmp_path / ("x" * 120) / "api.sock"
    with pytest.raises(DiskError, match="cannot open"), sockets.short(long):
        pass


def test_a_folder_of_somebody_else_that_others_write_to_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    with pytest.raises(DiskError, match="it is not yours"):
        sockets.bind_path(tmp_path / "api.sock")


def test_an_address_that_is_taken_is_named_and_the_socket_is_not_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        where = OnAddress(Endpoint("127.0.0.1", port), TOKEN)
        with (
            pytest.raises(ApiAddressError, match=f"on 127.0.0.1:{port}: Address already in use"),
            running(OnSocket(tmp_path / "api.sock"), where),
        ):
            pass

    assert names(tmp_path) == []


def test_an_ipv6_address_is_served(tmp_path: Path) -> None:
    del tmp_path
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with running(OnAddress(Endpoint("::1", 0), TOKEN)) as served:
        assert served.places[0].startswith("http://[::1]:")
        assert Client(served.places[0], TOKEN).get("/v1/status")["shards"] == 20
