"""Encoders that go wrong, sources that change, disks that fill, and work that is stopped."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from seedbox.errors import DiskError, NoSpaceError, SourceChangedError
from seedbox.jobs.encode import Why
from seedbox.jobs.events import Advanced, Event
from support.content import contents, write
from support.encoders import HALVES, encode, left, ready
from support.faults import nothing_left_open, refusing

FILES = contents({f"{number:02}": 3000 for number in range(8)})
HANGS = "open(target, 'wb').write(b'half')\ntime.sleep(600)"
# Encodes a folder in a process of its own, so that it can be killed or interrupted.
ALONE = """
import signal, sys
from pathlib import Path
from support.encoders import encode, ready
signal.signal(signal.SIGINT, signal.default_int_handler)
source, out, code = sys.argv[1:]
how = ready(code, Path(out))
print("ready", flush=True)
said = lambda event: print(type(event).__name__, flush=True)
try:
    report = encode(Path(source), Path(out), how, on_event=said)
except KeyboardInterrupt:
    print("stopped", flush=True)
else:
    print(report.reused, len(report.done), flush=True)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


def alone(source: Path, out: Path, code: str) -> subprocess.Popen[str]:
    tests = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    line = [sys.executable, "-c", ALONE, str(source), str(out), code]
    return subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment)


def whole(source: Path, tmp_path: Path, code: str) -> dict[str, bytes]:
    """What encoding makes that nobody disturbs."""
    out = tmp_path / "whole"
    report = encode(source, out, ready(code, out))
    return {name: each.sha256 for name, each in report.done.items()}


# --- encoders ---------------------------------------------------------------------------------


def test_an_encoder_that_hangs_is_killed_at_its_time_limit(source: Path, tmp_path: Path) -> None:
    code = f"if source.endswith('/03'):\n    open(target, 'x')\n    time.sleep(600)\n{HALVES}"
    how = ready(code, tmp_path / "out", limit=2)

    with nothing_left_open():
        report = encode(source, tmp_path / "out", how)

    assert report.kept == {Why.TIME_LIMIT: 1}
    assert [(kept.id, kept.words) for kept in report.named] == [("03", "did not end in 2 s")]
    assert len(report.done) == 7
    assert left(tmp_path / "out") == [".half"] * 7 + [".json"] * 7


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("os.kill(os.getpid(), 9)", "was killed by signal 9"),
        ("os.abort()", "was killed by signal 6"),
        ("os.killpg(0, 9)", "was killed by signal 9"),
        ("open(target, 'wb').write(b'ha'); os.kill(os.getpid(), 9)", "was killed by signal 9"),
        (
            "for _ in range(100): sys.stderr.write('x' * 10**6)\nsys.exit(1)",
            "ended with status 1: " + "x" * 60 + "…",
        ),
    ],
)
def test_an_encoder_that_dies_costs_its_items_and_leaves_nothing(
    tmp_path: Path, code: str, words: str
) -> None:
    write(tmp_path / "source", {"a": b"data"})

    with nothing_left_open():
        report = encode(tmp_path / "source", tmp_path / "out", ready(code, tmp_path / "out"))

    assert [kept.words for kept in report.named] == [words]
    assert left(tmp_path / "out") == []


def test_garbage_is_found_by_the_check(source: Path, tmp_path: Path) -> None:
    check = "assert open(target, 'rb').read() == open(source, 'rb').read()[:1500], 'garbage'"
    code = f"if source.endswith('/05'): open(target, 'w').write('?'); sys.exit()\n{HALVES}"

    report = encode(source, tmp_path / "out", ready(code, tmp_path / "out", check=check))

    assert report.kept == {Why.CHECK: 1}
    assert "garbage" in report.named[0].words
    assert len(report.done) == 7


def test_an_encoder_that_cannot_be_run_any_more_ends_the_work(source: Path, tmp_path: Path) -> None:
    how = ready(HALVES, tmp_path / "out")
    place = tmp_path / "removed"
    gone = type(how)(how.encoder, dict.fromkeys(how.where, str(place)), how.version, how.sample)

    with nothing_left_open(), pytest.raises(DiskError, match=r"cannot run .*removed"):
        encode(source, tmp_path / "out", gone)


# --- sources ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("os.unlink(source)", "it is missing"),
        ("open(source, 'a').write('more')", "it has 3,004 bytes"),
        ("os.utime(source, (1, 1))", "it has 3,000 bytes"),
        ("os.unlink(source); os.symlink('/etc/passwd', source)", "it is a symbolic link"),
        ("os.unlink(source); sys.exit('no such file')", "it is missing"),
    ],
)
def test_a_source_that_changes_while_it_is_encoded_ends_the_work_and_is_named(
    tmp_path: Path, change: str, words: str
) -> None:
    write(tmp_path / "source", {"a": FILES["00"]})

    with nothing_left_open(), pytest.raises(SourceChangedError) as caught:
        encode(tmp_path / "source", tmp_path / "out", ready(f"{HALVES}{change}", tmp_path / "out"))

    assert str(tmp_path / "source" / "a") in caught.value.message
    assert words in caught.value.message
    assert left(tmp_path / "out") == []


