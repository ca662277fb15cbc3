"""From what is added to what libtorrent loads, after a look at the files.

Runs in a thread: it waits for disks, and loading a torrent holds the GIL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import libtorrent as lt

from seedbox import disk
from seedbox.engine.base import AddTorrent, FileFailed, Mode, Refused
from seedbox.engine.libtorrent import alerts
from seedbox.errors import DiskError, InvalidTorrentError, NoSpaceError
from seedbox.torrent import fields
from seedbox.torrent.bencode import Limits, decode_dict
from seedbox.torrent.info_hash import InfoHash
from seedbox.torrent.layout import File

_LIMITS = {"max_buffer_size": 1 << 30, "max_pieces": 8 << 20, "max_decode_tokens": 50_000_000}
_LONGEST = 11  # bytes of a string's length and its colon
_DECODE_LIMITS = Limits(size=1 << 30, values=50_000_000)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A torrent ready to be given to the session."""

    params: lt.add_torrent_params
    size: int  # bytes of payload


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a torrent is not held."""

    refused: Refused
    failed: FileFailed | None = None  # the file to blame


@dataclass(frozen=True, slots=True)
class _File:
    index: int  # in libtorrent's list, which holds pad files
    named: str  # its path as libtorrent would have it
    file: File


class _UnfitError(Exception):
    """The files are not as `have` says, or cannot be made."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path, self.reason = path, reason


def load(add: AddTorrent) -> Loaded | Rejected:
    """Return what to give to the session, or why the torrent is refused."""
    try:
        params, metainfo = _read(add)
        if add.mode is Mode.SEED and add.files is not None:
            # Whoever adds has read the names and looked at the files a moment ago.
            params.renamed_files = _renamed(metainfo, add.files)
            return Loaded(params, metainfo.size_on_disk())
        files = list(_files(add.torrent, metainfo))
        _check_files(add, files, metainfo.piece_length())
        if add.mode is Mode.FETCH:
            _make_empty_files(add, files)
    except _UnfitError as unfit:
        failed = FileFailed(add.key, str(unfit.path), unfit.reason)
        return Rejected(Refused(add.key, str(unfit)), failed)
    except (InvalidTorrentError, ValueError) as error:
        return Rejected(Refused(add.key, str(error)))
    # libtorrent mends names: it cuts long ones and drops characters that are not seen, such as
    # the joiners of Persian and Hindi. Here a file has the name that the torrent gives it.
    params.renamed_files = {
        file.index: path
        for file in files
        if (path := "/".join(add.parts(file.file.path))) != file.named
    }
    return Loaded(params, metainfo.size_on_disk())


def _renamed(metainfo: lt.torrent_info, given: tuple[str, ...]) -> dict[int, str]:
    """Return the files that lie elsewhere than libtorrent would have them, by its index.

    Raises:
        ValueError: The torrent has more or fewer files, or one would lie outside of the folder.
    """
    layout = metainfo.layout()
    indexes = _payload(layout)
    if len(indexes) != len(given):
        raise ValueError(f"it has {len(indexes):,} files, not {len(given):,}")
    for path in given:
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise ValueError(f"{path!r} is no path below a folder")
    return {
        index: path
        for index, path in zip(indexes, given, strict=True)
        if layout.file_path(index) != path
    }


def _payload(layout: lt.file_storage) -> list[int]:
    """Return the indexes of the files that are not padding."""
    pad = lt.file_flags_t.flag_pad_file
    return [i for i in range(layout.num_files()) if not layout.file_flags(i) & pad]


def _read(add: AddTorrent) -> tuple[lt.add_torrent_params, lt.torrent_info]:
    try:
        bare = _bare(add.torrent)
        params = lt.load_torrent_buffer(bare, cast("lt.AddTorrentParamsdict", _LIMITS))
    except RuntimeError as error:
        raise ValueError(f"libtorrent cannot read it: {error}") from error
    metainfo = params.ti
    if metainfo is None:
        raise ValueError("it has no info dict")
    if (found := alerts.info_hash(metainfo.info_hashes())) != add.info_hash:
        raise ValueError(f"its info-hash is {_hex(found)}, not {_hex(add.info_hash)}")
    if len(add.have) != metainfo.num_pieces():
        raise ValueError(f"it has {metainfo.num_pieces():,} pieces, not {len(add.have):,}")
    _fill(params, add)
    return params, metainfo


def _bare(torrent: bytes) -> bytes:
    """Return a .torrent without the keys that stand before its info dict.

    Among them are its collections (BEP 38). libtorrent holds each torrent against all others of a
    collection, so that the start of 10,000 shards of one dataset takes the square of the time.

    Raises:
        ValueError: It is no dict with an info dict.
    """
    at = 1
    while not torrent.startswith(b"4:info", at):
        at = _after(torrent, _after(torrent, at))
    return b"d" + torrent[at:]


