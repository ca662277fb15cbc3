import errno
import os
from pathlib import Path

import pytest

from seedbox.errors import DestinationTakenError, DiskError, NoSpaceError
from seedbox.jobs.outputs import Outputs
from support.content import write
from support.faults import refusing


def outputs(folder: Path) -> Outputs:
    """As a new run sees the folder."""
    (folder / ".seedbox").mkdir(exist_ok=True)
    return Outputs(folder, folder / ".seedbox" / "made")


def seen(folder: Path) -> dict[str, bytes]:
    """What people see in the folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if name != ".seedbox/made"}


def test_files_are_written_with_the_folders_that_they_need(tmp_path: Path) -> None:
    written = outputs(tmp_path).write("torrents/a.torrent", b"1")

    assert written == tmp_path / "torrents" / "a.torrent"
    assert seen(tmp_path) == {"torrents/a.torrent": b"1"}


def test_what_an_earlier_run_wrote_is_replaced(tmp_path: Path) -> None:
    outputs(tmp_path).write("a", b"first")
    outputs(tmp_path).write("a", b"second")
    outputs(tmp_path).write("a", b"first")

    assert seen(tmp_path) == {"a": b"first"}


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"theirs and ours"})
    os.utime(tmp_path / "a", ns=(5, 5))

    outputs(tmp_path).write("a", b"theirs and ours")

    assert (tmp_path / "a").stat().st_mtime_ns == 5


def test_a_file_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"theirs"})

    with pytest.raises(DestinationTakenError, match=f"{tmp_path}/a exists already"):
        outputs(tmp_path).write("a", b"ours")

    assert seen(tmp_path) == {"a": b"theirs"}


def test_a_file_that_somebody_changed_is_theirs_from_then_on(tmp_path: Path) -> None:
    outputs(tmp_path).write("a", b"ours")
    (tmp_path / "a").write_bytes(b"ours, edited")

    with pytest.raises(DestinationTakenError):
        outputs(tmp_path).write("a", b"ours, newer")

    assert seen(tmp_path) == {"a": b"ours, edited"}


@pytest.mark.parametrize("kind", ["link", "nowhere", "folder", "fifo"])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, kind: str) -> None:
    outputs(tmp_path).write("other", b"ours")
    match kind:
        case "link":
            (tmp_path / "a").symlink_to("other")
        case "nowhere":
            (tmp_path / "a").symlink_to("nothing")
        case "folder":
            (tmp_path / "a").mkdir()
        case _:
            os.mkfifo(tmp_path / "a")

    with pytest.raises(DestinationTakenError):
        outputs(tmp_path).write("a", b"ours")

    assert (tmp_path / "other").read_bytes() == b"ours"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("where", ["*/.made.*", "*/.a.*"])
def test_a_run_that_was_stopped_between_two_writes_is_mended(tmp_path: Path, where: str) -> None:
    outputs(tmp_path).write("a", b"first")

    with refusing("fsync", where, errno.ENOSPC), pytest.raises(NoSpaceError):
        outputs(tmp_path).write("a", b"second")
    assert seen(tmp_path) == {"a": b"first"}

    outputs(tmp_path).write("a", b"third")
    assert seen(tmp_path) == {"a": b"third"}


def test_a_record_that_is_broken_makes_nothing_ours(tmp_path: Path) -> None:
    outputs(tmp_path).write("a", b"ours")
    (tmp_path / ".seedbox" / "made").write_bytes(b"\xff\x00 broken")

    with pytest.raises(DestinationTakenError):
        outputs(tmp_path).write("a", b"newer")


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, {"torrents": b"a file"})

    with pytest.raises((DiskError, DestinationTakenError), match=f"{tmp_path}/torrents"):
        outputs(tmp_path).write("torrents/a.torrent", b"1")
