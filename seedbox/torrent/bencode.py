"""Bencode, strict and canonical (BEP 3): one value, one spelling.

Whatever has two spellings could give one torrent two info-hashes, so unsorted or repeated
keys, leading zeros, `-0` and trailing bytes are refused. The decoder keeps its own stack, and
depth, size and the number of values are bounded: bytes from outside cannot exhaust the machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

from seedbox.errors import InvalidTorrentError

Value: TypeAlias = Union[int, bytes, "list[Value]", "dict[bytes, Value]"]
"""What decoding gives."""

Encodable: TypeAlias = Union[
    int, bytes, "Encoded", "Sequence[Encodable]", "Mapping[bytes, Encodable]"
]
"""What encoding takes."""

_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1  # what every other reader can hold
_INTEGER = re.compile(rb"i(0|-?[1-9][0-9]{0,18})e")
_ZERO, _NINE, _LIST, _DICT, _END = b"09lde"
_OPENING = frozenset((_LIST, _DICT))
_LONGEST = 11  # bytes of a string's length and its colon
_LENGTHS = {b"%d:" % length: length for length in range(1, 256)}  # of most strings, as spelled
_FILE = re.compile(
    rb"d0:d6:lengthi(N)e(?:11:pieces root32:(.{32}))?ee"  # a file of a file tree (BEP 52)
    rb"|d6:lengthi(N)e4:pathl"  # a file of v1 up to the segments of its path (BEP 3)
    # a pad file (BEP 47)
    rb"|d4:attr1:p6:lengthi(N)e4:pathl4:\.pad([1-9][0-9]?):([0-9]+)ee".replace(
        b"N", b"0|[1-9][0-9]{0,17}"
    ),
    re.DOTALL,
)
_FILE_VALUES = 8  # in a file at most, the segments of a path not counted
_FILE_DEPTH = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a document from outside."""

    size: int = 64 * 1024 * 1024  # bytes
    depth: int = 128  # lists and dicts inside each other
    values: int = 5_000_000  # strings, numbers, lists and dicts, keys included


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value that is spelled already; whoever spelled it answers for its being canonical."""

    raw: bytes


def encode(value: Encodable) -> bytes:
    """Return the only spelling of a value.

    Raises:
        TypeError: The value is not made of int, bytes, sequences and mappings with bytes keys.
    """
    out = bytearray()
    _encode(value, out)
    return bytes(out)


def _encode(value: Encodable, out: bytearray) -> None:
    if isinstance(value, bytes):
        out += b"%d:%b" % (len(value), value)
    elif isinstance(value, Encoded):
        out += value.raw
    elif isinstance(value, (bool, str, bytearray, memoryview)):
        raise TypeError(f"bencode has no {type(value).__name__}: {value!r}")
    elif isinstance(value, int):
        out += b"i%de" % value
    elif isinstance(value, Mapping):
        out += b"d"
        for key in sorted(value):
            if not isinstance(key, bytes):
                raise TypeError(f"a bencode key is bytes, not {type(key).__name__}: {key!r}")
            out += b"%d:%b" % (len(key), key)
            _encode(value[key], out)
        out += b"e"
    elif isinstance(value, Sequence):
        out += b"l"
        for item in value:
            _encode(item, out)
        out += b"e"
    else:
        raise TypeError(f"bencode has no {type(value).__name__}: {value!r}")


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Value:
    """Return the value that the whole of `data` spells.

    Raises:
        InvalidTorrentError: Not canonical bencode, or over a limit; names the byte offset.
    """
    return _Decoder(data, limits).run()


def decode_dict(
    data: bytes, limits: Limits = DEFAULT_LIMITS
) -> tuple[dict[bytes, Value], dict[bytes, slice]]:
    """Return the dict that `data` spells, and where in `data` each of its own values lies.

    An info-hash is the digest of the info dict as it was written (BEP 3), so its bytes must be
    taken from the file and never be encoded again.

    Raises:
        InvalidTorrentError: As `decode`, or the value is not a dict.
    """
    decoder = _Decoder(data, limits)
    value = decoder.run()
    if not isinstance(value, dict):
        raise InvalidTorrentError("the document is not a dictionary")
    return value, decoder.spans


class _Decoder:
    """One pass over one document; the stack replaces recursion.

    A large torrent has a million values, so the loop looks at single bytes and calls little.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        if len(data) > limits.size:
            raise InvalidTorrentError(f"{len(data):,} bytes, the limit is {limits.size:,}")
        self.data = data
        self.limits = limits
        self.spans: dict[bytes, slice] = {}  # of the values of the outermost dict

    def run(self) -> Value:
        value, end = self._value()
        if end != len(self.data):
            raise _error(f"{len(self.data) - end:,} bytes follow the end", end)
        return value

    def _value(self) -> tuple[Value, int]:
        """Read one value with everything in it; return it and where it ends."""
        data, size, left, at = self.data + b"\0", len(self.data), self.limits.values, 0
        frame, outer = _Frame([], key=b""), list[_Frame]()  # a list around the document itself
        value: Value
        while True:
            start, lead = at, data[at]
            if lead != _END and (left := left - 1) < 0 and at < size:
                raise _error(f"more than {self.limits.values:,} values", at)
            if _ZERO <= lead <= _NINE:
                colon = data.find(b":", at, at + _LONGEST)
                at = colon + 1 + (_LENGTHS.get(data[at : colon + 1]) or self._length(at, colon))
                if at > size:
                    raise _error("a string runs past the end", start)
                value = data[colon + 1 : at]
                if frame.key is None:
                    frame.take_key(value, start, at)
                    continue
            elif lead == _END:
                value, at = frame.closed(start, is_open=bool(outer)), at + 1
                frame = outer.pop()
            elif lead == _DICT and (file := self._file(frame, start, len(outer), left)):
                value, at, left = file
            elif lead in _OPENING:
                outer.append(frame)
                frame, at = self._opened(frame, lead, len(outer), start), at + 1
                continue
            else:
                value, at = self._integer(frame, start)
            self._put(frame, value, at, outermost=len(outer) == 1)
            if not outer:
                return value, at

    def _put(self, frame: _Frame, value: Value, at: int, *, outermost: bool) -> None:
        key, into = frame.key, frame.value
        if isinstance(into, list):
            into.append(value)
        elif key is not None:
            into[key] = value
            frame.last, frame.key = key, None
            if outermost:
                self.spans[key] = slice(frame.value_starts, at)

    def _length(self, at: int, colon: int) -> int:
        """Read the length of a string."""
        digits = self.data[at:colon] if colon > 0 else b""
        if not digits.isdigit() or (digits[0] == _ZERO and len(digits) > 1):
            raise _error("not a canonical string", at)
        return int(digits)

    def _file(self, frame: _Frame, at: int, depth: int, left: int) -> tuple[Value, int, int] | None:
        """Read a file at once if it is spelled as nearly all are; there can be a million.

        What it reads is what the loop would: all else, and whatever may be wrong, is left to that.

        Returns:
            The dict, where it ends, and how many more values the document may have.
        """
        if frame.key is None or left < _FILE_VALUES or depth + _FILE_DEPTH > self.limits.depth:
            return None
        found = _FILE.match(self.data, at)
        if found is None:
            return None
        length, root, of_v1, of_pad, digits, name = found.groups()
        if of_v1:
            return self._path(int(of_v1), found.end(), left - 4)
        if length:
            entry: dict[bytes, Value] = {b"length": int(length)}
            if root:
                entry[b"pieces root"] = root
            return {b"": entry}, found.end(), left - 2 - 2 * len(entry)
        if int(digits) != len(name):
            return None
        pad: dict[bytes, Value] = {b"attr": b"p", b"length": int(of_pad), b"path": [b".pad", name]}
        return pad, found.end(), left - _FILE_VALUES

    def _path(self, length: int, at: int, left: int) -> tuple[Value, int, int] | None:
        """Read the rest of a file of v1: segments of no strange length, and the end."""
        data, path = self.data, list[Value]()
        while data[at : at + 2] != b"ee":
            colon = data.find(b":", at, at + _LONGEST)
            size = _LENGTHS.get(data[at : colon + 1])
            if size is None or len(path) == left:
                return None
            at = colon + 1 + size
            path.append(data[colon + 1 : at])
        return {b"length": length, b"path": path}, at + 2, left - len(path)

    def _integer(self, frame: _Frame, at: int) -> tuple[int, int]:
        """Read an integer, or say what stands in its place."""
        token = _INTEGER.match(self.data, at)
        if token is None:
            lead = self.data[at : at + 1]
            wrong = f"unexpected {lead!r}" if lead else "the data ends too early"
            raise _error("not a canonical integer of 64 bits" if lead == b"i" else wrong, at)
        value = int(token[1])
        if not _INT_MIN <= value <= _INT_MAX:
            raise _error("not a canonical integer of 64 bits", at)
        if frame.key is None:
            raise _error("a dictionary key is not a string", at)
        return value, token.end()

    def _opened(self, frame: _Frame, lead: int, depth: int, at: int) -> _Frame:
        if frame.key is None:
            raise _error("a dictionary key is not a string", at)
        if depth > self.limits.depth:
            raise _error(f"nested deeper than {self.limits.depth}", at)
        return _Frame([], key=b"") if lead == _LIST else _Frame({})


@dataclass(slots=True)
class _Frame:
    """A list or dict that is still being read."""

    value: list[Value] | dict[bytes, Value]
    key: bytes | None = None  # whose value comes next; None: a key comes next; of a list: nothing
    last: bytes | None = None  # the key before
    value_starts: int = 0

    def take_key(self, key: bytes, at: int, end: int) -> None:
        if self.last is not None and key <= self.last:
            word = "repeated" if key == self.last else "out of order"
            raise _error(f"dictionary key {key[:40]!r} is {word}", at)
        self.key, self.value_starts = key, end

    def closed(self, at: int, *, is_open: bool) -> Value:
        """Return the value that ends here, unless nothing can end here."""
        if not is_open or (isinstance(self.value, dict) and self.key is not None):
            raise _error("unexpected b'e'", at)
        return self.value


def _error(reason: str, at: int) -> InvalidTorrentError:
    return InvalidTorrentError(f"{reason} (at byte {at:,})")
