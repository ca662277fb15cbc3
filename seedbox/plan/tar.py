"""Tar archives whose bytes are known before they are written (POSIX.1-2001: ustar and pax).

A member's header depends on its name and size alone: no times, no owners, no modes. So the same
items give the same archive on every machine, and each stretch of it can be made on its own, by
several threads at once, out of headers, files and zeros. What a ustar header cannot hold stands
in a pax header before it. GNU tar, bsdtar, Python and WebDataset read both.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeAlias

from seedbox.torrent.paths import Path

BLOCK = 512  # bytes; everything in an archive is a multiple of it
_RECORD = 20 * BLOCK  # bytes; the end is filled up to one, as all programs do
NAME, _PREFIX = 100, 155  # bytes of a name in a ustar header, after and before a slash
MOST = 8**11 - 1  # bytes; the longest file whose size a ustar header can hold

_RIGHTS = b"0000644\0" + 2 * b"0000000\0"  # mode, owner, group
_TIME = b"00000000001\0"  # seconds since 1970: older GNU tars warn of every member with 0
_REST = bytes(100) + b"ustar\x0000" + bytes(64) + 2 * b"0000000\0"  # link, magic, names, device
_FIXED = sum(_RIGHTS + _TIME + _REST) + 8 * ord(" ")  # a checksum counts itself as spaces

Part: TypeAlias = tuple[int, int, int, int]
"""(member, where in its file, where in the stretch, length): bytes that come from a file."""


class Archive:
    """Where everything lies in an archive, for 24 bytes a member beside the names."""

    def __init__(self, members: Iterable[tuple[Path, int]]) -> None:
        """Lay the members out in their order.

        Args:
            members: (path, size in bytes) of each; at least one. Segments hold no slash and are
                valid UTF-8 (`torrent.paths`).
        """
        self.names: list[Path] = []
        self.sizes = array("Q")
        self.starts = array("Q")  # where a member's headers begin
        self.data = array("Q")  # where its file begins
        at = 0
        for path, size in members:
            self.names.append(path)
            self.sizes.append(size)
            self.starts.append(at)
            at += header_size(path, size)
            self.data.append(at)
            at += size + -size % BLOCK
        self.end = at
        self.size = size_of(at)

    def stretch(self, start: int, out: memoryview) -> list[Part]:
        """Write the bytes from `start` on into `out`, but for those that come from files.

        Args:
            start: Bytes from the beginning of the archive; `out` must not reach over its end.
            out: Is overwritten.

        Returns:
            What is still to be read from files, in order.
        """
        stop = start + len(out)
        parts: list[Part] = []
        index = max(0, bisect_right(self.starts, start) - 1)
        at = start
        while at < stop and index < len(self.names):
            begin, data, size = self.starts[index], self.data[index], self.sizes[index]
            if at < data:
                known = header(self.names[index], size)[at - begin : stop - begin]
                out[at - start : at - start + len(known)] = known
                at += len(known)
            if (length := min(data + size, stop) - at) > 0:
                parts.append((index, at - data, at - start, length))
                at += length
            if (length := min(data + size + -size % BLOCK, stop) - at) > 0:
                out[at - start : at - start + length] = bytes(length)
                at += length
            index += 1
        out[at - start :] = bytes(stop - at)
        return parts


def size_of(end: int) -> int:
    """Return the bytes of an archive whose last member ends at `end`."""
    return end + 2 * BLOCK + -(end + 2 * BLOCK) % _RECORD


def header(path: Path, size: int) -> bytes:
    """Return what stands before a member's file.

    Args:
        path: Of the member; segments without slashes, none of them empty.
        size: Bytes of the file.
    """
    name = "/".join(path).encode()
    split = _split(name)
    if split is not None and size <= MOST:
        return _ustar(*split, size, b"0")
    records = b"" if split is not None else _pax_record(b"path", name)
    if size > MOST:
        records += _pax_record(b"size", b"%d" % size)
    prefix, short = split if split is not None else (b"", _stand_in(name))
    return (
        _ustar(b"", b"././@PaxHeader", len(records), b"x")
        + records
        + bytes(-len(records) % BLOCK)
        + _ustar(prefix, short, 0 if size > MOST else size, b"0")
    )


def header_size(path: Path, size: int) -> int:
    """Return the length of `header`, most often without making it."""
    name = "/".join(path)
    short = len(name) <= NAME and name.isascii()
    return BLOCK if short and size <= MOST else len(header(path, size))


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """Return prefix and name for a ustar header; None: it cannot hold the name.

    It holds ASCII alone for sure: what other bytes mean is left to the reader (POSIX.1-2001).
    """
    if not name.isascii():
        return None
    if len(name) <= NAME:
        return b"", name
    slash = name.find(b"/", len(name) - NAME - 1)
    return None if slash < 0 or slash > _PREFIX else (name[:slash], name[slash + 1 :])


def _stand_in(name: bytes) -> bytes:
    """Return a name for readers that know no pax headers; the others never see it.

    It is one segment, since a path that was cut could begin with `../`.
    """
    flat = name.decode().encode("ascii", "replace").replace(b"?", b"_").replace(b"/", b"_")
    return flat[-NAME:]


def _pax_record(key: bytes, value: bytes) -> bytes:
    """Return a record, whose length counts its own digits."""
    rest = len(b" %b=%b\n" % (key, value))
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def _ustar(prefix: bytes, name: bytes, size: int, kind: bytes) -> bytes:
    """Return one header block."""
    length = b"%011o" % size
    return b"%b%b%b\0%b%06o\0 %b%b%b" % (
        name.ljust(NAME, b"\0"),
        _RIGHTS,
        length,
        _TIME,
        _FIXED + sum(prefix) + sum(name) + sum(length) + kind[0],
        kind,
        _REST,
        prefix.ljust(BLOCK - 345, b"\0"),  # 345 bytes stand before it
    )
