"""Torrents and data that somebody laid out to do harm, given to `seedbox verify`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seedbox.torrent import bencode
from support.cli import Ran, run, snapshot
from support.content import contents, write
from support.torrents import FORMS, changed, make

FILES = contents({"a": 40_000, "b/c": 100})
V1, V2, HYBRID = (make(FILES, form, piece_length=16_384).raw for form in FORMS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data, and beside it something that is nobody's business."""
    write(tmp_path, {"in/data/a": FILES["a"], "in/data/b/c": FILES["b/c"], "secret": b"x" * 100})
    return tmp_path


def verified(folder: Path, raw: bytes) -> Ran:
    (folder / "x.torrent").write_bytes(raw)
    before = snapshot(folder)
    ran = run("verify", folder / "x.torrent", folder / "in", "--json", "--quiet")
    assert snapshot(folder) == before
    return ran


def climb(*parts: bytes) -> Callable[[dict[bytes, Any]], None]:
    def change(document: dict[bytes, Any]) -> None:
        document[b"info"][b"files"][1][b"path"] = list(parts)

    return change


@pytest.mark.parametrize("raw", [V1, V2, HYBRID])
def test_a_torrent_cut_at_any_place_is_refused_and_changes_nothing(
    folder: Path, raw: bytes
) -> None:
    for cut in range(0, len(raw), 37):
        status, code, _, _ = verified(folder, raw[:cut]).error

        assert (status, code) == (4, "invalid-torrent")


@pytest.mark.parametrize(
    "raw",
    [
        b"d4:info" + b"d1:a" * 100_000,
        b"d4:info" + b"l" * 100_000 + b"e" * 100_001,
        b"d4:infod9:file tree" + b"d1:a" * 1000 + b"d0:d6:lengthi1eee" + b"e" * 1002,
        changed(V1, climb(b"..", b"..", b"secret")),
        changed(V1, climb(b"..", b"secret")),
        changed(V1, climb(b"/secret")),
        changed(V1, climb(b"", b"secret")),
        changed(V1, lambda document: document[b"info"].update({b"name": b".."})),
        changed(V2, lambda document: document[b"info"].update({b"name": b"../in"})),
        changed(V1, lambda document: document[b"info"].update({b"piece length": 0})),
        changed(V1, lambda document: document[b"info"].update({b"piece length": 1 << 62})),
        changed(V1, lambda document: document[b"info"][b"files"][0].update({b"length": -1})),
        changed(V1, lambda document: document[b"info"][b"files"][0].update({b"length": 1 << 62})),
    ],
)
def test_a_torrent_that_nests_climbs_or_lies_about_sizes_is_refused_and_changes_nothing(
    folder: Path, raw: bytes
) -> None:
    status, code, message, hint = verified(folder, raw).error

    assert (status, code) == (4, "invalid-torrent")
    assert len(message) < 1000
    assert hint


def test_a_torrent_of_more_bytes_than_anybody_reads_is_refused(folder: Path) -> None:
    with (folder / "x.torrent").open("wb") as stream:
        stream.truncate(1 << 40)

    ran = run("verify", folder / "x.torrent", folder / "in", "--json")

    assert ran.error[:2] == (4, "source")
    assert "is longer than 67,108,864 bytes" in ran.error[2]


def test_a_torrent_that_never_ends_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "x.torrent")

    ran = run("verify", folder / "x.torrent", folder / "in", "--json")

    assert ran.error[:2] == (4, "source")


def test_a_symbolic_link_of_a_torrent_is_refused(folder: Path) -> None:
    def link(document: dict[bytes, Any]) -> None:
        document[b"info"][b"files"][1][b"attr"] = b"l"
        document[b"info"][b"files"][1][b"symlink path"] = [b"..", b"..", b"secret"]

    assert verified(folder, changed(V1, link)).error[0] == 4


@pytest.mark.parametrize("raw", [V1, V2, HYBRID])
@pytest.mark.parametrize("linked", ["b/c", "b"])
def test_data_behind_a_link_is_not_read_though_it_would_be_right(
    folder: Path, raw: bytes, linked: str
) -> None:
    place = folder / "in" / "data" / linked
    place.rename(folder / "outside")
    place.symlink_to(folder / "outside")

    ran = verified(folder, raw)

    assert ran.status == 1
    states = {file["path"]: file["state"] for file in ran.document["torrents"][0]["files"]}
    assert states["data/b/c"] == "missing"


@pytest.mark.parametrize("raw", [V1, V2, HYBRID])
def test_data_that_never_ends_does_not_hang(folder: Path, raw: bytes) -> None:
    (folder / "in/data/b/c").unlink()
    os.mkfifo(folder / "in/data/b/c")

    assert verified(folder, raw).status == 1


def test_what_is_refused_here_differs_from_a_good_torrent_in_one_place_only(folder: Path) -> None:
    assert verified(folder, changed(V1, lambda _: None)).status == 0
    assert bencode.encode(bencode.decode(V1)) == V1
