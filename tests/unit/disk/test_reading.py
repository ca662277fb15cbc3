import errno
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox import disk
from seedbox.errors import DiskError, NoSpaceError, SourceError
from support.content import content, write
from support.faults import nothing_left_open, refusing

TOO_LONG = "n" * 300  # no file system of ours has such names


def names(listing: disk.Listing) -> list[str]:
    return ["/".join(file.parts) for file in listing.files]


def left_out(listing: disk.Listing) -> dict[str, str]:
    return {"/".join(absent.parts): absent.reason for absent in listing.left_out}


def located(path: Path) -> disk.Located:
    found = disk.look(path.parent, (path.name,))
    assert isinstance(found, disk.Located)
    return found


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.fixture
def unix_socket(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        yield path


# --- scan -------------------------------------------------------------------------------------


def test_scan_lists_files_by_path_with_their_sizes(tmp_path: Path) -> None:
    write(tmp_path, {"b": b"12", "a/z": b"1", "a/b/c": b"", "a-b": b"123"})

    listing = disk.scan(tmp_path)

    assert [(file.parts, file.size) for file in listing.files] == [
        (("a", "b", "c"), 0),
        (("a", "z"), 1),
        (("a-b",), 3),
        (("b",), 2),
    ]
    assert listing.left_out == ()


def test_scan_leaves_links_out_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, {"in/a": b"1", "out/b": b"2"})
    (tmp_path / "in/file").symlink_to(tmp_path / "out/b")
    (tmp_path / "in/folder").symlink_to(tmp_path / "out")
    (tmp_path / "in/inside").symlink_to("a")
    (tmp_path / "in/nowhere").symlink_to("nothing")
    (tmp_path / "in/up").symlink_to("..")

    listing = disk.scan(tmp_path / "in")

    assert names(listing) == ["a"]
    assert left_out(listing) == dict.fromkeys(
        ["file", "folder", "inside", "nowhere", "up"], "is a symbolic link"
    )


def test_scan_leaves_out_what_is_no_file(tmp_path: Path, fifo: Path, unix_socket: Path) -> None:
    listing = disk.scan(tmp_path)

    assert names(listing) == []
    assert left_out(listing) == {
        fifo.name: "is no regular file",
        unix_socket.name: "is no regular file",
    }


def test_scan_finds_names_that_are_not_utf8_and_names_with_newlines(tmp_path: Path) -> None:
    raw = {b"\xff\xfe", b"line\nbreak", b"tab\t", "nfc-\u00e9".encode(), "nfd-e\u0301".encode()}
    for name in raw:
        (tmp_path / os.fsdecode(name)).write_bytes(b"1")

    assert {os.fsencode(file.parts[0]) for file in disk.scan(tmp_path).files} == raw


def test_scan_leaves_out_what_it_is_told_to(tmp_path: Path) -> None:
    write(tmp_path, {"keep": b"", "out/manifest.yaml": b"", "dataset.yaml": b"", "sub/out/x": b""})
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(tmp_path)

    listing = disk.scan(tmp_path, leave_out=(link / "out", tmp_path / "sub/../dataset.yaml"))

    assert names(listing) == ["keep", "sub/out/x"]
    assert listing.left_out == ()


def test_scan_refuses_to_leave_out_the_folder_itself(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"12"})

    with pytest.raises(SourceError, match="is to be read and to be written to"):
        disk.scan(tmp_path, leave_out=(tmp_path / "x" / "..",))
    assert names(disk.scan(tmp_path / "a", leave_out=(tmp_path,))) == ["a"]


def test_scan_of_a_file_lists_that_file_in_its_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"12", "b": b"1"})

    listing = disk.scan(tmp_path / "a")

    assert (listing.root, names(listing)) == (tmp_path, ["a"])
    assert listing.files[0] == located(tmp_path / "a")


def test_scan_follows_the_link_that_it_is_given(tmp_path: Path) -> None:
    write(tmp_path, {"real/a": b"12"})
    (tmp_path / "link").symlink_to("real")

    listing = disk.scan(tmp_path / "link")

    assert (listing.root, names(listing)) == (tmp_path / "real", ["a"])


def test_scan_refuses_a_path_where_nothing_is(tmp_path: Path) -> None:
    write(tmp_path, {"file": b""})

    for path in (tmp_path / "nothing", tmp_path / "file" / "below"):
        with pytest.raises(SourceError, match="does not exist"):
            disk.scan(path)


