"""Which files on a disk are those of a torrent: guessed by name, else found by content, proven.

A guess costs nothing beyond the read that proves it. Only what no guess has explained is looked
for by content: by its pieces root (BEP 52), which is the same in every torrent, and in v1
torrents by the pieces that lie whole in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from seedbox import disk, hashing
from seedbox.errors import DiskError, SourceChangedError
from seedbox.jobs.events import Advanced, Done, OnEvent, Started
from seedbox.jobs.verify import run_verify, sightings
from seedbox.plan.adopt import Index, likeness, nearest
from seedbox.plan.verify import State, VerifyPlan, VerifyReport, judge, plan_verify
from seedbox.torrent import merkle
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import File, arrange
from seedbox.torrent.metainfo import Metainfo

Sight = disk.Located | disk.Absent


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read, and who hears of it."""

    on_event: OnEvent
    jobs: int | None = None  # threads; None: one a core
    max_read: int | None = None  # bytes/s
    roots: dict[tuple[int, int, int], bytes | None] = field(default_factory=dict)
    """By inode, size and time in ns; None: it could not be read."""

    def root(self, file: disk.Located) -> bytes | None:
        """Return the pieces root of a file, hashed once; None: it cannot be read, or changed."""
        key = file.inode, file.size, file.mtime_ns
        if key not in self.roots:
            try:
                self.roots[key] = self._root(file)
            except (DiskError, SourceChangedError):
                self.roots[key] = None
        return self.roots[key]

    def _root(self, file: disk.Located) -> bytes:
        layout = arrange("file", [((), file.size)], form=Format.V2, single=True)
        task, layer, done = f"read {file.parts[-1]}", [], 0
        self.on_event(Started(task, file.size))
        runs = hashing.hash_pieces(layout, [file], jobs=self.jobs, max_read=self.max_read)
        try:
            with closing(runs):
                for hashed in runs:
                    layer += [digest.v2 or b"" for digest in hashed.digests]
                    done += hashed.size
                    self.on_event(Advanced(task, done))
        finally:
            self.on_event(Done(task))
        small = file.size <= layout.piece_length
        return layer[0] if small else merkle.pieces_root(layer, layout.piece_length)


@dataclass(frozen=True, slots=True)
class Matched:
    """What was found of a torrent, and what it is worth."""

    found: tuple[Sight, ...]  # for each file
    report: VerifyReport

    @property
    def right(self) -> tuple[bool, ...]:
        """For each file, whether it is right as a whole."""
        return tuple(file.state is State.OK for file in self.report.files)


def match(
    name: str, metainfo: Metainfo, held: Sequence[Sight], found: Index[disk.Located], how: Reading
) -> Matched:
    """Find the files of a torrent, and prove them.

    Args:
        name: Of the shard.
        metainfo: Its torrent.
        held: For each file, what lies in its place; that is never looked for elsewhere.
        found: Files that may be those that are not in their place.
        how: How they are read.

    Raises:
        SourceChangedError: A file changed while it was read.
        DiskError: A file in its place cannot be read.
    """
    chosen = [_first(file, seen, found) for file, seen in zip(metainfo.files, held, strict=True)]
    first = prove(name, metainfo, chosen, how)
    lacking = [
        index
        for index, seen in enumerate(held)
        if isinstance(seen, disk.Absent) and first.report.files[index].state is not State.OK
    ]
    if metainfo.form is Format.V1:
        better = dict(_by_v1(metainfo, lacking, chosen, found, how))
    else:
        better = dict(by_root(metainfo, lacking, found, how))
    if not better:
        return first
    again = [better.get(index, seen) for index, seen in enumerate(chosen)]
    if metainfo.form is Format.V1:  # a piece may reach into several files
        return prove(name, metainfo, again, how)
    alone = [
        seen if index in better else disk.Absent(seen.root, seen.parts, "was read before")
        for index, seen in enumerate(again)
    ]
    return _joined(metainfo, again, first, prove(name, metainfo, alone, how))


def prove(name: str, metainfo: Metainfo, found: Sequence[Sight], how: Reading) -> Matched:
    """Hash files and say what they are worth; an empty file needs no other.

    Raises:
        SourceChangedError: A file changed while it was read.
        DiskError: A file cannot be read.
    """
    plan = _plan(metainfo, found)
    report = run_verify(
        plan, found, name=name, jobs=how.jobs, on_event=how.on_event, max_read=how.max_read
    )
    return Matched(tuple(found), report)


