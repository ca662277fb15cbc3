import errno
import os
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox import disk
from seedbox.errors import DiskError, SourceChangedError
from seedbox.jobs.events import Advanced, Done, Event, Started, ignore
from seedbox.jobs.verify import run_verify, sightings
from seedbox.plan.verify import State, VerifyPlan, VerifyReport, plan_verify
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from support.content import contents, write
from support.faults import nothing_left_open, refusing
from support.hashing import forced
from support.torrents import FORMS, make

MIB = 1024 * 1024

FILES = contents({"a": 50_000, "b/c": 16_384, "b/empty": 0, "d": 3})

Found = list[disk.Located | disk.Absent]


def planned(metainfo: Metainfo, folder: Path) -> tuple[VerifyPlan, Found]:
    found = disk.locate(folder, [file.path[1:] for file in metainfo.files])
    return plan_verify(metainfo, sightings(found)), found


def verified(metainfo: Metainfo, folder: Path) -> VerifyReport:
    plan, found = planned(metainfo, folder)
    return run_verify(plan, found, name="set", jobs=2, on_event=ignore)


@pytest.mark.parametrize("form", FORMS)
def test_what_was_written_is_right(tmp_path: Path, form: Format) -> None:
    write(tmp_path, FILES)

    report = verified(make(FILES, form, piece_length=16_384), tmp_path)

    assert report.ok
    assert report.good == report.size == 50_000 + 16_384 + 3


@pytest.mark.parametrize("form", FORMS)
@given(name=st.sampled_from(["a", "b/c", "d"]), data=st.data())
def test_a_flipped_byte_on_the_disk_is_found(
    tmp_path_factory: pytest.TempPathFactory, form: Format, name: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "flipped"
    at = data.draw(st.integers(0, len(FILES[name]) - 1))
    spoilt = bytearray(FILES[name])
    spoilt[at] ^= 0x80
    write(folder, {**FILES, name: bytes(spoilt)})

    report = verified(make(FILES, form, piece_length=16_384), folder)

    (bad,) = (file for file in report.files if "/".join(file.path[1:]) == name)
    assert bad.state is State.BAD
    assert any(start <= at < stop for start, stop in bad.bad)


def test_what_is_not_there_is_told_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path, {"a": FILES["a"], "b/empty": b"not empty"})
    (tmp_path / "b/c").symlink_to("../a")

    report = verified(make(FILES, Format.V2, piece_length=16_384), tmp_path)

    assert {"/".join(file.path[1:]): (file.state, file.reason) for file in report.files} == {
        "a": (State.OK, None),
        "b/c": (State.MISSING, "is a symbolic link"),
        "b/empty": (State.WRONG_SIZE, None),
        "d": (State.MISSING, "is missing"),
    }


@pytest.mark.parametrize("form", FORMS)
def test_progress_counts_the_bytes_to_be_read_run_by_run(tmp_path: Path, form: Format) -> None:
    files = contents({"a": 9 * MIB, "b/c": MIB, "b/empty": 0, "d": 3})
    write(tmp_path, {**files, "b/c": b"short"})
    events: list[Event] = []
    plan, found = planned(make(files, form, piece_length=MIB), tmp_path)

    with forced("hashlib"):
        run_verify(plan, found, name="set", jobs=1, on_event=events.append)

    assert events == [
        Started("verify set", 9 * MIB + 3),
        *(
            Advanced("verify set", done)
            for done in (4 * MIB, 8 * MIB, 9 * MIB, 9 * MIB + 3)  # b/c is not read
        ),
        Done("verify set"),
    ]


@pytest.mark.parametrize("form", FORMS)
def test_progress_rises_to_all_that_is_to_be_read(tmp_path: Path, form: Format) -> None:
    write(tmp_path, FILES)
    events: list[Event] = []
    plan, found = planned(make(FILES, form, piece_length=16_384), tmp_path)

    run_verify(plan, found, name="set", jobs=3, on_event=events.append)

    assert (events[0], events[-1]) == (Started("verify set", 66_387), Done("verify set"))
    done = [event.done for event in events if isinstance(event, Advanced)]
    assert len(done) == len(events) - 2
    assert done == sorted(set(done))
    assert done[-1] == 66_387


