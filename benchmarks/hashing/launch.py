"""Run one command and print what it cost, as JSON.

In a process of its own, and a small one: until a child has replaced its image, the system counts
its parent's memory as the child's peak.

Run with: python -I -S launch.py SECONDS OUTPUT COMMAND...
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from types import FrameType


def main() -> None:
    """Run the command, and kill it once its time is over."""
    patience, output, *command = sys.argv[1:]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 1, output, flags, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)]
    began = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)

    def late(_signal: int, _frame: FrameType | None) -> None:
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, float(patience))
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    signal.setitimer(signal.ITIMER_REAL, 0)
    cost = {
        "seconds": seconds,
        "cpu": usage.ru_utime + usage.ru_stime,
        "rss": usage.ru_maxrss * 1024,
        "status": os.waitstatus_to_exitcode(status),
        "late": seconds >= float(patience),
    }
    print(json.dumps(cost))


if __name__ == "__main__":
    main()
