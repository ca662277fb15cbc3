"""Hashing pieces of one file from memory, while it is being written."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1, sha256

from seedbox.hashing import paths
from seedbox.hashing.extension import Lanes, SharedProgress, lanes
from seedbox.torrent import merkle
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import V1_BYTES, V2_BYTES, Format
from seedbox.torrent.layout import Layout
from seedbox.torrent.merkle import BLOCK_SIZE


def usable() -> Lanes | None:
    """Return the extension if it is to be used.

    Raises:
        UsageError: SEEDBOX_HASH names a path that this machine cannot run.
    """
    return None if paths.chosen().name == paths.HASHLIB else lanes()


@dataclass(frozen=True, slots=True)
class MemoryHasher:
    """Hashes runs of pieces of a single-file torrent; called from several threads at once."""

    layout: Layout
    extension: Lanes | None
    progress: SharedProgress | None = None
    path: str = field(default_factory=lambda: paths.chosen().name)

    def __call__(self, pieces: range, data: memoryview) -> list[PieceDigest]:
        """Return the digests of some pieces; none if cancelled.

        Args:
            pieces: A run of them.
            data: Their bytes.
        """
        if self.extension is None:
            return [self._piece(index, self._cut(index - pieces.start, data)) for index in pieces]
        hashed = self.extension.hash_spans(
            [(data, 0, len(data), len(data) == self.layout.total)],
            piece_length=self.layout.piece_length,
            v1=self.layout.form is not Format.V2,
            v2=self.layout.form is not Format.V1,
            path=self.path,
            progress=self.progress,
        )
        return [] if hashed is None else digests(pieces, *hashed)

    def _cut(self, at: int, data: memoryview) -> memoryview:
        length = self.layout.piece_length
        return data[at * length : (at + 1) * length]

    def _piece(self, index: int, data: memoryview) -> PieceDigest:
        form, length = self.layout.form, self.layout.piece_length
        v1 = None if form is Format.V2 else sha1(data, usedforsecurity=False).digest()
        if form is Format.V1:
            return PieceDigest(index, v1, None)
        starts = range(0, len(data), BLOCK_SIZE)
        blocks = [sha256(data[at : at + BLOCK_SIZE]).digest() for at in starts]
        small = self.layout.total <= length
        root = merkle.small_root(blocks) if small else merkle.piece_layer(blocks, length)[0]
        return PieceDigest(index, v1, root)


def digests(pieces: range, v1: bytes, v2: bytes) -> list[PieceDigest]:
    """Return what the extension gives for a run of pieces, piece by piece."""
    return [
        PieceDigest(
            index,
            v1[at * V1_BYTES : (at + 1) * V1_BYTES] or None,
            v2[at * V2_BYTES : (at + 1) * V2_BYTES] or None,
        )
        for at, index in enumerate(pieces)
    ]
