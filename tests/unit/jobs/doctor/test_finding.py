import pytest

from seedbox.jobs.doctor import DoctorReport, Finding, Verdict


@pytest.mark.parametrize(
    ("verdict", "ok"),
    [("PASS", True), ("WARN", True), ("N/A", True), ("FAIL", False)],
)
def test_only_a_failure_makes_a_report_bad(verdict: str, ok: bool) -> None:
    good = Finding("python", Verdict.PASS, "3.11")

    assert DoctorReport((good, Finding("port", Verdict(verdict), ""))).ok is ok
