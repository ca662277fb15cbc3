"""Telling the service manager how a daemon is (sd_notify(3)); without one, nobody is told."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


def notify(environment: Mapping[str, str], *lines: str) -> None:
    """Send some assignments such as `READY=1`.

    A manager that does not listen stops nothing: what it does then is its own business.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    where = os.fsencode(f"\0{address[1:]}" if address.startswith("@") else address)
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
    ):
        sender.setblocking(False)  # noqa: FBT003  (it takes nothing else)
        sender.sendto("\n".join(lines).encode(), where)
