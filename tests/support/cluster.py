"""A real Dask scheduler and real workers, each a process of its own on 127.0.0.1."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seedbox.jobs.build import BuildReport, run_build
from seedbox.jobs.cluster import Patience, connected
from seedbox.jobs.events import ignore
from support.cli import environment
from support.content import contents
from support.datasets import plan

MIB = 1024 * 1024
FILES = contents(
    {**{f"f{i}": 30_000 * (i + 1) for i in range(8)}, "d/empty": 0, "large": 3 * MIB + 1}
)
SIZE = 30_000 * 36 + 3 * MIB + 1
# Run in a worker: it dies by SIGKILL when it has kept the digests of its first pieces. Dask runs
# such files twice.
DIES = """
import os, signal
from seedbox.jobs.journal import Journal
if not hasattr(Journal, "kept"):
    Journal.kept = Journal.add
    def add(self, digests):
        self.kept(digests)
        os.kill(os.getpid(), signal.SIGKILL)
    Journal.add = add
"""
DEADLINE = 60.0  # seconds
_QUIET = ["--no-dashboard", "--host", "127.0.0.1"]
_SETTINGS = {"DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(message)s", "PYTHONUNBUFFERED": "1"}


class Member:
    """A scheduler or a worker; ends with its context."""

    def __init__(self, line: list[str], env: Mapping[str, str] | None, cwd: Path | None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dask", *line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**environment(_SETTINGS), **(env or {})},
            cwd=cwd,
        )
        self._read = ""

    def until(self, pattern: str) -> str:
        """Return the first group of the first match in what it says."""
        deadline = time.monotonic() + DEADLINE
        stream = self._process.stderr
        assert stream is not None
        while not (found := re.search(pattern, self._read)):
            ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"nothing like {pattern!r}; it said: {self._read}"
            more = os.read(stream.fileno(), 65_536)
            assert more, f"it has ended; it said: {self._read}"
            self._read += more.decode()
        return found[1]

    @property
    def status(self) -> int:
        """What it ends with; a signal is negative."""
        return self._process.wait(DEADLINE)

    def end(self) -> None:
        with self._process:  # closes the pipe
            self._process.kill()


@contextlib.contextmanager
def scheduler(
    *, env: Mapping[str, str] | None = None, cwd: Path | None = None, scheme: str = "tcp"
) -> Iterator[str]:
    """Run a scheduler; gives its address."""
    line = ["scheduler", *_QUIET, "--port", "0", "--protocol", scheme]
    member = Member(line, env, cwd)
    try:
        yield member.until(rf"Scheduler at:\s+({scheme}://[\d.]+:\d+)")
    finally:
        member.end()


@contextlib.contextmanager
def worker(
    address: str,
    *,
    preload: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Member]:
    """Run a worker that does one shard at a time.

    Args:
        address: Of its scheduler, which knows it when the context begins.
        preload: A Python file that it runs first.
        env: What its environment has besides.
        cwd: Its working directory.
    """
    line = ["worker", address, *_QUIET, "--no-nanny", "--nthreads", "1"]
    member = Member(line + (["--preload", str(preload)] if preload else []), env, cwd)
    try:
        member.until(r"(Registered to)")
        yield member
    finally:
        member.end()


def made(out: Path) -> dict[str, bytes]:
    """What a build made, for people."""
    paths = (path for path in out.rglob("*") if path.is_file() and ".seedbox" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def clustered(
    address: str,
    source: Path,
    out: Path,
    patience: Patience | None = None,
    on_event: Any = ignore,  # noqa: ANN401
    **how: Any,  # noqa: ANN401  (what `plan` takes)
) -> BuildReport:
    """Build with the workers of a scheduler."""
    planned, listing = plan(source, **how)
    with connected(address, on_event=on_event, patience=patience) as workers:
        return run_build(planned, listing, out, jobs=1, on_event=on_event, workers=workers)
