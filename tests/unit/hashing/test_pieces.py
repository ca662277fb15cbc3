import errno
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import sha1, sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox import disk
from seedbox.errors import DiskError, SourceChangedError
from seedbox.hashing import FileDigest, available
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout, arrange
from support import reference
from support.content import content, contents, write
from support.faults import nothing_left_open, refusing
from support.hashing import digests_of, forced

KIB = 1024
MIB = 1024 * KIB
FORMS = [Format.V1, Format.V2, Format.HYBRID]
LENGTHS = [16 * KIB, 32 * KIB, 64 * KIB, 256 * KIB]  # bytes a piece
CHILD = """
import resource, sys
from pathlib import Path
from seedbox import disk
from seedbox.hashing import hash_pieces
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import arrange
listing = disk.scan(Path(sys.argv[1]))
sizes = [(file.parts, file.size) for file in listing.files]
layout = arrange("data", sizes, form=Format.HYBRID, piece_length=4 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = []
for _ in hash_pieces(layout, listing.files, jobs=4, on_file=found.append):
    pass
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(after - before, len(found), sum(file.size for file in listing.files))
"""


@pytest.fixture(autouse=True, scope="module")
def with_hashlib() -> Iterator[None]:
    """Read in Python, where tests can see and spoil each read; test_lanes has the other paths."""
    with forced("hashlib"):
        yield


def laid_out(folder: Path, files: Mapping[str, bytes], form: Format, length: int) -> Layout:
    """Write the files and return their layout."""
    write(folder, files)
    sizes = [(tuple(path.split("/")), len(data)) for path, data in files.items()]
    return arrange("data", sizes, form=form, piece_length=length)


def located(folder: Path, layout: Layout) -> list[disk.Located]:
    found = disk.locate(folder, [file.path[1:] for file in layout.files])
    return [file for file in found if isinstance(file, disk.Located)]


@pytest.fixture
def several(tmp_path: Path) -> tuple[Path, Layout, list[disk.Located]]:
    """Three files that take several reads each, in 64 KiB pieces."""
    files = contents({"a": 6 * MIB, "b": 6 * MIB + 1, "c": 5 * MIB})
    layout = laid_out(tmp_path, files, Format.HYBRID, 64 * KIB)
    return tmp_path, layout, located(tmp_path, layout)


@pytest.fixture
def huge(tmp_path: Path) -> Iterator[Path]:
    """A file of 1 GiB that takes no place on the disk."""
    folder = tmp_path / "huge"
    folder.mkdir()
    with (folder / "a").open("wb") as stream:
        stream.truncate(1 << 30)
    (folder / "b").write_bytes(b"1")
    yield folder
    (folder / "a").unlink()


# --- what is hashed ---------------------------------------------------------------------------


