"""Somebody's own files, and whether anything has happened to them."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from seedbox.jobs.shards import Source
from seedbox.jobs.versions import contents
from seedbox.manifest.write import write_manifest
from seedbox.plan.supersedes import with_supersedes
from support.cli import Ran, run
from support.publisher import Publisher

HOME = Path("org.example") / "set"  # the dataset's own folder in a data folder
_WRITTEN = 0x2 | 0x8  # IN_MODIFY, IN_CLOSE_WRITE (inotify(7))
Originals = dict[str, tuple[str, int, int, int]]


def originals(folder: Path) -> Originals:
    """Digest, mode, time of change and inode of every file below a folder, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            status, digest = path.stat(), sha256(path.read_bytes()).hexdigest()
            key = path.relative_to(folder).as_posix()
            found[key] = (digest, status.st_mode, status.st_mtime_ns, status.st_ino)
    return found


def inodes(folder: Path) -> dict[str, int]:
    """The inode of every file below a folder, by path; seedbox's own folder left out."""
    return {
        path: inode
        for path, (*_, inode) in originals(folder).items()
        if ".seedbox" not in path.split("/")
    }


@contextlib.contextmanager
def never_written(folder: Path) -> Iterator[None]:
    """Hold everybody to not even opening a file below a folder for writing, by whatever name."""
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        for path in folder.rglob("*"):
            if path.is_file():
                assert libc.inotify_add_watch(watch, os.fsencode(path), _WRITTEN) > 0
        yield
        with contextlib.suppress(BlockingIOError):  # nothing to tell
            assert os.read(watch, 1 << 16) == b""
    finally:
        os.close(watch)


def adopt(folder: Path, made: Publisher, data: Path, *more: object) -> Ran:
    return run("adopt", folder, made.manifest, "--data", data, *more, "--json")


def fates(ran: Ran) -> dict[str, str]:
    """What became of each shard."""
    return {shard["name"]: shard["fate"] for shard in ran.document["shards"]}


def of(ran: Ran, name: str) -> dict[str, Any]:
    """All that is told of a shard."""
    (shard,) = (shard for shard in ran.document["shards"] if shard["name"] == name)
    found: dict[str, Any] = shard
    return found


def superseding(old: Source, new: Source) -> Source:
    """Let a release say what it reuses of another; the manifest is written anew."""
    made = with_supersedes(old.manifest, new.manifest, contents((old, new)))
    new.path.write_bytes(write_manifest(made))
    return Source(new.path, made)
