from pathlib import Path

import pytest

from seedbox import disk
from seedbox.errors import InvalidTorrentError, SourceError
from seedbox.jobs.holding import look_at, read_torrent
from seedbox.plan.places import Place
from seedbox.torrent.info_hash import Format
from support.content import contents, write
from support.torrents import make

FILES = contents({"a": 40_000, "b/c": 10})


def test_a_bad_torrent_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.torrent").write_bytes(b"d4:infoi1ee")

    with pytest.raises(InvalidTorrentError, match=f"{tmp_path}/bad.torrent is not a usable"):
        read_torrent(tmp_path / "bad.torrent")


def test_a_torrent_is_read_from_its_file(tmp_path: Path) -> None:
    metainfo = make(FILES, Format.HYBRID, piece_length=16_384)
    (tmp_path / "x.torrent").write_bytes(metainfo.raw)

    assert read_torrent(tmp_path / "x.torrent") == metainfo
    with pytest.raises(SourceError, match="does not exist"):
        read_torrent(tmp_path / "y.torrent")


def test_the_files_of_a_torrent_are_looked_at_in_one_place(tmp_path: Path) -> None:
    metainfo = make(FILES, Format.V2, piece_length=16_384)
    write(tmp_path, {"a": FILES["a"], "c": b"elsewhere"})

    holding = look_at(Place((), 1), metainfo, tmp_path)

    assert holding.size == 40_000
    assert [type(file) for file in holding.found] == [disk.Located, disk.Absent]
    assert look_at(Place((), 0), metainfo, tmp_path).size == 0
