"""Verification, decided before a byte is hashed: which files can be right, which pieces to read.

Pure. Sizes are settled first: a file of the wrong size is wrong whatever it holds. After
hashing, `judge` says of every byte whether it is right, wrong, or cannot be proven because the
piece that covers it reaches into a file that is not there (BEP 3: a v1 piece may span files).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from seedbox.torrent.compose import DigestRun, PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from seedbox.torrent.pieces import Span, merge

Sighting: TypeAlias = int | str
"""What was seen of a file: its bytes, or why it is not there."""


class State(StrEnum):
    """What is known of a file."""

    OK = "ok"
    BAD = "bad"  # some bytes are wrong
    MISSING = "missing"
    WRONG_SIZE = "wrong-size"
    UNPROVEN = "unproven"  # no byte is known to be wrong, but not all are known to be right


@dataclass(frozen=True, slots=True)
class FileResult:
    """What is known of one file of a torrent."""

    path: tuple[str, ...]  # from the save folder, or from the folder that was searched
    length: int  # bytes, as the torrent says
    state: State
    found: int | None  # bytes on the disk; None: not there
    bad: tuple[tuple[int, int], ...] = ()  # byte ranges, [start, stop)
    unproven: tuple[tuple[int, int], ...] = ()  # byte ranges, [start, stop)
    reason: str | None = None  # why it is not there


@dataclass(frozen=True, slots=True)
class VerifyPlan:
    """Which pieces of a torrent to hash, and what the sizes alone have shown."""

    metainfo: Metainfo
    found: tuple[Sighting, ...]  # of each file
    pieces: tuple[int, ...]  # indices to hash, rising
    size: int  # bytes to read


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a torrent's data on a disk is worth."""

    name: str
    files: tuple[FileResult, ...]
    have: tuple[bool, ...]  # for each piece: proven right
    size: int  # bytes of payload

    @property
    def ok(self) -> bool:
        """Every byte is there and right."""
        return all(file.state is State.OK for file in self.files)

    @property
    def good(self) -> int:
        """Bytes in files that are right as a whole."""
        return sum(file.length for file in self.files if file.state is State.OK)


def plan_verify(
    metainfo: Metainfo, found: Sequence[Sighting], *, partial: bool = False
) -> VerifyPlan:
    """Decide what to read.

    Args:
        metainfo: The torrent.
        found: For each of its files the bytes on the disk, or why it is not there.
        partial: The data is still being fetched: pieces that lie whole in a file that is
            too short are worth reading too.
    """
    layout = metainfo.layout
    padded = layout.form is Format.V1 and layout.total > layout.size  # may have pieces of padding
    if not padded and list(found) == [file.length for file in layout.files]:
        return VerifyPlan(metainfo, tuple(found), tuple(range(metainfo.num_pieces)), layout.size)
    usable = [
        _usable(file.length, size, partial=partial)
        for file, size in zip(metainfo.files, found, strict=True)
    ]
    piece_map = layout.piece_map
    pieces: list[int] = []
    size = 0
    for index in _touched(metainfo, usable):
        spans = piece_map.spans(index)
        if all(span.file is None or span.stop <= usable[span.file] for span in spans):
            pieces.append(index)
            size += sum(span.length for span in spans if span.file is not None)
    return VerifyPlan(metainfo, tuple(found), tuple(pieces), size)


def _usable(length: int, found: Sighting, *, partial: bool) -> int:
    """Return how many leading bytes of a file are worth reading."""
    if isinstance(found, str) or (found != length and not partial):
        return 0
    return min(found, length)


def _touched(metainfo: Metainfo, usable: Sequence[int]) -> Iterable[int]:
    """Return the pieces, rising, that have some byte worth reading."""
    piece_map = metainfo.layout.piece_map
    last = -1
    for index, size in enumerate(usable):
        if not size:
            continue
        for piece in piece_map.pieces_of(index):
            if piece > last:
                last = piece
                yield piece


def expected(metainfo: Metainfo) -> DigestRun:
    """Return the hashes that the torrent has of its pieces."""
    layers, length = metainfo.piece_layers, metainfo.piece_length
    roots = [
        layers[root] if file.length > length else root
        for file in metainfo.files
        if (root := file.pieces_root) is not None
    ]
    return DigestRun(range(metainfo.num_pieces), metainfo.pieces, b"".join(roots))


def right(wanted: DigestRun, found: Sequence[PieceDigest]) -> Sequence[int]:
    """Return which pieces are the torrent's: by every hash that the torrent has of them.

    Args:
        wanted: What the torrent says.
        found: A run of pieces as they are.
    """
    run = DigestRun.of(found)
    if wanted.cut(run.pieces) == run:
        return run.pieces
    return [digest.index for digest in run if wanted[digest.index] == digest]


def judge(plan: VerifyPlan, right: Iterable[int]) -> VerifyReport:
    """Return what is known of every file.

    Args:
        plan: What was read.
        right: Indices of the pieces whose hashes fit.
    """
    metainfo = plan.metainfo
    piece_map = metainfo.layout.piece_map
    have = [False] * piece_map.count
    for piece in right:
        have[piece] = True
    read = set(plan.pieces)
    bad = merge(s for p in plan.pieces if not have[p] for s in piece_map.spans(p))
    unread = merge(s for p in range(len(have)) if p not in read for s in piece_map.spans(p))
    bad_of, unread_of = _by_file(bad), _by_file(unread)
    files = tuple(
        _result(plan, index, bad_of.get(index, ()), unread_of.get(index, ()))
        for index in range(len(metainfo.files))
    )
    return VerifyReport(metainfo.name, files, tuple(have), metainfo.size)


def _by_file(spans: Iterable[Span]) -> dict[int, tuple[tuple[int, int], ...]]:
    ranges: dict[int, list[tuple[int, int]]] = {}
    for span in spans:
        if span.file is not None:
            ranges.setdefault(span.file, []).append((span.start, span.stop))
    return {file: tuple(found) for file, found in ranges.items()}


def _result(
    plan: VerifyPlan,
    index: int,
    bad: tuple[tuple[int, int], ...],
    unproven: tuple[tuple[int, int], ...],
) -> FileResult:
    file, found = plan.metainfo.files[index], plan.found[index]
    if isinstance(found, str):
        return FileResult(file.path, file.length, State.MISSING, None, reason=found)
    if found != file.length:
        return FileResult(file.path, file.length, State.WRONG_SIZE, found)
    state = State.BAD if bad else State.UNPROVEN if unproven else State.OK
    return FileResult(file.path, file.length, state, found, bad, unproven)
