"""What was encoded and kept: found again only for the same input and the same encoder."""

import json
import os
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.errors import DestinationTakenError, SourceChangedError
from seedbox.jobs import encoded
from seedbox.jobs.encoded import Encoded, Place
from seedbox.jobs.encoder_programs import Ready
from seedbox.jobs.events import StoppedError
from support.encoders import HALVES, ready

STOP = threading.Event()


def located(path: Path, data: bytes) -> disk.Located:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    found = disk.look(path.parent, (path.name,))
    assert isinstance(found, disk.Located)
    return found


@pytest.fixture
def how(tmp_path: Path) -> Ready:
    return ready(HALVES, tmp_path / "trial")


@pytest.fixture
def original(tmp_path: Path) -> disk.Located:
    return located(tmp_path / "source" / "a.wav", b"original")


def kept(tmp_path: Path, how: Ready, original: disk.Located) -> tuple[Place, Encoded]:
    at = encoded.place(tmp_path / "store", original, how)
    made = located(tmp_path / "made", b"half")
    digest = sha256(b"original").digest()
    return at, encoded.keep(at, made, (original, digest), 1.23456, STOP)


def test_what_was_kept_is_found_again(tmp_path: Path, how: Ready, original: disk.Located) -> None:
    at, first = kept(tmp_path, how, original)

    assert encoded.recall(at, original) == first
    assert (first.file.path, first.file.path.read_bytes()) == (at.result, b"half")
    assert first.sha256 == sha256(b"half").digest()
    assert first.original_sha256 == sha256(b"original").digest()
    assert first.seconds == 1.235
    assert first.file.path.suffix == ".half"
    assert not (tmp_path / "made").exists()


def test_a_result_may_be_read_by_all_whatever_the_mode_of_its_original(
    tmp_path: Path, how: Ready, original: disk.Located
) -> None:
    at = encoded.place(tmp_path / "store", original, how)
    made = located(tmp_path / "made", b"half")
    made.path.chmod(0o750)

    result = encoded.keep(at, made, (original, b""), 0.0, STOP)

    assert result.file.path.stat().st_mode & 0o777 == 0o644


def test_another_original_or_another_encoder_has_another_place(
    tmp_path: Path, how: Ready, original: disk.Located
) -> None:
    places = {
        encoded.place(tmp_path, original, how),
        encoded.place(tmp_path, replace(original, parts=("b.wav",)), how),
        encoded.place(tmp_path, replace(original, size=9), how),
        encoded.place(tmp_path, replace(original, mtime_ns=9), how),
        encoded.place(tmp_path, replace(original, inode=9), how),
        encoded.place(tmp_path, original, replace(how, version="fake 1.1")),
    }

    assert len(places) == 6
    assert encoded.place(tmp_path, original, how) in places


def test_nothing_is_found_where_nothing_was_kept(
    tmp_path: Path, how: Ready, original: disk.Located
) -> None:
    assert encoded.recall(encoded.place(tmp_path, original, how), original) is None


def test_a_refusal_is_found_again(tmp_path: Path, how: Ready, original: disk.Located) -> None:
    at = encoded.place(tmp_path / "store", original, how)

    encoded.keep_refusal(at, "too large")

    assert encoded.recall(at, original) == "too large"


@pytest.mark.parametrize("change", ["gone", "shorter", "newer", "link"])
def test_a_result_that_is_not_as_it_was_kept_is_not_used(
    tmp_path: Path, how: Ready, original: disk.Located, change: str
) -> None:
    at, result = kept(tmp_path, how, original)
    path = result.file.path
    match change:
        case "shorter":
            path.write_bytes(b"hal")
        case "newer":
            os.utime(path, ns=(0, 1))
        case _:
            path.rename(tmp_path / "moved")
    if change == "link":
        path.symlink_to(tmp_path / "moved")

    assert encoded.recall(at, original) is None


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"{}",
        b'{"size": "x", "mtime_ns": 0, "sha256": "", "original_sha256": "", "seconds": 0}',
        b'{"size": 4, "mtime_ns": 0, "sha256": 3, "original_sha256": "", "seconds": 0}',
    ],
)
def test_a_record_that_was_not_written_so_is_not_used(
    tmp_path: Path, how: Ready, original: disk.Located, record: bytes
) -> None:
    at, _ = kept(tmp_path, how, original)
    at.record.write_bytes(record)

    assert encoded.recall(at, original) is None


def test_a_record_with_half_a_digest_is_not_used(
    tmp_path: Path, how: Ready, original: disk.Located
) -> None:
    at, _ = kept(tmp_path, how, original)
    record = json.loads(at.record.read_bytes())
    at.record.write_text(json.dumps({**record, "sha256": "00"}))

    assert encoded.recall(at, original) is None


def test_a_record_that_is_something_else_is_in_the_way(
    tmp_path: Path, how: Ready, original: disk.Located
) -> None:
    at, _ = kept(tmp_path, how, original)
    at.record.unlink()
    at.record.mkdir()

    with pytest.raises(DestinationTakenError):
        encoded.recall(at, original)


def test_a_file_that_changed_is_refused(original: disk.Located) -> None:
    encoded.refuse_changed(original)
    original.path.write_bytes(b"other, longer")

    with pytest.raises(SourceChangedError, match=r"it had 8 bytes, now it has 13 bytes"):
        encoded.sha256_of(original, STOP)


def test_a_file_that_has_gone_is_refused(original: disk.Located) -> None:
    original.path.unlink()

    with pytest.raises(SourceChangedError, match=r"it had 8 bytes, now it is missing"):
        encoded.sha256_of(original, STOP)


def test_hashing_ends_when_the_work_is_stopped(original: disk.Located) -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(StoppedError):
        encoded.sha256_of(original, stop)
