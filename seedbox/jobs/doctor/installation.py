"""The installation: Python, libtorrent, the code that hashes, limits, certificates."""

from __future__ import annotations

import platform
import re
import resource
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from seedbox import hashing
from seedbox.engine.base import Settings
from seedbox.jobs.doctor.finding import Finding, Verdict

# Where libtorrent, whose OpenSSL is its own, looks for certificates on Linux.
LIBTORRENT_TRUSTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
)
_FEWEST = 512  # descriptors: the program itself takes some, the rest are peers and files
_MOST = 1 << 16  # descriptors that seedbox makes use of
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")  # OpenSSL: a certificate in a folder
_LIMIT = re.compile(r"^Max open files +(\d+|unlimited) +(\d+|unlimited) ", re.MULTILINE)


def installation() -> tuple[Finding, ...]:
    """Look at the installation.

    Raises:
        UsageError: SEEDBOX_HASH names a path that this machine cannot run.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = python(), libtorrent(), hashes()
    return *found, open_files(soft, hard), certificates(look_for_certificates())


def python() -> Finding:
    """Tell which Python runs this."""
    found = f"{platform.python_implementation()} {platform.python_version()} on {sys.platform}"
    return Finding("python", Verdict.PASS, found)


def libtorrent() -> Finding:
    """Tell which libtorrent there is."""
    try:
        return Finding("libtorrent", Verdict.PASS, version("libtorrent"))
    except PackageNotFoundError:
        hint = "Install seedbox again, with a Python from 3.11 to 3.13."
        return Finding("libtorrent", Verdict.FAIL, "it is not installed", hint)


def hashes() -> Finding:
    """Tell which code hashes, and what else this machine could use."""
    path = hashing.chosen()
    found = f"SHA-1 by {path.sha1}, SHA-256 by {path.sha256}: {path.why}"
    others = [name for name in hashing.available() if name not in {path.sha1, path.sha256}]
    if others:
        found += f" (SEEDBOX_HASH could also be {', '.join(others)})"
    if not hashing.built():
        hint = "Install a C compiler, then seedbox again, to hash several times as fast."
        return Finding("hashing", Verdict.WARN, found, hint)
    return Finding("hashing", Verdict.PASS, found)


# --- how many files and connections -----------------------------------------------------------


def open_files(soft: int, hard: int, *, pid: int | None = None) -> Finding:
    """Judge the limit of open files and connections.

    Args:
        soft: The limit as it is (RLIMIT_NOFILE).
        hard: How far a process may raise it by itself, as `seed` does when it starts.
        pid: A daemon that runs; None: these are the limits that one would be started with.
    """
    limit = soft if pid is not None else hard
    most = _MOST if limit == resource.RLIM_INFINITY else min(limit, _MOST)
    full, cut = Settings(), Settings().within(most)
    about = None if pid is None else f"process {pid}"
    found = f"{most:,} at once: {cut.connections:,} peers and {cut.open_files:,} files of data"
    if cut == full:
        return Finding("open-files", Verdict.PASS, found, about=about)
    hint = (
        "Raise the hard limit and start again: LimitNOFILE=65536 in the systemd unit, "
        "`ulimit -Hn` in a shell."
    )
    found = f"{found}; {full.connections:,} and {full.open_files:,} are wanted"
    verdict = Verdict.FAIL if most < _FEWEST else Verdict.WARN
    return Finding("open-files", verdict, found, hint, about)


def limits_of(pid: int) -> tuple[int, int] | None:
    """Return the limits of open files of a process; None: the system does not say (proc(5))."""
    try:
        found = _LIMIT.search(Path(f"/proc/{pid}/limits").read_text("ascii"))
    except OSError:  # it is another user's, or this is no Linux
        return None
    if found is None:
        return None
    soft, hard = (resource.RLIM_INFINITY if n == "unlimited" else int(n) for n in found.groups())
    return soft, hard


# --- certificates -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where the certificates of authorities are found."""

    python: str | None  # for what seedbox asks of servers itself; None: there are none
    libtorrent: str | None  # for trackers and web seeds in the swarm


def look_for_certificates(trusted: Sequence[str] = LIBTORRENT_TRUSTS) -> Certificates:
    """Look where both look; `trusted` are the files that libtorrent takes, in order."""
    paths = ssl.get_default_verify_paths()
    ours = None
    if ssl.create_default_context().cert_store_stats()["x509_ca"]:
        ours = paths.cafile or paths.capath
    elif paths.capath and _has_certificates(Path(paths.capath)):
        ours = paths.capath
    theirs = next((path for path in trusted if _holds(Path(path))), None)
    return Certificates(ours, theirs)


def _has_certificates(folder: Path) -> bool:
    try:
        return any(_HASHED_NAME.fullmatch(entry.name) for entry in folder.iterdir())
    except OSError:
        return False


def _holds(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return b"-----BEGIN" in stream.read(1 << 16)
    except OSError:
        return False


def certificates(seen: Certificates) -> Finding:
    """Judge whether servers of https can prove who they are."""
    hint = "Install the package ca-certificates."
    if seen.python is None:
        paths = ssl.get_default_verify_paths()
        found = (
            f"there are none in {paths.openssl_cafile} and {paths.openssl_capath}: "
            "no server of https can be asked"
        )
        named = f"{hint} {paths.openssl_cafile_env} names another file."
        return Finding("certificates", Verdict.FAIL, found, named)
    if seen.libtorrent is None:
        found = (
            f"{seen.python}; but none where libtorrent looks ({', '.join(LIBTORRENT_TRUSTS)}): "
            "trackers and web seeds of https cannot be used"
        )
        return Finding("certificates", Verdict.WARN, found, hint)
    return Finding("certificates", Verdict.PASS, seen.python)
