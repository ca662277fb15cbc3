"""Whether tools that built the same thing built the same torrent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from seedbox.torrent import bencode

Info = Mapping[bytes, bencode.Value]


def compare(lead: Path, other: Path) -> str:
    """Return in words in what two torrents of the same data agree.

    Raises:
        ValueError: Their hashes differ, where they should not.
    """
    one, two = (_info(path) for path in (lead, other))
    if _order(one) != _order(two):
        return "files in another order: not comparable"
    for key in (b"pieces", b"file tree"):
        if _hashes(one, key) != _hashes(two, key):
            raise ValueError(f"{lead.name} and {other.name} differ in {key.decode()}")
    if bencode.encode(dict(one)) == bencode.encode(dict(two)):
        return "same info-hash"
    keys = {key for key in one.keys() | two.keys() if one.get(key) != two.get(key)}
    told = ", ".join(key.decode() for key in sorted(keys))
    return f"same pieces and roots; another info-hash, for its {told}"


def _info(path: Path) -> Info:
    raw = path.read_bytes()
    document = cast("Mapping[bytes, bencode.Value]", bencode.decode(raw))
    return cast("Info", document[b"info"])


def _order(info: Info) -> list[bencode.Value]:
    files = cast("list[Mapping[bytes, bencode.Value]]", info.get(b"files", []))
    return [file[b"path"] for file in files if b"p" not in cast("bytes", file.get(b"attr", b""))]


def _hashes(info: Info, key: bytes) -> object:
    """Return the value of a key, without what a file's entry may say beside length and root."""
    value = info.get(key)
    return _roots(cast("Info", value)) if key == b"file tree" and value else value


def _roots(tree: Info) -> object:
    if b"" in tree:
        leaf = cast("Info", tree[b""])
        return leaf[b"length"], leaf.get(b"pieces root")
    return {name: _roots(cast("Info", below)) for name, below in tree.items()}
