from pathlib import Path

import pytest

from seedbox.torrent.metainfo import Metainfo
from support.cli import run, snapshot
from support.content import write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photos"
    write(made, {"b.jpg": bytes(40_000), "a/c.jpg": b"c" * 20_000, "a/d.jpg": b"d"})
    return made


def test_a_folder_makes_a_torrent_named_after_it(folder: Path, tmp_path: Path) -> None:
    ran = run("torrent", folder, "-o", tmp_path / "x.torrent", "--json")

    metainfo = Metainfo.parse((tmp_path / "x.torrent").read_bytes())
    assert [file.path for file in metainfo.files] == [
        ("photos", "a", "c.jpg"),
        ("photos", "a", "d.jpg"),
        ("photos", "b.jpg"),
    ]
    document = ran.document
    assert document.pop("magnet").startswith("magnet:?xt=urn:btih:")
    v1, v2 = metainfo.info_hash.v1, metainfo.info_hash.v2
    assert v1 is not None
    assert v2 is not None
    assert document == {
        "torrent": str(tmp_path / "x.torrent"),
        "name": "photos",
        "files": 3,
        "size": 60_001,
        "piece_length": 16_384,
        "pieces": 6,
        "info_hash": {"v1": v1.hex(), "v2": v2.hex()},
    }


def test_people_get_two_lines_and_the_link_can_be_copied(folder: Path, tmp_path: Path) -> None:
    ran = run("torrent", folder, "--out", tmp_path / "x.torrent")

    first, link = ran.out.splitlines()
    assert first == f"wrote {tmp_path}/x.torrent: 3 files, 58.59 KiB, 6 pieces of 16.00 KiB"
    assert run("show", link, "--json").document["name"] == "photos"
    assert ran.err.startswith("hash photos: 58.59 KiB in ")


def test_a_file_makes_a_single_file_torrent(folder: Path, tmp_path: Path) -> None:
    run("torrent", folder / "b.jpg", "-o", tmp_path / "x.torrent", "--format", "v1")

    metainfo = Metainfo.parse((tmp_path / "x.torrent").read_bytes())
    assert metainfo.layout.single
    assert [file.path for file in metainfo.files] == [("b.jpg",)]


def test_into_a_folder_it_is_named_after_the_data(folder: Path, tmp_path: Path) -> None:
    ran = run("torrent", folder, "-o", tmp_path, "--json")

    assert ran.document["torrent"] == str(tmp_path / "photos.torrent")
    assert (tmp_path / "photos.torrent").is_file()


def test_options_end_up_in_the_torrent(folder: Path, tmp_path: Path) -> None:
    run(
        *("torrent", folder, "-o", tmp_path / "x.torrent", "--piece-length", "32KiB"),
        *("--format", "v2", "--comment", "Two shelves"),
        *("--tracker", "udp://one.example:1/a", "--web-seed", "https://data.example/"),
    )

    said = run("show", tmp_path / "x.torrent", "--json").document
    assert (said["format"], said["piece_length"], said["comment"]) == ("v2", 32_768, "Two shelves")
    assert said["trackers"] == [["udp://one.example:1/a"]]
    assert said["web_seeds"] == ["https://data.example/"]


def test_again_is_the_same_file_and_it_may_lie_in_the_folder(folder: Path) -> None:
    first = run("torrent", folder, "-o", folder / "x.torrent", "--json")
    second = run("torrent", folder, "-o", folder / "x.torrent", "--json")

    assert (first.status, second.status) == (0, 0)
    assert first.out == second.out


def test_links_are_left_out_and_named(folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to("b.jpg")

    ran = run("torrent", folder, "-o", tmp_path / "x.torrent")

    assert ran.out.startswith("left out: link is a symbolic link\nwrote ")


def test_another_file_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.torrent").write_text("mine")
    before = snapshot(tmp_path)

    ran = run("torrent", folder, "-o", tmp_path / "x.torrent", "--json")

    assert ran.error[:2] == (5, "destination-taken")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--piece-length", "20KB", "power of two"),
        ("--piece-length", "0", "is nothing"),
        ("--piece-length", "much", "is not a size"),
        ("--format", "v3", "v3"),
        ("--tracker", "gopher://x.example/", "has the scheme gopher"),
        ("--tracker", "announce", "is not an absolute URL"),
        ("--web-seed", "ftp://x.example/", "has the scheme ftp"),
        ("--jobs", "0", "0"),
    ],
)
def test_what_no_torrent_can_have_is_wrong_usage(
    folder: Path, tmp_path: Path, option: str, value: str, words: str
) -> None:
    before = snapshot(tmp_path)

    status, code, message, hint = run(
        *("torrent", folder, "-o", tmp_path / "x.torrent", option, value, "--json")
    ).error

    assert (status, code) == (2, "usage")
    assert words in message
    assert hint
    assert snapshot(tmp_path) == before
