"""What libtorrent tells, copied into our events.

An alert lives until the next `pop_alerts`: nothing here keeps one, or what points into one.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

import libtorrent as lt

from seedbox.engine.base import (
    Endpoint,
    Event,
    PieceFailed,
    Progress,
    TrackerFailed,
    TrackerReplied,
)
from seedbox.torrent.info_hash import InfoHash


def info_hash(hashes: lt.info_hash_t) -> InfoHash | None:
    """Return an info-hash in our terms; None for the handle of a torrent that is gone."""
    v1 = hashes.v1.to_bytes() if hashes.has_v1() else None
    v2 = hashes.v2.to_bytes() if hashes.has_v2() else None
    return None if v1 is None and v2 is None else InfoHash(v1, v2)


def key_of(hashes: lt.info_hash_t) -> str | None:
    """Return the key of a torrent; None for the handle of one that is gone."""
    name = info_hash(hashes)
    return None if name is None else name.key


def event(key: str, alert: lt.torrent_alert) -> Event | None:
    """Return the event that an alert is, if it is one as it stands."""
    match alert:
        case lt.hash_failed_alert():
            return PieceFailed(key, alert.piece_index)
        case lt.tracker_reply_alert():
            return TrackerReplied(key, words(alert.tracker_url), alert.num_peers)
        case lt.tracker_error_alert():
            reason = words(alert.failure_reason) or words(alert.error.message)
            return TrackerFailed(key, words(alert.tracker_url), reason)
        case _:
            return None


def caller(alert: lt.peer_connect_alert) -> Endpoint | None:
    """Return who called us; None if we called them.

    The binding leaves the direction out, but the words have it, at their end: the name of the
    torrent before it may be anything.
    """
    before, _, _ = words(alert.message).rpartition(" connection to peer (")
    if not before.endswith(" incoming"):
        return None
    host, port = alert.endpoint
    return Endpoint(host, port)


def is_far(peer: Endpoint) -> bool:
    """Whether a peer is neither on this machine nor on a local network."""
    address = ip_address(peer.host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_global


def progress(key: str, size: int, status: lt.torrent_status) -> Progress:
    """Return how far a torrent is."""
    return Progress(
        key,
        done=status.total_done,
        size=size,
        uploaded=status.total_payload_upload,
        download_rate=status.download_payload_rate,
        upload_rate=status.upload_payload_rate,
        peers=status.num_peers,
    )


def words(read: Callable[[], str]) -> str:
    """Return text from libtorrent; what a tracker wrote need not be UTF-8."""
    try:
        return read()
    except UnicodeDecodeError as error:
        return error.object.decode(errors="replace")
