"""The command line for tests: in memory, and as real processes that are watched and stopped."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from seedbox.cli import main

COMMANDS = [
    "init",
    "build",
    "torrent",
    "lint",
    "diff",
    "export croissant",
    "keygen",
    "sign",
    "withdraw",
    "trust add",
    "trust list",
    "trust remove",
    "show",
    "verify",
    "search",
    "license",
    "adopt",
    "seed",
    "status",
    "top",
    "why",
    "pause",
    "resume",
    "reload",
    "fetch",
    "doctor",
    "demo",
]
UNCHECKED = "not checked: no key is pinned for org.example/set"  # what is said of signatures
DEADLINE = 60.0  # seconds; for what takes one, on a machine that does other things too
_OURS = ("SEEDBOX_", "COVERAGE_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_", "XDG_")


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 -- whatever the command has to say
        """What it printed with --json, and nothing else."""
        return json.loads(self.out)

    @property
    def error(self) -> tuple[int, str, str, str]:
        """Status, code, message and hint, from --json."""
        error = self.document["error"]
        assert set(error) == {"code", "message", "hint", "data"}
        return self.status, error["code"], error["message"], error["hint"]

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it told with --json-events: every line of standard error."""
        return [json.loads(line) for line in self.err.splitlines()]


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of this process without anything that changes how seedbox behaves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    ours = {"XDG_CONFIG_HOME": "/nowhere", "XDG_STATE_HOME": "/nowhere", "TERM": "xterm-256color"}
    if state := os.environ.get("SEEDBOX_STATE"):  # that of the test; never the user's own
        ours["SEEDBOX_STATE"] = state
    return {**kept, **ours, **(changes or {})}


@contextlib.contextmanager
def _surroundings(env: Mapping[str, str]) -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    streams = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    before, handler = dict(os.environ), signal.getsignal(signal.SIGTERM)
    os.environ.clear()
    os.environ.update(env)
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            yield streams
    finally:
        os.environ.clear()
        os.environ.update(before)
        signal.signal(signal.SIGTERM, handler)


def run(*arguments: object, env: Mapping[str, str] | None = None) -> Ran:
    """Run a command in this process, without a terminal and without a configuration file."""
    status: object = None
    with _surroundings(environment(env)) as (out, err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    assert isinstance(status, int)
    return Ran(status, *texts)


def command(*arguments: object) -> list[str]:
    """What starts seedbox in a process of its own."""
    return [sys.executable, "-m", "seedbox", *(str(argument) for argument in arguments)]


def run_process(*arguments: object, env: Mapping[str, str] | None = None, **how: Any) -> Ran:  # noqa: ANN401
    """Run a command in a process; `how` is what subprocess.run takes."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    done = subprocess.run(
        command(*arguments),
        **streams,
        env=environment(env),
        timeout=DEADLINE,
        check=False,
        text=True,
    )
    return Ran(done.returncode, done.stdout or "", done.stderr or "")


class Process:
    """A command with --json-events in a process of its own.

    Its standard error is read only by `until` and `end`. So a command with more to tell than that
    holds stands still in between: it can be stopped in the middle of its work, each time. A pipe
    holds hundreds of events, what a `close` watch goes through some six.
    """

    def __init__(
        self, *arguments: object, env: Mapping[str, str] | None = None, close: bool = False
    ) -> None:
        ours, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 0)  # the system's least
        with ours, theirs:
            self._process = subprocess.Popen(
                [*command(*arguments), "--json-events"],
                stdout=subprocess.PIPE,
                stderr=theirs.fileno() if close else subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                env=environment(env),
            )
            if close:
                self._process.stderr = ours.makefile("rb")
        self._read = b""  # of standard error, and not given out yet
        self.told: list[dict[str, Any]] = []
        self._waited_for: set[int] = set()  # indexes into what was told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # closes the pipes
            self._process.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, event: str, **fields: object) -> dict[str, Any]:
        """Return the first event with these fields that was not returned before, told or to come.

        Events of several threads may come in any order.
        """
        deadline = time.monotonic() + DEADLINE
        for index in itertools.count():
            if index == len(self.told):
                self._read_one(deadline)
            told = self.told[index]
            if told["event"] != event or index in self._waited_for:
                continue
            if fields.items() <= told.items():
                self._waited_for.add(index)
                return told
        raise AssertionError

    def until_advanced(self, task: str, least: int = 1) -> None:
        """Wait until some bytes of a task are done."""
        while self.until("advanced", task=task)["done"] < least:
            pass

    def _read_one(self, deadline: float) -> None:
        stream = self._process.stderr
        assert stream is not None
        while b"\n" not in self._read:
            ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no such event within {DEADLINE:g} seconds; told: {self.told}"
            more = os.read(stream.fileno(), 128)  # about an event
            assert more, f"the command has ended; told: {self.told}"
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        self.told.append(json.loads(line))

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self, number: signal.Signals | None = None) -> Ran:
        """Send a signal, if there is one, and wait for the end; `err` is the rest of its events."""
        if number is not None:
            self.send(number)
        out, err = self._process.communicate(timeout=DEADLINE)
        return Ran(self._process.returncode, out.decode(), (self._read + err).decode())


# --- what a command may have changed ----------------------------------------------------------


def snapshot(folder: Path) -> dict[str, tuple[str, int]]:
    """Everything below a folder: kind or digest, and time of change, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            what = f"link to {path.readlink()}"
        elif path.is_file():
            what = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            what = "folder" if path.is_dir() else "other"
        found[path.relative_to(folder).as_posix()] = (what, status.st_mtime_ns)
    return found


def paths(folder: Path) -> Sequence[str]:
    """The paths of all files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)
