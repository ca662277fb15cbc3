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

Encodable: TypeAlias = Union[int, bytes, "Sequence[Encodable]", "Mapping[bytes, Encodable]"]
"""What encoding takes."""

_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1  # what every other reader can hold
_INTEGER = re.compile(rb"i(0|-?[1-9][0-9]{0,18})e")
_LENGTH = re.compile(rb"(0|[1-9][0-9]{0,9}):")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a document from outside."""

    size: int = 64 * 1024 * 1024  # bytes
    depth: int = 128  # lists and dicts inside each other
    values: int = 5_000_000  # strings, numbers, lists and dicts, keys included


DEFAULT_LIMITS = Limits()


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
    """One pass over one document; the stack replaces recursion."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        if len(data) > limits.size:
            raise InvalidTorrentError(f"{len(data):,} bytes, the limit is {limits.size:,}")
        self.data = data
        self.limits = limits
        self.at = 0
        self.values_left = limits.values
        self.spans: dict[bytes, slice] = {}  # of the values of the outermost dict

    def run(self) -> Value:
        value = self._value()
        if self.at != len(self.data):
            raise self._error(f"{len(self.data) - self.at:,} bytes follow the end")
        return value

    def _value(self) -> Value:
        """Read one value with everything in it."""
        stack: list[_Frame] = []
        while True:
            started = self._scalar_or_container()
            if isinstance(started, _Frame):
                if len(stack) >= self.limits.depth:
                    raise self._error(f"nested deeper than {self.limits.depth}")
                stack.append(started)
            elif stack:
                self._put(stack, started)
            else:
                return started
            while self._at_end(stack[-1]):
                done = stack.pop().value
                if not stack:
                    return done
                self._put(stack, done)

    def _put(self, stack: list[_Frame], value: Value) -> None:
        frame = stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
            return
        key = frame.key
        frame.value[key] = value
        if len(stack) == 1:
            self.spans[key] = slice(frame.value_starts, self.at)

    def _at_end(self, frame: _Frame) -> bool:
        """Close the container, or read the next key of a dict."""
        if self.data[self.at : self.at + 1] == b"e":
            self.at += 1
            return True
        if isinstance(frame.value, dict):
            self._count()
            start = self.at
            key = self._string()
            if frame.value and key <= frame.key:
                self.at = start
                word = "repeated" if key == frame.key else "out of order"
                raise self._error(f"dictionary key {key[:40]!r} is {word}")
            frame.key = key
            frame.value_starts = self.at
        return False

    def _scalar_or_container(self) -> Value | _Frame:
        self._count()
        lead = self.data[self.at : self.at + 1]
        if lead == b"i":
            return self._integer()
        if lead.isdigit():
            return self._string()
        if lead == b"l":
            self.at += 1
            return _Frame([])
        if lead == b"d":
            self.at += 1
            return _Frame({})
        raise self._error("the data ends too early" if not lead else f"unexpected {lead!r}")

    def _integer(self) -> int:
        match = _INTEGER.match(self.data, self.at)
        value = int(match[1]) if match else None
        if match is None or value is None or not _INT_MIN <= value <= _INT_MAX:
            raise self._error("not a canonical integer of 64 bits")
        self.at = match.end()
        return value

    def _string(self) -> bytes:
        match = _LENGTH.match(self.data, self.at)
        if match is None:
            raise self._error("not a canonical string")
        start = match.end()
        end = start + int(match[1])
        if end > len(self.data):
            raise self._error("a string runs past the end")
        self.at = end
        return self.data[start:end]

    def _count(self) -> None:
        self.values_left -= 1
        if self.values_left < 0:
            raise self._error(f"more than {self.limits.values:,} values")

    def _error(self, reason: str) -> InvalidTorrentError:
        return InvalidTorrentError(f"{reason} (at byte {self.at:,})")


@dataclass(slots=True)
class _Frame:
    """A list or dict that is still being read."""

    value: list[Value] | dict[bytes, Value]
    key: bytes = b""
    value_starts: int = 0
