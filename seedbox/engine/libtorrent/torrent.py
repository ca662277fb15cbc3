"""What the engine remembers of a torrent while libtorrent works on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

import libtorrent as lt

from seedbox.engine.base import AddTorrent, Endpoint, FileFailed, Mode


class Stage(Enum):
    """How far a torrent has come; it only moves down this list."""

    QUEUED = auto()
    LOADING = auto()  # a thread reads it and looks at its files
    STARTING = auto()  # given to libtorrent, which has not taken it yet
    HELD = auto()
    REMOVING = auto()  # Removed follows


@dataclass(slots=True)
class Torrent:
    """One torrent, from its add to its Removed."""

    key: str
    mode: Mode
    folder: str  # the save folder
    peers: list[Endpoint]
    add: AddTorrent | None  # until it is given to libtorrent: 100,000 of them would fill the memory
    stage: Stage = Stage.QUEUED
    handle: lt.torrent_handle | None = None
    size: int = 0  # bytes of payload
    failures: set[FileFailed] = field(default_factory=set)
    written: bool = False  # a fetch has all its pieces, and they are on the disk
    finished: bool = False  # and that has been told

    @classmethod
    def of(cls, add: AddTorrent) -> Torrent:
        """Begin with what is to be added."""
        return cls(add.key, add.mode, str(add.folder), list(add.peers), add)

    @property
    def fetching(self) -> bool:
        """Whether peers are wanted for its pieces."""
        return self.mode is Mode.FETCH and self.stage is Stage.HELD and not self.finished
