import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.errors import DestinationTakenError, DiskError, InUseError, NoSpaceError
from support.content import write
from support.faults import no_file_over, nothing_left_open, refusing

HOLD_LOCK = """
import sys
from pathlib import Path
from seedbox import disk
with disk.lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def located(root: Path, name: str) -> disk.Located:
    found = disk.look(root, tuple(name.split("/")))
    assert isinstance(found, disk.Located)
    return found


def everything(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


# --- write_whole ------------------------------------------------------------------------------


def test_a_file_is_written_anew_and_over_an_old_one(tmp_path: Path) -> None:
    for data in (b"first", b"", b"third" * 1000):
        disk.write_whole(tmp_path / "a", data)

        assert everything(tmp_path) == {"a": data}


@pytest.mark.parametrize(
    ("call", "where", "code", "expected"),
    [
        ("fsync", "*/.a.*.part", errno.ENOSPC, NoSpaceError),
        ("fsync", "*/.a.*.part", errno.EIO, DiskError),
        ("replace", "*/.a.*.part", errno.EROFS, DiskError),
    ],
)
def test_the_old_file_stays_when_the_disk_refuses(
    tmp_path: Path, call: str, where: str, code: int, expected: type[Exception]
) -> None:
    write(tmp_path, {"a": b"old"})

    with refusing(call, where, code) as refused, pytest.raises(expected):
        disk.write_whole(tmp_path / "a", b"new")

    assert len(refused) == 1
    assert everything(tmp_path) == {"a": b"old"}


def test_the_old_file_stays_when_the_new_one_does_not_fit(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"old"})

    with no_file_over(1000), nothing_left_open(), pytest.raises(DiskError, match="File too large"):
        disk.write_whole(tmp_path / "a", b"x" * 1001)

    assert everything(tmp_path) == {"a": b"old"}


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"file": b""})

    for path in (tmp_path / "no" / "a", tmp_path / "file" / "a", tmp_path / ("n" * 300)):
        with pytest.raises(DiskError) as caught:
            disk.write_whole(path, b"1")
        assert caught.value.data["path"] == str(path)


def test_a_link_at_the_place_is_replaced_and_what_it_names_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"other": b"other"})
    (tmp_path / "a").symlink_to("other")

    disk.write_whole(tmp_path / "a", b"new")

    assert everything(tmp_path) == {"a": b"new", "other": b"other"}


def test_what_a_killed_run_left_beside_a_file_is_never_written_into(tmp_path: Path) -> None:
    write(tmp_path, {"other": b"other"})
    (tmp_path / f".a.{os.getpid()}.part").symlink_to("other")

    disk.write_whole(tmp_path / "a", b"new")

    assert everything(tmp_path) == {"a": b"new", "other": b"other"}


# --- standing ---------------------------------------------------------------------------------


def test_what_stands_at_a_place_is_read_up_to_the_limit(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"12345", "empty": b""})

    assert disk.standing(tmp_path / "a", 5) == b"12345"
    assert disk.standing(tmp_path / "empty", 5) == b""
    assert disk.standing(tmp_path / "nothing", 5) is None
    assert disk.standing(tmp_path / "no" / "folder", 5) is None


def test_a_link_a_folder_a_fifo_or_a_longer_file_is_in_the_way(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"12345"})
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "nowhere").symlink_to("nothing")
    os.mkfifo(tmp_path / "fifo")

    for name in ("a", "folder", "link", "nowhere", "fifo"):
        with pytest.raises(DestinationTakenError, match=f"{name} exists already"):
            disk.standing(tmp_path / name, 4)


# --- folders ----------------------------------------------------------------------------------


def test_folders_below_a_root_are_made_once(tmp_path: Path) -> None:
    for _ in range(2):
        assert disk.make_folders_below(tmp_path, ("a", "b")) == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()
    assert disk.make_folders_below(tmp_path, ()) == tmp_path


def test_no_folder_is_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")

    with pytest.raises(DiskError, match=r"cannot make the folder .*/root/link: File exists"):
        disk.make_folders_below(tmp_path / "root", ("link", "new"))

    assert list((tmp_path / "outside").iterdir()) == []


def test_a_file_where_a_folder_is_needed_is_an_error_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"1"})

    with pytest.raises(DiskError, match=f"cannot make the folder {tmp_path}/a"):
        disk.make_folder(tmp_path / "a")
    with pytest.raises(DiskError, match=f"cannot make the folder {tmp_path}/a"):
        disk.make_folders_below(tmp_path, ("a", "b"))


# --- moves and copies -------------------------------------------------------------------------


def test_a_file_moves_to_its_place_and_the_folders_are_made(tmp_path: Path) -> None:
    write(tmp_path, {"staging/x": b"new"})

    disk.move_new(tmp_path / "staging" / "x", tmp_path, ("deep", "er", "y"))

    assert everything(tmp_path) == {"deep/er/y": b"new"}


@pytest.mark.parametrize("hard_links", [True, False])
@pytest.mark.parametrize("standing", ["file", "same", "folder", "link", "nowhere"])
def test_a_move_never_overwrites(tmp_path: Path, standing: str, hard_links: bool) -> None:
    write(tmp_path, {"staging": b"new", "other": b"old"})
    target = tmp_path / "taken"
    match standing:
        case "file":
            target.write_bytes(b"old")
        case "same":
            target.hardlink_to(tmp_path / "staging")
        case "folder":
            target.mkdir()
        case "link":
            target.symlink_to("other")
        case _:
            target.symlink_to("nothing")
    before = everything(tmp_path)

    link_refused = refusing("link", "*" if not hard_links else "", errno.EPERM)
    with link_refused, pytest.raises(DestinationTakenError, match="taken exists already"):
        disk.move_new(tmp_path / "staging", tmp_path, ("taken",))

    assert everything(tmp_path) == before


def test_a_file_moves_where_the_file_system_has_no_hard_links(tmp_path: Path) -> None:
    write(tmp_path, {"staging": b"new"})

    with refusing("link", "*", errno.EPERM) as refused:
        disk.move_new(tmp_path / "staging", tmp_path, ("a",))

    assert refused
    assert everything(tmp_path) == {"a": b"new"}


def test_a_move_that_the_disk_refuses_leaves_the_file_where_it_was(tmp_path: Path) -> None:
    write(tmp_path, {"staging": b"new"})

    with refusing("link", "*", errno.ENOSPC), pytest.raises(NoSpaceError):
        disk.move_new(tmp_path / "staging", tmp_path, ("a",))

    assert everything(tmp_path) == {"staging": b"new"}


def test_a_copy_is_another_file_with_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"x" * 3_000_000})

    with nothing_left_open():
        disk.copy_new(located(tmp_path, "a"), tmp_path, ("b", "c"))

    assert (tmp_path / "b" / "c").read_bytes() == b"x" * 3_000_000
    assert not (tmp_path / "b" / "c").samefile(tmp_path / "a")


def test_neither_a_copy_nor_an_empty_file_overwrites(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"new", "b": b"old"})

    with pytest.raises(DiskError, match="File exists"):
        disk.copy_new(located(tmp_path, "a"), tmp_path, ("b",))
    with pytest.raises(DiskError, match="File exists"):
        disk.create_empty(tmp_path, ("b",))

    assert everything(tmp_path) == {"a": b"new", "b": b"old"}


def test_an_empty_file_is_made_with_its_folders(tmp_path: Path) -> None:
    disk.create_empty(tmp_path, ("a", "b"))

    assert everything(tmp_path) == {"a/b": b""}


def test_what_could_not_be_made_to_last_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"1"})
    file = located(tmp_path, "a")

    with refusing("fsync", "*/a", errno.EIO), pytest.raises(DiskError, match=r"cannot write .*/a"):
        disk.sync(file)
    with nothing_left_open():
        disk.sync(file)


# --- removing ---------------------------------------------------------------------------------


def test_what_seedbox_made_is_removed_and_what_links_name_stays(tmp_path: Path) -> None:
    write(tmp_path, {"made/a": b"", "made/b/c": b"", "file": b"", "kept/d": b""})
    (tmp_path / "made" / "link").symlink_to(tmp_path / "kept")

    for name in ("made", "file", "nothing"):
        disk.remove_made(tmp_path / name)

    assert everything(tmp_path) == {"kept/d": b""}


def test_a_link_in_the_place_of_what_seedbox_made_is_removed_alone(tmp_path: Path) -> None:
    write(tmp_path, {"kept/d": b""})
    (tmp_path / "made").symlink_to("kept")

    disk.remove_made(tmp_path / "made")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]
    assert everything(tmp_path) == {"kept/d": b""}


def test_a_folder_is_removed_only_if_it_is_empty(tmp_path: Path) -> None:
    write(tmp_path, {"full/a": b""})
    (tmp_path / "empty").mkdir()

    for name in ("full", "empty", "nothing"):
        disk.remove_empty(tmp_path / name)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]
    assert everything(tmp_path) == {"full/a": b""}


# --- locks ------------------------------------------------------------------------------------


def test_a_folder_is_locked_as_long_as_the_context_lasts(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "with" / "it"

    with nothing_left_open():
        with disk.lock(folder):
            with pytest.raises(InUseError, match=f"another seedbox is at work in {folder}"):
                disk.lock(folder).__enter__()
            with disk.lock(tmp_path / "another"):
                pass
        with disk.lock(folder):
            pass


def test_the_lock_of_a_killed_process_is_free_again(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD_LOCK, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(InUseError):
            disk.lock(tmp_path).__enter__()
        holder.kill()
        holder.wait()

        with disk.lock(tmp_path):
            pass


def test_a_lock_that_cannot_be_made_is_an_error_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()

    with pytest.raises(DiskError, match=f"cannot lock {tmp_path}/lock"):
        disk.lock(tmp_path).__enter__()
