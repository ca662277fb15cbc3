"""Piece journals: what a build has hashed already, kept so that it can go on where it was.

One file a shard: a header that names exactly what is hashed (paths, sizes, times, piece length),
then 64 bytes a piece. Records carry a checksum, so a torn tail after a crash costs the pieces in
it and nothing else; a journal of anything else than this very input is not used.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from seedbox import disk
from seedbox.jobs.events import Note, OnEvent, ignore
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout

_RECORD = struct.Struct(">Q20s32sI")  # piece, SHA-1, SHA-256 root, CRC-32 of these
_HEADER = struct.Struct(">28s32sI")  # magic, fingerprint, CRC-32 of these
_MAGIC = b"seedbox piece journal 1".ljust(28, b"\0")
_PATIENCE = 600.0  # seconds; what a worker that was given up for lost may go on for


def fingerprint(layout: Layout, files: Sequence[disk.Located]) -> bytes:
    """Return a digest of all that the hashes depend on, as far as it shows without reading."""
    shape = [layout.name, layout.single, layout.form, layout.piece_length, layout.total]
    content = [[*file.parts, file.size, file.mtime_ns, file.inode] for file in files]
    return sha256(json.dumps([shape, content]).encode()).digest()


class Journal:
    """The journal of one shard, open for reading back and going on; made by `opened`."""

    def __init__(self, path: Path, stream: BinaryIO, known: dict[int, PieceDigest]) -> None:
        """See `opened`."""
        self._path = path
        self._stream = stream
        self.known = known  # by piece; what an earlier run has hashed

    def add(self, digests: Iterable[PieceDigest]) -> None:
        """Keep the digests of pieces; they outlive this process, though not a power cut at once.

        Raises:
            DiskError: It cannot be written.
        """
        records = b"".join(map(_record, digests))
        with disk.attempt("keep a journal at", self._path):
            while records:  # a disk that is nearly full takes a part of it
                records = records[self._stream.write(records) :]


def _record(digest: PieceDigest) -> bytes:
    body = struct.pack(">Q20s32s", digest.index, digest.v1 or b"", digest.v2 or b"")
    return body + struct.pack(">I", zlib.crc32(body))


@contextlib.contextmanager
def opened(
    path: Path,
    layout: Layout,
    files: Sequence[disk.Located],
    *,
    on_event: OnEvent = ignore,
    patience: float = _PATIENCE,
) -> Iterator[Journal]:
    """Open the journal of a shard, or begin one if it is of something else.

    It is locked meanwhile, and with it the shard: whoever else works on it waits, and goes on from
    there. The lock ends with the process that holds it.

    Args:
        path: Of the journal.
        layout: Of the shard.
        files: What it is made of.
        on_event: Gets a note if the journal is held by somebody else.
        patience: Seconds to wait for that.

    Raises:
        InUseError: Somebody else has held it all that time.
        DiskError: It cannot be read or written.
    """
    header_body = struct.pack(">28s32s", _MAGIC, fingerprint(layout, files))
    header = header_body + struct.pack(">I", zlib.crc32(header_body))
    disk.make_folder(path.parent)
    with _held(path, on_event, patience) as stream:
        with disk.attempt("keep a journal at", path):
            stream.seek(0)
            known, length = _read(stream.read(), header, layout)
            stream.truncate(length)
            if not length:
                stream.write(header)
        yield Journal(path, stream, known)


@contextlib.contextmanager
def _held(path: Path, on_event: OnEvent, patience: float) -> Iterator[BinaryIO]:
    """Open a file and lock it; it is the one that lies there when it is locked."""
    note = Note(f"{path.stem}: another process is at work on it, waiting for that")
    while True:
        with disk.attempt("keep a journal at", path):
            stream = path.open("a+b", buffering=0)
        with stream:
            disk.hold(stream, path, patience=patience, on_wait=lambda: on_event(note))
            if not _there(path, stream):  # whoever held it has ended the build and removed it
                continue
            yield stream
            return


def _there(path: Path, stream: BinaryIO) -> bool:
    found = disk.look(path.parent, (path.name,))
    return isinstance(found, disk.Located) and found.inode == os.fstat(stream.fileno()).st_ino


def _read(data: bytes, header: bytes, layout: Layout) -> tuple[dict[int, PieceDigest], int]:
    """Return the digests in a journal and how many of its bytes are good."""
    if data[: len(header)] != header:
        return {}, 0
    known: dict[int, PieceDigest] = {}
    at = len(header)
    count = layout.piece_map.count
    while at + _RECORD.size <= len(data):
        record = data[at : at + _RECORD.size]
        index, v1, v2, checksum = _RECORD.unpack(record)
        if zlib.crc32(record[:-4]) != checksum or index >= count:
            break
        known[index] = PieceDigest(
            index,
            None if layout.form is Format.V2 else v1,
            None if layout.form is Format.V1 else v2,
        )
        at += _RECORD.size
    return known, at
