"""Every setting of the libtorrent session, and why it is not the default."""

from __future__ import annotations

import os

import libtorrent as lt

from seedbox import __version__
from seedbox.engine.base import Settings

_MIB = 1 << 20
_ANY_RATE = 0  # how libtorrent writes "no limit"
_MOST_RATE = (1 << 31) - 1  # bytes/s; libtorrent keeps rates in 32 bits
_GLOBAL_PEER_CLASS = 1 << 0
_DHT_NODES = "dht.libtorrent.org:25401,router.bittorrent.com:6881"
_ALERTS = (
    lt.alert_category.error
    | lt.alert_category.status
    | lt.alert_category.storage
    | lt.alert_category.tracker
)


def pack(settings: Settings) -> lt.settings_pack:
    """Return the settings of a session."""
    return {**_network(settings), **_data(), **_alerts()}


def _network(settings: Settings) -> lt.settings_pack:
    return {
        "user_agent": f"seedbox/{__version__}",
        "listen_interfaces": ",".join(map(str, settings.listen)),
        # A taken port is an error, never another port.
        "listen_system_port_fallback": False,
        "max_retry_port_bind": 0,
        # By default libtorrent calls DHT routers, a STUN server and the local router.
        "enable_dht": settings.dht,
        "dht_bootstrap_nodes": _DHT_NODES if settings.dht else "",
        "webtorrent_stun_server": "",
        "enable_lsd": settings.lsd,
        "enable_upnp": False,
        "enable_natpmp": False,
        "ssrf_mitigation": not settings.trust_local_urls,
        "upload_rate_limit": _rate(settings.upload_limit),
        "download_rate_limit": _rate(settings.download_limit),
        # uTP out is some 15 times slower than TCP; uTP in helps peers behind NAT.
        "enable_outgoing_utp": False,
        "enable_incoming_utp": True,
        "mixed_mode_algorithm": 0,
        "allow_multiple_connections_per_ip": True,
        "connections_limit": 8000,
        "unchoke_slots_limit": -1,
        "listen_queue_size": 1000,
        "connection_speed": 100,
        # Else a fetch that is still being added is left as uninteresting, for a minute.
        "close_redundant_connections": False,
        # Seconds and tries: a peer that is not up yet is called after 2, 3, 4, ... seconds.
        "min_reconnect_time": 1,
        "max_failcount": 20,
        # Seconds; the end of a session waits so long for trackers, with the GIL held.
        "stop_tracker_timeout": 2,
    }


def _data() -> lt.settings_pack:
    cores = os.cpu_count() or 1
    return {
        "hashing_threads": cores,
        "aio_threads": max(4, cores),
        "file_pool_size": 500,
        "max_queued_disk_bytes": 64 * _MIB,
        "no_recheck_incomplete_resume": True,
        # Measured with a client that takes as fast as it can: twice the default throughput.
        "send_buffer_watermark": 8 * _MIB,
        "send_buffer_watermark_factor": 200,
        "send_buffer_low_watermark": _MIB,
        "send_socket_buffer_size": 4 * _MIB,
        "recv_socket_buffer_size": 4 * _MIB,
        "max_allowed_in_request_queue": 4000,
        "max_out_request_queue": 4000,
    }


def _alerts() -> lt.settings_pack:
    # Each add makes about seven; a dropped one would be a lie in what we tell.
    return {"alert_mask": _ALERTS, "alert_queue_size": 1_000_000}


def _rate(limit: int | None) -> int:
    return _ANY_RATE if limit is None else min(limit, _MOST_RATE)


def one_class_for_all() -> lt.ip_filter:
    """Return the peer classes by address: all in the one that the limits are for.

    By default peers on the local network, and so on this machine, have a class of their own
    without limits.
    """
    classes = lt.ip_filter()
    classes.add_rule("0.0.0.0", "255.255.255.255", _GLOBAL_PEER_CLASS)  # noqa: S104 -- a range
    classes.add_rule("::", ":".join(["ffff"] * 8), _GLOBAL_PEER_CLASS)
    return classes