def test_a_file_that_changes_meanwhile_is_named(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    plan, found = planned(make(FILES, Format.V1, piece_length=16_384), tmp_path)
    os.utime(tmp_path / "d", ns=(1, 1))

    with pytest.raises(SourceChangedError, match=f"{tmp_path}/d changed"):
        run_verify(plan, found, name="set", jobs=2, on_event=ignore)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    plan, found = planned(make(FILES, Format.V2, piece_length=16_384), tmp_path)

    with (
        forced("hashlib"),
        refusing("preadv", "*/b/c", errno.EIO),
        pytest.raises(DiskError, match=f"cannot read {tmp_path}/b/c: Input/output error"),
    ):
        run_verify(plan, found, name="set", jobs=2, on_event=ignore)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", ["fastest", "hashlib"])
def test_a_file_that_has_become_a_link_is_named_and_not_followed(
    tmp_path: Path, form: Format, path: str
) -> None:
    write(tmp_path, FILES)
    plan, found = planned(make(FILES, form, piece_length=16_384), tmp_path)
    (tmp_path / "b/c").rename(tmp_path / "b/moved")
    (tmp_path / "b/c").symlink_to("moved")

    with (
        forced("hashlib") if path == "hashlib" else nullcontext(),
        nothing_left_open(),
        pytest.raises(DiskError, match=f"cannot read {tmp_path}/b/c: Too many levels"),
    ):
        run_verify(plan, found, name="set", jobs=2, on_event=ignore)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, form: Format) -> None:
    write(tmp_path, FILES)
    plan, found = planned(make(FILES, form, piece_length=16_384), tmp_path)

    with (
        forced("hashlib"),
        nothing_left_open(),
        refusing("open", "c", errno.EACCES) as refused,
        pytest.raises(DiskError, match=f"cannot .* {tmp_path}/b/c: Permission denied"),
    ):
        run_verify(plan, found, name="set", jobs=2, on_event=ignore)
    assert refused


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", ["fastest", "hashlib"])
def test_a_file_that_was_cut_meanwhile_is_named(tmp_path: Path, form: Format, path: str) -> None:
    write(tmp_path, FILES)
    plan, found = planned(make(FILES, form, piece_length=16_384), tmp_path)
    os.truncate(tmp_path / "a", 20_000)

    with (
        forced("hashlib") if path == "hashlib" else nullcontext(),
        nothing_left_open(),
        pytest.raises(SourceChangedError, match=f"{tmp_path}/a changed"),
    ):
        run_verify(plan, found, name="set", jobs=2, on_event=ignore)


@pytest.mark.parametrize("path", ["fastest", "hashlib"])
def test_a_limit_on_reading_holds_and_changes_no_verdict(tmp_path: Path, path: str) -> None:
    write(tmp_path, {**FILES, "b/c": b"!" * 16_384})
    plan, found = planned(make(FILES, Format.V2, piece_length=16_384), tmp_path)
    free = run_verify(plan, found, name="set", jobs=2, on_event=ignore)

    with forced("hashlib") if path == "hashlib" else nullcontext():
        begun = time.monotonic()
        held = run_verify(plan, found, name="set", jobs=2, on_event=ignore, max_read=200_000)
        seconds = time.monotonic() - begun

    assert held == free
    assert not held.ok
    assert seconds >= 66_387 / 200_000


def test_a_watcher_that_has_had_enough_ends_it_and_nothing_is_left_open(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    plan, found = planned(make(FILES, Format.V2, piece_length=16_384), tmp_path)

    def stop(event: Event) -> None:
        if isinstance(event, Advanced):
            raise KeyboardInterrupt

    with nothing_left_open(), pytest.raises(KeyboardInterrupt):
        run_verify(plan, found, name="set", jobs=4, on_event=stop)
