"""What jobs say while they work: frozen values for one `on_event` callable.

A job never prints. `console` shows these as bars and lines, `--json-events` as one JSON line each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Started:
    """A piece of work of known size begins."""

    task: str  # names the work until its Done, such as "hash wiki-0001"
    total: int  # bytes


@dataclass(frozen=True, slots=True)
class Advanced:
    """Some of the work is done."""

    task: str
    done: int  # bytes so far, of Started.total
    rate: int | None = None  # bytes/s, where the job knows better than the clock
    peers: int | None = None  # connected peers, for work on the swarm


@dataclass(frozen=True, slots=True)
class Done:
    """The work has ended, well or not."""

    task: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth a line."""

    message: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that is not as it should be, and does not stop the work."""

    message: str


@dataclass(frozen=True, slots=True)
class Listening:
    """The address at which peers reach this program."""

    endpoint: str  # host:port


@dataclass(frozen=True, slots=True)
class Seeding:
    """A shard is proven and can be asked for."""

    shard: str


@dataclass(frozen=True, slots=True)
class Served:
    """Payload bytes that peers have taken, so far in this run."""

    shard: str
    uploaded: int  # bytes
    peers: int


Event: TypeAlias = Started | Advanced | Done | Note | Warned | Listening | Seeding | Served
OnEvent: TypeAlias = Callable[[Event], None]


class StoppedError(Exception):
    """Ends work in a thread after a stop; nobody waits for that thread any more."""


def until(stop: threading.Event, on_event: OnEvent) -> OnEvent:
    """Return an `on_event` that hands events on until `stop` is set, and then raises StoppedError.

    A thread cannot be cancelled; what it says next is where it ends.
    """

    def relay(event: Event) -> None:
        if stop.is_set():
            raise StoppedError
        on_event(event)

    return relay


def ignore(event: Event) -> None:
    """Take an event and do nothing: for callers who do not watch."""
    del event
