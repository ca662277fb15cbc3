"""Doctor: what an installation can do and how a daemon fares, each point looked at, none guessed.

Looking and judging are two things: what was seen is a value, and the verdict on it is a function of
that value alone.
"""

from seedbox.jobs.doctor.finding import DoctorReport, Finding, Verdict

__all__ = ["DoctorReport", "Finding", "Verdict"]
