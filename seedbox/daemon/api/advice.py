"""The next step for a shard that is not served, or has not got as far as it could."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seedbox.daemon.record import Dataset, Reached, Shard, Trouble

TROUBLES: Mapping[Trouble, str] = {
    Trouble.ABSENT: "Fetch it with `seedbox fetch` into a data folder, or put its files there.",
    Trouble.MISSING: "Put the file back, or mount its disk; seedbox looks again by itself.",
    Trouble.CHANGED: "Restore the file if it should not have changed; it is hashed again.",
    Trouble.CORRUPT: "Replace the file by a good copy, such as one from `seedbox fetch`.",
    Trouble.UNREADABLE: "Let seedbox read the file and look at the disk; it tries again by itself.",
    Trouble.REFUSED: "Read the reason; the publisher has to mend the manifest or the torrent.",
    Trouble.WITHDRAWN: "Delete its files; the publisher has taken it back.",
    Trouble.UNRELEASED: "Wait for its release date; it is seeded from then on.",
    Trouble.DROPPED: "Delete its files if you like; nothing asks for them any more.",
    Trouble.PAUSED: "Run `seedbox resume` on it when it is to be served again.",
    Trouble.VERIFYING: "Wait; shards are hashed one after the other.",
}
STATES: Mapping[Reached, str] = {
    Reached.LISTED: "Run `seedbox reload`, or seed the manifest that lists it.",
    Reached.VERIFIED: "Wait; shards are hashed one after the other.",
    Reached.ANNOUNCED: "Wait for its announce; if none is taken, check the trackers and the DHT.",
    Reached.REACHABLE: "Check that the port that seedbox listens on is open from outside.",
    Reached.SERVED: "Nothing to do: nobody has asked for it yet.",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One shard, and all that there is to say of it."""

    shard: Shard
    dataset: Dataset | None  # None: no manifest lists it any more

    @property
    def missing(self) -> Reached | None:
        """The first state that there is no evidence for."""
        return next((s for s in Reached if self.shard.evidence(s) is None), None)

    @property
    def next_step(self) -> str | None:
        """What to do about it; None: it is served, and all is well."""
        if self.shard.pause is not None:
            return TROUBLES[self.shard.pause.why]
        return None if self.missing is None else STATES[self.missing]


def explain(shard: Shard, datasets: Mapping[str, Dataset]) -> Explained:
    """Return all that there is to say of a shard."""
    return Explained(shard, datasets.get(shard.dataset))