def test_scan_refuses_a_fifo(fifo: Path) -> None:
    with pytest.raises(SourceError, match="is no file and no folder"):
        disk.scan(fifo)


def test_scan_names_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, {"a/secret/b": b""})

    with (
        refusing("scandir", "*/secret", errno.EACCES),
        pytest.raises(DiskError, match=r"cannot list .*/a/secret: Permission denied"),
    ):
        disk.scan(tmp_path)


def test_a_name_that_the_system_does_not_take_is_an_error_of_the_disk(tmp_path: Path) -> None:
    path = tmp_path / TOO_LONG

    for ask in (disk.scan, disk.exists, disk.free_space, lambda p: disk.read_whole(p, 1)):
        with pytest.raises(DiskError, match="File name too long"):
            ask(path)


# --- look, vacant -----------------------------------------------------------------------------


def test_look_gives_size_and_time_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"a/b": b"12345"})
    os.utime(tmp_path / "a/b", ns=(1, 1_700_000_000_123_456_789))

    found = disk.look(tmp_path, ("a", "b"))

    assert isinstance(found, disk.Located)
    assert (found.path, found.size) == (tmp_path / "a/b", 5)
    assert found.mtime_ns == 1_700_000_000_123_456_789


@given(depth=st.integers(1, 5), data=st.data())
def test_look_follows_no_link_anywhere_below_the_root(
    tmp_path_factory: pytest.TempPathFactory, depth: int, data: st.DataObject
) -> None:
    base = tmp_path_factory.mktemp("look")
    parts = tuple(f"d{level}" for level in range(depth))
    write(base, {"/".join(("real", *parts)): b"secret"})
    linked = data.draw(st.integers(0, depth - 1))
    folder = base.joinpath("root", *parts[:linked])
    folder.mkdir(parents=True)
    (folder / parts[linked]).symlink_to(base.joinpath("real", *parts[: linked + 1]))

    found = disk.look(base / "root", parts)

    assert isinstance(found, disk.Absent)
    assert "symbolic link" in found.reason
    assert not disk.vacant(base / "root", parts)


def test_look_follows_a_link_at_the_root(tmp_path: Path) -> None:
    write(tmp_path, {"real/a": b"12"})
    (tmp_path / "root").symlink_to("real")

    assert isinstance(disk.look(tmp_path / "root", ("a",)), disk.Located)


def test_look_does_not_hang_on_a_fifo(tmp_path: Path, fifo: Path) -> None:
    assert disk.look(tmp_path, (fifo.name,)) == disk.Absent(
        tmp_path, ("fifo",), "is no regular file"
    )


def test_look_says_why_there_is_no_file(tmp_path: Path) -> None:
    write(tmp_path, {"folder/a": b"", "file": b"", "secret": b""})

    def reason(*parts: str, root: Path = tmp_path) -> str:
        found = disk.look(root, parts)
        assert isinstance(found, disk.Absent)
        return found.reason

    assert reason("nothing") == "is missing"
    assert reason("no", "folder") == "is missing"
    assert reason("a", root=tmp_path / "no-root") == "is missing"
    assert reason("folder") == "is no regular file"
    assert reason("file", "a").startswith("is missing: a folder on the way is none")
    assert reason(TOO_LONG) == "cannot be read: File name too long"
    with refusing("open", "secret", errno.EACCES):
        assert reason("secret") == "cannot be read: Permission denied"


def test_looking_leaves_no_descriptor_open(tmp_path: Path, fifo: Path) -> None:
    write(tmp_path, {"a/b/c": b"", "x": b""})
    (tmp_path / "link").symlink_to("a")
    paths = [("a", "b", "c"), ("a", "b"), ("link", "b", "c"), ("x", "y"), ("no",), (fifo.name,)]

    with nothing_left_open():
        disk.locate(tmp_path, paths)
        for parts in paths:
            disk.vacant(tmp_path, parts)


def test_locate_looks_at_each_path_in_order(tmp_path: Path) -> None:
    write(tmp_path, {"b": b"12"})

    absent, found = disk.locate(tmp_path, [("a",), ("b",)])

    assert absent == disk.Absent(tmp_path, ("a",), "is missing")
    assert found == located(tmp_path / "b")