def test_a_source_that_changes_while_it_is_checked_ends_the_work_too(tmp_path: Path) -> None:
    write(tmp_path / "source", {"a": FILES["00"]})
    how = ready(HALVES, tmp_path / "out", check="os.unlink(source)")

    with pytest.raises(SourceChangedError):
        encode(tmp_path / "source", tmp_path / "out", how)

    assert left(tmp_path / "out") == []


# --- disks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["No space left on device", "Disk quota exceeded"])
def test_a_disk_that_fills_under_an_encoder_ends_the_work(
    source: Path, tmp_path: Path, words: str
) -> None:
    how = ready(f"open(target, 'w').write('ha'); sys.exit('{words}')", tmp_path / "out")

    with nothing_left_open(), pytest.raises(NoSpaceError) as caught:
        encode(source, tmp_path / "out", how)

    assert caught.value.exit_status == 5
    assert "what is made of 0" in caught.value.message
    assert left(tmp_path / "out") == []


def test_an_encoder_that_fails_where_there_is_no_room_is_not_to_blame(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = ready("sys.exit('error')", tmp_path / "out")
    full = os.statvfs_result((512, 512, 1000, 5, 5, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)

    with pytest.raises(NoSpaceError, match="2,560 bytes are free"):
        encode(source, tmp_path / "out", how)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("where", ["*/made.half", "*.json.*.part"])
def test_a_disk_that_fills_under_seedbox_leaves_nothing_that_looks_whole(
    source: Path, tmp_path: Path, where: str, code: int
) -> None:
    how = ready(HALVES, tmp_path / "out")

    with refusing("fsync", where, code, after=3) as refused, pytest.raises(NoSpaceError):
        encode(source, tmp_path / "out", how)

    assert refused
    assert left(tmp_path / "out").count(".json") == 3
    report = encode(source, tmp_path / "out", how)
    assert (len(report.done), report.reused) == (8, 3)
    assert {name: each.sha256 for name, each in report.done.items()} == whole(
        source, tmp_path, HALVES
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_real_disk_that_is_full_is_named(tmp_path: Path) -> None:
    write(tmp_path / "source", contents({str(number): 400_000 for number in range(4)}))
    out = tmp_path / "out"
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", str(out)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine mounts no tmpfs")
    try:
        with pytest.raises(NoSpaceError):
            encode(tmp_path / "source", out, ready(HALVES, out))
        assert left(out).count(".half") <= 2
    finally:
        subprocess.run(["umount", str(out)], check=True)


# --- being stopped ----------------------------------------------------------------------------


def test_ctrl_c_ends_every_encoder_within_a_second_and_leaves_nothing_half(
    source: Path, tmp_path: Path
) -> None:
    code = f"print(os.getpid(), file=open({str(tmp_path)!r} + '/pid', 'a'))\n{HANGS}"
    with alone(source, tmp_path / "out", code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        pids = written(tmp_path / "pid", 2)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().splitlines()[-1] == "stopped"
        process.wait()

    assert time.monotonic() - began < 1
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert left(tmp_path / "out") == []


def written(path: Path, count: int) -> list[int]:
    """Wait until a file has so many lines with a number, and return these."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= count:
            return [int(line) for line in lines]
        threading.Event().wait(0.01)
    raise AssertionError(f"{path} has fewer than {count} lines")


@pytest.mark.parametrize("after", [1, 4])
def test_a_process_that_is_killed_goes_on_where_it_was(
    source: Path, tmp_path: Path, after: int
) -> None:
    out = tmp_path / "out"
    with alone(source, out, HALVES) as process:
        assert process.stdout is not None
        for line in process.stdout:
            after -= line == "Advanced\n"
            if not after:
                break
        process.kill()

    how = ready(HALVES, out)
    report = encode(source, out, how)

    assert report.reused >= 1
    assert {name: each.sha256 for name, each in report.done.items()} == whole(
        source, tmp_path, HALVES
    )
    assert left(out) == [".half"] * 8 + [".json"] * 8


def test_a_watcher_that_raises_ends_the_encoders(source: Path, tmp_path: Path) -> None:
    how = ready(f"if source.endswith('/00'):\n    {HALVES.replace(chr(10), chr(10) + '    ')}\n"
                f"else: time.sleep(600)", tmp_path / "out")  # fmt: skip

    def watch(event: Event) -> None:
        if isinstance(event, Advanced):
            raise InterruptedError

    began = time.monotonic()
    with nothing_left_open(), pytest.raises(InterruptedError):
        encode(source, tmp_path / "out", how, on_event=watch)

    assert time.monotonic() - began < 30
    assert left(tmp_path / "out") == [".half", ".json"]
