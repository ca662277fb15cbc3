"""The C extension `_lanes`, as Python sees it; it may not be there."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Protocol, TypeAlias, cast

Buffer: TypeAlias = "bytes | bytearray | memoryview"

Place: TypeAlias = "tuple[int, bytes, int, int]"
"""A located file: (open folder, path below it, size, mtime in ns)."""

Span: TypeAlias = "tuple[str | int | Place | Buffer | None, int, int, bool]"
"""(path, descriptor, located file, buffer or None for zeros; offset; length; all of its file)."""


class SharedProgress(Protocol):
    """Shared by the calls of one job."""

    @property
    def done(self) -> int:
        """Bytes of files hashed so far."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        ...

    def cancel(self) -> None:
        """Make every call that has this return None soon."""
        ...


class Lanes(Protocol):
    """What the extension offers; its own docstrings say more."""

    ALL_PATHS: tuple[str, ...]
    Progress: type[SharedProgress]
    ReadError: type[Exception]  # args: span index, offset in the file, errno or None (it ended)

    def paths(self) -> tuple[str, ...]:
        """Return the paths that this CPU can run."""
        ...

    def best(self) -> tuple[str, str]:
        """Return the fastest path for SHA-1 and for SHA-256, measured once."""
        ...

    def sha1_pieces(self, data: Buffer, piece: int, path: str) -> bytes:
        """Return the SHA-1 of each `piece` bytes."""
        ...

    def sha256_blocks(self, data: Buffer, block: int, path: str) -> bytes:
        """Return the SHA-256 of each `block` bytes."""
        ...

    def hash_many(self, messages: Iterable[Buffer], algorithm: str, path: str) -> bytes:
        """Return the digests of messages of any lengths."""
        ...

    def merkle_layer(self, digests: Buffer, leaves: int, path: str) -> bytes:
        """Return the roots over each `leaves` digests."""
        ...

    def hash_pieces(
        self, data: Buffer, *, piece_length: int, v1: bool, v2: bool, pad: int, path: str
    ) -> tuple[bytes, bytes]:
        """Return both hashes of data in memory."""
        ...

    def hash_spans(
        self,
        spans: Iterable[Span],
        *,
        piece_length: int,
        v1: bool = False,
        v2: bool = False,
        path: str = "auto",
        progress: SharedProgress | None = None,
    ) -> tuple[bytes, bytes] | None:
        """Read spans once and return their hashes; None if cancelled."""
        ...


def lanes() -> Lanes | None:
    """Return the extension, or None where it was not built."""
    try:
        return cast("Lanes", importlib.import_module("seedbox.hashing._lanes"))
    except ImportError:
        return None
