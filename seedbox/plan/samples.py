"""Which pieces of a torrent to ask a web seed for: few, but of every kind that may go wrong.

Pure. The same seed and torrent give the same pieces on every machine and Python: the numbers come
from SHA-256 and not from a library that may change.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain, zip_longest
from urllib.parse import quote

from seedbox.torrent.layout import File, Layout

_NON_ASCII = "é"  # stands for every character that is escaped as several bytes


def plan_samples(layout: Layout, key: bytes, *, count: int, seed: int) -> tuple[int, ...]:
    """Return the pieces to ask for, in rising order.

    The first and the last piece come first; then one of a file for each character that a URL has
    to escape; then one of a file in the deepest folder; the rest by turns from a file and from the
    whole torrent at random, so that neither many small files nor a large one is missed.

    Args:
        layout: Of the torrent.
        key: Its info-hash, so that torrents of one seed differ.
        count: How many to return at most; fewer if the torrent has fewer.
        seed: Other numbers give other pieces.
    """
    numbers = _Numbers(seed, key)
    wanted = min(count, layout.piece_map.count)
    chosen: set[int] = set()
    for piece in chain(_telling(layout, numbers), _spread(layout, numbers)):
        if len(chosen) == wanted:
            break
        chosen.add(piece)
    return tuple(sorted(chosen))


def _telling(layout: Layout, numbers: _Numbers) -> Iterator[int]:
    """Yield pieces that show most of what servers get wrong."""
    yield 0
    yield layout.piece_map.count - 1
    filled = [index for index, file in enumerate(layout.files) if file.length]
    escaped: dict[str, int] = {}
    for index in filled:
        for character in _escaped(layout.files[index]):
            escaped.setdefault(character, index)
    for index in dict.fromkeys(escaped[character] for character in sorted(escaped)):
        yield _piece_of(layout, index, numbers)
    yield _piece_of(layout, max(filled, key=lambda i: len(layout.files[i].path)), numbers)


def _escaped(file: File) -> set[str]:
    """Return the characters of a path that stand otherwise in a URL (RFC 3986)."""
    path = "".join(file.path)
    if quote(path, safe="") == path:  # most are
        return set()
    found = {char if char.isascii() else _NON_ASCII for char in set(path)}
    return {char for char in found if quote(char, safe="") != char}


def _spread(layout: Layout, numbers: _Numbers) -> Iterator[int]:
    """Yield every piece, sooner or later: one of a file, one of all, by turns."""
    filled = [index for index, file in enumerate(layout.files) if file.length]
    of_files = (_piece_of(layout, filled[at], numbers) for at in _shuffled(len(filled), numbers))
    of_all = _shuffled(layout.piece_map.count, numbers)
    for pair in zip_longest(of_files, of_all):
        yield from (piece for piece in pair if piece is not None)


def _piece_of(layout: Layout, file: int, numbers: _Numbers) -> int:
    pieces = layout.piece_map.pieces_of(file)
    return pieces[numbers.below(len(pieces))]


def _shuffled(count: int, numbers: _Numbers) -> Iterator[int]:
    """Yield 0 to `count` in random order; takes memory only for what it has yielded."""
    moved: dict[int, int] = {}
    for at in range(count):
        other = at + numbers.below(count - at)
        value = moved.pop(other, other)
        if other != at:
            moved[other] = moved.pop(at, at)
        yield value


class _Numbers:
    """Random numbers from SHA-256 of seed, key and a counter."""

    def __init__(self, seed: int, key: bytes) -> None:
        self._start = sha256(b"%d:%b:" % (seed, key))
        self._counter = 0

    def below(self, limit: int) -> int:
        """Return a number from 0 up to, and without, `limit`.

        Each is as likely as the others: 2**256 is so large that its remainder does not show.
        """
        digest = self._start.copy()
        digest.update(b"%d" % self._counter)
        self._counter += 1
        return int.from_bytes(digest.digest(), "big") % limit
