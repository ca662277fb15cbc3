"""Making runs of pieces of an archive, in threads and in bounded memory."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from seedbox import disk
from seedbox.disk.assembling import PartFile
from seedbox.hashing.gather import file_reader, gather, gather_portable
from seedbox.hashing.memory import MemoryHasher
from seedbox.hashing.messages import MessageHasher
from seedbox.jobs.member_digests import MemberDigests
from seedbox.jobs.member_runs import Ends, RunHasher
from seedbox.plan.tar import Archive, Part
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.layout import Layout

_UNIT = 32 * 1024 * 1024  # bytes; some thousands of small items, so that Python is met rarely
_MEMORY = 256 * 1024 * 1024  # bytes of all buffers together, unless one piece is longer
_WRITE = 128 * 1024  # bytes at once; measured: 1 MiB takes 3 times as long, 16 KiB a fifth more


class Packer:
    """Makes pieces of one archive."""

    def __init__(
        self,
        archive: Archive,
        files: Sequence[disk.Located],
        layout: Layout,
        file: PartFile,
        jobs: int | None,
        members: MemberDigests | None = None,
    ) -> None:
        """Decide how the work is cut.

        Args:
            archive: What is made.
            files: Where its members lie.
            layout: Of a single-file torrent of the archive.
            file: Gets the bytes.
            jobs: Threads; None: one a core.
            members: Gets the digests of the members in what is made; None: nobody wants them.

        Raises:
            UsageError: SEEDBOX_HASH names a path that this machine cannot run.
        """
        self._archive, self._files, self._layout, self._file = archive, files, layout, file
        length = layout.piece_length
        self._threads = max(1, min(jobs or os.cpu_count() or 1, _MEMORY // length))
        self._pieces = max(1, min(_UNIT, _MEMORY // self._threads) // length)  # in a unit
        self._extension = file_reader()
        self._progress = self._extension.Progress() if self._extension else None
        self._stopped = threading.Event()
        self._hash = MemoryHasher(layout, self._extension, self._progress)
        self._members: RunHasher | None = None
        if members is not None:
            self._members = RunHasher(members, MessageHasher(self._extension, self._stopped))
        self._own = threading.local()

    def run(self, wanted: Sequence[int]) -> Generator[list[PieceDigest], None, None]:
        """Make pieces and yield their digests in order, each run of them once it is written.

        Closing the iterator stops all work within 100 ms.

        Args:
            wanted: Rising indices.

        Raises:
            SourceChangedError: A file is not as it was when it was located.
            DiskError, NoSpaceError: A file cannot be read, or the archive not be written.
        """
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="pack")
        pending: deque[Future[list[PieceDigest]]] = deque()
        try:
            for pieces, ends in _meeting(self._units(wanted)):
                pending.append(pool.submit(self._make, pieces, ends))
                if len(pending) > 2 * self._threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            self._stop()
            pool.shutdown(wait=True, cancel_futures=True)

    def _units(self, wanted: Sequence[int]) -> Iterator[range]:
        """Cut rising indices into runs without gaps, none too long for a buffer."""
        start = 0
        even = -(-len(wanted) // self._threads)  # leaves no thread idle
        for at in range(1, len(wanted) + 1):
            gap = at == len(wanted) or wanted[at] != wanted[at - 1] + 1
            if gap or at - start == min(self._pieces, even):
                yield range(wanted[start], wanted[at - 1] + 1)
                start = at

    def _stop(self) -> None:
        self._stopped.set()
        if self._progress:
            self._progress.cancel()

    def _make(self, pieces: range, ends: Ends) -> list[PieceDigest]:
        """Make a run of pieces; nothing is returned, and it may be half written, if stopped."""
        start = pieces.start * self._layout.piece_length
        stop = min(pieces.stop * self._layout.piece_length, self._layout.total)
        out = self._buffer()[: stop - start]
        try:
            if not self._filled(start, out, ends):
                return []
        finally:
            ends.leave()
        digests = self._hash(pieces, out)
        for at in range(0, len(out), _WRITE):
            if self._stopped.is_set():
                return []
            self._file.write(out[at : at + _WRITE], start + at)
        self._file.hurry(start, len(out))
        return digests

    def _filled(self, start: int, out: memoryview, ends: Ends) -> bool:
        """Make a stretch of the archive, and hash the members in it; False if stopped."""
        parts = self._archive.stretch(start, out)
        if not self._read(parts, out):
            return False
        return self._members is None or self._members(parts, out, ends)

    def _read(self, parts: Sequence[Part], out: memoryview) -> bool:
        if self._extension and self._progress:
            return gather(self._files, parts, out, self._extension, self._progress)
        return gather_portable(self._files, parts, out, self._stopped)

    def _buffer(self) -> memoryview:
        """Return this thread's buffer."""
        if not hasattr(self._own, "buffer"):
            length = min(self._pieces * self._layout.piece_length, self._layout.total)
            self._own.buffer = memoryview(bytearray(length))
        buffer: memoryview = self._own.buffer
        return buffer


def _meeting(runs: Iterable[range]) -> Iterator[tuple[range, Ends]]:
    """Yield runs of pieces with what they tell each other where one follows on another."""
    before, stop = None, None
    for run in runs:
        ends = Ends(before if run.start == stop else None, Future())
        yield run, ends
        before, stop = ends.after, run.stop
