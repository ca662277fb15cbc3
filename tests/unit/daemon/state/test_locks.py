import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedbox.daemon.state import Locks
from seedbox.errors import DaemonRunningError, DiskError, StateUnusableError
from support.cli import environment

HOLDS = """
import sys
from pathlib import Path
from seedbox.daemon.state import Locks
locks = Locks.take(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def holder(*folders: Path) -> subprocess.Popen[bytes]:
    """Another process that holds a state folder and data folders."""
    line = [sys.executable, "-c", HOLDS, *map(str, folders)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(line, stdin=pipe, stdout=pipe, env=environment())
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_folders_are_held_until_they_are_let_go(tmp_path: Path, data: Path) -> None:
    with Locks.take(tmp_path / "a", [data]) as locks:
        assert locks.warnings == ()
        with pytest.raises(DaemonRunningError):
            Locks.take(tmp_path / "a", [])

    Locks.take(tmp_path / "a", [data]).close()
    assert list(data.iterdir()) == list((tmp_path / "a").iterdir()) == []


@pytest.mark.parametrize("shared", ["state", "data"])
def test_another_process_is_named_with_the_folder_it_holds(
    tmp_path: Path, data: Path, shared: str
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    other = data if shared == "data" else state
    with holder(*((tmp_path / "its", data) if shared == "data" else (state,))) as process:
        with pytest.raises(DaemonRunningError) as caught:
            Locks.take(state, [data])
        process.kill()

    assert caught.value.message == (
        f"another seedbox, process {process.pid}, holds the {shared} folder {other}"
    )
    assert caught.value.hint == (
        "Run `seedbox status` to see it; stop it first, or pass another --data or --state."
    )
    assert (caught.value.code, caught.value.exit_status) == ("daemon-running", 3)


def test_nothing_stays_locked_when_the_process_is_killed(tmp_path: Path, data: Path) -> None:
    with holder(tmp_path / "state", data) as process:
        process.kill()

    Locks.take(tmp_path / "state", [data]).close()


def test_what_was_taken_before_a_refusal_is_let_go(tmp_path: Path, data: Path) -> None:
    free = tmp_path / "free"
    free.mkdir()
    with Locks.take(tmp_path / "one", [data]):
        with pytest.raises(DaemonRunningError):
            Locks.take(tmp_path / "two", [free, data])
        Locks.take(tmp_path / "two", [free]).close()


def test_a_folder_that_is_named_twice_does_not_lock_itself_out(tmp_path: Path, data: Path) -> None:
    (tmp_path / "link").symlink_to(data)

    Locks.take(data, [data, tmp_path / "link", data / ".." / "data"]).close()


def test_a_folder_that_may_not_be_written_can_be_locked(tmp_path: Path, data: Path) -> None:
    data.chmod(0o555)

    with Locks.take(tmp_path / "state", [data]), pytest.raises(DaemonRunningError):
        Locks.take(tmp_path / "other", [data])


def test_a_data_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"cannot lock .*/gone: No such file"):
        Locks.take(tmp_path / "state", [tmp_path / "gone"])


def refusing(monkeypatch: pytest.MonkeyPatch, folder: Path, code: int) -> None:
    """Let the system refuse to lock a folder, as network file systems do."""
    real = fcntl.flock
    inode = folder.stat().st_ino

    def flock(fd: int, operation: int) -> None:
        if os.fstat(fd).st_ino == inode:
            raise OSError(code, os.strerror(code))
        real(fd, operation)

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.parametrize("code", [errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP])
def test_data_without_locks_is_used_with_a_warning(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    refusing(monkeypatch, data, code)

    with Locks.take(tmp_path / "state", [data]) as locks:
        (warning,) = locks.warnings

    assert warning == (
        f"{data} cannot be locked, its file system refuses ({os.strerror(code)}): "
        "make sure that no other seedbox of any machine writes there"
    )


def test_a_state_folder_without_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, tmp_path, errno.ENOLCK)

    with pytest.raises(StateUnusableError, match=f"cannot lock {tmp_path}: No locks available"):
        Locks.take(tmp_path, [])


def test_any_other_refusal_is_told(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, data, errno.EIO)

    with pytest.raises(StateUnusableError, match=f"cannot lock {data}: Input/output error"):
        Locks.take(tmp_path / "state", [data])


def test_where_the_system_does_not_tell_the_process_the_folder_is_named_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Locks.take(tmp_path, []):
        monkeypatch.setattr(Path, "read_text", _no_proc)
        with pytest.raises(DaemonRunningError) as caught:
            Locks.take(tmp_path, [])

    assert caught.value.message == f"another seedbox holds the state folder {tmp_path}"


def _no_proc(path: Path, *_: object, **__: object) -> str:
    raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
