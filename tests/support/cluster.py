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

from support.cli import environment

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
