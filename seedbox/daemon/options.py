"""What a daemon is told when it starts."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seedbox.jobs.admission import Trust
from seedbox.plan.caps import Caps


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, and waiting for it."""

    now: Callable[[], float] = time.time  # seconds since 1970
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a daemon."""

    manifests: tuple[Path, ...]  # files, or folders of them
    data: tuple[Path, ...]  # folders to look for shards in, in order
    state: Path  # its own folder
    trust: Trust  # whom to believe
    jobs: int | None = None  # hashing threads; None: one a core
    max_read: int | None = None  # bytes/s to hash at most
    caps: Caps = field(default_factory=Caps)  # how much may go to peers
    clock: Clock = field(default_factory=Clock)
    urls: tuple[str, ...] = ()  # manifests on servers


def state_folder(base: Path, data: Sequence[Path]) -> Path:
    """Return the state folder of the daemon for some data folders, in the order given."""
    paths = b"\0".join(os.fsencode(os.path.realpath(folder)) for folder in data)
    return base / f"daemon-{hashlib.sha256(paths).hexdigest()[:12]}"
