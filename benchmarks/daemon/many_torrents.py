"""Datasets for the daemons: many small shards and one manifest of them, or one large file."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha1, sha256
from pathlib import Path

from seedbox.manifest import model
from seedbox.manifest.coverage import arrange as covered
from seedbox.manifest.write import write_manifest
from seedbox.torrent.compose import Extras, PieceDigest, compose
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import arrange
from seedbox.torrent.metainfo import Metainfo

_ROOT = "set"  # the folder of the dataset; v1 torrents, since Debian's transmission reads no others
_SMALL, _SMALL_PIECE = 16 * 1024, 32 * 1024  # bytes
_LARGE_PIECE = 4 * 1024 * 1024  # bytes
_HASHES = "hashes"  # a file of them, for the next run
_ISSUED = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Torrents:
    """What the programs are to seed."""

    manifest: Path
    data: Path  # holds the dataset's folder
    paths: tuple[Path, ...]  # of the .torrents
    hashes: tuple[bytes, ...]  # in the same order, 20 bytes each

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self.data / _ROOT


def make_small(count: int, folder: Path, tracker: str) -> Torrents:
    """Make so many files of 16 KiB, a torrent of each, and a manifest."""
    return _make(_small(count, folder / _ROOT, tracker), folder, tracker)


def _small(count: int, data: Path, tracker: str) -> Iterator[Metainfo]:
    data.mkdir(parents=True)
    chance = random.Random(6)
    body = chance.randbytes(_SMALL - 8)
    for number in range(count):
        content = number.to_bytes(8) + body
        name = f"{number:06}.bin"
        (data / name).write_bytes(content)
        yield _torrent(name, [content], _SMALL, _SMALL_PIECE, tracker)


def make_large(size: int, folder: Path) -> Torrents:
    """Make one file of so many bytes, which stays in the page cache; nobody announces it."""
    return _make(_large(size, folder / _ROOT), folder, None)


def _large(size: int, data: Path) -> Iterator[Metainfo]:
    data.mkdir(parents=True)
    chance, pieces = random.Random(6), []
    with (data / "large.bin").open("wb") as file:
        for _ in range(size // _LARGE_PIECE):
            piece = chance.randbytes(_LARGE_PIECE)
            file.write(piece)
            pieces.append(sha1(piece).digest())  # noqa: S324 - BEP 3
    yield _torrent("large.bin", pieces, size, _LARGE_PIECE, None, hashed=True)


def _torrent(
    name: str,
    pieces: list[bytes],
    size: int,
    piece_length: int,
    tracker: str | None,
    *,
    hashed: bool = False,
) -> Metainfo:
    layout = arrange(
        name, [((name,), size)], form=Format.V1, piece_length=piece_length, single=True
    )
    digests = [
        PieceDigest(index, piece if hashed else sha1(piece).digest(), None)  # noqa: S324 - BEP 3
        for index, piece in enumerate(pieces)
    ]
    return compose(layout, digests, Extras(trackers=((tracker,),) if tracker else ()))


def _known(folder: Path) -> Torrents | None:
    """Return what was made before; None: nothing."""
    out = folder / "out"
    if not (out / _HASHES).exists():
        return None
    named = (out / _HASHES).read_bytes()
    hashes = tuple(named[at : at + 20] for at in range(0, len(named), 20))
    paths = tuple(sorted((out / "torrents").iterdir()))
    return Torrents(out / "manifest.yaml", folder, paths, hashes)


def _shard(name: str, torrent: Metainfo) -> model.Shard:
    return model.Shard(
        name=name,
        role=model.Role.DATA,
        items=1,
        files=1,
        size=torrent.layout.size,
        use=Decimal(1),
        piece_length=torrent.layout.piece_length,
        info_hash=torrent.info_hash,
        torrent=model.TorrentRef(f"torrents/{name}.torrent", sha256(torrent.raw).digest()),
    )


def _make(torrents: Iterable[Metainfo], folder: Path, tracker: str | None) -> Torrents:
    if known := _known(folder):
        return known
    out = folder / "out"
    (out / "torrents").mkdir(parents=True)
    shards, paths, hashes = [], [], []
    for number, torrent in enumerate(torrents):
        name = f"shard-{number:06}"
        path = out / "torrents" / f"{name}.torrent"
        path.write_bytes(torrent.raw)
        shards.append(_shard(name, torrent))
        paths.append(path)
        hashes.append(torrent.info_hash.v1 or b"")
    total = Decimal(len(shards))
    head = model.Head(
        id="org.example/many",
        sequence=1,
        version="1",
        issued=_ISSUED,
        title="Many shards",
        license=model.License("CC0-1.0"),
        root=_ROOT,
        format=Format.V1,
        popularity=model.Popularity("reads", total=total),
        trackers=((tracker,),) if tracker else (),
    )
    manifest = out / "manifest.yaml"
    manifest.write_bytes(write_manifest(model.Manifest(head, covered(iter(shards), total))))
    (out / _HASHES).write_bytes(b"".join(hashes))
    return Torrents(manifest, folder, tuple(paths), tuple(hashes))
