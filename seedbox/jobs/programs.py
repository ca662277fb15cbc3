"""Running other people's programs: bounded in time and in what they write, and never left behind.

A program gets no terminal, no input, a folder of its own and an environment with nothing of the
user's in it but PATH; only a program that is asked for what the user has set up gets all of it. It
runs as the head of a process group, which is killed as a whole when it hangs, when it writes too
much, when the work is stopped, and for what it leaves running.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from seedbox import disk
from seedbox.jobs.events import StoppedError
from seedbox.manifest.problems import shorten

_TICK = 0.05  # seconds; how late a stop, a time limit or a size limit is seen at most
_LAST = 0.005  # seconds; between a program's last word and its end
_KEPT = 4096  # bytes of the end of what a program says about itself
_READ = 1 << 16  # bytes


class End(Enum):
    """How a program came to its end."""

    BY_ITSELF = auto()
    TIME = auto()  # it was killed: it took too long
    SIZE = auto()  # it was killed: it wrote too much


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that was run."""

    end: End
    status: int  # negative: the signal that ended it
    complaint: str  # the last line that it said on standard error, fit to be shown
    disk_full: bool  # it said so
    seconds: float

    @property
    def well(self) -> bool:
        """It did what it was asked for."""
        return self.end is End.BY_ITSELF and self.status == 0

    @property
    def words(self) -> str:
        """Say how it ended, for people."""
        if self.end is End.TIME:
            return f"did not end in {self.seconds:.0f} s"
        if self.end is End.SIZE:
            return "wrote more than it may"
        how = f"ended with status {self.status}"
        if self.status < 0:
            how = f"was killed by signal {-self.status}"
        return f"{how}: {self.complaint}" if self.complaint else how


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a program may do."""

    seconds: float
    output: Path | None = None  # a file that it writes
    size: int = 0  # bytes; `output` may not grow over this
    stop: threading.Event | None = None  # once set, the work is given up


Take = Callable[[bytes], object]


def find(program: str) -> str | None:
    """Return where a program lies; None: it is not on this machine."""
    found = shutil.which(program)
    return None if found is None else str(Path(found).absolute())  # PATH may hold "."


def run(
    command: Sequence[str], folder: Path | None, bounds: Bounds, on_output: Take | None = None
) -> Ran:
    """Run a program to its end.

    Args:
        command: The program by its absolute path, and its arguments; no shell reads them.
        folder: It works there, and finds its home and its temporary files there; None: where
            seedbox runs, in the user's own environment.
        bounds: What it may do.
        on_output: Gets what it says on standard output, part by part; None: nobody does.

    Raises:
        StoppedError: `bounds.stop` was set.
        DiskError: The program cannot be started.
    """
    began = time.monotonic()
    with disk.attempt("run", Path(command[0])):
        process = subprocess.Popen(  # noqa: S603 - no shell; what is run was agreed to
            command,
            cwd=folder,
            env=None if folder is None else _environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if on_output is None else subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    complaints = _Tail()
    with _ending(process):
        streams = [(process.stderr, complaints.take), (process.stdout, on_output)]
        end = _watch(process, [(s.fileno(), t) for s, t in streams if s and t], bounds, began)
    seconds = time.monotonic() - began
    return Ran(end, process.returncode, complaints.last, complaints.disk_full, seconds)


def _environment(folder: Path) -> dict[str, str]:
    place = str(folder)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": place,
        "TMPDIR": place,
        "LC_ALL": "C.UTF-8",  # or else the same program says and sorts otherwise elsewhere
        "TZ": "UTC0",
        "SOURCE_DATE_EPOCH": "0",  # reproducible-builds.org: in place of the time of day
    }


class _Tail:
    """The end of a stream."""

    def __init__(self) -> None:
        self._data = b""

    def take(self, data: bytes) -> None:
        self._data = (self._data + data)[-_KEPT:]

    @property
    def last(self) -> str:
        lines = self._data.decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return shorten(said[-1]) if said else ""

    @property
    def disk_full(self) -> bool:
        """Tell by the words of strerror(3), which LC_ALL settles."""
        return b"No space left on device" in self._data or b"Disk quota exceeded" in self._data


def _watch(
    process: subprocess.Popen[bytes],
    streams: Sequence[tuple[int, Take]],
    bounds: Bounds,
    began: float,
) -> End:
    """Hear what a program says until it has ended, or has to be ended."""
    with selectors.DefaultSelector() as selector:
        for descriptor, take in streams:
            selector.register(descriptor, selectors.EVENT_READ, take)
        while True:
            if bounds.stop is not None and bounds.stop.is_set():
                raise StoppedError
            if time.monotonic() - began > bounds.seconds:
                return End.TIME
            if _too_large(bounds):
                return End.SIZE
            over = _ended(process)
            heard = selector.select(0 if over else _TICK if selector.get_map() else _LAST)
            if over and not heard:  # what it left running may hold a stream open for ever
                return End.BY_ITSELF
            for key, _ in heard:
                data = os.read(key.fd, _READ)
                if data:
                    key.data(data)
                else:
                    selector.unregister(key.fd)


def _too_large(bounds: Bounds) -> bool:
    if bounds.output is None:
        return False
    with contextlib.suppress(OSError):  # not there yet, or what is there is judged at the end
        status = bounds.output.lstat()
        return stat.S_ISREG(status.st_mode) and status.st_size > bounds.size
    return False


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a program has ended, and let it keep its number until its group is killed."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, options) is not None


@contextlib.contextmanager
def _ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leave no process behind, however the block ends."""
    with process:
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: only zombies
                os.killpg(process.pid, signal.SIGKILL)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            process.wait()
