import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.daemon.state.packing import pack, unpack
from seedbox.daemon.state.records import FileStat

PATHS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
STATS = st.builds(
    FileStat,
    path=PATHS,
    size=st.integers(0, 2**64 - 1),
    mtime_ns=st.integers(-(2**63), 2**63 - 1),
    inode=st.integers(0, 2**64 - 1),
)
MANY = tuple(FileStat(f"words/{n:06d}.txt", n, 10**18 + n, 10**6 + n) for n in range(50_000))


@given(st.lists(STATS).map(tuple))
def test_what_was_packed_comes_back(stats: tuple[FileStat, ...]) -> None:
    assert unpack(pack(stats)) == stats


@given(st.binary())
def test_other_bytes_are_refused_or_are_what_they_say(blob: bytes) -> None:
    try:
        stats = unpack(blob)
    except ValueError:
        return
    assert unpack(pack(stats)) == stats


def test_fifty_thousand_files_take_a_fifth_of_their_bytes_and_come_back() -> None:
    blob = pack(MANY)

    assert len(blob) < 50_000 * (24 + 17) / 5
    assert unpack(blob) == MANY


def test_the_blob_is_as_the_page_says() -> None:
    numbers = struct.pack("<QqQQqQ", 5, -1, 7, 8, 2, 9)

    assert (
        pack((FileStat("a/b", 5, -1, 7), FileStat("ü", 8, 2, 9)))
        == b"\0\x02\0\0\0" + numbers + b"a/b\0\xc3\xbc"
    )


@pytest.mark.parametrize(
    "stat",
    [
        FileStat("", 1, 1, 1),
        FileStat("a\0b", 1, 1, 1),
        FileStat("a\udce9", 1, 1, 1),
        FileStat("a", -1, 1, 1),
        FileStat("a", 1, 1 << 63, 1),
        FileStat("a", 1, 1, 1 << 64),
    ],
)
def test_a_file_that_cannot_be_is_not_packed(stat: FileStat) -> None:
    with pytest.raises(ValueError, match=r"path|range|surrogates"):
        pack((FileStat("first", 1, 1, 1), stat))


PLAIN = pack((FileStat("a", 1, 1, 1),))
PRESSED = pack(MANY[:500])
BODY = zlib.decompress(PRESSED[5:])


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\2" + PLAIN[1:],  # no such kind
        PLAIN[:3],
        PLAIN[:20],
        PLAIN[:-1],  # one file, no path
        PLAIN + b"\0b",  # one file, two paths
        PLAIN + b"\0",
        PLAIN[:-1] + b"\xff",  # no UTF-8
        b"\0\0\0\0\0a",  # no file, a path
        b"\0\xff\xff\xff\xff",  # 4,294,967,295 files in no bytes
        PRESSED[:4],
        PRESSED[:-1],
        PRESSED + b"\0",
        PRESSED[:9] + b"\0\0\0\0" + PRESSED[13:],
        b"\1" + struct.pack("<I", len(BODY) - 1) + PRESSED[5:],
        b"\1" + struct.pack("<I", len(BODY) + 1) + PRESSED[5:],
        b"\1\xff\xff\xff\xff" + PRESSED[5:],
        b"\1" + struct.pack("<I", 5) + zlib.compress(bytes(100_000_000), 9),  # swells
    ],
)
def test_a_damaged_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(blob)
