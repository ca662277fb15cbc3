"""The C extension under test: there, or skipped with a reason; and what hashlib says instead."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable

import pytest

from seedbox.hashing.extension import Buffer, Lanes, lanes
from support.content import content

BLOCK = 16_384  # bytes (BEP 52)
ZERO = bytes(32)  # BEP 52: a leaf that is missing
DATA = content("lanes", 1 << 20)
TAILS = [0, 1, 2, 54, 55, 56, 57, 62, 63, 64, 65, 118, 119, 120, 121, 127, 128, 129]
PATHS = ["avx512", "avx2", "sha-ni", "armv8", "portable"]
SANITIZED = "SEEDBOX_SANITIZED"  # the file of the extension that `make sanitize` built


def required() -> Lanes:
    """Return the extension; where a compiler could have built it for CI, it must be there."""
    extension = lanes()
    sanitized = os.environ.get(SANITIZED)
    if sanitized and (extension is None or place_of_extension() != sanitized):
        pytest.fail(f"{sanitized} was to be tested")
    if extension is not None:
        return extension
    if os.environ.get("CI") and (shutil.which("gcc") or shutil.which("cc")):
        pytest.fail("seedbox.hashing._lanes was not built, and there is a compiler")
    pytest.skip("seedbox.hashing._lanes was not built", allow_module_level=True)


def place_of_extension() -> str | None:
    """Return the file that the loaded extension came from."""
    return sys.modules["seedbox.hashing._lanes"].__file__


def every_path(extension: Lanes) -> pytest.MarkDecorator:
    """Give a test each path by name, `auto` too; those that this CPU lacks are skipped."""
    runnable = extension.paths()
    cases = [
        pytest.param(
            path, marks=pytest.mark.skipif(path not in runnable, reason=f"this CPU has no {path}")
        )
        for path in PATHS
    ]
    return pytest.mark.parametrize("path", [*cases, "auto"])


def sha1(data: Buffer) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def sha256(data: Buffer) -> bytes:
    return hashlib.sha256(data).digest()


HASHES: dict[str, Callable[[Buffer], bytes]] = {"sha1": sha1, "sha256": sha256}


def each(digest: Callable[[Buffer], bytes], data: Buffer, step: int) -> bytes:
    """Return the digests of the runs of `step` bytes."""
    return b"".join(digest(data[at : at + step]) for at in range(0, len(data), step))


def root(leaves: list[bytes], width: int) -> bytes:
    """BEP 52: the root of a tree with room for `width` leaves."""
    level = leaves + [ZERO] * (width - len(leaves))
    while len(level) > 1:
        level = [sha256(level[at] + level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def roots(data: bytes, piece_length: int, *, whole: bool) -> bytes:
    """BEP 52: the root of each piece; a file below a piece has a tree no higher than it needs."""
    width = piece_length // BLOCK
    found = []
    for at in range(0, len(data), piece_length):
        piece = data[at : at + piece_length]
        leaves = [sha256(piece[i : i + BLOCK]) for i in range(0, len(piece), BLOCK)]
        small = whole and len(data) < piece_length
        found.append(root(leaves, 1 << (len(leaves) - 1).bit_length() if small else width))
    return b"".join(found)
