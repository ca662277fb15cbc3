"""From files to piece digests: every core, bounded memory, results in order.

The work is cut into units (`units`); threads hash them through the fastest path that the machine
has (`paths`), at most two units a thread ahead of whoever takes the results.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from seedbox import disk
from seedbox.hashing import paths, units
from seedbox.hashing.extension import lanes
from seedbox.hashing.lanes import LanesWorker
from seedbox.hashing.pace import Pace
from seedbox.hashing.portable import Kept, PortableWorker
from seedbox.hashing.units import Shape, Unit
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.layout import Layout


@dataclass(frozen=True, slots=True)
class FileDigest:
    """The SHA-256 of one whole file."""

    file: int  # index in the layout
    sha256: bytes  # 32 bytes


@dataclass(frozen=True, slots=True)
class Hashed:
    """A run of pieces that was hashed."""

    digests: Sequence[PieceDigest]  # in order
    size: int  # bytes of files in them


class Worker(Protocol):
    """Hashes units, from several threads at once."""

    def shape(self, wanted: int) -> Shape:
        """Return how large a unit may be if so many pieces are to be hashed."""
        ...

    def ahead(self, unit: Unit) -> None:
        """Prepare for a unit that comes soon."""
        ...

    def stop(self) -> None:
        """End all calls soon."""
        ...

    def __call__(self, unit: Unit) -> tuple[Sequence[PieceDigest], Kept]:
        """Return the digests of a unit's pieces, and its bytes if they are to be kept."""
        ...


def hash_pieces(
    layout: Layout,
    files: Sequence[disk.Located | None],
    *,
    wanted: Sequence[int] | None = None,
    jobs: int | None = None,
    max_read: int | None = None,
    on_file: Callable[[FileDigest], None] | None = None,
) -> Generator[Hashed, None, None]:
    """Read the files once and yield the digests of their pieces in order, run by run.

    Closing the iterator stops all reading within 100 ms.

    Args:
        layout: Where the files lie in the row of pieces.
        files: Where each file lies; None only where no wanted piece touches it.
        wanted: Rising indices of the pieces to hash; None: all.
        jobs: Threads; None: one a core.
        max_read: Bytes/s to read at most; None: as fast as it goes.
        on_file: Gets each whole file's SHA-256, from the same read by hashlib; needs all pieces.

    Raises:
        SourceChangedError: A file is not as it was when it was located.
        DiskError: A file cannot be read.
        UsageError: SEEDBOX_HASH names a path that this machine cannot run.
        ValueError: on_file without all pieces: a bug in the caller.
    """
    threads = jobs or os.cpu_count() or 1
    whole = _whole_files(layout, wanted, on_file)
    worker = _worker(layout, files, threads, keep=whole is not None)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="hash")
    try:
        work = _work(layout, worker, wanted, Pace(max_read))
        for unit, digests, kept in _in_order(pool, worker, work, 2 * threads):
            if whole:
                whole.feed(kept)
            yield Hashed(digests, unit.size)
    finally:
        worker.stop()
        pool.shutdown(wait=True, cancel_futures=True)


def _work(
    layout: Layout, worker: Worker, wanted: Sequence[int] | None, pace: Pace
) -> Iterator[Unit]:
    """Return the units to hash, each when its time has come."""
    indices = range(layout.piece_map.count) if wanted is None else wanted
    shape = pace.shape(worker.shape(len(indices)), layout.piece_length)
    return pace.hold(units.cut(layout.piece_map, indices, shape))


def _worker(
    layout: Layout, files: Sequence[disk.Located | None], threads: int, *, keep: bool
) -> Worker:
    path, extension = paths.chosen().name, lanes()
    if extension is None or path == paths.HASHLIB or keep:
        return PortableWorker(layout, files, keep)
    return LanesWorker(extension, path, layout, files, threads)


def _in_order(
    pool: ThreadPoolExecutor, worker: Worker, work: Iterator[Unit], ahead: int
) -> Iterator[tuple[Unit, Sequence[PieceDigest], Kept]]:
    """Run units in threads, at most `ahead` of them unread, and yield what they did in order."""
    pending: deque[tuple[Unit, Future[tuple[Sequence[PieceDigest], Kept]]]] = deque()
    for unit in work:
        worker.ahead(unit)
        pending.append((unit, pool.submit(worker, unit)))
        if len(pending) > ahead:
            first, future = pending.popleft()
            yield first, *future.result()
    while pending:
        first, future = pending.popleft()
        yield first, *future.result()


def _whole_files(
    layout: Layout, wanted: Sequence[int] | None, on_file: Callable[[FileDigest], None] | None
) -> _WholeFiles | None:
    if on_file is None:
        return None
    if wanted is not None:
        raise ValueError("file digests need every piece")
    return _WholeFiles(layout, on_file)


class _WholeFiles:
    """The SHA-256 of whole files, from pieces that come in order: chains that no lanes hurry."""

    def __init__(self, layout: Layout, on_file: Callable[[FileDigest], None]) -> None:
        self._on_file = on_file
        self._running = {index: sha256() for index, file in enumerate(layout.files) if file.length}
        self._left = [file.length for file in layout.files]
        for index, file in enumerate(layout.files):
            if not file.length:
                on_file(FileDigest(index, sha256().digest()))

    def feed(self, kept: Kept) -> None:
        for index, data in kept:
            self._running[index].update(data)
            self._left[index] -= len(data)
            if not self._left[index]:
                self._on_file(FileDigest(index, self._running.pop(index).digest()))