def test_locate_gives_what_a_look_at_each_gives_whatever_lies_before_it(
    tmp_path: Path, fifo: Path
) -> None:
    write(tmp_path, {"a/b/c": b"1", "a/b/d": b"12", "a/e": b"123", "x": b""})
    (tmp_path / "link").symlink_to("a")
    names = ["a/b/c", "no/b", "no/c", "a/b/d", "link/e", "link/e", "x/y", "x/z", "a/e", "a/no", "x"]
    paths = [(fifo.name,), *(tuple(name.split("/")) for name in names)]

    with nothing_left_open():
        found = disk.locate(tmp_path, paths * 2)

    assert found == [disk.look(tmp_path, parts) for parts in paths] * 2
    assert [type(each) for each in found[1:4]] == [disk.Located, disk.Absent, disk.Absent]


def test_a_place_is_vacant_only_if_nothing_stands_there_or_in_the_way(
    tmp_path: Path, fifo: Path
) -> None:
    write(tmp_path, {"folder/file": b""})
    (tmp_path / "nowhere").symlink_to("nothing")
    (tmp_path / "link").symlink_to("folder")

    vacant = [("new",), ("folder", "new"), ("new", "er", "file")]
    taken = [("folder",), ("folder", "file"), ("nowhere",), ("link",), (fifo.name,)]
    in_the_way = [("folder", "file", "new"), ("link", "new"), ("nowhere", "new")]

    assert all(disk.vacant(tmp_path, parts) for parts in vacant)
    assert not any(disk.vacant(tmp_path, parts) for parts in taken + in_the_way)


# --- opening and reading ----------------------------------------------------------------------


def test_a_file_that_became_a_link_is_not_opened(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"1", "b": b"2"})
    file = located(tmp_path / "a")
    (tmp_path / "a").unlink()
    (tmp_path / "a").symlink_to("b")

    with pytest.raises(DiskError, match=r"cannot read .*/a: "):
        disk.open_file(file)


def test_a_file_is_unchanged_until_it_grows_or_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "a"

    def changed_by(change: str) -> bool:
        path.write_bytes(b"12")
        os.utime(path, ns=(5, 5))
        file = located(path)
        fd = disk.open_file(file)
        try:
            if change == "grow":
                path.write_bytes(b"123")
                os.utime(path, ns=(5, 5))
            elif change == "touch":
                os.utime(path, ns=(5, 6))
            return not disk.unchanged(file, fd)
        finally:
            os.close(fd)

    assert [changed_by(change) for change in ("nothing", "grow", "touch")] == [False, True, True]


def test_holes_of_a_file_are_not_allocated(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(1 << 30)
        stream.seek(1 << 29)
        stream.write(content("noise", 100_000))
        os.fsync(stream.fileno())
    with (tmp_path / "full").open("wb") as stream:
        stream.write(content("noise", 100_001))
        os.fsync(stream.fileno())

    assert 100_000 <= disk.allocated(located(tmp_path / "sparse")) < 2_000_000
    assert disk.allocated(located(tmp_path / "full")) == 100_001


def test_a_whole_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")

    assert disk.read_whole(path, 5) == b"12345"
    assert disk.read_located(located(path), 5) == b"12345"
    with pytest.raises(SourceError, match="is longer than 4 bytes"):
        disk.read_whole(path, 4)
    with pytest.raises(SourceError, match="is longer than 4 bytes"):
        disk.read_located(located(path), 4)


def test_only_a_file_is_read_whole(tmp_path: Path, fifo: Path) -> None:
    for path in (fifo, tmp_path):
        with pytest.raises(SourceError, match="is no regular file"):
            disk.read_whole(path, 5)
    with pytest.raises(SourceError, match="does not exist"):
        disk.read_whole(tmp_path / "nothing", 5)


def test_free_space_is_known_before_the_folder_is_made(tmp_path: Path) -> None:
    status = os.statvfs(tmp_path)

    free = disk.free_space(tmp_path / "not" / "yet" / "made")

    assert 0 < free <= status.f_blocks * status.f_frsize


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_what_is_free(tmp_path: Path, code: int) -> None:
    with pytest.raises(NoSpaceError) as caught, disk.attempt("write", tmp_path / "a"):
        raise OSError(code, os.strerror(code))

    words = rf"a does not fit into {tmp_path}, [\d,]+ bytes are free"
    assert re.fullmatch(words, caught.value.message)


def test_any_other_refusal_is_told_with_path_action_and_the_words_of_the_system(
    tmp_path: Path,
) -> None:
    with pytest.raises(DiskError) as caught, disk.attempt("polish", tmp_path / "a"):
        raise OSError(errno.EIO, "Input/output error")

    assert caught.value.message == f"cannot polish {tmp_path}/a: Input/output error"
    assert caught.value.exit_status == 5
