"""A build from a server that is killed goes on where it was, and never needs much memory."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.manifest.write import write_head
from support.cli import Process, environment, run
from support.content import contents
from support.datasets import head
from support.origin import Fault, Origin, origin
from support.remote import made

KIB = 1024
FILES = contents({"a": 40_000, "b": 50_001, "long": 1_000_000, "y": 30_000, "z": 20_000})
SIZE = 1_140_001  # bytes
LARGE = 300_000_000  # bytes

# Runs seedbox, and tells how much memory it has had at most; VmHWM (proc(5)) begins with exec.
MEASURED = """
import pathlib, sys
from seedbox.cli import main
try:
    main(sys.argv[1:])
finally:
    print(pathlib.Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.fixture
def server() -> Iterator[Origin]:
    listed = "".join(f"{sha256(data).hexdigest()}  {path}\n" for path, data in FILES.items())
    served = {f"set/{path}": data for path, data in FILES.items()}
    files = {**served, "set/SHA256SUMS": listed.encode(), "set/list": "\n".join(FILES).encode()}
    with origin(files) as made:
        yield made


def arguments(folder: Path, out: str, where: str, form: str) -> list[object]:
    dataset = folder / "dataset.yaml"
    dataset.write_bytes(write_head(head(popularity=None, root=None)))
    cut = ["--piece-length", 16 * KIB, "--format", form]
    return ["build", dataset, "--from", where, "--out", folder / out, *cut, "--json"]


def killed(server: Origin, line: list[object], count: int) -> None:
    """Start a build of which the long file stops coming, and kill it when all else has come."""
    server.faults["set/long"] = [Fault(stalls=count)]
    with Process(*line) as process:
        process.until("started")
        process.until_advanced("hash set-0001", count - 50_000)
        assert process.end(signal.SIGKILL).status == -signal.SIGKILL
    server.faults.clear()
    server.asked.clear()


@pytest.mark.parametrize("form", ["v1", "v2", "hybrid"])
@pytest.mark.parametrize(
    ("listed", "validators"),
    [("list", ("ETag",)), ("SHA256SUMS", ("ETag",)), ("list", ())],
    ids=["etag", "digests", "nothing"],
)
def test_a_build_that_was_killed_goes_on_and_makes_the_same_bytes(
    server: Origin, tmp_path: Path, form: str, listed: str, validators: tuple[str, ...]
) -> None:
    server.validators = validators
    where = f"{server.url}set/{listed}"
    assert run(*arguments(tmp_path, "whole", where, form)).status == 0
    line = arguments(tmp_path, "out", where, form)
    killed(server, line, 600_000)
    assert made(tmp_path / "out") == {}

    ran = run(*line)

    assert ran.status == 0, ran
    assert made(tmp_path / "out") == made(tmp_path / "whole")
    asked = server.ranges_of("set/long")
    if listed == "list" and validators:
        assert 0 < ran.document["hashed"] < 700_000
        assert server.ranges_of("set/a") == []
        assert len(asked) == 1
        assert asked[0] is not None
        assert 0 < int(asked[0].removeprefix("bytes=").partition("-")[0]) <= 600_000
    elif validators:  # the digest of a file is made in one go
        assert asked == [None]
        assert ran.document["hashed"] < SIZE
        assert server.ranges_of("set/a") == []
    else:
        assert asked == [None]
        assert ran.document["hashed"] == SIZE


def test_what_an_earlier_run_has_hashed_of_other_files_is_not_used(
    server: Origin, tmp_path: Path
) -> None:
    line = arguments(tmp_path, "out", f"{server.url}set/list", "hybrid")
    killed(server, line, 600_000)
    changed = {**FILES, "a": FILES["b"][:40_000]}
    server.files["set/a"] = changed["a"]

    assert run(*line).document["hashed"] == SIZE

    whole = arguments(tmp_path, "whole", f"{server.url}set/list", "hybrid")
    assert run(*whole).status == 0
    assert made(tmp_path / "out") == made(tmp_path / "whole")


def test_a_build_that_is_stopped_ends_at_once(server: Origin, tmp_path: Path) -> None:
    server.faults["set/long"] = [Fault(stalls=600_000)]
    line = arguments(tmp_path, "out", f"{server.url}set/list", "hybrid")
    with Process(*line) as process:
        process.until_advanced("hash set-0001", 500_000)

        assert process.end(signal.SIGINT).status == 130


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak in /proc")
def test_memory_does_not_grow_with_the_files(server: Origin, tmp_path: Path) -> None:
    peaks = []
    for size in (100_000, LARGE):
        server.files = {"set/zeros": size, "set/z": b"z", "set/list": b"zeros\nz\n"}
        line = arguments(tmp_path, f"out{size}", f"{server.url}set/list", "hybrid")[:-1]
        line[line.index("--piece-length") + 1] = 4096 * KIB
        child = [sys.executable, "-c", MEASURED, *map(str, line), "--quiet"]
        ran = subprocess.run(child, capture_output=True, env=environment(), check=True, text=True)
        peaks.append(int(ran.stdout.split()[-1]) * KIB)

    assert peaks[1] - peaks[0] < 40_000_000
