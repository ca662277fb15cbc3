import socket
from pathlib import Path

import pytest

from seedbox.daemon.notify import notify


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told(tmp_path: Path, *, abstract: bool) -> None:
    name = f"@seedbox-test-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name[1:]}" if abstract else name)
        notify({"NOTIFY_SOCKET": name}, "READY=1", "STATUS=up")

        assert manager.recv(100) == b"READY=1\nSTATUS=up"


@pytest.mark.parametrize("env", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}])
def test_without_one_nobody_is_told(env: dict[str, str]) -> None:
    notify(env, "READY=1")


def test_one_that_does_not_listen_stops_nothing(tmp_path: Path) -> None:
    notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}, "READY=1")
