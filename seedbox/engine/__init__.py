"""The swarm: base (protocol and values, pure) and libtorrent (its one door)."""
