"""Which pieces are asked for, and that it is the same ones everywhere."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.plan.samples import plan_samples
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout, arrange

KIB = 1024
KEY = bytes(range(20))
PIECE = 16 * KIB


def layout(sizes: dict[str, int], form: Format = Format.HYBRID) -> Layout:
    files = [(tuple(path.split("/")), size) for path, size in sizes.items()]
    return arrange("data", files, form=form, piece_length=PIECE)


def files_of(row: Layout, pieces: tuple[int, ...]) -> set[str]:
    indexes = {span.file for piece in pieces for span in row.piece_map.spans(piece)}
    return {"/".join(row.files[index].path[1:]) for index in indexes if index is not None}


MANY = layout({f"{n:03}": PIECE for n in range(300)})
LARGE = layout({"a": 1, "large": 1000 * PIECE, "z": 1})


def test_a_sample_is_the_same_on_every_machine_and_python() -> None:
    assert plan_samples(LARGE, KEY, count=8, seed=7) == (0, 64, 292, 738, 784, 944, 980, 1001)


def test_the_numbers_are_those_of_sha_256_over_seed_key_and_counter() -> None:
    row = layout({"a": 1000 * PIECE})
    drawn = [
        int.from_bytes(sha256(b"5:" + KEY + b":%d" % n).digest(), "big") % 1000 for n in range(1)
    ]

    # First piece, last piece, one of the file in the deepest folder: here the only one.
    assert plan_samples(row, KEY, count=3, seed=5) == tuple(sorted({0, 999, *drawn}))


def test_another_seed_or_torrent_gives_other_pieces() -> None:
    first = plan_samples(MANY, KEY, count=25, seed=0)

    assert plan_samples(MANY, KEY, count=25, seed=1) != first
    assert plan_samples(MANY, bytes(20), count=25, seed=0) != first


@pytest.mark.parametrize("form", list(Format))
def test_the_first_and_the_last_piece_are_always_among_them(form: Format) -> None:
    row = layout({"a": 5 * PIECE, "b": 3, "c": 9 * PIECE}, form)

    for seed in range(20):
        pieces = plan_samples(row, KEY, count=3, seed=seed)
        assert (pieces[0], pieces[-1]) == (0, row.piece_map.count - 1)


def test_a_file_for_each_character_that_urls_escape_is_among_them() -> None:
    names = ["a b", "c#d", "e?f", "g%20h", "i+j", "k&l", "mün", "日本", "deep/er/and/deeper/x"]
    row = layout({**{f"{n:03}": PIECE for n in range(300)}, **dict.fromkeys(names, 10)})

    for seed in range(10):
        found = files_of(row, plan_samples(row, KEY, count=12, seed=seed))
        assert found >= {*names} - {"mün", "日本"}
        assert found & {"mün", "日本"}  # either shows whether the server reads UTF-8


def test_a_file_in_the_deepest_folder_is_among_them() -> None:
    row = layout({**{f"{n:03}": PIECE for n in range(300)}, "x/y/z": 3 * PIECE})

    for seed in range(10):
        assert "x/y/z" in files_of(row, plan_samples(row, KEY, count=4, seed=seed))


def test_neither_small_files_nor_a_large_one_are_missed() -> None:
    row = layout({"large": 1000 * PIECE, **{f"z{n:02}": 1 for n in range(40)}})

    pieces = plan_samples(row, KEY, count=24, seed=1)

    assert len([piece for piece in pieces if piece < 1000]) >= 8
    assert len(files_of(row, pieces)) >= 8


def test_empty_files_are_not_asked_for() -> None:
    row = layout({"a b": 0, "c": 1, "d/e/f": 0})

    assert plan_samples(row, KEY, count=9, seed=0) == (0,)


@given(
    sizes=st.lists(st.integers(0, 5 * PIECE), min_size=1, max_size=20).filter(any),
    form=st.sampled_from(Format),
    count=st.integers(1, 120),
    seed=st.integers(0, 2**64),
)
def test_as_many_different_pieces_come_as_were_asked_for_or_as_there_are(
    sizes: list[int], form: Format, count: int, seed: int
) -> None:
    row = layout({f"d/{n}": size for n, size in enumerate(sizes)}, form)

    pieces = plan_samples(row, KEY, count=count, seed=seed)

    assert len(pieces) == min(count, row.piece_map.count)
    assert list(pieces) == sorted(set(pieces))
    assert {*pieces} <= {*range(row.piece_map.count)}
