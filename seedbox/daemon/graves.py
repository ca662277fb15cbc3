"""What was withdrawn for ever: shards that no manifest may bring back, by each of their hashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from seedbox.daemon.listing import Claim
from seedbox.daemon.record import Pause, Trouble
from seedbox.daemon.state import Tombstone
from seedbox.torrent.info_hash import InfoHash


@dataclass(slots=True)
class Graves:
    """The tombstones of a daemon."""

    _by_digest: dict[bytes, Tombstone] = field(default_factory=dict)

    def add(self, tombstones: Iterable[Tombstone]) -> None:
        """Know of some; one that stands already stays as it is."""
        for each in tombstones:
            for digest in (each.info_hash.v1, each.info_hash.v2):
                if digest is not None:
                    self._by_digest.setdefault(digest, each)

    def of(self, info_hash: InfoHash) -> Tombstone | None:
        """Return the tombstone of a shard, found by any of its hashes."""
        both = (info_hash.v1, info_hash.v2)
        found = (self._by_digest.get(digest) for digest in both if digest is not None)
        return next((each for each in found if each is not None), None)

    def missing(self, tombstones: Iterable[Tombstone]) -> tuple[Tombstone, ...]:
        """Return those of which a hash is not known yet."""
        return tuple(
            each
            for each in tombstones
            if any(
                digest is not None and digest not in self._by_digest
                for digest in (each.info_hash.v1, each.info_hash.v2)
            )
        )

    def held_to(self, claim: Claim) -> Claim:
        """Return what a manifest may say of a shard: one that was withdrawn stays so."""
        found = self.of(claim.shard.info_hash)
        if found is None or (claim.blocked is not None and claim.order is not None):
            return claim
        pause = Pause(Trouble.WITHDRAWN, found.at, found.reason)
        return replace(claim, shard=replace(claim.shard, listed=None), blocked=pause)
