"""Pieces and files: how long a piece is, and which bytes of which files it covers.

Pure. A v1 piece may span files (BEP 3); in v2 and in hybrids each file begins a piece (BEP 52),
and hybrids fill the gap with pad files (BEP 47) that exist on no disk.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from seedbox.torrent.info_hash import Format
from seedbox.torrent.merkle import BLOCK_SIZE

MAX_PIECE_LENGTH = 128 * 1024 * 1024  # bytes; libtorrent makes no longer pieces
MAX_PIECES = 8 * 1024 * 1024
_MOST_CHOSEN = 16 * 1024 * 1024  # bytes; a bad piece has to be fetched whole
_PIECES_WANTED = 2_560  # 20 GiB in pieces of 8 MiB: a .torrent of about 130 KB a hash
_PIECES_TO_SAVE_PADDING = 4 * _PIECES_WANTED


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes in one file, or of zeros in no file."""

    file: int | None  # index into the files; None: padding, zeros that no disk holds
    start: int  # bytes from the start of the file
    length: int  # bytes

    @property
    def stop(self) -> int:
        """First byte after the span."""
        return self.start + self.length


def choose_piece_length(sizes: Sequence[int], form: Format) -> int:
    """Return a piece length in bytes: a power of two from 16 KiB to 16 MiB.

    The shortest that needs at most 2,560 pieces. Where files are padded to pieces (hybrids),
    it is halved while padding would add more than a tenth of the data to what is hashed, as
    long as the torrent stays within 10,240 pieces, or two a file if that is more.

    Args:
        sizes: Bytes of each file.
        form: v1, v2 or hybrid.
    """
    total = sum(sizes)
    length = BLOCK_SIZE
    while length < _MOST_CHOSEN and total > length * _PIECES_WANTED:
        length *= 2
    if form is Format.HYBRID:
        most = max(_PIECES_TO_SAVE_PADDING, 2 * len(sizes))
        while length > BLOCK_SIZE and _padding(sizes, length) * 10 > total:
            if _count(sizes, length // 2) > most:
                break
            length //= 2
    return length


def check_piece_length(length: int) -> None:
    """Refuse a piece length that readers would refuse.

    Raises:
        ValueError: Not a power of two from 16 KiB to 128 MiB (BEP 52; we write no other v1 either).
    """
    if not BLOCK_SIZE <= length <= MAX_PIECE_LENGTH or length.bit_count() != 1:
        raise ValueError(f"piece length {length:,} is not a power of two from 16 KiB to 128 MiB")


def _padding(sizes: Sequence[int], piece_length: int) -> int:
    return sum(-size % piece_length for size in sizes)


def _count(sizes: Sequence[int], piece_length: int) -> int:
    return sum(-(-size // piece_length) for size in sizes)


def offsets(sizes: Sequence[int], piece_length: int, *, aligned: bool) -> list[int]:
    """Return where each file begins in the torrent's row of pieces, in bytes.

    Args:
        sizes: Bytes of each file, in the order of the torrent.
        piece_length: Bytes.
        aligned: Each file begins a piece (v2 and hybrid), as against file after file (v1).
    """
    at, result = 0, []
    for size in sizes:
        result.append(at)
        at += size
        if aligned:
            at += -at % piece_length
    return result


class PieceMap:
    """Which bytes of which files each piece covers, and the other way round.

    Args:
        extents: (offset, size) in bytes of each file in the row of pieces, in rising order.
        piece_length: Bytes.
        total: Bytes of the whole row, pad files included.
        padded: Gaps between files are zeros that v1 hashes (pad files); else a piece just ends
            with its file (v2).
    """

    def __init__(
        self,
        extents: Sequence[tuple[int, int]],
        piece_length: int,
        total: int,
        *,
        padded: bool,
    ) -> None:
        """See the class."""
        self.piece_length = piece_length
        self.total = total
        self.padded = padded
        self._filled = [i for i, (_, size) in enumerate(extents) if size]
        self._extents = extents
        self._starts = [extents[i][0] for i in self._filled]

    @property
    def count(self) -> int:
        """How many pieces there are."""
        return -(-self.total // self.piece_length)

    def spans(self, piece: int) -> list[Span]:
        """Return the spans of one piece in order; together they are the bytes it hashes.

        Raises:
            IndexError: There is no such piece.
        """
        if not 0 <= piece < self.count:
            raise IndexError(f"piece {piece} of {self.count}")
        start = piece * self.piece_length
        stop = min(start + self.piece_length, self.total)
        return list(self._cut(start, stop))

    def run(self, pieces: range) -> Iterator[Span]:
        """Yield the spans of a run of pieces, each file's in one."""
        start = pieces.start * self.piece_length
        return self._cut(start, min(pieces.stop * self.piece_length, self.total))

    def _cut(self, at: int, stop: int) -> Iterator[Span]:
        nearest = max(0, bisect_right(self._starts, at) - 1)
        for place in range(nearest, len(self._filled)):
            index = self._filled[place]
            offset, size = self._extents[index]
            if offset >= stop:
                break
            if offset + size <= at:
                continue
            if self.padded and offset > at:
                yield Span(None, 0, offset - at)
            begin = max(at, offset)
            end = min(stop, offset + size)
            yield Span(index, begin - offset, end - begin)
            at = end
        if self.padded and at < stop:
            yield Span(None, 0, stop - at)

    def pieces_of(self, file: int) -> range:
        """Return the pieces that hold bytes of a file; none for an empty one."""
        offset, size = self._extents[file]
        if not size:
            return range(0)
        return range(offset // self.piece_length, -(-(offset + size) // self.piece_length))


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the same bytes in as few spans as can be, by file and start; padding left out."""
    merged: list[Span] = []
    files = (span for span in spans if span.file is not None and span.length)
    for span in sorted(files, key=lambda span: (span.file or 0, span.start)):
        last = merged[-1] if merged else None
        if last and last.file == span.file and last.stop >= span.start:
            length = max(last.stop, span.stop) - last.start
            merged[-1] = Span(last.file, last.start, length)
        else:
            merged.append(span)
    return merged