@st.composite
def sizes_around_edges(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A piece length, and file sizes at and beside block, read and piece edges."""
    length = draw(st.sampled_from(LENGTHS))
    edges = st.sampled_from([0, 16 * KIB, length, 2 * length, 256 * KIB, 3 * length + 16 * KIB])
    near = st.builds(lambda edge, by: max(0, edge + by), edges, st.integers(-1, 1))
    sizes = draw(st.lists(st.one_of(near, st.integers(0, 40 * KIB)), min_size=2, max_size=6))
    return length, sizes if any(sizes) else [1, *sizes]


@pytest.mark.parametrize("path", available())
@given(shape=sizes_around_edges(), form=st.sampled_from(FORMS), jobs=st.integers(1, 4))
def test_digests_are_those_of_the_beps_on_every_path(
    path: str, shape: tuple[int, list[int]], form: Format, jobs: int
) -> None:
    length, sizes = shape
    files = contents({f"d{index % 2}/f{index}": size for index, size in enumerate(sizes)})
    with forced(path), tempfile.TemporaryDirectory() as folder:
        layout = laid_out(Path(folder), files, form, length)

        found = list(digests_of(layout, located(Path(folder), layout), jobs=jobs))

    assert found == reference.digests(files, length, form)


def test_pieces_of_v1_are_cut_from_the_files_as_one_row(tmp_path: Path) -> None:
    files = contents({"a": 20_000, "b": 20_000, "c": 10_000})
    layout = laid_out(tmp_path, files, Format.V1, 32 * KIB)
    row = files["a"] + files["b"] + files["c"]

    digests = list(digests_of(layout, located(tmp_path, layout)))

    assert [digest.v1 for digest in digests] == [
        sha1(row[:32768], usedforsecurity=False).digest(),
        sha1(row[32768:], usedforsecurity=False).digest(),
    ]
    assert [digest.v2 for digest in digests] == [None, None]


def test_a_file_of_one_block_has_its_sha256_as_root(tmp_path: Path) -> None:
    files = contents({"a": 16 * KIB, "b": 1})
    layout = laid_out(tmp_path, files, Format.V2, 64 * KIB)

    digests = list(digests_of(layout, located(tmp_path, layout)))

    assert [digest.v2 for digest in digests] == [
        sha256(files["a"]).digest(),
        sha256(files["b"]).digest(),
    ]
    assert [digest.v1 for digest in digests] == [None, None]


def test_a_hybrid_piece_is_hashed_with_its_padding_by_v1_alone(tmp_path: Path) -> None:
    files = contents({"a": 1, "b": 1})
    layout = laid_out(tmp_path, files, Format.HYBRID, 1 * MIB)

    first, last = digests_of(layout, located(tmp_path, layout))

    for digest, data in ((first, files["a"]), (last, files["b"])):
        padded = data + bytes(1 * MIB - 1)
        assert digest.v1 == sha1(padded, usedforsecurity=False).digest()
        assert digest.v2 == sha256(data).digest()


@pytest.mark.parametrize("path", available())
@pytest.mark.parametrize("form", FORMS)
@given(wanted=st.sets(st.integers(0, 15)))
def test_wanted_pieces_have_the_digests_that_they_have_among_all(
    path: str, form: Format, wanted: set[int]
) -> None:
    files = contents({"a": 100_000, "b": 16 * KIB + 1, "c": 64 * KIB, "d": 3})
    with forced(path), tempfile.TemporaryDirectory() as folder:
        layout = laid_out(Path(folder), files, form, 16 * KIB)
        every = reference.digests(files, 16 * KIB, form)
        indices = sorted(index for index in wanted if index < len(every))

        found = list(digests_of(layout, located(Path(folder), layout), wanted=indices, jobs=2))

    assert found == [every[index] for index in indices]


def test_files_that_no_wanted_piece_touches_need_not_be_there(tmp_path: Path) -> None:
    files = contents({"a": 32 * KIB, "b": 32 * KIB})
    layout = laid_out(tmp_path, files, Format.V2, 32 * KIB)
    _, second = located(tmp_path, layout)

    found = list(digests_of(layout, [None, second], wanted=[1]))

    assert found == reference.digests(files, 32 * KIB, Format.V2)[1:]
    with pytest.raises(ValueError, match="file 0 of the layout was not located"):
        list(digests_of(layout, [None, second], wanted=[0, 1]))


@pytest.mark.parametrize("form", FORMS)
def test_whole_files_are_hashed_by_the_same_read(tmp_path: Path, form: Format) -> None:
    files = contents({"a": 300_000, "b/empty": 0, "b/x": 16 * KIB, "c": 5 * MIB + 1, "z": 0})
    layout = laid_out(tmp_path, files, form, 64 * KIB)
    digests: list[FileDigest] = []

    pieces = list(digests_of(layout, located(tmp_path, layout), jobs=3, on_file=digests.append))

    assert pieces == reference.digests(files, 64 * KIB, form)
    assert {"/".join(layout.files[digest.file].path[1:]): digest.sha256 for digest in digests} == {
        path: sha256(data).digest() for path, data in files.items()
    }
    assert len(digests) == 5


def test_whole_files_cannot_be_hashed_from_some_of_the_pieces(tmp_path: Path) -> None:
    layout = laid_out(tmp_path, {"a": b"1", "b": b"2"}, Format.V1, 16 * KIB)

    with pytest.raises(ValueError, match="every piece"):
        next(digests_of(layout, located(tmp_path, layout), wanted=[0], on_file=print))


# --- files that do not keep still -------------------------------------------------------------


def spoil(path: Path, how: str) -> None:
    match how:
        case "grow":
            with path.open("ab") as stream:
                stream.write(b"more")
        case "shrink":
            os.truncate(path, 10)
        case "touch":
            os.utime(path, ns=(1, 1))
        case "vanish":
            path.unlink()
        case "replace":
            path.unlink()
            path.write_bytes(b"another")
        case "link":
            path.unlink()
            path.symlink_to("a")
        case _:
            raise ValueError(how)


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("how", ["grow", "shrink", "touch", "vanish", "replace", "link"])
def test_a_file_that_changes_before_it_is_read_is_named(
    several: tuple[Path, Layout, list[disk.Located]], how: str, jobs: int
) -> None:
    folder, layout, files = several
    spoil(folder / "c", how)

    with (
        nothing_left_open(),
        pytest.raises((SourceChangedError, DiskError)) as caught,
    ):
        list(digests_of(layout, files, jobs=jobs))

    assert caught.value.data["path"] == str(folder / "c")


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("how", ["grow", "shrink", "touch"])
def test_a_file_that_changes_while_others_are_read_is_named(
    tmp_path: Path, how: str, jobs: int
) -> None:
    # By the first digest, four threads are at most nine units of 4 MiB ahead.
    layout = laid_out(tmp_path, {"a": bytes(40 * MIB), "c": b"12"}, Format.V1, 64 * KIB)
    files = located(tmp_path, layout)
    seen = []

    def read() -> None:
        for digest in digests_of(layout, files, jobs=jobs):
            seen.append(digest.index)
            if digest.index == 0:
                spoil(tmp_path / "c", how)

    with (
        nothing_left_open(),
        pytest.raises(SourceChangedError, match=f"{tmp_path}/c changed while it was read"),
    ):
        read()
    assert 0 < len(seen) < layout.piece_map.count


@contextmanager
def before_each_read(act: Callable[[int], object]) -> Iterator[None]:
    """Call `act` with the offset of each read."""
    real = os.preadv

    def acting(fd: int, buffers: Sequence[memoryview], at: int) -> int:
        act(at)
        return real(fd, buffers, at)

    os.preadv = acting  # type: ignore[assignment]
    try:
        yield
    finally:
        os.preadv = real


@pytest.mark.parametrize("how", ["grow", "shrink", "touch"])
def test_a_file_that_changes_under_the_reader_is_named(tmp_path: Path, how: str) -> None:
    layout = laid_out(tmp_path, {"a": content("a", 1 * MIB), "b": b"1"}, Format.V1, 2 * MIB)
    files = located(tmp_path, layout)

    def half_way(at: int) -> None:
        if at == 512 * KIB:
            spoil(tmp_path / "a", how)

    with (
        before_each_read(half_way),
        nothing_left_open(),
        pytest.raises(SourceChangedError, match=f"{tmp_path}/a changed while it was read: "),
    ):
        list(digests_of(layout, files, jobs=1))


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_file_that_cannot_be_read_is_named(
    several: tuple[Path, Layout, list[disk.Located]], jobs: int
) -> None:
    folder, layout, files = several

    with (
        refusing("preadv", "*/b", errno.EIO, after=10),
        nothing_left_open(),
        pytest.raises(DiskError, match=f"cannot read {folder}/b: Input/output error"),
    ):
        list(digests_of(layout, files, jobs=jobs))


def test_a_file_that_may_not_be_read_is_named(
    several: tuple[Path, Layout, list[disk.Located]],
) -> None:
    folder, layout, files = several

    with (
        refusing("open", "b", errno.EACCES),
        nothing_left_open(),
        pytest.raises(DiskError, match=f"cannot read {folder}/b: Permission denied"),
    ):
        list(digests_of(layout, files, jobs=2))


# --- stopping ---------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("after", [0, 1, 100])
def test_closing_early_stops_every_thread_and_closes_every_file(
    several: tuple[Path, Layout, list[disk.Located]], jobs: int, after: int
) -> None:
    _, layout, files = several

    with nothing_left_open():
        with closing(digests_of(layout, files, jobs=jobs)) as digests:
            got = [digest.index for digest, _ in zip(digests, range(after), strict=False)]
            assert got == list(range(after))
        assert not [t for t in threading.enumerate() if t.name.startswith("hash")]


def test_hashing_to_the_end_leaves_nothing_open(
    several: tuple[Path, Layout, list[disk.Located]],
) -> None:
    _, layout, files = several

    with nothing_left_open():
        assert len(list(digests_of(layout, files, jobs=4))) == layout.piece_map.count


def test_closing_early_stops_threads_in_the_middle_of_a_piece(huge: Path) -> None:
    sizes = [(("a",), 1 << 30), (("b",), 1)]
    layout = arrange("data", sizes, form=Format.V1, piece_length=128 * MIB)
    files = located(huge, layout)
    go_on = threading.Event()
    reads = []

    def wait(at: int) -> None:
        if at >= 128 * MIB:
            go_on.wait(20)
            reads.append(at)

    with before_each_read(wait), closing(digests_of(layout, files, jobs=2)) as digests:
        next(digests)
        go_on.set()

    assert len(reads) * 256 * KIB < 64 * MIB


# --- memory -----------------------------------------------------------------------------------


def test_memory_is_bounded_whatever_the_size(huge: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(huge)]

    child = subprocess.run(command, capture_output=True, text=True, check=True)

    grown, files, size = map(int, child.stdout.split())  # KiB, count, bytes
    assert (files, size) == (2, (1 << 30) + 1)
    assert grown < 200 * KIB
