"""How items lie in a shard: as files under their own paths, or packed into one tar.

Pure. A torrent of very many files is slow in every client and its .torrent is large, so millions
of small items are packed. Everything else stays as it is: it can be seeded in place, opened
without unpacking, and served by its origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from seedbox.manifest.model import Head, Pack
from seedbox.units import format_size

_MANY = 100_000  # files; more than ten shards of what clients take well
_SMALL = 256 * 1024  # bytes on average


class Choices(Protocol):
    """What is asked of a build's options."""

    @property
    def web_seeds(self) -> tuple[str, ...]:
        """Base URLs that serve the items as files."""


@dataclass(frozen=True, slots=True)
class Packing:
    """A choice."""

    pack: Pack
    why: str | None  # None: the publisher has made it


def choose_pack(head: Head, items: int, size: int, options: Choices) -> Packing:
    """Return what the publisher has chosen, else what fits so many items of so many bytes."""
    if head.pack is not None:
        return Packing(head.pack, None)
    mean = size // max(1, items)
    told = f"{items:,} items of {format_size(mean)} on average"
    if items < _MANY or mean >= _SMALL:
        return Packing(Pack.FILES, f"{told}: seeded in place, as files")
    if options.web_seeds:
        return Packing(Pack.FILES, f"{told}: as files, since web seeds serve them as files")
    return Packing(Pack.TAR, f"{told}: packed into tar shards, since that is too many for torrents")
