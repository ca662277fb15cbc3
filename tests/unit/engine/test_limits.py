import resource
import subprocess
import sys

import pytest

PROGRAM = """
import resource
from seedbox.engine.limits import raise_file_limit
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(raise_file_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
print(raise_file_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard"), [(64, 256), (256, 256), (200, 400)])
def test_the_limit_is_raised_as_far_as_is_allowed(soft: int, hard: int) -> None:
    assert told(soft, hard) == [f"{hard} {hard} {hard}"] * 2


def test_a_limit_beyond_any_need_is_not_asked_for() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard <= 65_536:
        pytest.skip(f"this process may have {hard} files open at most")

    assert told(64, hard) == [f"65536 65536 {hard}"] * 2


def told(soft: int, hard: int) -> list[str]:
    """A process may lower its hard limit, but never raise it: each case is one of its own."""
    program = PROGRAM.format(soft=soft, hard=hard)
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return run.stdout.splitlines()
