from dataclasses import FrozenInstanceError

import pytest

from seedbox.errors import InvalidTorrentError
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import File, Layout, arrange, check
from support.torrents import FORMS

KiB = 1024


def test_files_are_in_the_order_of_bep_52_by_segment_not_by_whole_path() -> None:
    files = [
        (("a.txt",), 1),
        (("a", "x"), 2),
        (("a b",), 3),
        (("a-b", "y"), 4),
        (("train.json",), 5),
        (("train", "x"), 6),
        (("Z",), 7),
    ]

    layout = arrange("root", files, form=Format.HYBRID)

    assert [file.path for file in layout.files] == [
        ("root", "Z"),
        ("root", "a", "x"),
        ("root", "a b"),
        ("root", "a-b", "y"),
        ("root", "a.txt"),
        ("root", "train", "x"),
        ("root", "train.json"),
    ]


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_the_input_does_not_matter(form: Format) -> None:
    files = [(("b",), 1), (("a", "c"), 2), (("a", "b"), 0)]

    assert arrange("root", files, form=form) == arrange("root", files[::-1], form=form)


def test_v1_lies_file_after_file() -> None:
    layout = arrange("root", [(("a",), 5), (("b",), 0), (("c",), 7)], form=Format.V1)

    assert [(file.length, file.offset) for file in layout.files] == [(5, 0), (0, 5), (7, 5)]
    assert (layout.size, layout.total, layout.piece_map.count) == (12, 12, 1)


@pytest.mark.parametrize(("form", "total"), [(Format.V2, 36_384), (Format.HYBRID, 49_152)])
def test_v2_and_hybrid_files_begin_pieces_and_a_hybrid_ends_with_one(
    form: Format, total: int
) -> None:
    files = [(("a",), 5), (("b",), 0), (("c",), 20_000), (("d",), 0)]
    layout = arrange("root", files, form=form, piece_length=16 * KiB)

    assert [file.offset for file in layout.files] == [0, 16_384, 16_384, 49_152]
    assert (layout.size, layout.total, layout.piece_map.count) == (20_005, total, 3)


@pytest.mark.parametrize("single", [True, False])
def test_the_only_file_of_a_hybrid_is_not_padded(single: bool) -> None:
    layout = arrange("root", [(("a",), 20_000)], form=Format.HYBRID, single=single)

    assert (layout.total, layout.piece_map.count) == (20_000, 2)


@pytest.mark.parametrize("form", FORMS)
def test_a_single_file_has_no_folder(form: Format) -> None:
    layout = arrange("data.tar", [(("ignored",), 9)], form=form, single=True)

    assert layout.single
    assert layout.files == (File(("data.tar",), 9, 0),)


@pytest.mark.parametrize("form", FORMS)
def test_the_piece_length_is_chosen_unless_given(form: Format) -> None:
    files = [(("a",), 100 * 1024 * KiB)]

    assert arrange("f", files, form=form, single=True).piece_length == 64 * KiB
    given = arrange("f", files, form=form, single=True, piece_length=1024 * KiB)
    assert given.piece_length == 1024 * KiB


@pytest.mark.parametrize("length", [0, 8 * KiB, 20_000, 256 * KiB * KiB])
def test_a_piece_length_that_readers_refuse_is_a_bug(length: int) -> None:
    with pytest.raises(ValueError, match="not a power of two"):
        arrange("root", [(("a",), 1)], form=Format.V1, piece_length=length)


@pytest.mark.parametrize("files", [[], [(("a",), 1), (("b",), 1)]])
def test_a_single_file_torrent_of_another_number_of_files_is_a_bug(
    files: list[tuple[tuple[str, ...], int]],
) -> None:
    with pytest.raises(ValueError, match=f"single-file torrent of {len(files)} files"):
        arrange("root", files, form=Format.V1, single=True)


REFUSED = [
    ("root", [], "it holds no data"),
    ("root", [(("a",), 0), (("b",), 0)], "it holds no data"),
    ("root", [(("..", "a"), 1)], r"path 'root/../a' has the segment '..'"),
    ("..", [(("a",), 1)], r"path '../a' has the segment '..'"),
    ("", [(("a",), 1)], "has the segment ''"),
    ("a/b", [(("a",), 1)], "has a slash"),
    ("root", [((), 1)], "a file has an empty path"),
    ("root", [((), 1), (("a",), 1)], "a file has an empty path"),
    ("root", [(("a",), 1), (("A",), 1)], "is the same as 'root/A'"),
    ("root", [(("caf\u00e9",), 1), (("cafe\u0301",), 1)], "is the same as"),
    ("root", [(("a",), 1), (("a",), 1)], "is the same as 'root/a'"),
    ("root", [(("a",), 1), (("a", "b"), 1)], "needs a folder where 'root/a' is a file"),
    ("root", [(("\udcff",), 1), (("a",), 1)], "is not valid UTF-8"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "files", "why"), REFUSED)
def test_what_readers_must_refuse_is_refused_before_anything_is_hashed(
    name: str, files: list[tuple[tuple[str, ...], int]], why: str, form: Format
) -> None:
    with pytest.raises(InvalidTorrentError, match=why):
        arrange(name, files, form=form)


@pytest.mark.parametrize("name", ["root", "other"])
def test_v2_cannot_tell_a_folder_of_one_file_from_that_file(name: str) -> None:
    files = [(("other",), 1)]

    with pytest.raises(InvalidTorrentError, match="a folder with nothing but 'other' in it"):
        arrange(name, files, form=Format.V2)

    arrange(name, files, form=Format.V1)
    arrange(name, files, form=Format.HYBRID)
    arrange(name, [(("below", "other"), 1)], form=Format.V2)


def test_more_than_8_mi_pieces_are_refused() -> None:
    pieces = 8 * 1024 * 1024
    layout = Layout("f", True, Format.V1, 1, (File(("f",), pieces, 0),), pieces)
    check(layout)

    with pytest.raises(InvalidTorrentError, match="more than 8,388,608 pieces"):
        check(Layout("f", True, Format.V1, 1, (File(("f",), pieces + 1, 0),), pieces + 1))


def test_a_layout_builds_its_piece_map_once() -> None:
    layout = arrange("root", [(("a",), 1)], form=Format.V1)

    assert layout.piece_map is layout.piece_map


def test_a_layout_that_was_used_equals_a_fresh_one() -> None:
    used, fresh = (arrange("root", [(("a",), 1)], form=Format.V1) for _ in range(2))
    assert used.piece_map.count == used.size

    assert used == fresh
    assert hash(used) == hash(fresh)
    assert repr(used) == repr(fresh)


def test_a_layout_cannot_be_changed() -> None:
    layout = arrange("root", [(("a",), 1)], form=Format.V1)

    with pytest.raises(FrozenInstanceError):
        layout.name = "other"  # type: ignore[misc]
