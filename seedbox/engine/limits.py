"""What the system lets a process have open."""

from __future__ import annotations

import resource

_MOST = 1 << 16  # more than any engine uses; a limit in the millions makes some programs slow


def raise_file_limit() -> int:
    """Let this process open as many files as it is allowed to, and return how many that is.

    Connections and kept files count against it; see `Settings.within`. The limit of most systems
    is 1,024 to begin with, and may be raised by anybody up to a hard limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _MOST if soft == resource.RLIM_INFINITY else soft
