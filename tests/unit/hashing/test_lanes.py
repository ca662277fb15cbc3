"""Hashing files in the C extension: as hashlib does, whatever befalls the files."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox import disk
from seedbox.errors import DiskError, SourceChangedError
from seedbox.hashing import available, hash_pieces
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout, arrange
from support import lanes
from support.content import content, contents, write
from support.faults import nothing_left_open
from support.hashing import digests_of, forced

lanes.required()  # for each test of this module
KIB = 1024
MIB = 1024 * KIB
FORMS = list(Format)
PATHS = [path for path in available() if path != "hashlib"]
EDGES = [0, 1, 55, 56, 63, 64, 65, 119, 120, 16 * KIB, 32 * KIB, 64 * KIB, 512 * KIB, 1024 * KIB]

near_edges = st.builds(
    lambda edge, by: max(0, edge + by), st.sampled_from(EDGES), st.sampled_from([-1, 0, 1])
)
sizes = st.lists(st.one_of(near_edges, st.integers(0, 100_000)), min_size=1, max_size=8)

CHILD = """
import os, resource, sys
from pathlib import Path
from seedbox import disk
from seedbox.hashing import hash_pieces
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import arrange
folder, form, piece_length, most = sys.argv[1:]
listing = disk.scan(Path(folder))
sizes = [(file.parts, file.size) for file in listing.files]
layout = arrange("data", sizes, form=Format(form), piece_length=int(piece_length))
if int(most):
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(most), int(most)))
size = 0
for run in hash_pieces(layout, listing.files, jobs=4):
    size += run.size
status = Path("/proc/self/status").read_text()  # ru_maxrss has the parent's memory in it
print(size, status.split("VmHWM:")[1].split()[0])
"""


def laid_out(
    folder: Path, files: Mapping[str, bytes], form: Format, length: int
) -> tuple[Layout, list[disk.Located]]:
    """Write the files and return their layout, and where they lie."""
    write(folder, files)
    named = [((path,), len(data)) for path, data in files.items()]
    layout = arrange("data", named, form=form, piece_length=length)
    found = disk.locate(folder, [file.path[1:] for file in layout.files])
    return layout, [file for file in found if isinstance(file, disk.Located)]


def in_a_child(folder: Path, form: Format, piece_length: int, most: int | None) -> tuple[int, int]:
    """Hash a folder with at most `most` open files; return the bytes hashed and the RSS in KiB."""
    command = [sys.executable, "-c", CHILD, str(folder), form, str(piece_length), str(most or 0)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    size, memory = child.stdout.split()
    return int(size), int(memory)


# --- what is hashed ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PATHS, None])
@pytest.mark.parametrize("form", FORMS)
@given(sizes=sizes, shift=st.integers(0, 6), jobs=st.integers(1, 4))
def test_the_digests_are_those_of_hashlib(
    path: str | None, form: Format, sizes: list[int], shift: int, jobs: int
) -> None:
    files = contents({f"{at}": size for at, size in enumerate([1, *sizes])})
    with tempfile.TemporaryDirectory() as folder:
        layout, located = laid_out(Path(folder), files, form, 16 * KIB << shift)
        with forced("hashlib"):
            expected = list(digests_of(layout, located, jobs=jobs))

        with forced(path or ""):
            found = list(digests_of(layout, located, jobs=jobs))

    assert found == expected


@pytest.mark.parametrize("form", FORMS)
def test_a_unit_that_is_larger_than_what_is_read_at_once(tmp_path: Path, form: Format) -> None:
    files = {"a": content("a", 37 * MIB + 12_345), "b": content("b", 3 * MIB)}
    layout, located = laid_out(tmp_path, files, form, 1 * MIB)
    with forced("hashlib"):
        expected = list(digests_of(layout, located))

    assert list(digests_of(layout, located, jobs=1)) == expected
    assert list(digests_of(layout, located, jobs=3)) == expected


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
        case _:
            path.unlink()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("how", ["grow", "shrink", "touch", "vanish"])
@pytest.mark.parametrize("name", ["00", "17", "39"])
def test_a_file_that_changed_is_named_from_any_thread(
    tmp_path: Path, form: Format, how: str, name: str
) -> None:
    files = contents({f"{at:02}": 100_000 for at in range(40)})
    layout, located = laid_out(tmp_path, files, form, 64 * KIB)
    spoil(tmp_path / name, how)
    error = DiskError if how == "vanish" else SourceChangedError

    with nothing_left_open(), pytest.raises(error) as caught:
        list(hash_pieces(layout, located, jobs=4))

    assert caught.value.data["path"] == str(tmp_path / name)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_ends_too_early_is_named_with_where_it_ends(
    tmp_path: Path, form: Format
) -> None:
    layout, located = laid_out(tmp_path, contents({"a": 100_000, "b": 9}), form, 64 * KIB)
    os.truncate(tmp_path / "a", 70_000)
    shorter = disk.locate(tmp_path, [("a",)])[0]
    assert isinstance(shorter, disk.Located)

    with nothing_left_open(), pytest.raises(SourceChangedError, match="ends after 70,000 bytes"):
        list(hash_pieces(layout, [shorter, located[1]], jobs=2))


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, form: Format) -> None:
    layout, located = laid_out(tmp_path, contents({"a": 9, "b": 9}), form, 64 * KIB)
    (tmp_path / "b").unlink()
    (tmp_path / "b").mkdir()  # opens, but reading it fails
    now = (tmp_path / "b").stat()
    folder = replace(located[1], size=now.st_size, mtime_ns=now.st_mtime_ns, inode=now.st_ino)

    with nothing_left_open(), pytest.raises(DiskError, match="/b: Is a directory"):
        list(hash_pieces(layout, [located[0], folder], jobs=2))


# --- stopping, limits and memory --------------------------------------------------------------


@pytest.fixture
def huge(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file of 4 GiB that takes no place on the disk."""
    folder = tmp_path / "huge"
    folder.mkdir()
    with (folder / "a").open("wb") as stream:
        stream.truncate(4 << 30)
    (folder / "b").write_bytes(b"1")
    yield folder
    (folder / "a").unlink()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("jobs", [1, 2])
