import io
import tarfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seedbox.plan.tar import Archive, header

GIB = 1 << 30
segments = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=130)
paths = st.lists(segments, min_size=1, max_size=4).map(tuple)


def cut(archive: Archive, start: int, length: int) -> bytes:
    """A stretch, with the member's number in place of each byte of its file."""
    out = bytearray(b"\xff" * length)
    for member, _, at, size in archive.stretch(start, memoryview(out)):
        out[at : at + size] = bytes([65 + member]) * size
    return bytes(out)


def read(data: bytes) -> tarfile.TarInfo:
    with tarfile.open(fileobj=io.BytesIO(data + bytes(1024)), mode="r:") as archive:
        info = archive.next()
    assert info is not None
    return info


def test_a_header_has_the_fields_of_ustar_and_nothing_of_this_machine() -> None:
    block = header(("a", "b.txt"), 5)

    assert len(block) == 512
    assert block[:100] == b"a/b.txt".ljust(100, b"\0")
    numbers = [b"0000644", b"0000000", b"0000000", b"00000000005", b"00000000001", b""]
    assert block[100:148].split(b"\0") == numbers  # mode, owner, group, size, time
    assert int(block[148:154], 8) == sum(block[:148]) + 8 * 32 + sum(block[156:])
    assert block[154:156] == b"\0 "
    assert block[156:157] == b"0"
    assert block[157:257] == bytes(100)
    assert block[257:265] == b"ustar\x0000"
    assert block[265:329] == bytes(64)
    assert block[329:345] == 2 * b"0000000\0"
    assert block[345:] == bytes(167)


@pytest.mark.parametrize(
    ("path", "prefix", "name"),
    [
        (("n" * 100,), "", "n" * 100),
        (("p" * 155, "q" * 100), "p" * 155, "q" * 100),
        (("p", "q" * 100), "p", "q" * 100),
        (("a", "b" * 60, "c" * 60), "a/" + "b" * 60, "c" * 60),
    ],
)
def test_a_long_name_is_split_at_a_slash_where_that_is_possible(
    path: tuple[str, ...], prefix: str, name: str
) -> None:
    block = header(path, 1)

    assert len(block) == 512
    assert block[345:500].rstrip(b"\0") == prefix.encode()
    assert block[:100].rstrip(b"\0") == name.encode()


@pytest.mark.parametrize(
    "path",
    [
        ("n" * 101,),
        ("n" * 255,),
        ("p" * 156, "q" * 100),
        ("p" * 155, "q" * 101),
        ("d" * 255, "e" * 255, "f"),
        ("ü",),
        ("日本", "語" * 85),
        tuple(["deep"] * 100),
    ],
)
def test_a_name_that_ustar_cannot_hold_stands_in_a_pax_header(path: tuple[str, ...]) -> None:
    block = header(path, 1)

    assert block[156:157] == b"x"
    assert block[:13] == b"././@PaxHeader"[:13]
    assert len(block) % 512 == 0
    assert read(block).name == "/".join(path)
    assert block[-512:].isascii()


def test_the_length_of_a_pax_record_counts_its_own_digits() -> None:
    for size in [*range(80, 130), *range(970, 1010)]:
        name = ("é" * (size // 2) + "x" * (size % 2),)
        record = header(name, 0)[512:]
        length = int(record[: record.index(b" ")])
        assert record[length - 1 : length + 1] == b"\n\0"
        assert record[:length].endswith(b" path=" + name[0].encode() + b"\n")


def test_readers_that_know_no_pax_are_never_led_out_of_their_folder() -> None:
    cut_there = ("é" * 10 + "a..", "b" * 96, "c")

    name = header(cut_there, 0)[-512:][:100].rstrip(b"\0")

    assert b"/" not in name
    assert name not in {b"", b".", b".."}


@pytest.mark.parametrize("size", [8 * GIB - 1, 8 * GIB, 9 * GIB, 1 << 50])
@pytest.mark.parametrize("name", ["a", "é"])
def test_a_file_may_have_any_size(size: int, name: str) -> None:
    info = read(header((name,), size))

    assert (info.name, info.size) == (name, size)


def test_only_a_file_of_8_gib_needs_a_pax_header_for_its_size() -> None:
    assert len(header(("a",), 8 * GIB - 1)) == 512
    assert b"19 size=8589934592\n" in header(("a",), 8 * GIB)


def test_an_archive_of_large_files_is_laid_out_without_their_bytes() -> None:
    archive = Archive([(("a",), 9 * GIB), (("b",), 1)])

    assert list(archive.data) == [1536, 9 * GIB + 1536 + 512]
    assert archive.size == 9_663_682_560  # the records of 10,240 bytes over 9 GiB + 3,584
    assert archive.stretch(4 * GIB, memoryview(bytearray(100))) == [(0, 4 * GIB - 1536, 0, 100)]


def test_an_archive_ends_with_two_blocks_of_zeros_at_a_full_record() -> None:
    for size, whole in [(0, 10_240), (8_704, 10_240), (8_705, 20_480)]:
        archive = Archive([(("a",), size)])
        assert archive.size == whole
        assert cut(archive, archive.end, whole - archive.end) == bytes(whole - archive.end)
        assert whole - archive.end >= 1024


@given(
    st.lists(st.tuples(paths, st.integers(0, 2000)), min_size=1, max_size=6),
    st.integers(1, 3000),
)
@example([(("é" * 60,), 0), (("a",), 512), (("b" * 101,), 513)], 100)
def test_stretches_of_any_length_make_up_the_same_archive_and_python_reads_it(
    members: list[tuple[tuple[str, ...], int]], step: int
) -> None:
    archive = Archive(members)

    whole = cut(archive, 0, archive.size)

    starts = range(0, archive.size, step)
    assert b"".join(cut(archive, at, min(step, archive.size - at)) for at in starts) == whole
    with tarfile.open(fileobj=io.BytesIO(whole), mode="r:", errors="strict") as read_back:
        found = read_back.getmembers()
    assert [(m.name, m.size, m.offset_data) for m in found] == [
        ("/".join(path).rstrip("/"), size, at)
        for (path, size), at in zip(members, archive.data, strict=True)
    ]
    assert all((m.mtime, m.mode, m.uid, m.gid, m.uname) == (1, 0o644, 0, 0, "") for m in found)
