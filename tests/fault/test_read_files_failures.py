"""What the extension's reading of many files does when its callers or the files fail it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from seedbox.hashing.gather import FileReader
from support import lanes
from support.faults import nothing_left_open

EXTENSION = cast("FileReader", lanes.required())
DATA = b"0123456789"
both_ways = pytest.mark.parametrize("by_steps", [False, True], ids=["at once", "by steps"])


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(DATA)
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def asked(
    root: int, name: bytes = b"d/a", *, size: int = 10, length: int = 10
) -> tuple[int, bytes, int, int, int, int, int]:
    mtime = os.stat("d/a", dir_fd=root).st_mtime_ns
    return (root, name, size, mtime, 0, 0, length)


@both_ways
def test_many_parts_are_read_and_nothing_stays_open(root: int, by_steps: bool) -> None:
    buffer = bytearray(10)

    with nothing_left_open():
        assert EXTENSION.read_files([asked(root)] * 3000, buffer, by_steps=by_steps)

    assert buffer == DATA
    buffer.append(0)  # a bytearray that is in use cannot grow


@both_ways
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"", errno.ENOENT),
        (b"d/none", errno.ENOENT),
        (b"d/a/b", errno.ENOTDIR),
        (b"none/a", errno.ENOENT),
        (b"n" * 256, errno.ENAMETOOLONG),
        (b"n" * 300 + b"/a", errno.ENAMETOOLONG),
        (b"../x", errno.EXDEV),
        (b"link", errno.ELOOP),
    ],
)
def test_a_file_that_cannot_be_opened_is_named_with_the_reason(
    root: int, tmp_path: Path, name: bytes, reason: int, by_steps: bool
) -> None:
    (tmp_path / "link").symlink_to("d/a")

    with nothing_left_open(), pytest.raises(EXTENSION.ReadError) as caught:
        EXTENSION.read_files([asked(root), asked(root, name)], bytearray(10), by_steps=by_steps)

    assert caught.value.args == (1, 0, reason)


def test_a_file_that_ends_early_is_named_by_where_it_ends(root: int) -> None:
    with nothing_left_open(), pytest.raises(EXTENSION.ReadError) as caught:
        EXTENSION.read_files([asked(root, size=20, length=20)], bytearray(20))

    assert caught.value.args == (0, 10, None)


@pytest.mark.parametrize("size", [9, 11])
def test_a_file_of_another_size_is_not_what_it_was(root: int, size: int) -> None:
    with pytest.raises(EXTENSION.ReadError) as caught:
        EXTENSION.read_files([asked(root, size=size, length=9)], bytearray(9))

    assert caught.value.args == (0, 9, None)


def test_a_descriptor_that_is_none_is_named(root: int) -> None:
    with pytest.raises(EXTENSION.ReadError) as caught:
        EXTENSION.read_files([(123_456, *asked(root)[1:])], bytearray(10))

    assert caught.value.args == (0, 0, errno.EBADF)


def test_what_makes_no_sense_is_refused_before_a_file_is_opened(root: int) -> None:
    good = asked(root)
    bad: list[Any] = [
        (*good[:4], -1, 0, 1),
        (*good[:4], 5, 0, 6),
        (*good[:4], 11, 0, 0),
        (*good[:4], 0, -1, 1),
        (*good[:4], 0, 5, 6),
        (*good[:4], 0, 11, 0),
        (*good[:4], 0, 0, -1),
        (*good[:2], -1, *good[3:]),
        (*good[:4], 0, 2**62, 2**62),
    ]
    with nothing_left_open():
        for item in bad:
            with pytest.raises(ValueError, match="a part"):
                EXTENSION.read_files([good, item], bytearray(10))
        wrong: list[Any] = [
            5,
            good[:6],
            [*good],
            (root, "d/a", *good[2:]),
            (root, b"d\0a", *good[2:]),
        ]
        for item in wrong:
            with pytest.raises((TypeError, ValueError)):
                EXTENSION.read_files([good, item], bytearray(10))
        with pytest.raises(TypeError):
            EXTENSION.read_files(cast("Any", 5), bytearray(10))
        with pytest.raises((TypeError, BufferError)):
            EXTENSION.read_files([good], cast("Any", bytes(10)))
        with pytest.raises(TypeError, match="progress"):
            EXTENSION.read_files([good], bytearray(10), progress=cast("Any", 5))


def test_a_cancelled_reading_opens_nothing(root: int) -> None:
    progress = EXTENSION.Progress()
    progress.cancel()

    assert not EXTENSION.read_files([asked(root, b"none")], bytearray(10), progress=progress)
