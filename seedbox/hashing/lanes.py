"""Hashing many pieces and blocks at once, in the C extension.

One call reads and hashes a whole unit without the interpreter's lock, so Python is met once in
32 MiB and not once a piece. SHA-1 lanes run across pieces: the first chunk of each of 16 pieces,
then the second of each. A unit is thus read in 16 places in turn, which a disk with heads would
feel; so its files are asked for in order, some units ahead.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from seedbox import disk
from seedbox.errors import DiskError
from seedbox.hashing import reading
from seedbox.hashing.extension import Lanes, SharedProgress
from seedbox.hashing.extension import Span as Asked
from seedbox.hashing.gather import Folders, named
from seedbox.hashing.units import Shape, Unit
from seedbox.torrent.compose import DigestRun, PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout
from seedbox.torrent.pieces import Span

_LANES = 16  # pieces side by side at most (AVX-512); fewer lanes take the same unit in turns
_UNIT = 32 * 1024 * 1024  # bytes; some milliseconds of work, so that threads end together
_FILES = 4096  # in a unit, whose list of them is made with the interpreter's lock
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "progress", self.extension.Progress())

    def shape(self, wanted: int) -> Shape:
        """Return how large a unit may be: a multiple of 16 pieces, of at least 32 MiB together.

        Args:
            wanted: How many pieces there are to hash.
        """
        length = self.layout.piece_length
        if self.layout.form is Format.V2:
            longest = max((file.length for file in self.layout.files), default=length)
            pieces = max(1, _UNIT // min(length, longest))  # in v2 each piece ends with its file
        else:
            pieces = _LANES * max(1, _UNIT // (_LANES * length))
        even = -(-wanted // self.threads)  # leaves no thread idle
        return Shape(max(1, min(pieces, even)), _FILES)

    def stop(self) -> None:
        """End all calls within milliseconds; what they return then is not used."""
        self.progress.cancel()

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

    def __call__(self, unit: Unit) -> tuple[Sequence[PieceDigest], list[tuple[int, bytes]]]:
        """Return the digests of a unit's pieces.

        Raises:
            SourceChangedError: A file is not as it was when it was located.
            DiskError: A file cannot be read.
        """
        with Folders() as folders:
            try:
                hashed = self.extension.hash_spans(
                    self._asked(unit, folders),
                    piece_length=self.layout.piece_length,
                    v1=self.layout.form is not Format.V2,
                    v2=self.layout.form is not Format.V1,
                    path=self.path,
                    progress=self.progress,
                )
            except self.extension.ReadError as error:
                span, at, code = error.args
                raise named(self._located(unit.spans[span]), at, code) from None
        return ([] if hashed is None else DigestRun(unit.pieces, *hashed)), []

    def _asked(self, unit: Unit, folders: Folders) -> list[Asked]:
        """Return what to ask the extension for, which opens each file when its turn comes."""
        asked: list[Asked] = []
        last, folder = None, -1
        for span in unit.spans:
            if span.file is None:
                asked.append((None, 0, span.length, False))
                continue
            file = self._located(span)
            if file.root is not last:
                last, folder = file.root, folders.descriptor(file.root)
            place = (folder, os.fsencode("/".join(file.parts)), file.size, file.mtime_ns)
            whole = span.length == self.layout.files[span.file].length
            asked.append((place, span.start, span.length, whole))
        return asked

    def _located(self, span: Span) -> disk.Located:
        return reading.located(self.files, -1 if span.file is None else span.file)


def _cached(fd: int, at: int) -> bool:
    """Tell whether a byte is in memory, or cannot be asked for without reading it."""
    try:
        os.preadv(fd, [bytearray(1)], at, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system that cannot tell
    return True
