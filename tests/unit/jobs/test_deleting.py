import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.errors import InUseError
from seedbox.jobs.deleting import Deleted, Kept, ToDelete, delete_made, made, present
from seedbox.jobs.placed import Placed, add_placed, read_placed, record_path
from support.content import write

ID, KEY = "org.example/set", "ab" * 32
NOBODY: Mapping[str, str] = {}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder where seedbox has made the files one and two."""
    write(tmp_path, {"set/one": b"1", "set/two": b"22", "set/three": b"333"})
    found = [disk.look(tmp_path, ("set", name)) for name in ("one", "two")]
    placed = [
        Placed(each.parts, each.size, each.mtime_ns, each.inode)
        for each in found
        if isinstance(each, disk.Located)
    ]
    add_placed(record_path(tmp_path, ID, KEY), placed)
    return tmp_path


def whole(*named: str) -> ToDelete:
    return ToDelete(KEY, ID, named, whole=True)


def test_all_that_seedbox_made_goes_and_the_record_with_it(data: Path) -> None:
    found = delete_made(whole(), [data], needed=NOBODY)

    assert found == Deleted((f"{data}/set/one", f"{data}/set/two"), 3)
    assert [each.name for each in (data / "set").iterdir()] == ["three"]
    assert not made(whole(), [data])
    assert not present(whole(), [data])


def test_what_it_did_not_make_stays_and_is_named(data: Path) -> None:
    three = f"{data}/set/three"

    found = delete_made(whole(three, f"{data}/set/gone"), [data], needed=NOBODY)

    assert found.kept == (Kept(three, "seedbox did not put it there"),)
    assert present(whole(three), [data])


def test_an_item_alone_goes_alone(data: Path) -> None:
    one = ToDelete(KEY, ID, (f"{data}/set/one",), whole=False)

    assert delete_made(one, [data], needed=NOBODY).paths == (f"{data}/set/one",)
    assert [each.parts for each in read_placed(record_path(data, ID, KEY))] == [("set", "two")]


@pytest.mark.parametrize("how", ["written", "touched", "replaced", "linked", "folder"])
def test_a_file_that_is_not_as_it_was_stays(data: Path, how: str) -> None:
    one = data / "set" / "one"
    match how:
        case "written":
            one.write_bytes(b"11")
        case "touched":
            os.utime(one, ns=(1, 1))
        case "replaced":
            stat = one.stat()
            (data / "set" / "new").write_bytes(b"1")
            os.utime(data / "set" / "new", ns=(stat.st_atime_ns, stat.st_mtime_ns))
            (data / "set" / "new").replace(one)
        case "linked":
            one.rename(data / "kept")
            one.symlink_to(data / "kept")
        case _:
            one.unlink()
            one.mkdir()

    found = delete_made(whole(), [data], needed=NOBODY)

    assert found.paths == (f"{data}/set/two",)
    assert found.kept == (Kept(str(one), "it is not as seedbox put it there"),)
    assert one.exists()


def test_no_link_on_the_way_is_followed(data: Path, tmp_path: Path) -> None:
    (data / "set").rename(data / "elsewhere")
    (data / "set").symlink_to(data / "elsewhere")

    found = delete_made(whole(), [data], needed=NOBODY)

    assert found.paths == ()
    assert len(list((tmp_path / "elsewhere").iterdir())) == 3


def test_what_another_shard_needs_stays(data: Path) -> None:
    one = f"{data}/set/one"

    found = delete_made(whole(), [data], needed={one: "set-0002"})

    assert found.kept == (Kept(one, "set-0002 has it too"),)
    assert [each.parts for each in read_placed(record_path(data, ID, KEY))] == [("set", "one")]


def test_nothing_is_deleted_while_a_fetch_is_at_work(data: Path) -> None:
    with disk.lock(data / "org.example" / "set" / ".seedbox"), pytest.raises(InUseError):
        delete_made(whole(), [data], needed=NOBODY)
    assert (data / "set" / "one").exists()
