"""Trackers: each is asked how large a swarm is. Nothing is announced."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

from seedbox.engine.scrape import Counts, scrape
from seedbox.errors import UnreachableError, WebError
from seedbox.jobs.doctor.finding import Finding, Verdict

_SECONDS = 10.0
_MOST = 50  # trackers
_AT_ONCE = 10
_SCRAPED = re.compile(r"(?:udp://.*|https?://.*/announce[^/]*)", re.DOTALL)


def look_at_trackers(
    hashes: Mapping[str, bytes], *, online: bool, seconds: float = _SECONDS
) -> tuple[Finding, ...]:
    """Ask trackers.

    Args:
        hashes: 20 bytes of an info-hash for each tracker, by its URL.
        online: Whether they may be asked.
        seconds: Until each has to answer.
    """
    if not hashes:
        return (Finding("tracker", Verdict.UNKNOWN, "no manifest that was read names one"),)
    if not online:
        return tuple(
            Finding("tracker", Verdict.UNKNOWN, "not asked", "Pass --online to ask it.", tracker)
            for tracker in hashes
        )
    found = asyncio.run(_ask(dict(list(hashes.items())[:_MOST]), seconds))
    if len(hashes) <= _MOST:
        return found
    more = f"{len(hashes) - _MOST:,} more were not asked"
    return (*found, Finding("tracker", Verdict.UNKNOWN, more))


async def _ask(hashes: Mapping[str, bytes], seconds: float) -> tuple[Finding, ...]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(tracker: str, digest: bytes) -> Finding:
        async with turn:
            return await asked(tracker, [digest], seconds)

    return tuple(await asyncio.gather(*(ask(*each) for each in hashes.items())))


async def asked(tracker: str, hashes: Sequence[bytes], seconds: float) -> Finding:
    """Ask one tracker."""
    if not _SCRAPED.fullmatch(tracker.partition("?")[0]):
        found = "it cannot be asked without announcing something (BEP 15, BEP 48)"
        hint = "See whether a daemon's shards are announced: `seedbox status`."
        return Finding("tracker", Verdict.UNKNOWN, found, hint, tracker)
    try:
        return answered(tracker, await scrape(tracker, hashes, seconds=seconds))
    except UnreachableError as error:
        hint = "Try again later; if it stays so, ask its operator, or the publisher for another."
        return Finding("tracker", Verdict.FAIL, error.reason, hint, tracker)
    except WebError as error:
        found = f"it is there, but {error.reason}"
        return Finding("tracker", Verdict.WARN, found, error.hint, tracker)


def answered(tracker: str, counts: Mapping[bytes, Counts]) -> Finding:
    """Tell what a tracker has said."""
    found = "answers"
    for each in counts.values():
        found += f": {each.seeds:,} seeds and {each.leechers:,} leechers of a shard that was asked"
    return Finding("tracker", Verdict.PASS, found, about=tracker)
