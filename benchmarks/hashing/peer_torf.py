"""torf as a builder; runs in an environment of its own.

Run with: python peer_torf.py PATH OUT PIECE_LENGTH THREADS
"""

from __future__ import annotations

import importlib
import sys


def main() -> None:
    """Build a v1 torrent."""
    source, out, piece_length, threads = sys.argv[1:]
    torf = importlib.import_module("torf")
    torrent = torf.Torrent(path=source, piece_size=int(piece_length), creation_date=None)
    torrent.generate(threads=int(threads))
    torrent.write(out, validate=False)  # a torrent without a tracker is no valid one to torf


if __name__ == "__main__":
    main()
