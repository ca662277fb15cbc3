"""Pack: write one tar shard, reading each item once, and hash it from memory meanwhile.

Where everything lies in the archive is known beforehand, so threads make runs of pieces on their
own: headers, files and zeros into a buffer, the buffer through the hashes and to its place on the
disk. No byte of the shard is read back.

Only a run that was stopped is: it goes on where it was, and there its journal is not believed. A
record may have reached the disk before the bytes that it speaks of, when the power fails. So what
the earlier run says it has written is read and hashed, and what differs is made again.

If a catalog is to have the SHA-256 of each item, it is taken from the same memory. Only what an
earlier run has packed without it is read from the tar, once.
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
from seedbox.errors import DestinationTakenError, DiskError, NoSpaceError
from seedbox.jobs import journal, packed
from seedbox.jobs.events import Advanced, Done, Note, OnEvent, Started
from seedbox.jobs.kept_digests import KeptDigests
from seedbox.jobs.member_digests import MemberDigests
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
class Tar:
    """What a shard is to be."""

    name: str  # the shard's
    members: Sequence[tuple[ItemPath, disk.Located]]  # (path in the archive, file), in its order
    layout: Layout  # of a single-file torrent over an `Archive` of the members


@dataclass(frozen=True, slots=True)
class Packed:
    """What came of a shard."""

    digests: list[PieceDigest]  # of every piece
    items: KeptDigests | None  # None: nobody wanted them


@dataclass(frozen=True, slots=True)
class _Shard:
    """What is packed, and where to."""

    name: str
    archive: Archive
    files: Sequence[disk.Located]
    layout: Layout
    target: Path
    kept: Path  # folder of what is kept of it
    fingerprint: str

    @property
    def part(self) -> Path:
        """The tar while it is made."""
        return self.kept / f"{self.name}.part"

    @property
    def made(self) -> packed.Made:
        """The record of the tar."""
        return packed.Made(self.kept / f"{self.name}.made", self.fingerprint)

    @property
    def items(self) -> KeptDigests:
        """The digests of its members."""
        path = self.kept / f"{self.name}.digests"
        return KeptDigests(path, self.fingerprint, len(self.files))


def pack(
    tar: Tar,
    folder: Path,
    *,
    jobs: int | None,
    on_event: OnEvent,
    digests: bool = False,
) -> Packed:
    """Write a tar shard to `folder` and return the digests of its pieces.

    One that is there, of the same files, is not touched. Memory: 256 MiB for buffers (or one piece,
    if that is longer), and 24 bytes a member beside the members; with their digests 100 more.

    Args:
        tar: What it is to be.
        folder: Gets the file that the layout names; the caller holds the lock in its state folder.
        jobs: Threads; None: one a core.
        on_event: Gets progress in bytes of the archive. What it raises ends the work.
        digests: Whether to keep the SHA-256 of each member.

    Raises:
        SourceChangedError: A file is not as it was when it was located.
        NoSpaceError, DiskError: The disk is full or will be, or the system refuses.
        DestinationTakenError, InUseError: A file of others stands in the way, or they pack too.
        ValueError: The layout is none of this archive: a bug in the caller.
    """
    shard = _shard(tar, folder)
    if shard.made.stranger(shard.target):
        raise DestinationTakenError(str(shard.target))
    disk.make_folder(folder)
    stands_for = [disk.Located(folder, (shard.fingerprint,), shard.archive.size, 0, 0)]
    path = shard.kept / f"{tar.name}.pieces"
    with journal.opened(path, tar.layout, stands_for, on_event=on_event) as known:
        found = _settled(shard, known, jobs, on_event, digests=digests)
    return Packed(found, shard.items if digests else None)


def _shard(tar: Tar, folder: Path) -> _Shard:
    archive = _archive(tar.members, tar.layout)
    files = [file for _, file in tar.members]
    kept, fingerprint = folder / STATE / _FOLDER, _fingerprint(tar.layout, archive, files)
    target = folder / tar.layout.name
    return _Shard(tar.name, archive, files, tar.layout, target, kept, fingerprint)


def _archive(members: Sequence[tuple[ItemPath, disk.Located]], layout: Layout) -> Archive:
    archive = Archive((path, file.size) for path, file in members)
    if not layout.single or layout.total != archive.size:
        raise ValueError(f"{layout.name} has {layout.total} bytes, its members {archive.size}")
    return archive


def _settled(
    shard: _Shard, known: journal.Journal, jobs: int | None, on_event: OnEvent, *, digests: bool
) -> list[PieceDigest]:
    """Return the digests of a shard, which is made unless it is there."""
    wanted = digests and not shard.items.there()
    members = MemberDigests(shard.archive) if wanted else None
    count = shard.layout.piece_map.count
    if not shard.made.still(shard.target) or len(known.known) != count:
        return _packed(shard, known, jobs, on_event, members)
    on_event(Note(f"{shard.name}: packed before"))
    if members is not None:
        _keep(shard, members, shard.target, on_event)
    return [known.known[piece] for piece in range(count)]


def _keep(shard: _Shard, members: MemberDigests, tar: Path, on_event: OnEvent) -> None:
    """Keep the digests of all members; those that are missing are read from the tar."""
    found = disk.look(tar.parent, (tar.name,))
    if isinstance(found, disk.Absent):
        raise DiskError(str(tar), "read", found.reason)
    members.read_back(found, f"digests {shard.name}", on_event)
    shard.items.keep(members.all)


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


def _packed(
    shard: _Shard,
    known: journal.Journal,
    jobs: int | None,
    on_event: OnEvent,
    members: MemberDigests | None,
) -> list[PieceDigest]:
    """Make what is missing of a shard, and give it its name."""
    piece_map = shard.layout.piece_map
    digests = _checked(shard, known, jobs, on_event)
    _refuse_a_full_disk(shard)
    missing = [piece for piece in range(piece_map.count) if piece not in digests]
    task, done = f"pack {shard.name}", _bytes_in(shard.layout, digests)
    on_event(Started(task, shard.layout.total))
    on_event(Advanced(task, done))
    with assembling(shard.part, shard.layout.total) as file:
        packer = Packer(shard.archive, shard.files, shard.layout, file, jobs, members)
        with closing(packer.run(missing)) as fresh:
            for made in fresh:
                known.add(made)
                digests.update((digest.index, digest) for digest in made)
                done += _bytes_in(shard.layout, [digest.index for digest in made])
                on_event(Advanced(task, done))
        file.sync()
        if members is not None:
            _keep(shard, members, shard.part, on_event)
        shard.made.keep(shard.part, shard.target)  # first: a file with no record is a stranger's
        file.rename(shard.target)
    on_event(Done(task))
    return [digests[piece] for piece in range(piece_map.count)]


def _checked(
    shard: _Shard, known: journal.Journal, jobs: int | None, on_event: OnEvent
) -> dict[int, PieceDigest]:
    """Return the digests of the pieces that an earlier run left, and left whole."""
    left = begun(shard.part, shard.layout.total)
    wanted = sorted(known.known)
    if left is None or not wanted:
        return {}
    task, done = f"check {shard.name}", 0
    good: dict[int, PieceDigest] = {}
    on_event(Started(task, _bytes_in(shard.layout, wanted)))
    with closing(hashing.hash_pieces(shard.layout, [left], wanted=wanted, jobs=jobs)) as found:
        for hashed in found:
            same = (each for each in hashed.digests if known.known[each.index] == each)
            good.update((each.index, each) for each in same)
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
