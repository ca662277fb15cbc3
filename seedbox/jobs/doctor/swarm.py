"""What a daemon that runs says of its swarms; judged by the evidence that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from seedbox.jobs.doctor.finding import Finding, Verdict
from seedbox.units import format_duration

_ENTERING = 120.0  # seconds in which a daemon may still be looking for nodes of the DHT
_ANNOUNCING = 900.0  # seconds in which the first announces may still be on their way
# Reasons for which a shard that was there is not served, and which somebody has to mend.
_BROKEN = ("missing", "changed", "corrupt", "unreadable", "refused")


@dataclass(frozen=True, slots=True)
class Held:
    """How a daemon's shards fare."""

    age: float  # seconds since the daemon started
    listed: int
    held: int  # proven, and in their swarms
    unannounced: int  # of those
    reachable: int
    troubles: Mapping[str, int]  # shards that are not served, by reason
    verifying: int = 0  # shards that wait to be hashed
    example: str | None = None  # the name of one that is not announced
    caller: str | None = None  # what is told of a peer that has called


def shards(seen: Held) -> Finding:
    """Judge whether what is listed is held."""
    found = f"{seen.held:,} of {seen.listed:,} that are listed are held in their swarms"
    if seen.verifying:
        found += f", {seen.verifying:,} wait to be hashed"
    broken = [f"{seen.troubles[why]:,} {why}" for why in _BROKEN if seen.troubles.get(why)]
    if broken:
        hint = "Run `seedbox status`, and `seedbox why SHARD` for the file to blame."
        return Finding("shards", Verdict.WARN, f"{found}; {', '.join(broken)}", hint)
    return Finding("shards", Verdict.PASS, found)


def announced(seen: Held) -> Finding:
    """Judge whether every shard that is held has been announced."""
    if not seen.held:
        return Finding("announced", Verdict.UNKNOWN, "no shard is held in its swarm")
    if not seen.unannounced:
        found = f"all {seen.held:,} that are held: a tracker or the DHT took an announce of each"
        return Finding("announced", Verdict.PASS, found)
    found = f"{seen.unannounced:,} of {seen.held:,} that are held are not announced"
    if seen.age < _ANNOUNCING:
        found += f" yet; the daemon started {_words(seen.age)} ago"
        return Finding("announced", Verdict.UNKNOWN, found, "Ask again in a quarter of an hour.")
    hint = f"Run `seedbox why {seen.example or 'SHARD'}`, and `seedbox doctor --online`."
    verdict = Verdict.FAIL if seen.unannounced >= seen.held else Verdict.WARN
    return Finding("announced", verdict, found, hint)


def dht(nodes: int | None, age: float) -> Finding:
    """Judge whether the DHT is on and alive.

    Args:
        nodes: How many the daemon knows; None: it is off.
        age: Seconds since the daemon started.
    """
    if nodes is None:
        found = "off: nobody finds a shard once its trackers are gone"
        return Finding("dht", Verdict.WARN, found, "Start the daemon without --no-dht.")
    if nodes:
        return Finding("dht", Verdict.PASS, f"on, {nodes:,} nodes are known")
    if age < _ENTERING:
        found = f"on, and no node is known yet; the daemon started {_words(age)} ago"
        return Finding("dht", Verdict.UNKNOWN, found, "Ask again in two minutes.")
    hint = "Let UDP pass, in and out, for the daemon's port."
    return Finding("dht", Verdict.FAIL, "on, but no node answers", hint)


def reachable(seen: Held) -> Finding:
    """Tell whether peers from outside get through; only a call proves it."""
    if seen.reachable:
        found = f"peers have called for {seen.reachable:,} of {seen.listed:,} shards"
        last = "" if seen.caller is None else f", last {seen.caller}"
        return Finding("reachable", Verdict.PASS, found + last)
    found = "no peer from outside has called so far, and from here it cannot be tried"
    hint = "From another network: `nc -vz ADDRESS PORT`; if it fails, forward TCP and UDP."
    return Finding("reachable", Verdict.UNKNOWN, found, hint)


def _words(seconds: float) -> str:
    return format_duration(timedelta(seconds=round(max(0.0, seconds))))
