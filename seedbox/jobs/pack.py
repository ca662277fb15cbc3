"""Pack: write one tar shard, reading each item once, and hash it from memory meanwhile.

Where everything lies in the archive is known beforehand, so threads make runs of pieces on their
own: headers, files and zeros into a buffer, the buffer through the hashes and to its place on the
disk. No byte of the shard is read back.

Only a run that was stopped is: it goes on where it was, and there its journal is not believed. A
record may have reached the disk before the bytes that it speaks of, when the power fails. So what
the earlier run says it has written is read and hashed, and what differs is made again.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seedbox import disk, hashing
from seedbox.disk.assembling import assembling, begun
from seedbox.errors import DestinationTakenError, NoSpaceError
from seedbox.jobs import journal, packed
from seedbox.jobs.events import Advanced, Done, Note, OnEvent, Started
from seedbox.jobs.pack_units import Packer
from seedbox.plan.places import STATE
from seedbox.plan.tar import Archive
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.layout import Layout
from seedbox.torrent.paths import Path as ItemPath

_RULES = b"tar 1"  # what a member's header is; another number when it changes
_FOLDER = "packed"  # in the state folder
_RUN = 10_000  # files at once


@dataclass(frozen=True, slots=True)
class _Shard:
    """What is packed, and where to."""

    name: str
    archive: Archive
    files: Sequence[disk.Located]
    layout: Layout
    target: Path
    part: Path
    known: journal.Journal
    made: packed.Made


def pack(
    name: str,
    members: Sequence[tuple[ItemPath, disk.Located]],
    layout: Layout,
    folder: Path,
    *,
    jobs: int | None,
    on_event: OnEvent,
) -> list[PieceDigest]:
    """Write a tar shard to `folder` and return the digests of its pieces.

    One that is there, of the same files, is not touched. Memory: 256 MiB for buffers (or one piece,
    if that is longer), and 24 bytes a member beside the members.

    Args:
        name: Of the shard.
        members: (path in the archive, file) in the order of the archive.
        layout: Of a single-file torrent over an `Archive` of the members.
        folder: Gets the file that the layout names; the caller holds the lock in its state folder.
        jobs: Threads; None: one a core.
        on_event: Gets progress in bytes of the archive. What it raises ends the work.

    Raises:
        SourceChangedError: A file is not as it was when it was located.
        NoSpaceError, DiskError: The disk is full or will be, or the system refuses.
        DestinationTakenError, InUseError: A file of others stands in the way, or they pack too.
        ValueError: The layout is none of this archive: a bug in the caller.
    """
    archive = _archive(members, layout)
    files = [file for _, file in members]
    target, kept = folder / layout.name, folder / STATE / _FOLDER
    made = packed.Made(kept / f"{name}.made", _fingerprint(layout, archive, files))
    if made.stranger(target):
        raise DestinationTakenError(str(target))
    disk.make_folder(folder)
    stands_for = [disk.Located(folder, (made.fingerprint,), archive.size, 0, 0)]
    path, part = kept / f"{name}.pieces", kept / f"{name}.part"
    with journal.opened(path, layout, stands_for, on_event=on_event) as known:
        shard = _Shard(name, archive, files, layout, target, part, known, made)
        return _settled(shard, jobs, on_event)


def _archive(members: Sequence[tuple[ItemPath, disk.Located]], layout: Layout) -> Archive:
    archive = Archive((path, file.size) for path, file in members)
    if not layout.single or layout.total != archive.size:
        raise ValueError(f"{layout.name} has {layout.total} bytes, its members {archive.size}")
    return archive


def _settled(shard: _Shard, jobs: int | None, on_event: OnEvent) -> list[PieceDigest]:
    """Return the digests of a shard, which is made unless it is there."""
    known, count = shard.known.known, shard.layout.piece_map.count
    if shard.made.still(shard.target) and len(known) == count:
        on_event(Note(f"{shard.name}: packed before"))
        return [known[piece] for piece in range(count)]
    return _packed(shard, jobs, on_event)


def _fingerprint(layout: Layout, archive: Archive, files: Sequence[disk.Located]) -> str:
    """Return a digest of all that the archive depends on, as far as it shows without reading.

    Column by column, for a million files.
    """
    digest = sha256(_RULES + ascii((layout.piece_length, layout.form, len(files))).encode())
    for start in range(0, len(files), _RUN):
        run = files[start : start + _RUN]
        names = ["/".join(path) for path in archive.names[start : start + _RUN]]
        places = ["/".join(file.parts) for file in run]
        digest.update("\0".join(names + places).encode(errors="surrogateescape"))
        digest.update(archive.sizes[start : start + _RUN].tobytes())
        digest.update(array("q", [file.mtime_ns for file in run]).tobytes())
        digest.update(array("Q", [file.inode for file in run]).tobytes())
    return digest.hexdigest()


def _packed(shard: _Shard, jobs: int | None, on_event: OnEvent) -> list[PieceDigest]:
    """Make what is missing of a shard, and give it its name."""
    piece_map = shard.layout.piece_map
    digests = _checked(shard, jobs, on_event)
    _refuse_a_full_disk(shard)
    missing = [piece for piece in range(piece_map.count) if piece not in digests]
    task, done = f"pack {shard.name}", _bytes_in(shard.layout, digests)
    on_event(Started(task, shard.layout.total))
    on_event(Advanced(task, done))
    with assembling(shard.part, shard.layout.total) as file:
        packer = Packer(shard.archive, shard.files, shard.layout, file, jobs)
        with closing(packer.run(missing)) as fresh:
            for made in fresh:
                shard.known.add(made)
                digests.update((digest.index, digest) for digest in made)
                done += _bytes_in(shard.layout, [digest.index for digest in made])
                on_event(Advanced(task, done))
        file.sync()
        shard.made.keep(shard.part, shard.target)  # first: a file with no record is a stranger's
        file.rename(shard.target)
    on_event(Done(task))
    return [digests[piece] for piece in range(piece_map.count)]


def _checked(shard: _Shard, jobs: int | None, on_event: OnEvent) -> dict[int, PieceDigest]:
    """Return the digests of the pieces that an earlier run left, and left whole."""
    left = begun(shard.part, shard.layout.total)
    wanted = sorted(shard.known.known)
    if left is None or not wanted:
        return {}
    task, done = f"check {shard.name}", 0
    good: dict[int, PieceDigest] = {}
    on_event(Started(task, _bytes_in(shard.layout, wanted)))
    with closing(hashing.hash_pieces(shard.layout, [left], wanted=wanted, jobs=jobs)) as found:
        for hashed in found:
            same = (
                digest for digest in hashed.digests if shard.known.known[digest.index] == digest
            )
            good.update((digest.index, digest) for digest in same)
            done += hashed.size
            on_event(Advanced(task, done))
    on_event(Done(task))
    return good


def _bytes_in(layout: Layout, pieces: Sequence[int] | dict[int, PieceDigest]) -> int:
    """Return how many bytes some pieces have."""
    last = layout.piece_map.count - 1
    short = layout.piece_length * layout.piece_map.count - layout.total
    return layout.piece_length * len(pieces) - (short if last in pieces else 0)


def _refuse_a_full_disk(shard: _Shard) -> None:
    """Refuse what cannot fit, before anything is written.

    Raises:
        NoSpaceError: There is less space than the shard will still take.
    """
    left = begun(shard.part, shard.layout.total)
    need = shard.layout.total - (disk.allocated(left) if left else 0)
    free = disk.free_space(shard.part.parent)
    if need > free:
        raise NoSpaceError(shard.layout.name, folder=str(shard.target.parent), need=need, free=free)
