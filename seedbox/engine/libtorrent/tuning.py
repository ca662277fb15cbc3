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
_LOCAL_PEER_CLASS = 1 << 2
_LOCAL = (  # RFC 1122, 1918, 3927, 4193, 4291
    ("10.0.0.0", "10.255.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("::1", "::1"),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
)
_DHT_RATE = 8000  # bytes/s to answer others; the default of libtorrent for all its traffic
_DHT_LOOKUP = 6000  # bytes that one lookup and its announce take
_DHT_NODES = "dht.libtorrent.org:25401,router.bittorrent.com:6881"
_ALERTS = (
    lt.alert_category.error
    | lt.alert_category.status
    | lt.alert_category.storage
    | lt.alert_category.tracker
    | lt.alert_category.connect  # who called: evidence that others can
)


def pack(settings: Settings) -> lt.settings_pack:
    """Return the settings of a session."""
    return {
        **_network(settings),
        **_dht(settings),
        **_peers(settings),
        **_data(settings),
        **_alerts(settings),
    }


def _network(settings: Settings) -> lt.settings_pack:
    return {
        "user_agent": f"seedbox/{__version__}",
        "listen_interfaces": ",".join(map(str, settings.listen)),
        # A taken port is an error, never another port.
        "listen_system_port_fallback": False,
        "max_retry_port_bind": 0,
        # By default libtorrent calls DHT routers, a STUN server and the local router.
        "webtorrent_stun_server": "",
        "enable_lsd": settings.lsd,
        "enable_upnp": False,
        "enable_natpmp": False,
        "ssrf_mitigation": not settings.trust_local_urls,
        "upload_rate_limit": rate(settings.upload_limit),
        "download_rate_limit": rate(settings.download_limit),
        # Seconds; the end of a session waits so long for trackers, with the GIL held.
        "stop_tracker_timeout": 2,
        "max_concurrent_http_announces": 100,
    }


def _dht(settings: Settings) -> lt.settings_pack:
    if not settings.dht:
        return {"enable_dht": False, "dht_bootstrap_nodes": ""}
    lookups = settings.dht_lookups_per_second
    common: lt.settings_pack = {
        "enable_dht": True,
        "dht_bootstrap_nodes": ",".join(map(str, settings.dht_nodes)) or _DHT_NODES,
        # Bytes/s; what the rotation asks for, and what others ask of us.
        "dht_upload_rate_limit": int(_DHT_RATE + lookups * _DHT_LOOKUP),
    }
    if not settings.dht_nodes:
        return common
    # A DHT of one's own lies in one network, or on one machine; the public one must not.
    return {
        **common,
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_enforce_node_id": False,
        "dht_ignore_dark_internet": False,
        "dht_prefer_verified_node_ids": False,
        "dht_block_ratelimit": 100_000,
    }


def _peers(settings: Settings) -> lt.settings_pack:
    return {
        # uTP out is some 15 times slower than TCP; uTP in helps peers behind NAT.
        "enable_outgoing_utp": False,
        "enable_incoming_utp": True,
        "mixed_mode_algorithm": 0,
        "allow_multiple_connections_per_ip": True,
        "connections_limit": settings.connections,
        "unchoke_slots_limit": -1,
        "listen_queue_size": 1000,
        "connection_speed": 100,
        # Calls until a peer is left alone, until a tracker names it again. See EAGER.
        "max_failcount": 1,
        # Nothing here is auto-managed, but every so many seconds all torrents are sorted for it.
        "auto_manage_interval": 3600,
        # Seconds until a torrent without peers gets no more ticks: all of them cost a hundredth of
        # a core for each ten thousand.
        "auto_manage_startup": 1,
    }


def _data(settings: Settings) -> lt.settings_pack:
    cores = os.cpu_count() or 1
    return {
        "hashing_threads": cores,
        "aio_threads": max(4, cores),
        "file_pool_size": settings.open_files,
        "max_queued_disk_bytes": 64 * _MIB,
        "no_recheck_incomplete_resume": True,
        # Measured with 1, 4 and 16 clients that take as fast as they can: two thirds of the CPU
        # time of the defaults for each GiB. Socket buffers of a fixed size gave nothing more, and
        # keep the system from fitting them to each peer.
        "send_buffer_watermark": 8 * _MIB,
        "send_buffer_watermark_factor": 200,
        "send_buffer_low_watermark": _MIB,
        "max_allowed_in_request_queue": 4000,
        "max_out_request_queue": 4000,
    }


def _alerts(settings: Settings) -> lt.settings_pack:
    # Each add makes about eight; a dropped one would be a lie in what we tell.
    mask = _ALERTS | (lt.alert_category.dht_operation if settings.dht else 0)
    return {"alert_mask": mask, "alert_queue_size": 1_000_000}


EAGER: lt.settings_pack = {
    # Else a fetch that is still being added is left as uninteresting, for a minute.
    "close_redundant_connections": False,
    # Seconds and tries: a peer that is not up yet is called after 2, 3, 4, ... seconds.
    "min_reconnect_time": 1,
    "max_failcount": 20,
}
"""What changes with the first fetch. A seed calls few: of ten thousand, each hears from trackers of
peers that have gone and of itself, and to call those twenty times is a tenth of a core for hours.
"""


def rate(limit: int | None) -> int:
    """Return a limit in bytes/s as libtorrent writes it."""
    return _ANY_RATE if limit is None else min(limit, _MOST_RATE)


def classes(settings: Settings) -> lt.ip_filter:
    """Return the peer classes by address: all in the one that the limits are for.

    libtorrent's class for local peers has no limits; it has nobody in it unless that is wanted.
    """
    found = lt.ip_filter()
    found.add_rule("0.0.0.0", "255.255.255.255", _GLOBAL_PEER_CLASS)  # noqa: S104 -- a range
    found.add_rule("::", ":".join(["ffff"] * 8), _GLOBAL_PEER_CLASS)
    for first, last in _LOCAL if settings.lan_unlimited else ():
        found.add_rule(first, last, _LOCAL_PEER_CLASS)
    return found
