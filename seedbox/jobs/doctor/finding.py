"""What was found at one point, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What was found."""

    PASS = "PASS"  # noqa: S105  (a verdict, no password)
    WARN = "WARN"  # it works, but not as well as it could
    FAIL = "FAIL"
    UNKNOWN = "N/A"  # it cannot be known from here; what was found says why


@dataclass(frozen=True, slots=True)
class Finding:
    """One point that was looked at."""

    point: str  # its name, which stays
    verdict: Verdict
    found: str
    hint: str | None = None  # the next step
    about: str | None = None  # which folder, tracker or manifest, where there may be several


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Everything that was looked at."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Nothing failed."""
        return all(finding.verdict is not Verdict.FAIL for finding in self.findings)
