"""Which code hashes: lanes of some vector unit, the CPU's SHA instructions, or hashlib.

The lanes are a C extension that may not be there (no compiler at installation, or another system);
hashlib gives the same digests, only slower. `SEEDBOX_HASH` names a path to force one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from seedbox.errors import UsageError
from seedbox.hashing.extension import lanes

HASHLIB = "hashlib"
_PORTABLE = "portable"  # the extension without any special instruction
AUTO = "auto"  # for each hash the fastest path
VARIABLE = "SEEDBOX_HASH"


@dataclass(frozen=True, slots=True)
class HashPath:
    """The code that hashes here, and why it is this."""

    name: str  # what SEEDBOX_HASH would name, or AUTO
    sha1: str  # what hashes v1 pieces
    sha256: str  # what hashes v2 blocks and trees
    why: str


def built() -> bool:
    """Tell whether the C extension is there."""
    return lanes() is not None


def available() -> tuple[str, ...]:
    """Return the paths that this machine can run, hashlib last."""
    extension = lanes()
    return (*(extension.paths() if extension else ()), HASHLIB)


def chosen() -> HashPath:
    """Return the path to use: the one that SEEDBOX_HASH names, else the fastest there is.

    Raises:
        UsageError: SEEDBOX_HASH names a path that this machine cannot run.
    """
    names = available()
    if forced := os.environ.get(VARIABLE):
        if forced not in names:
            hint = f"Set it to one of {', '.join(names)}, or unset it."
            raise UsageError(f"{VARIABLE}={forced} is no path of this machine", hint)
        return HashPath(forced, forced, forced, f"{VARIABLE} asks for it")
    extension = lanes()
    if extension is None:
        return HashPath(HASHLIB, HASHLIB, HASHLIB, "the C extension was not built")
    best = extension.best()
    if _PORTABLE in best:
        return HashPath(HASHLIB, HASHLIB, HASHLIB, "this CPU has no lanes that are faster")
    return HashPath(AUTO, *best, "the fastest in a short measurement")
