"""The stat tuples of a shard as one blob: numbers side by side, then the paths.

    byte 0       0: the rest as it is; 1: the rest by zlib, after its length (4 bytes)
    4 bytes      how many files
    24 bytes     for each file: size, mtime_ns, inode (8 bytes each; mtime_ns signed)
    the rest     the paths, UTF-8, with a NUL between two

Pure; all numbers are little-endian. Decoding is strict: what no encoder wrote is refused.
"""

from __future__ import annotations

import struct
import zlib
from itertools import chain

from seedbox.daemon.state.records import FileStat

_PLAIN, _PRESSED = 0, 1
_COUNT = struct.Struct("<I")
_NUMBERS = struct.Struct("<QqQ")
_WORTH_PRESSING = 4096  # bytes; below, it saves less than a page
_MOST = 1 << 30  # bytes, pressed or not: millions of files


def pack(stats: tuple[FileStat, ...]) -> bytes:
    """Return the blob of some files.

    Raises:
        ValueError: A path is empty or has a NUL, or a number is out of its range: a bug in the
            caller, since paths come from a torrent and numbers from a file system.
    """
    paths = "\0".join([each.path for each in stats])
    if stats and paths.count("\0") != len(stats) - 1:
        raise ValueError("a path has a NUL")
    if not all(each.path for each in stats):
        raise ValueError("a path is empty")
    numbers = chain.from_iterable([(each.size, each.mtime_ns, each.inode) for each in stats])
    try:
        packed = struct.pack("<" + "QqQ" * len(stats), *numbers)
    except struct.error as error:
        raise ValueError(f"a number of a file is out of its range: {error}") from None
    body = _COUNT.pack(len(stats)) + packed + paths.encode()
    if len(body) < _WORTH_PRESSING:
        return bytes([_PLAIN]) + body
    return bytes([_PRESSED]) + _COUNT.pack(len(body)) + zlib.compress(body, 1)


def unpack(blob: bytes) -> tuple[FileStat, ...]:
    """Return the files of a blob.

    Raises:
        ValueError: It is not what `pack` makes.
    """
    body = _body(blob)
    if len(body) < _COUNT.size:
        raise ValueError("the count is cut off")
    (count,) = _COUNT.unpack_from(body)
    begin = _COUNT.size + count * _NUMBERS.size
    if len(body) < begin:
        raise ValueError(f"the numbers of {count} files are cut off")
    numbers = _NUMBERS.iter_unpack(memoryview(body)[_COUNT.size : begin])
    text = body[begin:].decode()  # UnicodeDecodeError is a ValueError
    paths = text.split("\0") if count else []
    if len(paths) != count or not all(paths) or (text and not count):
        raise ValueError(f"{count} files with {len(paths)} paths, or one of them empty")
    return tuple([FileStat(path, *each) for path, each in zip(paths, numbers, strict=True)])


def _body(blob: bytes) -> bytes:
    if not blob or len(blob) > _MOST:
        raise ValueError(f"{len(blob)} bytes")
    if blob[0] == _PLAIN:
        return blob[1:]
    if blob[0] != _PRESSED or len(blob) < 1 + _COUNT.size:
        raise ValueError(f"it begins with {blob[0]}")
    (length,) = _COUNT.unpack_from(blob, 1)
    if length > _MOST:
        raise ValueError(f"it claims {length} bytes")
    unpresser = zlib.decompressobj()
    try:
        body = unpresser.decompress(blob[1 + _COUNT.size :], length + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(body) != length or not unpresser.eof or unpresser.unused_data:
        raise ValueError(f"{length} bytes were pressed, {len(body)} or more came out")
    return body
