import itertools
from pathlib import Path

import pytest

from seedbox.errors import DiskError
from seedbox.jobs.kept_digests import KeptDigests


def digests(count: int) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in range(count)]


def kept(folder: Path, count: int, of: str = "ab" * 32) -> KeptDigests:
    made = KeptDigests(folder / "new" / "s.digests", of, count)
    made.keep(bytearray().join(digests(count)))
    return made


@pytest.mark.parametrize("count", [0, 1, 4096, 10_000])
def test_what_is_kept_is_read_again_in_order(tmp_path: Path, count: int) -> None:
    made = kept(tmp_path, count)

    assert made.there()
    assert list(made) == list(made) == digests(count)


def test_digests_of_another_tar_are_not_taken_for_its_own(tmp_path: Path) -> None:
    made = kept(tmp_path, 5)

    assert not KeptDigests(made.path, "cd" * 32, 5).there()
    assert not KeptDigests(made.path, made.fingerprint, 4).there()
    assert not KeptDigests(tmp_path / "none", made.fingerprint, 5).there()


@pytest.mark.parametrize("damage", [b"", b"short", bytes(96 + 5 * 32)])
def test_a_damaged_file_is_not_there_and_is_not_read(tmp_path: Path, damage: bytes) -> None:
    made = kept(tmp_path, 5)
    made.path.write_bytes(damage)

    assert not made.there()
    with pytest.raises(DiskError, match="is not what was written"):
        next(iter(made))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    made = kept(tmp_path, 5)
    made.path.rename(tmp_path / "elsewhere")
    made.path.symlink_to(tmp_path / "elsewhere")

    assert not made.there()
    with pytest.raises(DiskError):
        next(iter(made))


def test_few_digests_are_read_at_once(tmp_path: Path) -> None:
    made = kept(tmp_path, 10_000)

    few = list(itertools.islice(made, 3))

    assert few == digests(3)
