"""What the interface needs of a daemon: one look, commands, the past, and word of every change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from seedbox.daemon.record import Command, Dataset, Outcome, Shard, Traffic, View


class Step(StrEnum):
    """How finely the past is told; the older, the coarser it is kept."""

    MINUTE = "minute"  # kept for two days
    HOUR = "hour"  # kept for sixty days
    DAY = "day"  # kept for ever


class Sample(Protocol):
    """One step of the past; the daemon's state has such values."""

    @property
    def at(self) -> float:
        """When it began."""
        ...

    @property
    def uploaded(self) -> int:
        """Bytes in this step."""
        ...

    @property
    def rate(self) -> int:
        """The largest in this step, bytes/s."""
        ...

    @property
    def peers(self) -> int:
        """Connected, at the most."""
        ...

    @property
    def listed(self) -> int:
        """Shards at its end; so are those below."""
        ...

    @property
    def verified(self) -> int:
        """See `listed`."""
        ...

    @property
    def announced(self) -> int:
        """See `listed`."""
        ...

    @property
    def reachable(self) -> int:
        """See `listed`."""
        ...

    @property
    def served(self) -> int:
        """See `listed`."""
        ...


class Noted(Protocol):
    """One line of the log of decisions; the daemon's state has such values."""

    @property
    def id(self) -> int:
        """Rises by the order of writing."""
        ...

    @property
    def at(self) -> float:
        """When."""
        ...

    @property
    def what(self) -> str:
        """A word, such as "withdrawn"."""
        ...

    @property
    def subject(self) -> str:
        """What it was done to: a key, an id, a path."""
        ...

    @property
    def detail(self) -> str:
        """Why, for people."""
        ...


class Kind(StrEnum):
    """What has changed."""

    SHARD = "shard"
    DATASET = "dataset"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True)
class Change:
    """A value that is not what it was."""

    value: Shard | Dataset | Traffic

    @property
    def kind(self) -> Kind:
        """What it is."""
        match self.value:
            case Shard():
                return Kind.SHARD
            case Dataset():
                return Kind.DATASET
            case Traffic():
                return Kind.TRAFFIC


class Daemon(Protocol):
    """A daemon, as the server and the tests know it.

    All of it is called in the daemon's own loop. What `view` returns never changes afterwards:
    it is read in other threads.
    """

    def view(self) -> View:
        """Return everything, as it is now; quick, even with 100,000 shards."""
        ...

    async def obey(self, command: Command) -> Outcome:
        """Carry out a command."""
        ...

    async def history(self, step: Step, since: float, until: float) -> Sequence[Sample]:
        """Return the past, oldest first; steps of which nothing is known are left out."""
        ...

    async def audit(self, before: int | None, limit: int) -> Sequence[Noted]:
        """Return the log of decisions, newest first; `before` is an id that is left out."""
        ...

    def changes(self) -> AsyncIterator[Change]:
        """Tell of every change from now on; several may listen."""
        ...
