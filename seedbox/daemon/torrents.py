"""The .torrents of a manifest by URL: those that are here already, and the others from the web.

A .torrent is immutable, and its manifest has its SHA-256: so a new release costs only the new
ones, a fetch that was broken off goes on where it was, and any mirror will do. All are fetched,
even of shards that are nowhere on this disk: what names their files is the .torrent.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urljoin

from seedbox import disk, web
from seedbox.daemon.archive import Archive
from seedbox.errors import SeedboxError, WebError, WrongDigestError
from seedbox.manifest.model import Shard

_MOST = 64 * 1024 * 1024  # bytes, as everywhere
_AT_A_TIME = 4  # requests to a host
_MOST_FAILURES = 20  # then the server is left alone for now
_TIMEOUT = 60.0  # seconds for each
_HINT = "Ask the publisher to put the torrents folder beside the manifest."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Torrents to have in a folder."""

    folder: Path
    shards: Sequence[Shard]
    before: Path | None  # folder of the version before
    archive: Archive
    bases: Sequence[str]  # URLs of manifests that they lie beside; any of them will do


def gather(wanted: Wanted, cancelled: Callable[[], bool], *, local: bool = False) -> int:
    """Put torrents into a folder.

    One that cannot be had does not keep the others from coming.

    Args:
        wanted: Which, where to, and where from.
        cancelled: Says that nobody wants them any more.
        local: Ask no server; what is not here is left out.

    Returns:
        How many came from the web.

    Raises:
        WebError: One could not be had; the first that could not.
        WrongDigestError: One is not what the manifest says.
        DiskError, NoSpaceError: It cannot be written.
        CancelledError: Nobody wants them any more.
    """
    absent = [shard for shard in wanted.shards if not _here(wanted, shard)]
    if local or not absent:
        return 0
    for folder in {_parts(shard)[:-1] for shard in absent}:
        disk.make_folders_below(wanted.folder, folder)
    failures: list[SeedboxError] = []

    def one(shard: Shard) -> None:
        if len(failures) >= _MOST_FAILURES:
            return
        try:
            _fetch(wanted, shard, cancelled)
        except (WebError, WrongDigestError) as error:
            failures.append(error)

    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="torrents") as pool:
        for done in [pool.submit(one, shard) for shard in absent]:
            done.result()
    if failures:
        raise failures[0]
    return len(absent)


def _here(wanted: Wanted, shard: Shard) -> bool:
    """Tell whether a torrent is in the folder; one that is elsewhere on this disk is put there."""
    parts = _parts(shard)
    if _right(_read(wanted.folder, parts), shard):
        return True
    if wanted.before is not None and _right(_read(wanted.before, parts), shard):
        disk.make_folders_below(wanted.folder, parts[:-1])
        with contextlib.suppress(OSError):
            os.link(wanted.before.joinpath(*parts), wanted.folder.joinpath(*parts))
            return True
    kept = wanted.archive.torrent(shard.info_hash.key)
    if kept is None or not _right(kept, shard):
        return False
    _write(wanted, shard, kept)
    return True


def _parts(shard: Shard) -> tuple[str, ...]:
    return tuple(shard.torrent.path.split("/"))


def _read(folder: Path, parts: tuple[str, ...]) -> bytes | None:
    found = disk.look(folder, parts) if folder.is_dir() else None
    if not isinstance(found, disk.Located) or found.size > _MOST:
        return None
    return disk.read_located(found, _MOST)


def _right(raw: bytes | None, shard: Shard) -> bool:
    return raw is not None and sha256(raw).digest() == shard.torrent.sha256


def _write(wanted: Wanted, shard: Shard, raw: bytes) -> None:
    parts = _parts(shard)
    folder = disk.make_folders_below(wanted.folder, parts[:-1])
    disk.write_whole(folder / parts[-1], raw)


def _fetch(wanted: Wanted, shard: Shard, cancelled: Callable[[], bool]) -> None:
    """Get a torrent from the first server that has it.

    Raises:
        WebError, WrongDigestError: None has; what was wrong with the first.
    """
    failures: list[SeedboxError] = []
    for url in _urls(wanted.bases, shard.torrent.path):
        try:
            found = web.poll(url, None, limit=_MOST, timeout=_TIMEOUT, cancelled=cancelled)
        except WebError as error:
            failures.append(error)
            continue
        if found is None or found.body is None:
            failures.append(WebError(url, "answers that there is no such file", _HINT))
        elif _right(found.body, shard):
            _write(wanted, shard, found.body)
            return
        else:
            said, is_ = shard.torrent.sha256.hex(), sha256(found.body).hexdigest()
            failures.append(WrongDigestError(url, said=said, found=is_, by="the manifest"))
    raise failures[0]


def _urls(bases: Iterable[str], path: str) -> Iterable[str]:
    return dict.fromkeys(urljoin(base, quote(path)) for base in bases)
