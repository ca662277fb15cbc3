"""What a swarm engine is told and what it tells: values and one protocol.

Pure. The rules that every engine keeps are written at `Engine`; tests/contract holds them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from seedbox.torrent.info_hash import InfoHash

_PORTS = range(1 << 16)
_OTHER_DESCRIPTORS = 256  # sockets to listen and to ask trackers, the API's, the database's
_FEWEST_DESCRIPTORS = 32


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address and a port; names are looked up before they get here."""

    host: str  # an address such as 127.0.0.1 or ::1
    port: int  # for listening, 0 takes any free one

    def __post_init__(self) -> None:
        """Refuse what no socket takes.

        Raises:
            ValueError: The host is no IP address, or the port is out of range.
        """
        ip_address(self.host)
        if self.port not in _PORTS:
            raise ValueError(f"{self.port} is no port: ports go from 0 to 65535")

    def __str__(self) -> str:
        """Return what `parse` reads."""
        if isinstance(ip_address(self.host), IPv6Address):
            return f"[{self.host}]:{self.port}"
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `127.0.0.1:6881` or `[::1]:6881`.

        Raises:
            ValueError: It is written otherwise.
        """
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not colon or not (port.isascii() and port.isdecimal()) or bracketed != (":" in host):
            raise ValueError(f"{text!r} is not of the form 127.0.0.1:6881 or [::1]:6881")
        return cls(host[1:-1] if bracketed else host, int(port))


@dataclass(frozen=True, slots=True)
class Settings:
    """How an engine meets the world; by default it calls nobody that it was not told of."""

    listen: tuple[Endpoint, ...] = ()  # none: peers can be called, but cannot call us
    upload_limit: int | None = None  # bytes/s over all torrents and peers, local ones included
    download_limit: int | None = None  # as upload_limit
    dht: bool = False  # find peers and be found in the DHT (BEP 5)
    lsd: bool = False  # look for peers on the local network (BEP 14)
    trust_local_urls: bool = (
        False  # trackers and web seeds on this network may have any path and query
    )
    lan_unlimited: bool = False  # peers on the local network and this machine are free of limits
    count_local_peers: bool = False  # PeerCame is told of them too: they prove nothing outside
    dht_nodes: tuple[Endpoint, ...] = ()  # enter the DHT here, one of our own; none: the public one
    connections: int = 4000  # peers at once, over all torrents; see `within`
    open_files: int = 500  # kept open between reads of them; see `within`
    announces_per_second: int = 300  # to trackers, when torrents are added and at the end
    dht_lookups_per_second: float = 2.0  # each announces one info-hash, in rotation
    dht_proof_after: float = 30.0  # seconds from an announce to the lookup that is to find it

    def __post_init__(self) -> None:
        """Refuse limits that would stop everything.

        Raises:
            ValueError: A limit or a pace is not positive.
        """
        check_limit(self.upload_limit)
        check_limit(self.download_limit)
        paces = (self.announces_per_second, self.dht_lookups_per_second, self.dht_proof_after)
        if min(self.connections, self.open_files, *paces) <= 0:
            raise ValueError("connections, open files, paces and times are above 0")

    def within(self, descriptors: int) -> Settings:
        """Return these settings, cut to what a process may have open.

        Args:
            descriptors: The limit of the system (RLIMIT_NOFILE). Some are left for the sockets of
                listening and trackers, and for the rest of the program.
        """
        free = max(descriptors - _OTHER_DESCRIPTORS, _FEWEST_DESCRIPTORS)
        wanted = self.connections + self.open_files
        if wanted <= free:
            return self
        files = max(free * self.open_files // wanted, 1)
        return replace(self, connections=max(free - files, 1), open_files=files)


def check_limit(limit: int | None) -> None:
    """Refuse a limit that lets nothing pass.

    Raises:
        ValueError: It is not positive.
    """
    if limit is not None and limit <= 0:
        raise ValueError(f"a limit of {limit} bytes/s; none is written None")


class Mode(StrEnum):
    """What an engine may do with the files of a torrent."""

    SEED = "seed"  # read them; nothing is ever written, made or shortened
    FETCH = "fetch"  # write what is missing; what is there is given to peers, until it is removed


@dataclass(frozen=True, slots=True)
class AddTorrent:
    """A torrent to hold. `have` is believed: whoever adds has verified the files."""

    torrent: bytes  # the .torrent
    info_hash: InfoHash  # that the .torrent must have
    folder: Path  # the save folder: paths in the torrent begin here
    mode: Mode
    have: tuple[bool, ...]  # one for each piece
    trackers: tuple[tuple[str, ...], ...] = ()  # tiers (BEP 12); those in the .torrent are not used
    web_seeds: tuple[str, ...] = ()  # BEP 19; those in the .torrent are not used
    peers: tuple[Endpoint, ...] = ()
    drop: int = 0  # leading segments of each path that `folder` itself stands for
    files: tuple[str, ...] | None = None
    """Where the payload files lie below `folder`, `/` between segments, in the torrent's order.

    Given by who has just looked at each of them: a seed is then held without another look, which
    makes a start of thousands quick. None: the engine reads the names itself and looks.
    """

    def __post_init__(self) -> None:
        """Refuse a seed with holes.

        Raises:
            ValueError: The mode is SEED and a piece is missing.
        """
        if self.mode is Mode.SEED and not all(self.have):
            raise ValueError(f"{self.have.count(False)} pieces are missing from a torrent to seed")

    @property
    def key(self) -> str:
        """How events name the torrent."""
        return self.info_hash.key

    def parts(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return where a file of the torrent lies below `folder`."""
        return path[self.drop :]


