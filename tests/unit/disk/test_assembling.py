import errno
import os
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.disk.assembling import assembling, begun
from seedbox.errors import DiskError, NoSpaceError
from support.faults import nothing_left_open, refusing


def test_a_file_written_in_any_order_appears_whole(tmp_path: Path) -> None:
    part, target = tmp_path / "state" / "a.part", tmp_path / "a"

    with nothing_left_open(), assembling(part, 6) as file:
        file.write(memoryview(b"def"), 3)
        file.write(memoryview(b"abc"), 0)
        assert not target.exists()
        file.sync()
        file.rename(target)

    assert target.read_bytes() == b"abcdef"
    assert not part.exists()


def test_one_that_was_begun_is_gone_on_with(tmp_path: Path) -> None:
    part = tmp_path / "a.part"
    assert begun(part, 6) is None
    with assembling(part, 6) as file:
        file.write(memoryview(b"def"), 3)

    left = begun(part, 6)

    assert left is not None
    assert disk.read_located(left, 10) == b"\0\0\0def"
    assert begun(part, 5) is None
    with assembling(part, 5):
        pass
    assert part.read_bytes() == b"\0\0\0de"


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "a.part").symlink_to("precious")

    with pytest.raises(DiskError, match=r"a\.part"), assembling(tmp_path / "a.part", 3):
        pass

    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with (
        assembling(tmp_path / "a.part", 3) as file,
        refusing("pwrite", "*.part", errno.ENOSPC),
        pytest.raises(NoSpaceError),
    ):
        file.write(memoryview(b"abc"), 0)


def test_a_file_that_could_not_be_synced_is_not_gone_on_with(tmp_path: Path) -> None:
    with (
        assembling(tmp_path / "a.part", 3) as file,
        refusing("fsync", "*.part", errno.EIO),
        pytest.raises(DiskError, match=os.strerror(errno.EIO)),
    ):
        file.sync()

    assert begun(tmp_path / "a.part", 3) is None


def test_a_target_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    with assembling(tmp_path / "a.part", 3) as file, pytest.raises(DiskError, match="move"):
        file.rename(tmp_path / "a")
