import errno
import os
import resource
from pathlib import Path

import pytest

from seedbox.jobs.doctor import Verdict
from seedbox.jobs.doctor.installation import (
    Certificates,
    certificates,
    limits_of,
    look_for_certificates,
    open_files,
)
from support.faults import refusing

NO_LIMIT = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("hard", "verdict"),
    [
        (256, Verdict.FAIL),
        (511, Verdict.FAIL),
        (512, Verdict.WARN),
        (1024, Verdict.WARN),
        (4755, Verdict.WARN),
        (4756, Verdict.PASS),  # 4,000 peers, 500 files of data, 256 of its own
        (NO_LIMIT, Verdict.PASS),
    ],
)
def test_a_daemon_to_be_started_is_judged_by_how_far_it_may_raise_its_limit(
    hard: int, verdict: Verdict
) -> None:
    found = open_files(256, hard)

    assert (found.point, found.verdict, found.about) == ("open-files", verdict, None)
    assert (found.hint is None) is (verdict is Verdict.PASS)


def test_a_daemon_that_runs_is_judged_by_the_limit_that_it_has() -> None:
    found = open_files(1024, 65_536, pid=17)

    assert (found.verdict, found.about) == (Verdict.WARN, "process 17")
    assert found.found.startswith("1,024 at once: ")


def test_what_no_limit_allows_is_bounded_by_what_is_made_use_of() -> None:
    assert open_files(NO_LIMIT, NO_LIMIT).found.startswith("65,536 at once: 4,000 peers")


def test_the_limits_of_a_process_are_those_that_it_has() -> None:
    assert limits_of(os.getpid()) == resource.getrlimit(resource.RLIMIT_NOFILE)


def test_the_limits_of_nobody_are_not_known() -> None:
    assert limits_of(2**30) is None


# --- certificates -----------------------------------------------------------------------------

PEM = "# of an authority\n-----BEGIN CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (Certificates("/a.pem", "/a.pem"), Verdict.PASS),
        (Certificates("/a.pem", None), Verdict.WARN),
        (Certificates(None, "/a.pem"), Verdict.FAIL),
        (Certificates(None, None), Verdict.FAIL),
    ],
)
def test_seedbox_needs_certificates_and_so_does_libtorrent(
    seen: Certificates, verdict: Verdict
) -> None:
    found = certificates(seen)

    assert found.verdict is verdict
    assert verdict is Verdict.PASS or "ca-certificates" in str(found.hint)


def test_libtorrent_takes_the_first_file_that_has_one(tmp_path: Path) -> None:
    empty, full, later = (tmp_path / name for name in ("empty", "full", "later"))
    empty.touch()
    full.write_text(PEM)
    later.write_text(PEM)
    files = [str(path) for path in (tmp_path / "absent", empty, full, later)]

    assert look_for_certificates(files).libtorrent == str(full)
    assert look_for_certificates(files[:2]).libtorrent is None


def test_a_folder_of_hashed_certificates_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    (tmp_path / "README").touch()
    before = look_for_certificates([])
    (tmp_path / "0123abcd.0").write_text(PEM)

    assert before.python is None
    assert look_for_certificates([]).python == str(tmp_path)


def test_a_folder_that_cannot_be_read_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with (
        refusing("listdir", str(tmp_path), errno.EACCES),
        refusing("scandir", str(tmp_path), errno.EACCES),
    ):
        assert look_for_certificates([]).python is None