@dataclass(frozen=True, slots=True)
class Added:
    """The torrent is held: a seed can be asked for pieces, a fetch asks for them."""

    key: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The torrent is not held; nothing was read or written for it."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The torrent is not held any more, and its files are closed."""

    key: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a torrent is; told after `refresh` if it changed, and just before Finished."""

    key: str
    done: int  # bytes of payload in pieces that passed their hash
    size: int  # bytes of payload
    uploaded: int  # bytes of pieces given to peers since it was added; see Engine for hybrids
    download_rate: int  # bytes/s of payload
    upload_rate: int  # bytes/s of payload
    peers: int  # connected


@dataclass(frozen=True, slots=True)
class Finished:
    """A fetch has every piece, hashed and written: anybody who reads the files finds them."""

    key: str


@dataclass(frozen=True, slots=True)
class PieceFailed:
    """A piece came with bytes that miss its hash; it is fetched again, from others."""

    key: str
    piece: int


@dataclass(frozen=True, slots=True)
class FileFailed:
    """The system refused to read or write a file, or it is not as `have` says.

    Told once for each path and reason while a torrent is held. A fetch that could not write makes
    no more progress; a seed goes on with its other files. Either is mended by remove and add.
    """

    key: str
    path: str  # in full
    reason: str


@dataclass(frozen=True, slots=True)
class TrackerReplied:
    """A tracker took an announce."""

    key: str
    url: str
    peers: int  # that it named


@dataclass(frozen=True, slots=True)
class TrackerFailed:
    """A tracker refused an announce or did not answer; it is asked again later."""

    key: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class DhtAnnounced:
    """A lookup in the DHT found us: a node that was asked for peers of the torrent named us.

    Told once or twice when the first announce has had time to settle, then some times a day. That
    we asked nodes to name us is no evidence, and not told.
    """

    key: str


@dataclass(frozen=True, slots=True)
class PeerCame:
    """A peer called us and asked for this torrent: others can reach us.

    Told at most once a minute for each torrent; of peers on the local network and this machine
    only with Settings.count_local_peers.
    """

    key: str
    peer: Endpoint


@dataclass(frozen=True, slots=True)
class Announcing:
    """How far the announces of all torrents are."""

    waiting: int = 0  # torrents whose first announce to trackers is still to come
    dht_hashes: int = 0  # announced in rotation; a hybrid has two
    dht_revisit: float | None = None  # seconds between two announces of one, about; None: no DHT
    dht_nodes: int | None = None  # known at the last refresh but one; None: no DHT, or no refresh


Event: TypeAlias = (
    Added
    | Refused
    | Removed
    | Progress
    | Finished
    | PieceFailed
    | FileFailed
    | TrackerReplied
    | TrackerFailed
    | DhtAnnounced
    | PeerCame
)


class Engine(Protocol):
    """Holds torrents in their swarms, from `async with` on until its end.

    No method waits, and each may be called from the event loop only. What comes of a call is told
    by events, one consumer for each engine:

    - Each `add` is answered by one Added or one Refused, unless `remove` comes first.
    - Each torrent removed is answered by one Removed.
    - Nothing is told of a torrent after its Refused or Removed, until it is added again.
    - Refused comes after a FileFailed if a file is to blame.
    - Finished comes once, of a fetch, after Added; at once if nothing was missing. It never comes
      after a FileFailed of that fetch.
    - In a hybrid, peers ask for up to 16 KiB of padding with each file: `uploaded` counts it.

    Trackers hear of torrents after their Added, at the pace of the settings, in the order of the
    adds; then each torrent at its own moment of the tracker's interval. One that is removed before
    its turn is not announced.
    """

    @property
    def listening(self) -> tuple[Endpoint, ...]:
        """Where peers can call while it runs, with real ports.

        0.0.0.0 and :: are there as one endpoint for each address of the machine.
        """
        ...

    @property
    def announcing(self) -> Announcing:
        """How far announces are."""
        ...

    async def __aenter__(self) -> Self:
        """Bind and start.

        Raises:
            PortInUseError: An address to listen on is taken or not ours; nothing was started.
        """
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop within seconds, files written and closed; then events() ends.

        Trackers are told of as many torrents as the time allows; they forget the others by
        themselves. The last events are a Progress of each torrent that changed since the last
        refresh.
        """
        ...

    def add(self, torrent: AddTorrent) -> None:
        """Hold a torrent; refused if it is held already, or still being removed."""
        ...

    def remove(self, key: str) -> None:
        """Let go of a torrent; its files stay. Removed comes at once if it is not held."""
        ...

    def connect(self, key: str, peer: Endpoint) -> None:
        """Name a peer of a torrent, from its `add` on; nothing happens if it is not held.

        A fetch goes on calling the peer until it answers, with each `refresh`.
        """
        ...

    def limit(self, upload: int | None) -> None:
        """Change the upload limit, as in Settings, from now on.

        Raises:
            ValueError: It is not positive.
        """
        ...

    def refresh(self) -> None:
        """Ask for a Progress of each torrent that changed since the last time."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Tell what happens, in order, until the engine has stopped."""
        ...
