"""What the engine remembers of a torrent while libtorrent works on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import libtorrent as lt

from seedbox.engine.base import AddTorrent, Endpoint, FileFailed, Mode
from seedbox.torrent.info_hash import V1_BYTES, InfoHash


class Stage(Enum):
    """How far a torrent has come; it only moves down this list."""

    QUEUED = auto()
    LOADING = auto()  # a thread reads it and looks at its files
    STARTING = auto()  # given to libtorrent, which has not taken it yet
    HELD = auto()
    REMOVING = auto()  # Removed follows


@dataclass(slots=True, eq=False)
class Torrent:
    """One torrent, from its add to its Removed.

    There are 100,000 of them: what most have in common is shared, and nothing is made before use.
    """

    key: str
    info_hash: InfoHash
    mode: Mode
    folder: str  # the save folder
    trackers: tuple[tuple[str, ...], ...]
    peers: tuple[Endpoint, ...]
    add: AddTorrent | None  # until it is given to libtorrent: its bytes would fill the memory
    stage: Stage = Stage.QUEUED
    handle: lt.torrent_handle | None = None
    size: int = 0  # bytes of payload
    failures: frozenset[FileFailed] = frozenset()
    written: bool = False  # a fetch has all its pieces, and they are on the disk
    finished: bool = False  # and that has been told
    announced: bool = False  # a seed has its trackers
    moved: bool = False  # its later announces are at its own moment of the interval
    came: float | None = None  # when the last peer that was told came; clock of the loop
    found: float | None = None  # when a lookup in the DHT last found us; clock of the loop

    @classmethod
    def of(cls, add: AddTorrent) -> Torrent:
        """Begin with what is to be added."""
        folder, peers = str(add.folder), tuple(add.peers)
        return cls(add.key, add.info_hash, add.mode, folder, add.trackers, peers, add)

    @property
    def fetching(self) -> bool:
        """Whether peers are wanted for its pieces."""
        return self.mode is Mode.FETCH and self.stage is Stage.HELD and not self.finished

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Its info-hashes as trackers and the DHT know them: of 20 bytes (BEP 52)."""
        both = (self.info_hash.v1, self.info_hash.v2)
        return tuple(digest[:V1_BYTES] for digest in both if digest is not None)