def _after(torrent: bytes, at: int) -> int:
    """Return where the value that begins at `at` ends.

    Raises:
        ValueError: None begins there.
    """
    depth = 0
    while True:
        lead = torrent[at : at + 1]
        if lead in {b"l", b"d"}:
            depth, at = depth + 1, at + 1
        elif lead == b"e" and depth:
            depth, at = depth - 1, at + 1
        elif lead == b"i" and (end := torrent.find(b"e", at)) > 0:
            at = end + 1
        else:
            colon = torrent.find(b":", at, at + _LONGEST)
            if colon < 0 or not torrent[at:colon].isdigit():
                raise ValueError("it has no info dict")
            at = colon + 1 + int(torrent[at:colon])
        if not depth:
            return at


def _hex(name: InfoHash | None) -> str:
    if name is None:
        return "none"
    return " and ".join(digest.hex() for digest in (name.v1, name.v2) if digest)


def _fill(params: lt.add_torrent_params, add: AddTorrent) -> None:
    """Say how the torrent is held; what stands beside its info dict is left out."""
    flags = params.flags & ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    flags |= lt.torrent_flags.no_verify_files | lt.torrent_flags.duplicate_is_error
    if add.mode is Mode.SEED:
        # Trackers and the DHT are told of it by `announces` and `rotation`.
        flags |= lt.torrent_flags.upload_mode | lt.torrent_flags.disable_dht
    params.flags = flags
    params.have_pieces = list(add.have)
    params.save_path = str(add.folder)
    params.storage_mode = lt.storage_mode_t.storage_mode_sparse
    tiers = list(enumerate(add.trackers)) if add.mode is Mode.FETCH else []
    params.trackers = [url for _, tier in tiers for url in tier]
    params.tracker_tiers = [number for number, tier in tiers for _ in tier]
    params.url_seeds = list(add.web_seeds)
    params.dht_nodes = []


def _files(torrent: bytes, metainfo: lt.torrent_info) -> Iterator[_File]:
    """Yield the payload files with the names that the torrent gives them."""
    top, _ = decode_dict(torrent, _DECODE_LIMITS)
    info = fields.get(top, b"info", dict)
    name = fields.text(fields.get_utf8(info, b"name", bytes), "name")
    if b"file tree" in info:
        tree = fields.get(info, b"file tree", dict)
        half = fields.v2_files(tree, name, metainfo.piece_length(), folder=b"files" in info)
    else:
        half = fields.v1_files(info, name)
    layout = metainfo.layout()
    indexes = _payload(layout)
    if [layout.file_size(i) for i in indexes] != [file.length for file in half.files]:
        raise ValueError("libtorrent finds other files in it than seedbox")
    for index, file in zip(indexes, half.files, strict=True):
        yield _File(index, layout.file_path(index), file)


def _check_files(add: AddTorrent, files: list[_File], piece_length: int) -> None:
    """Hold the sizes of the files against the pieces that are claimed.

    Raises:
        _UnfitError: A file is missing, is none, or is too short for a piece in it.
        ValueError: A file has no name without the segments that are dropped.
    """
    if not all(add.parts(file.file.path) for file in files):
        raise ValueError(f"dropping {add.drop} segments leaves a file without a name")
    for file in files:
        need = _bytes_claimed(add.have, file.file, piece_length)
        if not need:
            continue
        found = disk.look(add.folder, add.parts(file.file.path))
        if isinstance(found, disk.Absent):
            raise _UnfitError(found.path, found.reason)
        if found.size < need:
            reason = f"has {found.size:,} bytes, but pieces up to byte {need:,} are claimed"
            raise _UnfitError(found.path, reason)


def _bytes_claimed(have: tuple[bool, ...], file: File, piece_length: int) -> int:
    """Return up to where in the file there are pieces that are claimed, in bytes."""
    if not file.length:
        return 0
    first = file.offset // piece_length
    last = (file.offset + file.length - 1) // piece_length
    for piece in range(last, first - 1, -1):
        if have[piece]:
            return min(file.length, (piece + 1) * piece_length - file.offset)
    return 0


def _make_empty_files(add: AddTorrent, files: list[_File]) -> None:
    """Make the files without bytes, which no piece brings.

    Raises:
        _UnfitError: The system refuses.
    """
    folder = add.folder
    for parts in (add.parts(file.file.path) for file in files if not file.file.length):
        try:
            disk.make_folder(folder)
            if isinstance(disk.look(folder, parts), disk.Absent):
                disk.create_empty(folder, parts)
        except (DiskError, NoSpaceError) as error:
            reason = f"cannot be made: {error.message}"
            raise _UnfitError(folder.joinpath(*parts), reason) from error
