"""When to ask a server again for what may have changed. Pure.

Servers say how long an answer is good for, within bounds that are ours; mirrors that ask for the
same URL are spread by chance, which is that of whoever asks and the URL: the same in every run.
"""

from __future__ import annotations

from hashlib import sha256

from seedbox.plan.remote import pause

SOONEST = 15 * 60.0  # seconds between two requests that go well
LATEST = 6 * 3600.0  # as above
USUAL = 3600.0  # where the server says nothing
_SPREAD = 0.1  # of the time
_FIRST_PAUSE = SOONEST  # seconds after a failure; twice as long after each more
_LONGEST_PAUSE = 86_400.0  # seconds, whatever the server asks for


def after_success(url: str, max_age: float | None, *, who: str) -> float:
    """Return the seconds until a URL is asked for again.

    Args:
        url: What was asked for.
        max_age: What its server said of the answer, in seconds; None: nothing.
        who: What tells this mirror from others, such as its state folder.
    """
    wanted = USUAL if max_age is None else max_age
    wait = min(max(wanted, SOONEST), LATEST / (1 + _SPREAD))
    return wait * (1 + _SPREAD * _chance(url, who))


def after_failure(url: str, failures: int, retry_after: float | None, *, who: str) -> float:
    """Return the seconds until a URL is asked for again that gave nothing that could be used.

    Args:
        url: What was asked for.
        failures: In a row; one at least.
        retry_after: What the server asks for, in seconds; honoured up to a day.
        who: See `after_success`.
    """
    asked = None if retry_after is None else min(retry_after, _LONGEST_PAUSE)
    turns = min(failures, 30)  # 2**30 times a quarter of an hour is over a day anyway
    return pause(f"{who} {url}", turns, asked, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE)


def _chance(url: str, who: str) -> float:
    return int.from_bytes(sha256(f"{who} {url}".encode()).digest()[:4]) / 0xFFFF_FFFF
