"""From files to piece digests: bounded reads, every core, results in order.

Work is handed out in units of about 4 MiB, in the order of the torrent: large enough that a
disk reads in runs, small enough that all cores have work and memory stays bounded whatever the
sizes. hashlib gives up the interpreter's lock for each of its calls, so threads do.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from threading import Event
from typing import Self

from seedbox import disk
from seedbox.errors import SourceChangedError
from seedbox.torrent import merkle
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout
from seedbox.torrent.merkle import BLOCK_SIZE
from seedbox.torrent.pieces import PieceMap, Span

_UNIT = 4 * 1024 * 1024  # bytes of pieces handed to a thread at once
_CHUNK = 256 * 1024  # bytes a read; a multiple of BLOCK_SIZE
_ZEROS = bytes(_CHUNK)


@dataclass(frozen=True, slots=True)
class FileDigest:
    """The SHA-256 of one whole file."""

    file: int  # index in the layout
    sha256: bytes  # 32 bytes


def hash_pieces(
    layout: Layout,
    files: Sequence[disk.Located | None],
    *,
    wanted: Sequence[int] | None = None,
    jobs: int | None = None,
    on_file: Callable[[FileDigest], None] | None = None,
) -> Generator[PieceDigest, None, None]:
    """Read the files once and yield the digests of their pieces in order.

    Closing the iterator stops all reading within a few milliseconds.

    Args:
        layout: Where the files lie in the row of pieces.
        files: Where each file of the layout lies; None only where no wanted piece touches it.
        wanted: Rising indices of the pieces to hash; all if not given.
        jobs: Threads; one a core if not given.
        on_file: Gets the SHA-256 of each whole file, from the same read. Needs all pieces.

    Raises:
        SourceChangedError: A file is not as it was when it was located.
        DiskError: A file cannot be read.
        ValueError: on_file without all pieces: a bug in the caller.
    """
    if on_file and wanted is not None:
        raise ValueError("file digests need every piece")
    indices = range(layout.piece_map.count) if wanted is None else wanted
    threads = jobs or os.cpu_count() or 1
    stop = Event()
    whole = _WholeFiles(layout, on_file) if on_file else None
    worker = _Worker(layout, layout.piece_map, files, stop, keep=whole is not None)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="hash")
    try:
        for done in _in_order(pool, worker, _units(indices, layout.piece_length), 2 * threads):
            if whole:
                whole.feed(done)
            yield done.digest
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _units(indices: Sequence[int], piece_length: int) -> Iterator[Sequence[int]]:
    size = max(1, _UNIT // piece_length)
    return (indices[at : at + size] for at in range(0, len(indices), size))


def _in_order(
    pool: ThreadPoolExecutor,
    worker: Callable[[Sequence[int]], list[_Done]],
    units: Iterator[Sequence[int]],
    ahead: int,
) -> Iterator[_Done]:
    """Run units in threads, at most `ahead` of them unread, and yield what they did in order."""
    pending: deque[Future[list[_Done]]] = deque()
    for unit in units:
        pending.append(pool.submit(worker, unit))
        if len(pending) > ahead:
            yield from pending.popleft().result()
    while pending:
        yield from pending.popleft().result()


@dataclass(frozen=True, slots=True)
class _Done:
    """One hashed piece, with its bytes where they are still needed."""

    digest: PieceDigest
    kept: list[tuple[int, bytes]]  # (file, bytes)


@dataclass(frozen=True, slots=True)
class _Worker:
    """Hashes units of pieces; called from several threads at once, so it holds no state."""

    layout: Layout
    piece_map: PieceMap
    files: Sequence[disk.Located | None]
    stop: Event
    keep: bool

    def __call__(self, indices: Sequence[int]) -> list[_Done]:
        with _Reader(self.files, self.stop) as reader:
            return [self._piece(index, reader) for index in indices if not self.stop.is_set()]

    def _piece(self, index: int, reader: _Reader) -> _Done:
        form = self.layout.form
        whole = None if form is Format.V2 else sha1(usedforsecurity=False)
        blocks: list[bytes] = []
        kept: list[tuple[int, bytes]] = []
        size = 0  # bytes of the file that the piece belongs to (v2)
        for span in self.piece_map.spans(index):
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
        return _Done(PieceDigest(index, whole.digest() if whole else None, root), kept)

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
        file = self._file(index)
        filled = 0
        while filled < len(chunk):
            with disk.attempt("read", file.path):
                count = os.preadv(self.fd, [chunk[filled:]], at + filled)
            if not count:
                now = f"it ends after {at + filled:,} bytes"
                raise SourceChangedError(str(file.path), was=f"{file.size:,} bytes", now=now)
            filled += count

    def _open(self, index: int) -> None:
        if index == self.open_index:
            return
        self._close()
        file = self._file(index)
        self.fd, self.open_index = disk.open_file(file), index
        self._check(file)

    def _close(self) -> None:
        """Close the open file; what was read of it counts only if it is still the same."""
        if self.open_index is None:
            return
        file, self.open_index = self._file(self.open_index), None
        try:
            if not self.stop.is_set():
                self._check(file)
        finally:
            os.close(self.fd)

    def _check(self, file: disk.Located) -> None:
        if not disk.unchanged(file, self.fd):
            now = f"it has {os.fstat(self.fd).st_size:,} bytes and another time of change"
            raise SourceChangedError(str(file.path), was=f"it had {file.size:,} bytes", now=now)

    def _file(self, index: int) -> disk.Located:
        file = self.files[index]
        if file is None:
            raise ValueError(f"file {index} of the layout was not located")
        return file


def _zeros(length: int) -> Iterator[memoryview]:
    zeros = memoryview(_ZEROS)
    for at in range(0, length, _CHUNK):
        yield zeros[: min(_CHUNK, length - at)]


class _WholeFiles:
    """The SHA-256 of whole files, from pieces that come in order."""

    def __init__(self, layout: Layout, on_file: Callable[[FileDigest], None]) -> None:
        self._on_file = on_file
        self._running = {index: sha256() for index, file in enumerate(layout.files) if file.length}
        self._left = [file.length for file in layout.files]
        for index, file in enumerate(layout.files):
            if not file.length:
                on_file(FileDigest(index, sha256().digest()))

    def feed(self, done: _Done) -> None:
        for index, data in done.kept:
            self._running[index].update(data)
            self._left[index] -= len(data)
            if not self._left[index]:
                self._on_file(FileDigest(index, self._running.pop(index).digest()))
