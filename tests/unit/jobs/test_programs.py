"""Running programs: their bounds, what they see of this one, and that none is left behind."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from seedbox.errors import DiskError
from seedbox.jobs.events import StoppedError
from seedbox.jobs.programs import Bounds, End, Ran, find, run
from support.encoders import PYTHON
from support.faults import nothing_left_open

AMPLE = Bounds(60.0)


def python(code: str, folder: Path, bounds: Bounds = AMPLE) -> tuple[Ran, bytes]:
    said = bytearray()
    ran = run([*PYTHON, f"import os, signal, sys, time\n{code}"], folder, bounds, said.extend)
    return ran, bytes(said)


def alive(process: int) -> bool:
    """Tell whether a process still runs; one that nobody has asked after yet does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def gone(process: int) -> bool:
    deadline = time.monotonic() + 10
    while alive(process) and time.monotonic() < deadline:
        os.sched_yield()
    return not alive(process)


def test_a_program_that_does_its_work_is_well(tmp_path: Path) -> None:
    ran, said = python("print('out')", tmp_path)

    assert (ran.end, ran.status, ran.well, said) == (End.BY_ITSELF, 0, True, b"out\n")
    assert 0 < ran.seconds < 60


def test_a_program_sees_nothing_of_the_user_but_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "1")

    _, said = python("print(sorted(os.environ), os.getcwd(), sys.stdin.read())", tmp_path)

    names = ["HOME", "LC_ALL", "PATH", "SOURCE_DATE_EPOCH", "TMPDIR", "TZ"]
    assert said.decode() == f"{names} {os.path.realpath(tmp_path)} \n"


def test_a_program_has_no_terminal(tmp_path: Path) -> None:
    ran, _ = python("open('/dev/tty')", tmp_path)

    assert "No such device" in ran.words


def test_a_program_that_fails_is_quoted_by_its_last_line(tmp_path: Path) -> None:
    ran, _ = python("sys.exit('first\\n\\nlast \\x1b[31m\\n')", tmp_path)

    assert not ran.well
    assert ran.words == r"ended with status 1: last \x1b[31m"


def test_a_program_that_says_nothing_is_known_by_its_status(tmp_path: Path) -> None:
    assert python("sys.exit(3)", tmp_path)[0].words == "ended with status 3"


def test_a_program_that_is_killed_is_known_by_the_signal(tmp_path: Path) -> None:
    ran, _ = python("os.kill(os.getpid(), signal.SIGKILL)", tmp_path)

    assert ran.words == "was killed by signal 9"


def test_much_on_standard_error_takes_no_memory_and_does_not_block(tmp_path: Path) -> None:
    ran, _ = python("for _ in range(100): sys.stderr.write('x' * 10**6)\nsys.exit(1)", tmp_path)

    assert ran.status == 1
    assert len(ran.complaint) < 100


def test_a_program_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    code = """
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(600)
"""
    ran, said = python(code, tmp_path, Bounds(1.0))

    assert ran.end is End.TIME
    assert ran.words == "did not end in 1 s"
    assert gone(int(said))


def test_what_a_program_leaves_running_is_killed_and_holds_nothing_up(tmp_path: Path) -> None:
    code = """
child = os.fork()
if child == 0:
    time.sleep(600)
print(child, flush=True)
"""
    began = time.monotonic()

    ran, said = python(code, tmp_path)

    assert ran.well
    assert time.monotonic() - began < 30
    assert gone(int(said))


def test_a_program_that_closes_its_streams_is_waited_for(tmp_path: Path) -> None:
    code = "os.close(1); os.close(2); time.sleep(0.2); open('done', 'x'); os._exit(0)"

    ran, _ = python(code, tmp_path)

    assert ran.well
    assert (tmp_path / "done").exists()


def test_a_program_that_writes_too_much_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"""
with open({str(out)!r}, 'wb') as stream:
    while True:
        stream.write(b'x' * 1000)
        stream.flush()
        time.sleep(0.001)
"""
    ran, _ = python(code, tmp_path, Bounds(60.0, out, 10_000))

    assert ran.end is End.SIZE
    assert ran.words == "wrote more than it may"
    assert out.stat().st_size < 10_000_000


def test_work_that_is_stopped_ends_the_program_within_a_second(tmp_path: Path) -> None:
    stop = threading.Event()
    said: list[int] = []

    def heard(data: bytes) -> None:
        said.append(int(data))
        stop.set()
        said.append(time.monotonic_ns())

    line = [*PYTHON, "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"]
    with nothing_left_open(), pytest.raises(StoppedError):
        run(line, tmp_path, Bounds(60.0, stop=stop), heard)

    assert time.monotonic_ns() - said[1] < 1_000_000_000
    assert not alive(said[0])


def test_a_program_that_fills_the_disk_may_say_so(tmp_path: Path) -> None:
    full = "sys.exit('x: No space left on device')"

    assert python(full, tmp_path)[0].disk_full
    assert python("sys.exit('x: Disk quota exceeded')", tmp_path)[0].disk_full
    assert not python("sys.exit('x: gone')", tmp_path)[0].disk_full


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"cannot run .*/none: No such file"):
        run([str(tmp_path / "none")], tmp_path, AMPLE)


def test_programs_are_found_on_path(tmp_path: Path) -> None:
    assert find(sys.executable) == sys.executable
    assert find(str(tmp_path / "none")) is None


def test_a_program_below_the_current_folder_is_found_by_its_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").write_text("#!/bin/sh\n")
    (tmp_path / "own").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")

    assert find("own") == str(tmp_path / "own")
