"""The port that peers call: free for a daemon to come, or answered by the one that runs."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from seedbox.engine.base import Endpoint
from seedbox.jobs.doctor.finding import Finding, Verdict

_SECONDS = 5.0  # for connecting, and for each part of an answer
_GREETING = bytes([19]) + b"BitTorrent protocol"  # BEP 3
_RESERVED, _HASH, _PEER = 8, 20, 20  # bytes, in this order after the greeting
_NOBODY = b"-SB0000-seedbox-doct"  # a peer id (BEP 20)
_NO_IPV6 = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
_ANY_IPV6 = "::"


def free_to_listen(endpoint: Endpoint) -> Finding:
    """Try to listen where a daemon will, for peers of TCP and of uTP."""
    about = str(endpoint)
    for kind, name in ((socket.SOCK_STREAM, "TCP"), (socket.SOCK_DGRAM, "UDP")):
        try:
            _bind(endpoint, kind)
        except OSError as error:
            if endpoint.host == _ANY_IPV6 and error.errno in _NO_IPV6:
                found = "this machine has no IPv6"
                return Finding("port", Verdict.UNKNOWN, found, about=about)
            return _taken(error, name, about)
    found = "free, for TCP and UDP" if endpoint.port else "any free one"
    return Finding("port", Verdict.PASS, found, about=about)


def _bind(endpoint: Endpoint, kind: socket.SocketKind) -> None:
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    with socket.socket(family, kind) as sock:
        if kind is socket.SOCK_STREAM:  # connections that have ended do not hold a port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((endpoint.host, endpoint.port))
        if kind is socket.SOCK_STREAM:
            sock.listen(1)


def _taken(error: OSError, name: str, about: str) -> Finding:
    hint = "Pass --listen with an address of this machine and another port."
    if error.errno == errno.EADDRINUSE:
        hint = "Stop the program that has it (`ss -lntup` names it), or pass another --listen."
    found = f"cannot listen by {name}: {os.strerror(error.errno or 0)}"
    return Finding("port", Verdict.FAIL, found, hint, about)


# --- a daemon that runs -----------------------------------------------------------------------


def answers(listening: Sequence[str], info_hash: bytes | None) -> tuple[Finding, ...]:
    """Call a daemon on this machine where it says that it listens, as a peer does.

    Args:
        listening: Its addresses.
        info_hash: 20 bytes of a shard that it holds; None: it holds none, and is only called.
    """
    if not listening:
        hint = "Start `seedbox seed` again, with a --listen that it can have."
        return (Finding("port", Verdict.FAIL, "the daemon listens nowhere", hint),)
    return tuple(greeted(Endpoint.parse(each), info_hash) for each in listening)


def greeted(endpoint: Endpoint, info_hash: bytes | None) -> Finding:
    """Call an address and shake hands (BEP 3)."""
    about = str(endpoint)
    try:
        with socket.create_connection(_near(endpoint), timeout=_SECONDS) as sock:
            if info_hash is None:
                found = "takes connections; no shard is held to shake hands for"
                return Finding("port", Verdict.PASS, found, about=about)
            answer = _shake(sock, info_hash)
    except OSError as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror
        found = f"a peer on this machine cannot connect: {reason or error}"
        hint = "See the daemon's log; then look for a firewall rule for this port."
        return Finding("port", Verdict.FAIL, found, hint, about)
    start = len(_GREETING) + _RESERVED
    if answer[: len(_GREETING)] == _GREETING and answer[start : start + _HASH] == info_hash:
        return Finding(
            "port", Verdict.PASS, "shakes hands with a peer of this machine", about=about
        )
    found = f"what answers shakes no hands for a shard that is held ({len(answer)} bytes came)"
    hint = "See whether another program has the port (`ss -lntp`), and the daemon's log."
    return Finding("port", Verdict.FAIL, found, hint, about)


def _near(endpoint: Endpoint) -> tuple[str, int]:
    """Return where to call an address from its own machine."""
    if not ip_address(endpoint.host).is_unspecified:
        return endpoint.host, endpoint.port
    return "::1" if ":" in endpoint.host else "127.0.0.1", endpoint.port


def _shake(sock: socket.socket, info_hash: bytes) -> bytes:
    """Return what answers a handshake, as far as it comes."""
    sock.sendall(_GREETING + bytes(_RESERVED) + info_hash + _NOBODY)
    size, answer = len(_GREETING) + _RESERVED + _HASH + _PEER, b""
    while len(answer) < size and (more := sock.recv(size - len(answer))):
        answer += more
    return answer
