"""A second name for what seedbox made, and nothing lost that stood there."""

import errno
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.disk.linking import link_made
from seedbox.errors import DestinationTakenError, DiskError, NoSpaceError
from support.faults import refusing


def made(path: Path, data: bytes = b"made") -> disk.Located:
    path.write_bytes(data)
    found = disk.look(path.parent, (path.name,))
    assert isinstance(found, disk.Located)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


def test_a_file_gets_a_second_name(tmp_path: Path, tree: Path) -> None:
    file = made(tmp_path / "a")

    linked = link_made(file, tree, ("b", "c"))

    assert (linked.path, linked.inode) == (tree / "b" / "c", file.inode)
    assert link_made(file, tree, ("b", "c")) == linked


def test_the_same_bytes_stay_where_they_are(tmp_path: Path, tree: Path) -> None:
    there = made(tree / "a")

    assert link_made(made(tmp_path / "a"), tree, ("a",)).inode == there.inode


def test_what_an_earlier_run_linked_is_replaced_and_not_lost(tmp_path: Path, tree: Path) -> None:
    old = made(tmp_path / "old", b"old")
    link_made(old, tree, ("a",))

    link_made(made(tmp_path / "new", b"new"), tree, ("a",), {old.inode})

    assert (tree / "a").read_bytes() == b"new"
    assert (tmp_path / "old").read_bytes() == b"old"


def test_a_file_of_somebody_else_is_not_replaced_whatever_other_names_it_has(
    tmp_path: Path, tree: Path
) -> None:
    theirs = made(tree / "a", b"somebody's")
    (tmp_path / "second").hardlink_to(theirs.path)
    ours = made(tmp_path / "a")

    with pytest.raises(DestinationTakenError):
        link_made(ours, tree, ("a",), {ours.inode})

    assert (tree / "a").read_bytes() == b"somebody's"


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_no_file_is_not_replaced_either(tmp_path: Path, tree: Path, kind: str) -> None:
    if kind == "folder":
        (tree / "a").mkdir()
    else:
        (tree / "a").symlink_to(tmp_path / "a")

    with pytest.raises(DestinationTakenError):
        link_made(made(tmp_path / "a"), tree, ("a",))


@pytest.mark.parametrize("code", [errno.EPERM, errno.EMLINK, errno.EXDEV])
def test_without_hard_links_it_is_a_copy(tmp_path: Path, tree: Path, code: int) -> None:
    file = made(tmp_path / "a")

    with refusing("link", "*/a", code) as refused:
        copied = link_made(file, tree, ("b", "a"))

    assert refused
    assert copied.inode != file.inode
    assert copied.path.read_bytes() == b"made"


def test_half_a_copy_does_not_stay(tmp_path: Path, tree: Path) -> None:
    file = made(tmp_path / "a")
    file.path.unlink()

    with refusing("link", "*/a", errno.EPERM), pytest.raises(DiskError):
        link_made(file, tree, ("a",))

    assert list(tree.iterdir()) == []


def test_a_full_disk_is_named(tmp_path: Path, tree: Path) -> None:
    with refusing("link", "*/a", errno.ENOSPC), pytest.raises(NoSpaceError):
        link_made(made(tmp_path / "a"), tree, ("a",))
