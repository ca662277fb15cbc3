"""Bytes to share: the same on every machine, nothing of them kept in git."""

from collections.abc import Mapping
from hashlib import shake_128
from pathlib import Path


def content(seed: str, size: int) -> bytes:
    """Return `size` bytes that look random and depend on nothing but the arguments."""
    return shake_128(seed.encode()).digest(size)


def contents(sizes: Mapping[str, int]) -> dict[str, bytes]:
    """Return the bytes of each path; files of one size differ, and none begins another."""
    return {path: content(f"{path} {size}", size) for path, size in sizes.items()}


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their paths below a folder."""
    for path, data in files.items():
        place = folder.joinpath(*path.split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
