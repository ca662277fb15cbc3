"""A walk through a folder of any size that keeps only what is wanted."""

import errno
from collections.abc import Collection
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.disk.finding import find_sizes
from seedbox.errors import SourceError
from support.content import write
from support.faults import refusing


def found(root: Path, sizes: Collection[int], skip: Collection[str] = ()) -> list[str]:
    files = find_sizes(root, sizes, on_folder=lambda _: None, on_closed=lambda _: None, skip=skip)
    return sorted("/".join(file.parts) for file in files)


def test_only_files_of_a_wanted_size_are_found(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"12", "b/c": b"123", "b/d/e": b"12", "f": b"1234", "empty": b""})

    assert found(tmp_path, {2, 4}) == ["a", "b/d/e", "f"]
    (file,) = find_sizes(tmp_path, {3}, on_folder=lambda _: None, on_closed=lambda _: None)
    assert file == disk.look(tmp_path, ("b", "c"))


def test_no_link_is_followed_and_folders_of_some_names_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"out/a": b"12", "in/.seedbox/staging/a": b"12", "in/b": b"12"})
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "file").symlink_to(tmp_path / "out" / "a")

    assert found(tmp_path / "in", {2}, skip={".seedbox"}) == ["b"]


def test_how_many_files_a_folder_has_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"1", "b/c": b"1", "b/d": b"2"})
    counts: list[int] = []

    list(find_sizes(tmp_path, set(), on_folder=counts.append, on_closed=lambda _: None))

    assert sorted(counts) == [1, 2]


def test_a_folder_that_cannot_be_listed_is_told_and_the_others_are_gone_through(
    tmp_path: Path,
) -> None:
    write(tmp_path, {"closed/a": b"12", "open/b": b"12"})
    closed: list[disk.Absent] = []
    with refusing("scandir", "*/closed", errno.EACCES):
        walk = find_sizes(tmp_path, {2}, on_folder=lambda _: None, on_closed=closed.append)
        files = [file.parts for file in walk]

    assert files == [("open", "b")]
    assert [(each.path, each.reason) for each in closed] == [
        (tmp_path / "closed", "cannot be listed: Permission denied")
    ]


@pytest.mark.parametrize("name", ["missing", "file"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"1")

    with pytest.raises(SourceError, match="is no folder"):
        found(tmp_path / name, {1})


def test_a_file_that_goes_while_its_folder_is_gone_through_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"12", "b": b"12"})
    walk = find_sizes(tmp_path, {2}, on_folder=lambda _: None, on_closed=lambda _: None)

    first = next(walk)
    other = {"a": "b", "b": "a"}[first.parts[0]]
    (tmp_path / other).unlink()  # its entry was read with the first one's

    assert list(walk) == []
