"""A second name for what seedbox made, and nothing lost that stood there."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.disk.linking import (
    CannotLinkError,
    lend,
    link_found,
    link_made,
    make_own,
    shared,
)
from seedbox.errors import (
    DestinationTakenError,
    DiskError,
    NoSpaceError,
    SourceChangedError,
)
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


# --- what seedbox did not make ----------------------------------------------------------------


def test_a_file_that_was_found_gets_a_second_name_and_keeps_its_own(
    tmp_path: Path, tree: Path
) -> None:
    file = made(tmp_path / "theirs")

    linked = link_found(file, tree, ("b", "c"))

    assert (linked.path, linked.inode) == (tree / "b" / "c", file.inode)
    assert disk.look(tmp_path, ("theirs",)) == file
    assert shared(file)


def test_nothing_is_replaced_not_even_by_the_same_bytes(tmp_path: Path, tree: Path) -> None:
    there = made(tree / "a")

    with pytest.raises(DestinationTakenError):
        link_found(made(tmp_path / "a"), tree, ("a",))

    assert disk.look(tree, ("a",)) == there


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"more than that"),
        lambda path: os.utime(path, ns=(0, 0)),
        lambda path: (path.rename(path.with_name("away")), path.write_bytes(b"made")),
        lambda path: (path.unlink(), path.symlink_to("/etc/passwd")),
        lambda path: path.unlink(),
    ],
    ids=["grown", "touched", "replaced", "linked", "gone"],
)
def test_a_file_that_changed_since_it_was_looked_at_gets_no_name(
    tmp_path: Path, tree: Path, change: Callable[[Path], object]
) -> None:
    file = made(tmp_path / "theirs")
    change(file.path)

    with pytest.raises(SourceChangedError):
        link_found(file, tree, ("a",))

    assert list(tree.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (errno.EXDEV, "another file system"),
        (errno.EMLINK, "as many names"),
        (errno.EPERM, "no hard link"),
        (errno.ENOTSUP, "no hard link"),
    ],
)
def test_what_cannot_be_linked_is_not_copied_and_the_reason_is_told(
    tmp_path: Path, tree: Path, code: int, why: str
) -> None:
    file = made(tmp_path / "theirs")
    with refusing("link", "*/theirs", code), pytest.raises(CannotLinkError, match=why):
        link_found(file, tree, ("a",))

    assert list(tree.iterdir()) == []


def test_any_other_refusal_is_an_error_of_the_disk(tmp_path: Path, tree: Path) -> None:
    with refusing("link", "*/theirs", errno.EIO), pytest.raises(DiskError):
        link_found(made(tmp_path / "theirs"), tree, ("a",))


@pytest.mark.parametrize(("copy", "code"), [(True, None), (False, None), (False, errno.EPERM)])
def test_a_file_is_lent_by_a_copy_where_it_may_be_written_or_cannot_be_linked(
    tmp_path: Path, tree: Path, copy: bool, code: int | None
) -> None:
    file = made(tmp_path / "theirs")
    with refusing("link", "*/theirs" if code else "nothing", code or 0):
        lend(file, tree, ("b", "c"), copy=copy)

    assert (tree / "b" / "c").read_bytes() == b"made"
    assert shared(file) is not (copy or code is not None)


def test_a_name_gets_a_file_of_its_own_and_the_other_name_keeps_the_old(
    tmp_path: Path, tree: Path
) -> None:
    file = made(tmp_path / "theirs")
    linked = link_found(file, tree, ("a",))
    (tree / "beside").write_bytes(b"left by a crash")

    make_own(linked, tree / "beside")
    (tree / "a").write_bytes(b"written to")

    assert disk.look(tmp_path, ("theirs",)) == file
    assert file.path.read_bytes() == b"made"
    assert sorted(path.name for path in tree.iterdir()) == ["a"]
