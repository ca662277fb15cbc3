"""Hashing for tests: the digests one by one, through the path that is asked for."""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from seedbox import disk
from seedbox.hashing import hash_pieces
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.layout import Layout


def digests_of(
    layout: Layout,
    files: Sequence[disk.Located | None],
    **options: Any,  # noqa: ANN401  (what hash_pieces takes)
) -> Generator[PieceDigest, None, None]:
    """Yield what `hash_pieces` yields, piece by piece."""
    with closing(hash_pieces(layout, files, **options)) as runs:
        for run in runs:
            yield from run.digests


@contextmanager
def forced(path: str) -> Iterator[None]:
    """Hash through one path while the context lasts."""
    before = os.environ.get("SEEDBOX_HASH")
    os.environ["SEEDBOX_HASH"] = path
    try:
        yield
    finally:
        del os.environ["SEEDBOX_HASH"]
        if before is not None:
            os.environ["SEEDBOX_HASH"] = before
