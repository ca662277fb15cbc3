"""libtorrent as a builder (`set_piece_hashes`) and as a checker (a session that adds a torrent).

Run with: python peer_libtorrent.py build PATH OUT v1|v2|hybrid PIECE_LENGTH
      or: python peer_libtorrent.py check PATH TORRENT
"""

from __future__ import annotations

import sys
from pathlib import Path

import libtorrent as lt

_FLAGS = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}


def _build(source: Path, out: Path, form: str, piece_length: int) -> None:
    files = [source] if source.is_file() else sorted(source.rglob("*.bin"))
    entries = [
        lt.create_file_entry(str(path.relative_to(source.parent)), path.stat().st_size)
        for path in files
    ]
    torrent = lt.create_torrent(entries, piece_length, _FLAGS[form])
    lt.set_piece_hashes(torrent, str(source.parent))
    out.write_bytes(lt.bencode(torrent.generate()))


def _check(source: Path, torrent: Path) -> None:
    settings: lt.settings_pack = {
        "listen_interfaces": "",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "alert_mask": lt.alert.category_t.status_notification,
        "aio_threads": 2,
        "hashing_threads": 2,
    }
    session = lt.session(settings)
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(str(torrent))
    params.save_path = str(source.parent)
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    handle = session.add_torrent(params)
    checked = False
    while not checked:
        session.wait_for_alert(1_000)  # milliseconds
        checked = any(isinstance(a, lt.torrent_checked_alert) for a in session.pop_alerts())
    if not handle.status().is_seeding:
        sys.exit("libtorrent did not find every piece")


def main() -> None:
    """Build or check."""
    if sys.argv[1] == "build":
        source, out, form, piece_length = sys.argv[2:]
        _build(Path(source), Path(out), form, int(piece_length))
    else:
        source, torrent = sys.argv[2:]
        _check(Path(source), Path(torrent))


if __name__ == "__main__":
    main()
