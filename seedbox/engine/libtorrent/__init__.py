"""The swarm through libtorrent 2.1: the only package that imports it.

`engine` holds torrents, on a `session` with its start and end; `intake` turns what is added into
what libtorrent loads, `alerts` copies what it tells, `tuning` has every setting. When trackers hear
of a seed is decided by `announces`, when the DHT does by `rotation`.

Rules that keep data and process whole, each for a trap of libtorrent:

- Seeds are added in upload mode and not auto-managed; else a recheck or a corrupt file makes
  libtorrent write over the user's data, and auto-managing ends upload mode after ten minutes.
- Nothing is checked or made by libtorrent at add time (`no_verify_files`); `intake` looks at the
  files instead, in a thread. So no seed gets empty files made, no torrent gets files of others
  hard-linked into it (BEP 38), and no mismatch starts a recheck.
- An alert is copied before the next `pop_alerts`; after it, touching one crashes the process.
- No call that waits for libtorrent's network thread while it holds the GIL is made in the loop,
  but one for each tracker, to learn its interval.
- Seeds get their trackers one by one, and are kept out of libtorrent's own rotation in the DHT:
  what is announced in a burst is lost.
"""

from seedbox.engine.libtorrent.engine import LibtorrentEngine

__all__ = ["LibtorrentEngine"]
