"""Metainfo's fields, one by one: from bencoded values to checked ones.

Pure, and only for `metainfo`: what a .torrent says about files, trackers and web seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

from seedbox.errors import InvalidTorrentError
from seedbox.torrent import paths, pieces
from seedbox.torrent.bencode import Value
from seedbox.torrent.info_hash import V2_BYTES
from seedbox.torrent.layout import File

Dict: TypeAlias = "dict[bytes, Value]"
T = TypeVar("T", int, bytes, "list[Value]", "dict[bytes, Value]")

_MAX_SIZE = (1 << 48) - 1  # bytes; libtorrent reads no larger torrents
_MAX_SEGMENTS = 5_000_000
_PLAIN = 2  # keys of a file with a length, and a path or a root; it has no attributes
_NAMES = {int: "a number", bytes: "a string", list: "a list", dict: "a dictionary"}


def get(where: Dict, key: bytes, kind: type[T]) -> T:
    """Return the value of a key that must be there, of the kind it must be.

    Raises:
        InvalidTorrentError: It is missing or of another kind.
    """
    value = optional(where, key, kind)
    if value is None:
        raise InvalidTorrentError(f"{key.decode()!r} is missing")
    return value


def optional(where: Dict, key: bytes, kind: type[T]) -> T | None:
    """Return the value of a key, or None if it is not there.

    Raises:
        InvalidTorrentError: It is of another kind.
    """
    value = where.get(key)
    if value is not None and not isinstance(value, kind):
        raise InvalidTorrentError(f"{key.decode()!r} is not {_NAMES[kind]}")
    return value


def get_utf8(where: Dict, key: bytes, kind: type[T]) -> T:
    """Return the value of a key that many writers spell a second time as `key.utf-8`.

    Raises:
        InvalidTorrentError: As `get`, or the two differ: clients would read two torrents.
    """
    value = get(where, key, kind)
    second = optional(where, key + b".utf-8", kind)
    if second not in (None, value):
        raise InvalidTorrentError(f"{key.decode()!r} and '{key.decode()}.utf-8' differ")
    return value


def text(value: Value, what: str) -> str:
    """Return a string that must be UTF-8.

    Raises:
        InvalidTorrentError: It is no string or no UTF-8.
    """
    if not isinstance(value, bytes):
        raise InvalidTorrentError(f"{what!r} holds something that is not a string")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise InvalidTorrentError(f"{what!r} is not UTF-8: {value[:40]!r}") from None


def texts(values: list[Value], what: str) -> list[str]:
    """Return strings that must be UTF-8.

    Raises:
        InvalidTorrentError: As `text`.
    """
    try:
        return [value.decode() for value in cast("list[bytes]", values)]
    except (AttributeError, UnicodeDecodeError):
        return [text(value, what) for value in values]


def optional_text(where: Dict, key: bytes) -> str | None:
    """Return a string for people; what is no UTF-8 is replaced, since nothing hangs on it."""
    value = optional(where, key, bytes)
    return None if value is None else value.decode(errors="replace")


def strings(top: Dict, info: Dict, key: bytes, length: int | None = None) -> list[bytes]:
    """Return a list of strings that may stand in the info dict or beside it (BEP 38)."""
    found = []
    for value in (optional(info, key, list) or []) + (optional(top, key, list) or []):
        if not isinstance(value, bytes) or (length is not None and len(value) != length):
            raise InvalidTorrentError(f"{key.decode()!r} holds a wrong value")
        found.append(value)
    return found


def tiers(top: Dict) -> tuple[tuple[str, ...], ...]:
    """Return the tiers of trackers: announce-list before announce (BEP 12)."""
    result = []
    for tier in optional(top, b"announce-list", list) or []:
        if not isinstance(tier, list):
            raise InvalidTorrentError("'announce-list' holds something that is not a tier")
        result.append(_urls(tier, "announce-list"))
    announce = _urls([optional(top, b"announce", bytes) or b""], "announce")
    return tuple(tier for tier in result if tier) or ((announce,) if announce else ())


def web_seeds(top: Dict) -> tuple[str, ...]:
    """Return the URLs of url-list, which is one string or a list of them (BEP 19)."""
    value = top.get(b"url-list", [])
    return _urls(value if isinstance(value, list) else [value], "url-list")


def _urls(values: list[Value], what: str) -> tuple[str, ...]:
    """Return the URLs; many writers put an empty one where they have none."""
    return tuple(url for url in (text(value, what) for value in values) if url)


@dataclass(frozen=True, slots=True)
class Half:
    """The files as the v1 or the v2 half of the info dict has them."""

    single: bool
    files: list[File]
    total: int  # bytes of the row of pieces
    pads: list[tuple[int, int]]  # (offset, bytes) of pad files: all (v1), those between files (v2)


def v1_files(info: Dict, name: str) -> Half:
    """Return the v1 half (BEP 3, 47)."""
    if b"length" in info:
        if b"files" in info:
            raise InvalidTorrentError("it has both 'length' and 'files'")
        if b"p" in _attributes(info, (name,)):
            raise InvalidTorrentError("its only file is a pad file")
        length = _length(info)
        return Half(single=True, files=[File((name,), length, 0)], total=length, pads=[])
    files, pads, at = [], [], 0
    for entry in get(info, b"files", list):
        if not isinstance(entry, dict):
            raise InvalidTorrentError("'files' holds something that is not a file")
        length = _length(entry)
        plain = len(entry) == _PLAIN and b"path" in entry
        path = (name, *texts(get(entry, b"path", list) if plain else _v1_path(entry), "path"))
        if (not plain and b"p" in _attributes(entry, path)) or paths.is_pad_file(path):
            pads.append((at, length))
        else:
            files.append(File(path, length, at))
        at += length
    return Half(single=False, files=files, total=_row(at), pads=pads)


def _v1_path(entry: Dict) -> list[Value]:
    """Return the path; a pad file may do without (BEP 47)."""
    if b"path" not in entry and b"p" in (optional(entry, b"attr", bytes) or b""):
        return []
    return get_utf8(entry, b"path", list)


def v2_files(tree: Dict, name: str, piece_length: int, *, folder: bool) -> Half:
    """Return the v2 half (BEP 52).

    Args:
        tree: The file tree.
        name: The torrent's name.
        piece_length: Bytes.
        folder: The v1 half has a folder; without one, a tree of one file is that file alone.
    """
    found = list(_leaves(tree))
    single = len(found) == 1 and len(found[0][0]) == 1 and not folder
    lengths, roots = [], []
    for path, entry in found:
        plain = len(entry) == _PLAIN and b"length" in entry and b"pieces root" in entry
        if not plain and b"p" in _attributes(entry, path):
            raise InvalidTorrentError(f"file tree: {'/'.join(path)!r} is a pad file")
        length, root = _length(entry), optional(entry, b"pieces root", bytes)
        if bool(length) != (root is not None) or (root is not None and len(root) != V2_BYTES):
            raise InvalidTorrentError(f"{'/'.join(path)!r} has a wrong pieces root")
        lengths.append(length)
        roots.append(root)
    starts = pieces.offsets(lengths, piece_length, aligned=True)
    files = [
        File(path if single else (name, *path), length, start, root)
        for (path, _), length, start, root in zip(found, lengths, starts, roots, strict=True)
    ]
    ends = [file.offset + file.length for file in files if file.length]
    total = max(ends, default=0)
    pads = [(end, -end % piece_length) for end in ends if end != total and end % piece_length]
    return Half(single, files, _row(total), pads)


def _leaves(tree: Dict) -> Iterator[tuple[tuple[str, ...], Dict]]:
    """Yield the files of a file tree in order.

    Files far below a folder are short in a tree and long as paths, hence a bound on these.
    """
    todo: list[tuple[tuple[str, ...], Value]] = [((), tree)]
    segments = 0
    while todo:
        path, node = todo.pop()
        if not isinstance(node, dict) or not node:
            raise InvalidTorrentError(f"file tree: {'/'.join(path)!r} is no file and no folder")
        leaf = node.get(b"")
        if leaf is None:
            segments += len(node) * (len(path) + 1)
            if segments > _MAX_SEGMENTS:
                raise InvalidTorrentError(f"its paths have more than {_MAX_SEGMENTS:,} segments")
            children = [((*path, text(key, "file tree")), node[key]) for key in node]
            todo.extend(reversed(children))
        elif isinstance(leaf, dict) and len(node) == 1 and path:
            yield path, leaf
        else:
            raise InvalidTorrentError(f"file tree: {'/'.join(path)!r} is a file and a folder")


def _length(entry: Dict) -> int:
    length = entry.get(b"length")
    if type(length) is not int or not 0 <= length <= _MAX_SIZE:
        length = get(entry, b"length", int)
        if length < 0:
            raise InvalidTorrentError(f"a file of {length:,} bytes")
    return _row(length)


def _row(total: int) -> int:
    if total > _MAX_SIZE:
        raise InvalidTorrentError(f"{total:,} bytes, the limit is {_MAX_SIZE:,}")
    return total


def _attributes(entry: Dict, path: tuple[str, ...]) -> bytes:
    """Return the attributes of a file (BEP 47), which is no link.

    A link may lead out of its folder, and seedbox neither makes nor follows any.
    """
    attributes = optional(entry, b"attr", bytes) or b""
    if b"l" in attributes or b"symlink path" in entry:
        raise InvalidTorrentError(f"{'/'.join(path)!r} is a symbolic link (BEP 47)")
    return attributes
