"""Magnet links (BEP 9, 52, 53): info-hashes, trackers, web seeds, peers and files in one line.

Pure.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from seedbox.errors import InvalidMagnetError
from seedbox.torrent.info_hash import V1_BYTES, V2_BYTES, InfoHash

_MAX_LENGTH = 64 * 1024  # characters
_MAX_FIELDS = 1_000
_MAX_FILES = 1_000_000
_INDEX = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?", re.ASCII)
_PEER = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/]+):(\d{1,5})", re.ASCII)
_MULTIHASH_SHA256 = bytes([0x12, 0x20])  # code and length (BEP 52)
_BASE32_DIGITS = 32
_SAFE = {"x.pe": ":[]", "so": ","}  # libtorrent does not unquote these
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Magnet:
    """What a magnet link says."""

    info_hash: InfoHash
    name: str | None = None
    trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()  # host:port
    select_only: tuple[int, ...] = ()  # indices of files (BEP 53); none: all

    @classmethod
    def parse(cls, link: str) -> Magnet:
        """Read a magnet link; keys that BitTorrent does not use are ignored.

        Raises:
            InvalidMagnetError: It names no torrent, two different ones, or breaks its format.
        """
        if len(link) > _MAX_LENGTH:
            raise InvalidMagnetError(f"{len(link):,} characters, the limit is {_MAX_LENGTH:,}")
        scheme, _, query = link.partition("?")
        if scheme.lower() != "magnet:":
            raise InvalidMagnetError("it does not begin with magnet:?")
        try:
            pairs = parse_qsl(query, max_num_fields=_MAX_FIELDS, errors="strict")
        except ValueError as error:
            raise InvalidMagnetError(str(error)) from None
        values: dict[str, list[str]] = {}
        for key, value in pairs:
            base, dot, number = key.partition(".")
            numbered = dot and number.isdigit()
            values.setdefault(base if numbered else key, []).append(value)
        return cls(
            info_hash=_info_hash(values.get("xt", [])),
            name=next(iter(values.get("dn", [])), None),
            trackers=tuple(values.get("tr", [])),
            web_seeds=tuple(values.get("ws", [])),
            peers=tuple(_peer(text) for text in values.get("x.pe", [])),
            select_only=_indices(values.get("so", [])),
        )

    def __str__(self) -> str:
        """Return the link."""
        v1, v2 = self.info_hash.v1, self.info_hash.v2
        fields = []
        if v1:
            fields.append(("xt", f"urn:btih:{v1.hex()}"))
        if v2:
            fields.append(("xt", f"urn:btmh:{(_MULTIHASH_SHA256 + v2).hex()}"))
        if self.name:
            fields.append(("dn", self.name))
        fields += [("tr", url) for url in self.trackers]
        fields += [("ws", url) for url in self.web_seeds]
        fields += [("x.pe", peer) for peer in self.peers]
        if self.select_only:
            fields.append(("so", _ranges(self.select_only)))
        return "magnet:?" + "&".join(
            f"{key}={quote(value, _SAFE.get(key, ':'))}" for key, value in fields
        )


def _info_hash(topics: list[str]) -> InfoHash:
    v1: bytes | None = None
    v2: bytes | None = None
    for topic in topics:
        kind, _, text = topic.rpartition(":")
        if kind.lower() == "urn:btih":
            found = _v1(text)
            if v1 not in {None, found}:
                raise InvalidMagnetError("two different v1 info-hashes")
            v1 = found
        elif kind.lower() == "urn:btmh":
            found = _v2(text)
            if v2 not in {None, found}:
                raise InvalidMagnetError("two different v2 info-hashes")
            v2 = found
    if v1 is None and v2 is None:
        raise InvalidMagnetError("it has no info-hash")
    return InfoHash(v1, v2)


def _v1(text: str) -> bytes:
    """Read 40 hex digits, or the 32 digits of base32 that older links have."""
    try:
        digest = (
            base64.b32decode(text, casefold=True) if len(text) == _BASE32_DIGITS else _hex(text)
        )
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != V1_BYTES:
        raise InvalidMagnetError(f"btih {text[:80]!r} is no SHA-1 digest")
    return digest


def _v2(text: str) -> bytes:
    try:
        multihash = _hex(text)
    except ValueError:
        multihash = b""
    if multihash[:2] != _MULTIHASH_SHA256 or len(multihash) != V2_BYTES + 2:
        raise InvalidMagnetError(f"btmh {text[:80]!r} is no SHA-256 multihash")
    return multihash[2:]


def _hex(text: str) -> bytes:
    """Read hex digits and nothing else; bytes.fromhex alone would skip spaces."""
    if not (text.isascii() and text.isalnum()):
        raise ValueError(text)
    return bytes.fromhex(text)


def _peer(text: str) -> str:
    """Read `host:port` or `[IPv6]:port` (BEP 9)."""
    match = _PEER.fullmatch(text)
    if not match or not 0 < int(match[1]) <= _LAST_PORT:
        raise InvalidMagnetError(f"x.pe={text[:80]!r} is no host:port")
    return text


def _indices(values: list[str]) -> tuple[int, ...]:
    """Read `0,2,4-7` (BEP 53); it may not name so many files that it exhausts memory."""
    found: set[int] = set()
    named = 0
    for part in ",".join(values).split(",") if values else []:
        match = _INDEX.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise InvalidMagnetError(f"so={part[:40]!r} is no range of file indices")
        named += last - first + 1
        if named > _MAX_FILES:
            raise InvalidMagnetError(f"so names more than {_MAX_FILES:,} files")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def _ranges(indices: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for index in sorted(set(indices)):
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)
