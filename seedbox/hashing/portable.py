"""Hashing with hashlib: on every machine, and the yardstick for everything faster.

hashlib gives up the interpreter's lock for each of its calls, so threads use all cores.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from threading import Event
from typing import Self

from seedbox import disk
from seedbox.hashing import reading
from seedbox.hashing.units import Shape, Unit
from seedbox.torrent import merkle
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout
from seedbox.torrent.merkle import BLOCK_SIZE
from seedbox.torrent.pieces import Span

_UNIT = 4 * 1024 * 1024  # bytes; large enough that a disk reads in runs
_FILES = 256  # in a unit; they are open one at a time
_CHUNK = 256 * 1024  # bytes a read; a multiple of BLOCK_SIZE
_ZEROS = bytes(_CHUNK)

Kept = list[tuple[int, bytes]]  # (file, bytes) in order


@dataclass(frozen=True, slots=True)
class PortableWorker:
    """Hashes units; called from several threads at once, so it holds no state but the stop."""

    layout: Layout
    files: Sequence[disk.Located | None]
    keep: bool  # give the bytes back with the digests
    stopped: Event = field(default_factory=Event)

    def shape(self, wanted: int) -> Shape:
        """Return how large a unit may be; `wanted` pieces of any number share out evenly."""
        del wanted
        return Shape(max(1, _UNIT // self.layout.piece_length), _FILES)

    def stop(self) -> None:
        """End all calls within milliseconds; what they return then is not used."""
        self.stopped.set()

    def ahead(self, unit: Unit) -> None:
        """Do nothing: one read follows the other, and the system reads ahead by itself."""

    def __call__(self, unit: Unit) -> tuple[list[PieceDigest], Kept]:
        """Return the digests of a unit's pieces, and its bytes if they are to be kept.

        Raises:
            SourceChangedError: A file is not as it was when it was located.
            DiskError: A file cannot be read.
        """
        kept: Kept = []
        with _Reader(self.files, self.stopped) as reader:
            digests = [
                self._piece(index, reader, kept)
                for index in unit.pieces
                if not self.stopped.is_set()
            ]
        return digests, kept

    def _piece(self, index: int, reader: _Reader, kept: Kept) -> PieceDigest:
        form = self.layout.form
        whole = None if form is Format.V2 else sha1(usedforsecurity=False)
        blocks: list[bytes] = []
        size = 0  # bytes of the file that the piece belongs to (v2)
        for span in self.layout.piece_map.spans(index):
            if span.file is not None:
                size = self.layout.files[span.file].length
            for chunk in reader.read(span):
                if whole:
                    whole.update(chunk)
                if span.file is None:
                    continue
                if form is not Format.V1:
                    blocks += _blocks(chunk)
                if self.keep:
                    kept.append((span.file, bytes(chunk)))
        root = None if form is Format.V1 else self._root(blocks, size)
        return PieceDigest(index, whole.digest() if whole else None, root)

    def _root(self, blocks: list[bytes], size: int) -> bytes:
        if size <= self.layout.piece_length:
            return merkle.small_root(blocks)
        return merkle.piece_layer(blocks, self.layout.piece_length)[0]


def _blocks(chunk: memoryview) -> list[bytes]:
    starts = range(0, len(chunk), BLOCK_SIZE)
    return [sha256(chunk[at : at + BLOCK_SIZE]).digest() for at in starts]


@dataclass(slots=True)
class _Reader:
    """Reads spans; keeps the last file open, since the next span is most often in it."""

    files: Sequence[disk.Located | None]
    stop: Event
    open_index: int | None = None
    fd: int = -1
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(_CHUNK)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, span: Span) -> Iterator[memoryview]:
        """Yield the span's bytes; each chunk is overwritten by the next."""
        if span.file is None:
            yield from _zeros(span.length)
            return
        self._open(span.file)
        at = span.start
        while at < span.stop and not self.stop.is_set():
            chunk = self.buffer[: min(_CHUNK, span.stop - at)]
            self._fill(span.file, chunk, at)
            yield chunk
            at += len(chunk)

    def _fill(self, index: int, chunk: memoryview, at: int) -> None:
        file = reading.located(self.files, index)
        filled = 0
        while filled < len(chunk):
            with disk.attempt("read", file.path):
                count = os.preadv(self.fd, [chunk[filled:]], at + filled)
            if not count:
                raise reading.ended(file, at + filled)
            filled += count

    def _open(self, index: int) -> None:
        if index == self.open_index:
            return
        self._close()
        file = reading.located(self.files, index)
        self.fd, self.open_index = disk.open_file(file), index
        reading.check(file, self.fd)

    def _close(self) -> None:
        """Close the open file; what was read of it counts only if it is still the same."""
        if self.open_index is None:
            return
        file, self.open_index = reading.located(self.files, self.open_index), None
        try:
            if not self.stop.is_set():
                reading.check(file, self.fd)
        finally:
            os.close(self.fd)


def _zeros(length: int) -> Iterator[memoryview]:
    zeros = memoryview(_ZEROS)
    for at in range(0, length, _CHUNK):
        yield zeros[: min(_CHUNK, length - at)]
