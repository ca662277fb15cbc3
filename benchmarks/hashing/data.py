"""The data: one large file, and many small ones; the same bytes on every machine."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

_SMALL = 100 * 1024  # bytes of each small file
_IN_A_FOLDER = 1_000
_CHUNK = 4 * 1024 * 1024  # bytes written or read at once


@dataclass(frozen=True, slots=True)
class Data:
    """Something to make a torrent of."""

    key: str
    title: str
    path: Path
    sizes: tuple[int, ...]  # bytes of each file

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes)


def make_large(folder: Path, size: int) -> Data:
    """Write one file."""
    path = folder / "large.bin"
    block = random.Random(1).randbytes(_CHUNK)
    with path.open("wb") as file:
        for index, at in enumerate(range(0, size, _CHUNK)):
            turned = block[index:] + block[:index]  # no two pieces are alike
            file.write(turned[: size - at])
    return Data("large", f"one file of {size / 2**20:,.0f} MiB", path, (size,))


def make_small(folder: Path, count: int) -> Data:
    """Write a folder of folders of files."""
    path = folder / "small"
    block = random.Random(2).randbytes(_SMALL + count)
    for index in range(count):
        parent = path / f"{index // _IN_A_FOLDER:03d}"
        if index % _IN_A_FOLDER == 0:
            parent.mkdir(parents=True)
        (parent / f"{index:06d}.bin").write_bytes(block[index : index + _SMALL])
    return Data("small", f"{count:,} files of 100 KiB", path, (_SMALL,) * count)


def warm(data: Data) -> None:
    """Read everything once, so that every tool finds it in memory."""
    buffer = bytearray(_CHUNK)
    for path in [data.path] if data.path.is_file() else sorted(data.path.rglob("*.bin")):
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass
