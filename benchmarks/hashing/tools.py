"""Who is measured: seedbox on each of its paths, the peers that are here, and the limits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Command, run

from seedbox.hashing import paths

HERE = Path(__file__).parent
THREADS = os.cpu_count() or 1
FORMS = ("v1", "v2", "hybrid")
LANES, READING = "limit: lanes in cache", "limit: reading alone"
VERIFY, CHECK, START = ", verify", ", check", ", start"
LIBTORRENT = "libtorrent"
V1_PEERS = (f"mktorrent -t {THREADS}", "transmission-create", f"torf, {THREADS} threads")
_TORF = "torf==4.3.1"
_TORF_PYTHON = HERE.parents[1] / "build" / "bench-peers" / "bin" / "python"
_CAP = "OPENSSL_ia32cap"
_NO_SHA = ":~0x20000000"  # the SHA bit of CPUID leaf 7
_TINY = 16 * 1024  # bytes
_PROBE_PATIENCE = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Job:
    """A torrent to build or check."""

    source: Path
    form: str
    piece_length: int  # bytes
    folder: Path  # where torrents are written

    def torrent(self, tool: str) -> Path:
        """Return where a tool writes its torrent."""
        return self.folder / f"{self.source.stem}-{self.form}-{tool.replace(' ', '_')}.torrent"


@dataclass(frozen=True, slots=True)
class Tools:
    """What this machine can run."""

    without_sha: bool
    lead: str  # the path of seedbox that everything is paired with; "auto": what it chooses
    others: tuple[str, ...]  # the other paths of seedbox
    peers: tuple[str, ...]
    absent: Mapping[str, str]  # peer -> why

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every process."""
        plain = {k: v for k, v in os.environ.items() if k not in {_CAP, paths.VARIABLE}}
        return plain | ({_CAP: _NO_SHA} if self.without_sha else {})

    def builds(self, job: Job) -> tuple[Command, list[Command]]:
        """Return the yardstick and everything else that builds a torrent."""
        peers = [name for name in self.peers if job.form == "v1" or name == LIBTORRENT]
        return (
            self.seedbox(job, self.lead),
            [self.seedbox(job, path) for path in self.others]
            + [peer(name, job, self.environ) for name in peers],
        )

    def seedbox(self, job: Job, path: str) -> Command:
        """Return how seedbox builds."""
        name = f"seedbox {path}"
        out = job.torrent(name)
        arguments = [sys.executable, "-m", "seedbox", "torrent", str(job.source), "-o", str(out)]
        arguments += ["--format", job.form, "--piece-length", str(job.piece_length), "--quiet"]
        return Command(name, arguments, self._forced(path), out)

    def verifies(self, job: Job) -> list[Command]:
        """Return what checks the torrent that the yardstick built."""
        torrent = str(job.torrent(f"seedbox {self.lead}"))
        arguments = [sys.executable, "-m", "seedbox", "verify", torrent, str(job.source), "--quiet"]
        checks = [Command(f"seedbox {self.lead}{VERIFY}", arguments, self._forced(self.lead))]
        if LIBTORRENT in self.peers:
            script = [sys.executable, str(HERE / "peer_libtorrent.py"), "check"]
            script += [str(job.source), torrent]
            checks.append(Command(f"libtorrent session{CHECK}", script, self.environ))
        return checks

    def start(self, job: Job) -> Command:
        """Return a build of next to nothing."""
        tiny = job.folder / "tiny.bin"
        tiny.write_bytes(bytes(_TINY))
        command = self.seedbox(Job(tiny, job.form, job.piece_length, job.folder), self.lead)
        return Command(command.name + START, command.arguments, command.environ, command.makes)

    def limits(self, job: Job, size: int, *, lanes: bool) -> list[Command]:
        """Return the limits: they print the seconds of the work alone."""
        script = [sys.executable, str(HERE / "limits.py")]
        read = [*script, "read", str(job.source), str(THREADS)]
        found = [Command(READING, read, self.environ, inside=True)]
        if lanes and self.lead != paths.HASHLIB:
            hot = [*script, "lanes", job.form, self.lead, str(size), str(THREADS)]
            found.append(Command(LANES, hot, self.environ, inside=True))
        return found

    def _forced(self, path: str) -> dict[str, str]:
        return self.environ | ({} if path == paths.AUTO else {paths.VARIABLE: path})


