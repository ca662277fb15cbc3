"""A torrent in a fake engine: what it has of it, and the files that go with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from seedbox.engine.base import AddTorrent, Endpoint, FileFailed, Mode
from seedbox.torrent import merkle
from seedbox.torrent.metainfo import Metainfo

if TYPE_CHECKING:
    from support.fake_engine import FakeEngine


@dataclass
class Held:
    """A torrent in a fake engine."""

    add: AddTorrent
    metainfo: Metainfo
    peers: list[Endpoint]
    have: list[bool]
    uploaded: int = 0  # bytes
    up: int = 0  # bytes since the last refresh, which stands for a second
    down: int = 0
    changed: bool = True
    failed: set[FileFailed] = field(default_factory=set)
    banned: set[FakeEngine] = field(default_factory=set)  # sent a bad piece
    in_vain: set[tuple[FakeEngine, int]] = field(default_factory=set)  # could not give a piece
    callers: set[FakeEngine] = field(default_factory=set)  # told as PeerCame
    finished: bool = False
    gone: bool = False  # removed; Removed follows at the next turn of the loop

    @property
    def fetching(self) -> bool:
        stopped = self.finished or self.failed or self.gone
        return self.add.mode is Mode.FETCH and not stopped

    def payload(self, piece: int) -> int:
        """Bytes of a piece that lie in files."""
        spans = self.metainfo.layout.piece_map.spans(piece)
        return sum(span.length for span in spans if span.file is not None)

    def path(self, file: int) -> Path:
        if self.add.files is not None and self.add.mode is Mode.SEED:
            return self.add.folder / self.add.files[file]
        return self.add.folder.joinpath(*self.add.parts(self.metainfo.files[file].path))


def load(add: AddTorrent) -> Held:
    metainfo = Metainfo.parse(add.torrent)
    if metainfo.info_hash != add.info_hash:
        raise ValueError(f"its info-hash is {metainfo.info_hash.key}, not {add.key}")
    if len(add.have) != metainfo.num_pieces:
        raise ValueError(f"it has {metainfo.num_pieces:,} pieces, not {len(add.have):,}")
    for path in add.files or ():
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise ValueError(f"{path!r} is no path below a folder")
    if add.files is not None and len(add.files) != len(metainfo.files):
        raise ValueError(f"it has {len(metainfo.files):,} files, not {len(add.files):,}")
    return Held(add, metainfo, list(add.peers), list(add.have))


def passes(metainfo: Metainfo, piece: int, row: bytes) -> bool:
    """Whether the bytes that a piece covers, padding included, have its hashes."""
    wanted = metainfo.v1_piece(piece)
    if wanted is not None and sha1(row, usedforsecurity=False).digest() != wanted:
        return False
    spans = [s for s in metainfo.layout.piece_map.spans(piece) if s.file is not None]
    file = spans[0].file or 0
    roots = metainfo.v2_pieces(metainfo.files[file])
    if not roots:
        return True
    payload = row[: spans[0].length]  # in v2 a piece lies in one file
    starts = range(0, len(payload), merkle.BLOCK_SIZE)
    blocks = [sha256(payload[at : at + merkle.BLOCK_SIZE]).digest() for at in starts]
    if len(roots) == 1:
        return merkle.small_root(blocks) == roots[0]
    index = piece - metainfo.layout.piece_map.pieces_of(file)[0]
    return merkle.piece_layer(blocks, metainfo.piece_length)[0] == roots[index]


def first_unfit(held: Held) -> FileFailed | None:
    """The first file that is missing or too short for the pieces that are claimed."""
    if held.add.mode is Mode.SEED and held.add.files is not None:
        return None
    piece_map = held.metainfo.layout.piece_map
    for piece in (index for index, had in enumerate(held.have) if had):
        for span in piece_map.spans(piece):
            path = None if span.file is None else held.path(span.file)
            if path is None:
                continue
            if not path.is_file():
                return FileFailed(held.add.key, str(path), "is missing")
            if (size := path.stat().st_size) < span.stop:
                reason = f"has {size:,} bytes, but pieces up to byte {span.stop:,} are claimed"
                return FileFailed(held.add.key, str(path), reason)
    return None


def make_empty_files(held: Held) -> FileFailed | None:
    if held.add.mode is Mode.SEED:
        return None
    for index, file in enumerate(held.metainfo.files):
        path = held.path(index)
        try:
            if not file.length:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        except OSError as error:
            return FileFailed(held.add.key, str(path), error.strerror or "")
    return None
