import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.jobs.doctor import Verdict
from seedbox.jobs.doctor.storage import (
    Entry,
    Space,
    cannot_write,
    data_folder,
    entries,
    modes,
    owner,
    reading,
    room,
    space,
    state_folder,
    writing,
)
from support.faults import refusing

MIB = 1024 * 1024
FOLDER = Entry("/s", 1000, 0o700)
DATABASE = Entry("/s/seedbox.sqlite", 1000, 0o644)
SOCKET = Entry("/s/api.sock", 1000, 0o600)


# --- owners and modes -------------------------------------------------------------------------


def test_what_belongs_to_who_runs_it_passes() -> None:
    found = owner([FOLDER, DATABASE], uid=1000, about="/s")

    assert (found.verdict, found.found) == (Verdict.PASS, "user 1000")


def test_a_file_that_sudo_has_made_in_it_is_named() -> None:
    found = owner([FOLDER, replace(DATABASE, uid=0)], uid=1000, about="/s")

    assert found.verdict is Verdict.FAIL
    assert found.found == "/s/seedbox.sqlite belongs to user 0, the folder to user 1000"
    assert str(found.hint).startswith("chown -R 1000 /s;")


@pytest.mark.parametrize(("uid", "verdict"), [(7, Verdict.FAIL), (0, Verdict.WARN)])
def test_another_user_s_folder_fails_and_warns_the_superuser(uid: int, verdict: Verdict) -> None:
    found = owner([FOLDER, DATABASE], uid=uid, about="/s")

    assert (found.verdict, found.found) == (
        verdict,
        f"belongs to user 1000, and this is user {uid}",
    )


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        (replace(FOLDER, mode=0o777), "chmod go-w /s"),
        (replace(DATABASE, mode=0o664), "chmod go-w /s/seedbox.sqlite"),
        (replace(SOCKET, mode=0o660), "chmod go= /s/api.sock"),
    ],
)
def test_what_others_may_change_or_open_fails(entry: Entry, hint: str) -> None:
    seen = [entry] if entry.path == "/s" else [FOLDER, entry]

    found = modes(seen, about="/s")

    assert (found.verdict, found.hint) == (Verdict.FAIL, hint)


def test_the_mode_of_a_link_means_nothing() -> None:
    links = [FOLDER, Entry("/s/torrents", 1000, 0o777), SOCKET]

    assert modes(links, about="/s").verdict is Verdict.PASS


def test_entries_are_the_folder_and_what_is_kept_in_it(tmp_path: Path) -> None:
    (tmp_path / "torrents").mkdir()
    (tmp_path / "other").touch()

    assert [entry.path for entry in entries(tmp_path)] == [str(tmp_path), f"{tmp_path}/torrents"]


# --- writing ----------------------------------------------------------------------------------


def test_trying_to_write_leaves_nothing(tmp_path: Path) -> None:
    assert cannot_write(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_judged_by_where_it_will_be(tmp_path: Path) -> None:
    with refusing("open", str(tmp_path), errno.EROFS):
        assert cannot_write(tmp_path / "a" / "b") == "Read-only file system"


@pytest.mark.parametrize(("allowed", "why"), [(True, None), (False, "Permission denied")])
def test_where_files_need_names_the_permissions_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool, why: str | None
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: allowed)
    with refusing("open", str(tmp_path), errno.EOPNOTSUPP):
        assert cannot_write(tmp_path) == why


@pytest.mark.parametrize(
    ("there", "words"), [(True, "can be written"), (False, "is not there yet; it can be made")]
)
def test_a_state_that_can_be_written_passes(there: bool, words: str) -> None:
    found = writing(Path("/s"), None, there=there)

    assert (found.verdict, found.found) == (Verdict.PASS, words)


def test_a_file_in_the_place_of_the_state_fails(tmp_path: Path) -> None:
    (tmp_path / "state").touch()

    (found,) = state_folder(tmp_path / "state")

    assert (found.verdict, found.found) == (Verdict.FAIL, "it is no folder")


# --- space ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (Space(0, None), Verdict.FAIL),
        (Space(16 * MIB - 1, 10**6), Verdict.FAIL),
        (Space(10**12, 99), Verdict.FAIL),
        (Space(16 * MIB, 100), Verdict.WARN),
        (Space(256 * MIB - 1, None), Verdict.WARN),
        (Space(256 * MIB, 100), Verdict.PASS),
    ],
)
def test_a_state_needs_room_for_bytes_and_for_files(seen: Space, verdict: Verdict) -> None:
    found = room(seen, needed=True, about="/s")

    assert found.verdict is verdict
    assert (found.hint is None) is (verdict is Verdict.PASS)


def test_data_need_no_room() -> None:
    found = room(Space(0, 0), needed=False, about="/d")

    assert found.verdict is Verdict.PASS
    assert found.found == "0 B free, 0 more files; a seed writes nothing there"


def test_a_file_system_without_a_table_of_files_has_no_number_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = os.statvfs_result((4096, 4096, 10, 10, 10, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: seen)

    assert space(tmp_path) == Space(40_960, None)


def test_space_that_the_system_does_not_tell_is_not_guessed(tmp_path: Path) -> None:
    with refusing("statvfs", str(tmp_path), errno.EIO):
        found = list(state_folder(tmp_path))[-1]

    assert (found.point, found.verdict) == ("space", Verdict.UNKNOWN)
    assert found.found == "the system does not say: Input/output error"


# --- data -------------------------------------------------------------------------------------


def test_data_of_a_seed_may_be_read_only() -> None:
    found = reading("Read-only file system", fetched=False, about="/d")

    assert found.verdict is Verdict.PASS
    assert found.found.startswith("read-only (Read-only file system)")


def test_data_that_fetch_has_put_there_may_have_to_be_deleted() -> None:
    assert reading("Read-only file system", fetched=True, about="/d").verdict is Verdict.WARN
    assert reading(None, fetched=True, about="/d").verdict is Verdict.PASS


def test_data_that_are_no_folder_or_not_ours_to_read_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (no_folder,) = data_folder(tmp_path / "file", fetched=False)
    monkeypatch.setattr(os, "access", lambda *_: False)
    (unreadable,) = data_folder(tmp_path, fetched=False)

    assert (no_folder.verdict, no_folder.found) == (Verdict.FAIL, "it is no folder")
    assert unreadable.verdict is Verdict.FAIL
    assert unreadable.found == "it cannot be read: Permission denied"
