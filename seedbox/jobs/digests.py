"""The digests of all pieces of a torrent: those that a journal has, the others as they are made."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing

from seedbox import disk, hashing
from seedbox.hashing.pieces import Hashed
from seedbox.jobs import journal
from seedbox.jobs.events import Advanced, Done, Note, OnEvent, Started
from seedbox.torrent.compose import DigestRun, PieceDigest
from seedbox.torrent.layout import Layout


def hash_all(
    name: str,
    layout: Layout,
    files: Sequence[disk.Located],
    jobs: int | None,
    on_event: OnEvent,
) -> Sequence[PieceDigest]:
    """Return the digests of every piece of some files in a folder."""
    task = f"hash {name}"
    on_event(Started(task, layout.size))
    with closing(hashing.hash_pieces(layout, files, jobs=jobs)) as fresh:
        runs = [hashed.digests for hashed in told(fresh, task, on_event)]
    on_event(Done(task))
    return DigestRun.joined(runs)


def told(fresh: Iterable[Hashed], task: str, on_event: OnEvent, done: int = 0) -> Iterator[Hashed]:
    """Yield what is hashed, and tell of each run once it is taken.

    Args:
        fresh: What is hashed.
        task: What it is called.
        on_event: Gets progress in bytes.
        done: Bytes that were done before.
    """
    for hashed in fresh:
        yield hashed
        done += hashed.size
        on_event(Advanced(task, done))


def gather(
    name: str,
    layout: Layout,
    known: journal.Journal | None,
    wanted: Sequence[int],
    fresh: Generator[Hashed, None, None],
    on_event: OnEvent,
) -> list[PieceDigest]:
    """Return the digests of every piece: those in the journal, the others as they are made.

    Args:
        name: Of the shard.
        layout: Of the shard.
        known: Its journal, if it has one; gets what is made.
        wanted: The pieces that are made.
        fresh: Makes them.
        on_event: Gets progress in bytes.
    """
    task = f"hash {name}"
    digests: dict[int, PieceDigest] = {}
    if known and known.known:
        again = frozenset(wanted)
        digests = {piece: each for piece, each in known.known.items() if piece not in again}
    done = payload(layout, digests)
    if done:
        on_event(Note(f"{name}: {done:,} of {layout.size:,} bytes were hashed before"))
    on_event(Started(task, layout.size))
    with closing(fresh):
        for hashed in told(fresh, task, on_event, done):
            if known:
                known.add(hashed.digests)
            digests.update((digest.index, digest) for digest in hashed.digests)
    on_event(Done(task))
    return [digests[piece] for piece in range(layout.piece_map.count)]


def payload(layout: Layout, pieces: Collection[int]) -> int:
    """Return the bytes of files in some pieces; padding is none."""
    piece_map = layout.piece_map
    if len(pieces) == piece_map.count:
        return layout.size
    spans = (span for piece in pieces for span in piece_map.spans(piece))
    return sum(span.length for span in spans if span.file is not None)


def missing(layout: Layout, known: Collection[int]) -> Sequence[int]:
    """Return the pieces that are not known."""
    row: Sequence[int] = range(layout.piece_map.count)
    return [piece for piece in row if piece not in known] if known else row
