"""Doctor: what this installation can do, each point looked at and none guessed."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version

from seedbox import hashing


class Verdict(StrEnum):
    """What was found."""

    PASS = "PASS"  # noqa: S105  (a verdict, no password)
    WARN = "WARN"  # it works, but not as well as it could
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One point that was looked at."""

    point: str
    verdict: Verdict
    found: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Everything that was looked at."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Nothing failed."""
        return all(finding.verdict is not Verdict.FAIL for finding in self.findings)


def run_doctor() -> DoctorReport:
    """Look at the installation.

    Raises:
        UsageError: SEEDBOX_HASH names a path that this machine cannot run.
    """
    return DoctorReport((_python(), _libtorrent(), _hashing()))


def _python() -> Finding:
    found = f"{platform.python_implementation()} {platform.python_version()} on {sys.platform}"
    return Finding("python", Verdict.PASS, found)


def _libtorrent() -> Finding:
    try:
        return Finding("libtorrent", Verdict.PASS, version("libtorrent"))
    except PackageNotFoundError:
        hint = "Install seedbox again, with a Python from 3.11 to 3.13."
        return Finding("libtorrent", Verdict.FAIL, "it is not installed", hint)


def _hashing() -> Finding:
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