def test_closing_stops_all_reading_at_once(huge: Path, form: Format, jobs: int) -> None:
    files = disk.scan(huge).files
    named = [(file.parts, file.size) for file in files]
    layout = arrange("data", named, form=form, piece_length=64 * MIB)  # 1 GiB in a unit
    took = []
    for _ in range(3):
        with nothing_left_open():
            runs = hash_pieces(layout, files, jobs=jobs)
            next(runs)
            began = time.monotonic()
            runs.close()
            took.append(time.monotonic() - began)

    assert min(took) < 0.1  # seconds; other programs may have been at work once or twice


@pytest.mark.parametrize("form", FORMS)
def test_hashing_to_the_end_leaves_nothing_open(tmp_path: Path, form: Format) -> None:
    layout, located = laid_out(tmp_path, contents({"a": 3 * MIB, "b": 1}), form, 64 * KIB)

    with nothing_left_open(), closing(hash_pieces(layout, located, jobs=4)) as runs:
        assert sum(run.size for run in runs) == 3 * MIB + 1


@pytest.mark.parametrize("form", FORMS)
def test_many_files_are_hashed_whatever_few_may_be_open(tmp_path: Path, form: Format) -> None:
    write(tmp_path, {f"{at:04}": bytes(4_000) for at in range(2_000)})

    hashed, _ = in_a_child(tmp_path, form, 16 * KIB, 100)

    assert hashed == 8_000_000


def test_a_piece_may_span_more_files_than_may_be_open(tmp_path: Path) -> None:
    write(tmp_path, {f"{at:04}": bytes(10) for at in range(2_000)})

    hashed, _ = in_a_child(tmp_path, Format.V1, 16 * KIB, 100)

    assert hashed == 20_000


@pytest.mark.parametrize("form", FORMS)
def test_memory_is_bounded_whatever_the_size(huge: Path, form: Format) -> None:
    os.truncate(huge / "a", 2 << 30)

    hashed, memory = in_a_child(huge, form, 16 * MIB, None)

    assert hashed == (2 << 30) + 1
    assert memory < 150 * KIB  # KiB: 150 MiB


@pytest.mark.parametrize("missing", ["posix_fadvise", "RWF_NOWAIT"])
def test_systems_that_cannot_be_asked_to_read_ahead_hash_all_the_same(
    tmp_path: Path, missing: str
) -> None:
    (tmp_path / "a").write_bytes(content("a", 3 * MIB))
    (tmp_path / "b").write_bytes(b"1")
    code = f"import os, sys; del os.{missing}\n" + CHILD

    child = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "v1", str(64 * KIB), "0"],
        capture_output=True,
        check=True,
        text=True,
    )

    assert child.stdout.split()[0] == str(3 * MIB + 1)
