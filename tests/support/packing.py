"""Items to pack, and the archive that must come of them, put together in the plainest way."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from seedbox import disk
from seedbox.jobs.events import OnEvent, ignore
from seedbox.jobs.pack import Tar, pack
from seedbox.plan.tar import Archive
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout, arrange
from support.content import contents, write

KIB = 1024
NAMES = {
    "a.txt": 5,
    "empty": 0,
    "folder/b.cls": 512,
    "folder/b.png": 70_000,
    "ü/日本語/😀.json": 1000,
    "n" * 100: 1,
    "n" * 101: 2,
    "d" * 255 + "/" + "e" * 255: 3,
    "p" * 155 + "/" + "q" * 100: 4,
    "p" * 156 + "/" + "q" * 100: 5,
    "p" * 90 + "/" + "q" * 90: 513,
    "é" * 127: 100,
    "last": 200_000,
}
FILES = contents(NAMES)

Members = list[tuple[tuple[str, ...], disk.Located]]


def members(source: Path, files: Mapping[str, bytes] = FILES) -> Members:
    """Write items below a folder and return them in their order."""
    write(source, files)
    return look_at(source, files)


def look_at(source: Path, files: Iterable[str]) -> Members:
    """Return items that are there."""
    paths = [tuple(path.split("/")) for path in files]
    found = [disk.look(source, path) for path in paths]
    assert all(isinstance(file, disk.Located) for file in found)
    return [(p, f) for p, f in zip(paths, found, strict=True) if isinstance(f, disk.Located)]


def layout(items: Members, form: Format = Format.HYBRID, length: int = 16 * KIB) -> Layout:
    """Return the layout of a torrent over the archive of some items."""
    size = Archive((path, file.size) for path, file in items).size
    return arrange("s.tar", [(("s.tar",), size)], form=form, piece_length=length, single=True)


def packed(
    items: Members,
    out: Path,
    *,
    form: Format = Format.HYBRID,
    length: int = 16 * KIB,
    jobs: int | None = 2,
    on_event: OnEvent = ignore,
    digests: bool = False,
) -> list[PieceDigest]:
    """Pack items into OUT/s.tar."""
    tar = Tar("s", items, layout(items, form, length))
    return pack(tar, out, jobs=jobs, on_event=on_event, digests=digests).digests


def read(data: bytes) -> dict[str, bytes]:
    """Return what Python reads in an archive."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        found = {}
        for member in archive:
            stream = archive.extractfile(member)
            found[member.name] = b"" if stream is None else stream.read()
        return found
