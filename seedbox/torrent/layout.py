"""Which files a torrent holds and where they lie in its row of pieces.

Pure. A layout is known before anything is hashed; metainfo is a layout with its hashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from seedbox.errors import InvalidTorrentError
from seedbox.torrent import paths, pieces
from seedbox.torrent.info_hash import Format


@dataclass(frozen=True, slots=True)
class File:
    """One file of a torrent; pad files (BEP 47) are none, they exist on no disk."""

    path: tuple[str, ...]  # from the save folder: the torrent's name first
    length: int  # bytes
    offset: int  # bytes from the start of the row of pieces, padding counted
    pieces_root: bytes | None = None  # 32 bytes (BEP 52); none: v1, an empty file, not hashed yet


@dataclass(frozen=True)  # no slots: cached_property keeps what it computed in __dict__
class Layout:
    """The files of a torrent in order, in pieces of one length."""

    name: str
    single: bool  # one file, and no folder around it
    form: Format
    piece_length: int  # bytes
    files: tuple[File, ...]
    total: int  # bytes of the row of pieces, the padding counted that v1 hashes

    @cached_property
    def size(self) -> int:
        """Bytes of payload: pad files not counted."""
        return sum(file.length for file in self.files)

    @cached_property
    def piece_map(self) -> pieces.PieceMap:
        """Which bytes of which files each piece covers."""
        extents = [(file.offset, file.length) for file in self.files]
        padded = self.form is not Format.V2
        return pieces.PieceMap(extents, self.piece_length, self.total, padded=padded)


def arrange(
    name: str,
    files: Iterable[tuple[tuple[str, ...], int]],
    *,
    form: Format,
    piece_length: int | None = None,
    single: bool = False,
) -> Layout:
    """Return the layout of a torrent over files, in the order that BEP 52 asks for.

    Args:
        name: The torrent's name: its folder, or its file if `single`.
        files: (path below the name, size in bytes); for `single` one file, whose path is not used.
        form: v1, v2 or hybrid.
        piece_length: Bytes; chosen by size and number of the files if not given.
        single: A single-file torrent.

    Raises:
        InvalidTorrentError: Readers would refuse the torrent or read it otherwise: unsafe or
            clashing paths, no data, or a v2 folder of one file.
        ValueError: piece_length breaks its rule, or `single` does not go with the files.
    """
    ordered = sorted(files, key=lambda file: paths.order(file[0]))
    if single and len(ordered) != 1:
        raise ValueError(f"a single-file torrent of {len(ordered)} files")
    sizes = [size for _, size in ordered]
    length = pieces.choose_piece_length(sizes, form) if piece_length is None else piece_length
    pieces.check_piece_length(length)
    starts = pieces.offsets(sizes, length, aligned=form is not Format.V1)
    placed = tuple(
        File((name,) if single else (name, *path), size, start)
        for (path, size), start in zip(ordered, starts, strict=True)
    )
    total = max((file.offset + file.length for file in placed if file.length), default=0)
    if form is Format.HYBRID and len(placed) > 1:
        total += -total % length  # as the program of BEP 52 and libtorrent pad the last file
    layout = Layout(name, single, form, length, placed, total)
    check(layout)
    return layout


def check(layout: Layout) -> None:
    """Refuse what no torrent may hold, whoever made it.

    Raises:
        InvalidTorrentError: Its paths are unsafe or clash, it holds no data or too many pieces,
            or it is a v2 folder that readers take for a single file (BEP 52).
    """
    if not layout.single and any(len(file.path) == 1 for file in layout.files):
        raise InvalidTorrentError("a file has an empty path")
    for path, why in paths.problems(file.path for file in layout.files):
        raise InvalidTorrentError(f"path {'/'.join(path)!r} {why}")
    if not layout.size:
        raise InvalidTorrentError("it holds no data")
    if -(-layout.total // layout.piece_length) > pieces.MAX_PIECES:
        raise InvalidTorrentError(f"it has more than {pieces.MAX_PIECES:,} pieces")
    if layout.form is Format.V2 and not layout.single and len(layout.files) == 1:
        _, first, *below = layout.files[0].path
        if not below:
            raise InvalidTorrentError(f"v2 cannot hold a folder with nothing but {first!r} in it")
