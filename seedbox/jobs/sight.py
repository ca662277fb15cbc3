"""What a worker has to see before it is given work: the source, OUT, and the locks in it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import InUseError, SeedboxError
from seedbox.plan.places import STATE

_TOKEN = "workers"  # noqa: S105  (a file in the state folder)
_LIMIT = 4096  # bytes of it


@dataclass(frozen=True, slots=True)
class Sight:
    """What the main process sees."""

    out: Path
    token: str  # lies in OUT, and in no other folder
    file: disk.Located | disk.Absent  # of the source


@dataclass(frozen=True, slots=True)
class Blind:
    """What somebody else does not see so."""

    path: str
    reason: str


def seen_here(out: Path, file: Path) -> Sight:
    """Leave a sign in OUT, whose lock this process holds, and return what others have to see.

    Args:
        out: The folder of a build.
        file: Any file of its source.

    Raises:
        DiskError: OUT cannot be written to.
    """
    token = secrets.token_hex()
    disk.write_whole(out / STATE / _TOKEN, token.encode())
    return Sight(out, token, disk.look(file.parent, (file.name,)))


def blind_to(sight: Sight) -> Blind | None:
    """Return what this process does not see as it should; None: it sees all."""
    source, out = sight.file.path, sight.out
    found = disk.look(sight.file.root, sight.file.parts)
    if found != sight.file:
        if isinstance(found, disk.Absent):
            return Blind(str(source), f"the file {found.reason} there")
        return Blind(str(source), "another file lies there, by its size, time of change or inode")
    try:
        token = disk.standing(out / STATE / _TOKEN, _LIMIT)
        if token != sight.token.encode():
            return Blind(str(out), "another folder is there, or none")
        with disk.lock(out / STATE):
            return Blind(str(out), "locks of other machines are not seen there")
    except InUseError:
        return None
    except SeedboxError as error:
        return Blind(str(out), error.message)
