"""What a daemon remembers: one SQLite file in its state folder, and the locks on its folders.

Facts (what was hashed, pauses, tombstones, the audit log) are on the disk when the call that
tells them returns. Counters (bytes given, evidence of swarms) are so too, but told once a minute:
that minute is what a kill or a power cut costs. The history alone may lose a little more.
"""

from seedbox.daemon.state.locks import Locks
from seedbox.daemon.state.records import (
    AuditLine,
    FileStat,
    Sample,
    ShardDay,
    Step,
    StoredDataset,
    StoredShard,
    Tombstone,
    Used,
)
from seedbox.daemon.state.store import State

__all__ = [
    "AuditLine",
    "FileStat",
    "Locks",
    "Sample",
    "ShardDay",
    "State",
    "Step",
    "StoredDataset",
    "StoredShard",
    "Tombstone",
    "Used",
]
