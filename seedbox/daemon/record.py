"""What a daemon knows, as values: datasets, shards, and the evidence for each of a shard's states.

Pure. The loop replaces a value when something happens; the API, the metrics and `top` read them.
Times are seconds since the epoch, UTC. A shard has reached a state only if there is evidence of it:
nothing is concluded from the absence of an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from seedbox.manifest.model import Role
from seedbox.torrent.info_hash import InfoHash


class Reached(StrEnum):
    """The states of a shard, each with its own evidence; the order is that of a healthy start."""

    LISTED = "listed"  # a manifest that may be believed names it, and its license is open
    VERIFIED = "verified"  # seedbox has hashed every byte, and no file has changed since
    ANNOUNCED = "announced"  # a tracker took an announce, or a lookup in the DHT found us
    REACHABLE = "reachable"  # a peer from outside has called and talked of this shard
    SERVED = "served"  # a peer has taken bytes of it


class Trouble(StrEnum):
    """Why a shard is not served at the moment."""

    ABSENT = "absent"  # none of its files is in a data folder
    MISSING = "missing"  # a file of it is not there any more
    CHANGED = "changed"  # a file has another size, time or inode than when it was hashed
    CORRUPT = "corrupt"  # its bytes are not those of the torrent
    UNREADABLE = "unreadable"  # the system refuses to read a file
    REFUSED = "refused"  # its license, its torrent, or the engine
    WITHDRAWN = "withdrawn"
    UNRELEASED = "unreleased"  # its release date has not come
    DROPPED = "dropped"  # no manifest lists it any more, or `free` gave it up
    PAUSED = "paused"  # by hand
    VERIFYING = "verifying"  # waiting for its turn to be hashed, or being hashed


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that a state was reached."""

    at: float  # when last seen
    by: str  # manifest, hash, tracker, dht, incoming or bytes
    detail: str  # for people, such as "udp://tracker.example.org:6969/announce took an announce"


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a shard is not served, since when, and which file is to blame."""

    why: Trouble
    since: float
    detail: str
    path: str | None = None  # in full


@dataclass(frozen=True, slots=True)
class Swarm:
    """How many others there are, as a tracker says; of a hybrid's two swarms the larger."""

    seeds: int
    leechers: int
    at: float


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of one dataset."""

    key: str  # InfoHash.key
    info_hash: InfoHash
    dataset: str  # id of the manifest
    name: str
    rank: int  # place in the manifest, from 1
    role: Role
    items: int
    size: int  # bytes of payload
    license: str  # SPDX
    use: Decimal | None = None
    coverage: Decimal | None = None  # of it and all before it
    rendition: str | None = None
    folder: str | None = None  # where its files begin; None: nowhere on this disk
    listed: Evidence | None = None
    verified: Evidence | None = None
    announced: Evidence | None = None
    reachable: Evidence | None = None
    served: Evidence | None = None
    pause: Pause | None = None  # None: it is held in its swarm
    uploaded: int = 0  # bytes given to peers, in all runs
    rate: int = 0  # bytes/s to peers
    peers: int = 0  # connected
    swarm: Swarm | None = None  # None: no tracker has said

    def evidence(self, state: Reached) -> Evidence | None:
        """Return what shows that a state was reached; None: it was not."""
        match state:
            case Reached.LISTED:
                return self.listed
            case Reached.VERIFIED:
                return self.verified
            case Reached.ANNOUNCED:
                return self.announced
            case Reached.REACHABLE:
                return self.reachable
            case Reached.SERVED:
                return self.served

    @property
    def reached(self) -> tuple[Reached, ...]:
        """Every state that there is evidence for."""
        return tuple(state for state in Reached if self.evidence(state) is not None)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One manifest, as it was last believed, and what is wrong with a newer one if there is one."""

    id: str
    source: str  # path or URL
    title: str
    version: str | None
    sequence: int
    issued: float
    expires: float | None
    license: str | None  # SPDX; None: each shard has its own
    shards: int
    items: int
    size: int  # bytes
    signed_by: str | None  # name of the key; None: nobody has checked
    loaded: float  # when this version was taken on
    looked: float  # when the source was last asked
    next_look: float | None  # None: it is a file, looked at on reload
    problem: str | None = None  # why what the source gives now is not believed


@dataclass(frozen=True, slots=True)
class Traffic:
    """What goes to peers, and what may."""

    uploaded: int  # bytes, in all runs
    rate: int  # bytes/s
    peers: int  # connected
    limit: int | None  # bytes/s at the moment; None: none
    today: int  # bytes since midnight UTC
    month: int  # bytes since the first of the month, UTC
    day_cap: int | None = None  # bytes; None: none
    month_cap: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Everything that can be asked of a daemon, at one moment."""

    at: float
    started: float
    version: str
    data: tuple[str, ...]  # folders
    listening: tuple[str, ...]  # addresses for peers
    datasets: tuple[Dataset, ...]
    shards: Sequence[Shard]  # by dataset, then rank
    traffic: Traffic
    dht_nodes: int | None = None  # None: the DHT is off
    verifying: int = 0  # shards that wait to be hashed


def counts(shards: Iterable[Shard]) -> dict[str, int]:
    """Return how many shards there are in each state; each counts in every one it has reached."""
    found = dict.fromkeys(map(str, Reached), 0)
    for shard in shards:
        for state in shard.reached:
            found[state] += 1
    return found


# --- what a daemon is asked to do -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PauseShards:
    """Stop serving some shards until they are resumed; kept over restarts."""

    shards: tuple[str, ...]  # keys


@dataclass(frozen=True, slots=True)
class ResumeShards:
    """Serve shards again that were paused by hand."""

    shards: tuple[str, ...]  # keys


@dataclass(frozen=True, slots=True)
class Reload:
    """Look at every manifest now."""


Command = PauseShards | ResumeShards | Reload


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command."""

    changed: tuple[str, ...] = ()  # keys
    notes: tuple[str, ...] = ()  # what was not done, and why
