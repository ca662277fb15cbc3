"""Torrents for tests: made from contents in memory, taken apart, and spoilt."""

from collections.abc import Callable, Mapping
from typing import Any

from seedbox.torrent import bencode
from seedbox.torrent.compose import Extras, compose
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import arrange
from seedbox.torrent.metainfo import Metainfo
from support import reference

KiB = 1024
FORMS = [Format.V1, Format.V2, Format.HYBRID]

Change = Callable[[dict[bytes, Any]], object]


def make(
    files: Mapping[str, bytes],
    form: Format,
    *,
    name: str = "data",
    piece_length: int = 32 * KiB,
    single: bool = False,
    extras: Extras | None = None,
) -> Metainfo:
    """Return our torrent over files, hashed by the reference."""
    sizes = [(tuple(path.split("/")), len(data)) for path, data in files.items()]
    layout = arrange(name, sizes, form=form, piece_length=piece_length, single=single)
    found = reference.digests(files, piece_length, form)
    return compose(layout, found, extras or Extras())


def changed(raw: bytes, change: Change) -> bytes:
    """Return a torrent after a change to its decoded document."""
    document: Any = bencode.decode(raw)
    change(document)
    return reference.bencode(document)
