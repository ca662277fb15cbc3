"""Hashing many pieces and blocks at once, in the C extension.

One call reads and hashes a whole unit without the interpreter's lock, so Python is met once in
32 MiB and not once a piece. SHA-1 lanes run across pieces: the first chunk of each of 16 pieces,
then the second of each. A unit is thus read in 16 places in turn, which a disk with heads would
feel; so its files are asked for in order, some units ahead.
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from seedbox import disk
from seedbox.errors import DiskError
from seedbox.hashing import reading
from seedbox.hashing.extension import Lanes, SharedProgress
from seedbox.hashing.portable import PortableWorker
from seedbox.hashing.units import Shape, Unit
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import V1_BYTES, V2_BYTES, Format
from seedbox.torrent.layout import Layout

_LANES = 16  # pieces side by side at most (AVX-512); fewer lanes take the same unit in turns
_UNIT = 32 * 1024 * 1024  # bytes; some milliseconds of work, so that threads end together
_FILES = 256  # open at once by one thread
_SPARE = 64  # descriptors that are left to the rest of the program
_AHEAD = 128 * 1024  # bytes; Linux cuts a longer request to the device's read-ahead
_CAN_ASK_AHEAD = hasattr(os, "posix_fadvise") and hasattr(os, "RWF_NOWAIT")  # not on macOS
_WORTH_AHEAD = 1024 * 1024  # bytes; shorter spans are read in one go anyhow


@dataclass(frozen=True, slots=True)
class LanesWorker:
    """Hashes units; called from several threads at once."""

    extension: Lanes
    path: str  # which of the extension's paths
    layout: Layout
    files: Sequence[disk.Located | None]
    threads: int
    progress: SharedProgress = field(init=False)
    portable: PortableWorker = field(init=False)  # for a piece of more files than may be open

    def __post_init__(self) -> None:
        object.__setattr__(self, "progress", self.extension.Progress())
        object.__setattr__(self, "portable", PortableWorker(self.layout, self.files, keep=False))

    def shape(self, wanted: int) -> Shape:
        """Return how large a unit may be: a multiple of 16 pieces, of at least 32 MiB together.

        Args:
            wanted: How many pieces there are to hash.
        """
        length = self.layout.piece_length
        if self.layout.form is Format.V2:
            pieces = max(1, _UNIT // length)
        else:
            pieces = _LANES * max(1, _UNIT // (_LANES * length))
        even = -(-wanted // self.threads)  # leaves no thread idle
        return Shape(max(1, min(pieces, even)), self._most_files())

    def _most_files(self) -> int:
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most == resource.RLIM_INFINITY:
            return _FILES
        return max(1, min(_FILES, (most - _SPARE) // self.threads))

    def stop(self) -> None:
        """End all calls within milliseconds; what they return then is not used."""
        self.progress.cancel()
        self.portable.stop()

    def ahead(self, unit: Unit) -> None:
        """Ask the system for the unit's bytes, in the order in which they lie."""
        if self.layout.form is Format.V2 or not _CAN_ASK_AHEAD:
            return  # blocks of v2 are read in order as it is
        for span in unit.spans:
            if span.file is None or span.length < _WORTH_AHEAD:
                continue
            with contextlib.suppress(DiskError):  # the thread that hashes it names the error
                fd = disk.open_file(reading.located(self.files, span.file))
                try:
                    if not _cached(fd, span.stop - 1):
                        for at in range(span.start, span.stop, _AHEAD):
                            os.posix_fadvise(fd, at, _AHEAD, os.POSIX_FADV_WILLNEED)
                finally:
                    os.close(fd)

    def __call__(self, unit: Unit) -> tuple[list[PieceDigest], list[tuple[int, bytes]]]:
        """Return the digests of a unit's pieces.

        Raises:
            SourceChangedError: A file is not as it was when it was located.
            DiskError: A file cannot be read.
        """
        if sum(span.file is not None for span in unit.spans) > self._most_files():
            return self.portable(unit)
        with self._opened(unit) as fds:
            try:
                hashed = self.extension.hash_spans(
                    [
                        (
                            None if span.file is None else fds[span.file],
                            span.start,
                            span.length,
                            span.file is not None
                            and span.length == self.layout.files[span.file].length,
                        )
                        for span in unit.spans
                    ],
                    piece_length=self.layout.piece_length,
                    v1=self.layout.form is not Format.V2,
                    v2=self.layout.form is not Format.V1,
                    path=self.path,
                    progress=self.progress,
                )
            except self.extension.ReadError as error:
                raise self._named(unit, *error.args) from None
        return ([] if hashed is None else self._digests(unit, *hashed)), []

    @contextlib.contextmanager
    def _opened(self, unit: Unit) -> Iterator[dict[int, int]]:
        """Open the unit's files; what was read of them counts only if they stayed the same."""
        fds: dict[int, int] = {}
        try:
            with disk.Opener() as opener:
                for index in {span.file: None for span in unit.spans if span.file is not None}:
                    file = reading.located(self.files, index)
                    fds[index] = opener.open(file)
                    reading.check(file, fds[index])
            yield fds
            if not self.progress.cancelled:
                for index, fd in fds.items():
                    reading.check(reading.located(self.files, index), fd)
        finally:
            for fd in fds.values():
                os.close(fd)

    def _named(self, unit: Unit, span: int, at: int, code: int | None) -> Exception:
        """Return the error for a span that could not be read."""
        index = unit.spans[span].file
        file = reading.located(self.files, -1 if index is None else index)
        if code is None:
            return reading.ended(file, at)
        return DiskError(str(file.path), "read", os.strerror(code))

    def _digests(self, unit: Unit, v1: bytes, v2: bytes) -> list[PieceDigest]:
        return [
            PieceDigest(
                index,
                v1[at * V1_BYTES : (at + 1) * V1_BYTES] or None,
                v2[at * V2_BYTES : (at + 1) * V2_BYTES] or None,
            )
            for at, index in enumerate(unit.pieces)
        ]


def _cached(fd: int, at: int) -> bool:
    """Tell whether a byte is in memory, or cannot be asked for without reading it."""
    try:
        os.preadv(fd, [bytearray(1)], at, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system that cannot tell
    return True
