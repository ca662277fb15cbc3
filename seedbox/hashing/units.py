"""How the work is cut: runs of pieces, large enough to keep lanes full and calls rare.

Pure. A unit is handed to one thread, is read once and in one call, and begins and ends at a piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seedbox.torrent.pieces import PieceMap, Span


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a unit may be."""

    pieces: int
    files: int  # open at once


@dataclass(frozen=True, slots=True)
class Unit:
    """A run of pieces and the bytes in them."""

    pieces: range
    spans: tuple[Span, ...]

    @property
    def size(self) -> int:
        """Bytes of files in it."""
        return sum(span.length for span in self.spans if span.file is not None)


def cut(piece_map: PieceMap, wanted: Sequence[int], shape: Shape) -> Iterator[Unit]:
    """Yield units that together are the wanted pieces, in order.

    Args:
        piece_map: Which bytes the pieces cover.
        wanted: Rising indices.
        shape: How large a unit may be; only its first piece may bring more files than that.
    """
    for run in _runs(wanted):
        at = run.start
        while at < run.stop:
            unit = _unit(piece_map, range(at, min(at + shape.pieces, run.stop)), shape.files)
            yield unit
            at = unit.pieces.stop


def _runs(wanted: Sequence[int]) -> Iterator[range]:
    """Yield the wanted pieces as runs without gaps."""
    if isinstance(wanted, range) and wanted.step == 1:
        yield wanted
        return
    start = at = 0
    for at in range(1, len(wanted) + 1):
        if at == len(wanted) or wanted[at] != wanted[at - 1] + 1:
            yield range(wanted[start], wanted[at - 1] + 1)
            start = at


def _unit(piece_map: PieceMap, pieces: range, files: int) -> Unit:
    """Return a unit of these pieces, or of fewer if they touch too many files."""
    spans: list[Span] = []
    touched = 0
    for span in piece_map.run(pieces):
        touched += span.file is not None
        if span.file is not None and touched > files:
            whole = piece_map.pieces_of(span.file).start  # the pieces before it are complete
            if whole > pieces.start:
                fewer = range(pieces.start, whole)
                return Unit(fewer, tuple(piece_map.run(fewer)))
        spans.append(span)
    return Unit(pieces, tuple(spans))