def _plan(metainfo: Metainfo, found: Sequence[Sight]) -> VerifyPlan:
    """Plan to read what is there; an empty file that is not can be made at any time."""
    seen = (
        0 if isinstance(each, str) and not file.length else each
        for file, each in zip(metainfo.files, sightings(found), strict=True)
    )
    return plan_verify(metainfo, tuple(seen))


def _joined(metainfo: Metainfo, found: Sequence[Sight], first: Matched, more: Matched) -> Matched:
    """Return what two readings of different files say; no piece reaches into two of them."""
    read = zip(first.report.have, more.report.have, strict=True)
    right = (piece for piece, have in enumerate(read) if any(have))
    return Matched(tuple(found), judge(_plan(metainfo, found), right))


def _first(file: File, seen: Sight, found: Index[disk.Located]) -> Sight:
    """Return what lies in a file's place, else the best guess that can be opened."""
    if isinstance(seen, disk.Located) or not file.length:
        return seen
    best = found.guess(file)
    return best if best is not None and _opens(best) else seen


def _opens(file: disk.Located) -> bool:
    """Tell whether a file can be read; its folder may have been closed to us."""
    try:
        os.close(disk.open_file(file))
    except DiskError:
        return False
    return True


# --- by content -------------------------------------------------------------------------------


def by_root(
    metainfo: Metainfo, lacking: Sequence[int], found: Index[disk.Located], how: Reading
) -> Iterator[tuple[int, disk.Located]]:
    """Yield files of the right pieces root, each candidate hashed at most once (BEP 52).

    Args:
        metainfo: A torrent.
        lacking: The files to look for.
        found: Where to look.
        how: How they are read.
    """
    wanted: dict[int, set[bytes]] = {}
    for index in lacking:
        file = metainfo.files[index]
        wanted.setdefault(file.length, set()).add(file.pieces_root or b"")
    having: dict[bytes, list[disk.Located]] = {}
    for size, roots in wanted.items():
        for candidate in found.of_size(size):
            if roots <= having.keys():
                break
            if (root := how.root(candidate)) in roots:
                having.setdefault(root, []).append(candidate)
    for index in lacking:
        file = metainfo.files[index]
        best = nearest(file.path, having.get(file.pieces_root or b"", ()))
        if best is not None:
            yield index, best


def _by_v1(
    metainfo: Metainfo,
    lacking: Sequence[int],
    chosen: Sequence[Sight],
    found: Index[disk.Located],
    how: Reading,
) -> Iterator[tuple[int, disk.Located]]:
    """Yield files of which the first and last piece that lie whole in them fit (BEP 3).

    A file without such a piece is taken if it is the only one of its size.
    """
    for index in lacking:
        file, guess = metainfo.files[index], chosen[index]
        alike = found.of_size(file.length)
        inner = _inner(metainfo, index)
        if not inner:
            if isinstance(guess, disk.Absent) and len(alike) == 1:
                yield index, alike[0]
            continue
        if isinstance(guess, disk.Located) and _fits(metainfo, index, guess, inner, how):
            continue  # only a neighbour was missing or wrong
        for candidate in sorted(alike, key=lambda each: -likeness(file.path, each.parts)):
            if candidate != guess and _fits(metainfo, index, candidate, inner, how):
                yield index, candidate
                break


def _inner(metainfo: Metainfo, index: int) -> list[int]:
    """Return the first and the last of the pieces that lie whole in a file."""
    pieces = metainfo.layout.piece_map.pieces_of(index)
    whole = [
        piece
        for piece in (*pieces[:2], *pieces[-2:])
        if all(span.file in {index, None} for span in metainfo.layout.piece_map.spans(piece))
    ]
    return sorted({whole[0], whole[-1]}) if whole else []


def _fits(
    metainfo: Metainfo, index: int, file: disk.Located, pieces: Sequence[int], how: Reading
) -> bool:
    located: list[disk.Located | None] = [None] * len(metainfo.files)
    located[index] = file
    runs = hashing.hash_pieces(
        metainfo.layout, located, wanted=pieces, jobs=1, max_read=how.max_read
    )
    try:
        with closing(runs):
            return all(
                each.v1 == metainfo.v1_piece(each.index) for run in runs for each in run.digests
            )
    except (DiskError, SourceChangedError):
        return False