def peer(name: str, job: Job, environ: Mapping[str, str]) -> Command:
    """Return how a peer builds."""
    source, out, length = str(job.source), job.torrent(name), job.piece_length
    if name == LIBTORRENT:
        script = str(HERE / "peer_libtorrent.py")
        arguments = [sys.executable, script, "build", source, str(out), job.form, str(length)]
    elif name == V1_PEERS[0]:
        power = str(length.bit_length() - 1)
        arguments = ["mktorrent", "-t", str(THREADS), "-l", power, "-d", "-a", "http://localhost"]
        arguments += ["-o", str(out), source]
    elif name == V1_PEERS[1]:
        arguments = ["transmission-create", "-s", str(length // 1024), "-o", str(out), source]
    else:
        script = str(HERE / "peer_torf.py")
        arguments = [str(_TORF_PYTHON), script, source, str(out), str(length), str(THREADS)]
    return Command(name, arguments, environ, out)


def find(*, without_sha: bool) -> Tools:
    """Look for everything; torf is installed where it can be."""
    here = list(paths.available())
    if without_sha:
        here = [path for path in here if path in {"avx512", "avx2", paths.HASHLIB}]
        lead = here[0]
    else:
        lead = paths.AUTO if len(here) > 1 else paths.HASHLIB
    absent: dict[str, str] = {}
    for name, program, package in (
        (V1_PEERS[0], "mktorrent", "mktorrent"),
        (V1_PEERS[1], "transmission-create", "transmission-cli"),
    ):
        if shutil.which(program) is None:
            absent[name] = f"not on PATH; in Debian: apt-get install {package}"
    if why := _no_torf():
        absent[V1_PEERS[2]] = why
    peers = tuple(name for name in (LIBTORRENT, *V1_PEERS) if name not in absent)
    return Tools(without_sha, lead, tuple(p for p in here if p != lead), peers, absent)


def _no_torf() -> str | None:
    """Install torf; return why it is absent if that fails."""
    if not _TORF_PYTHON.exists():
        venv.create(_TORF_PYTHON.parents[1], with_pip=True)
    pip = [str(_TORF_PYTHON), "-m", "pip", "install", "--quiet", _TORF]
    done = subprocess.run(pip, capture_output=True, check=False)
    return None if done.returncode == 0 else f"{_TORF} could not be installed"


def masked(tools: Tools, probe: Path, piece_length: int) -> dict[str, float]:
    """Return for each peer, and for hashlib, its CPU time without SHA over that with it.

    Where it can be asked, of SHA-256, for which the instructions matter most.
    """
    acts: dict[str, float] = {}
    for name in (*tools.peers, paths.HASHLIB):
        form = "v2" if name in {LIBTORRENT, paths.HASHLIB} else "v1"
        job = Job(probe, form, piece_length, probe.parent)
        if name == paths.HASHLIB:
            command = tools.seedbox(job, paths.HASHLIB)
        else:
            command = peer(name, job, tools.environ)
        plain = {k: v for k, v in command.environ.items() if k != _CAP}
        unmasked = Command(name, command.arguments, plain, command.makes)
        acts[f"{name} {form}"] = _least_cpu(command) / _least_cpu(unmasked)
    return acts


def _least_cpu(command: Command) -> float:
    runs = [run(command, _PROBE_PATIENCE) for _ in range(2)]
    return min(found.cpu for found in runs if found)


def versions(tools: Tools) -> list[str]:
    """Return name and version of everything that ran."""
    about = "import ssl, sys; print('Python', sys.version.split()[0], 'with', ssl.OPENSSL_VERSION)"
    asked = {
        "Python": [sys.executable, "-c", about],
        "seedbox": [sys.executable, "-m", "seedbox", "--version"],
        LIBTORRENT: [
            sys.executable,
            "-c",
            "import libtorrent as t; print('libtorrent', t.version)",
        ],
        V1_PEERS[0]: ["mktorrent", "-h"],
        V1_PEERS[1]: ["transmission-create", "--version"],
        V1_PEERS[2]: [str(_TORF_PYTHON), "-c", "import torf; print('torf', torf.__version__)"],
    }
    return [_first_line(command) for name, command in asked.items() if name not in tools.absent]


def _first_line(command: Sequence[str]) -> str:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout.strip().splitlines()[0]
