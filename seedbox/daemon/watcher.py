"""What the engine tells, as evidence of what a shard has reached, and of what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from seedbox.daemon.feeder import Feeder
from seedbox.daemon.holdings import Holdings
from seedbox.daemon.keeper import Keeper
from seedbox.daemon.record import Evidence, Pause, Trouble
from seedbox.daemon.sweeper import Sweeper
from seedbox.daemon.truth import Held
from seedbox.engine.base import (
    Added,
    DhtAnnounced,
    Engine,
    Event,
    FileFailed,
    PeerCame,
    Progress,
    Refused,
    Removed,
    TrackerFailed,
    TrackerReplied,
)
from seedbox.jobs.events import OnEvent, Seeding, Served, Warned


@dataclass(slots=True)
class Watcher:
    """Listens to the engine until it has ended."""

    holdings: Holdings
    keeper: Keeper
    feeder: Feeder
    sweeper: Sweeper
    now: Callable[[], float]
    on_event: OnEvent
    _failing: dict[str, str] = field(default_factory=dict)  # trackers, and what they said last

    async def run(self, engine: Engine) -> None:
        """Take in every event."""
        async for event in engine.events():
            self.take(event)

    def take(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case Removed(key=key):
                self.feeder.removed(key)
            case TrackerFailed(url=url, reason=reason):
                self._tracker_failed(event.key, url, reason)
            case _:
                held = self.holdings.get(event.key)
                if held is not None:
                    self._of(held, event)

    def _of(self, held: Held, event: Event) -> None:
        now, shard = self.now(), held.shard
        match event:
            case Added():
                self._added(held)
            case Refused(reason=reason):
                self._refused(held, reason)
            case Progress():
                self._progress(held, event)
            case FileFailed(path=path, reason=reason):
                self._failed(held, path, reason)
            case TrackerReplied(url=url):
                self._failing.pop(url, None)
                found = Evidence(now, "tracker", f"{url} took an announce")
                self.holdings.put(replace(held, shard=replace(shard, announced=found)))
            case DhtAnnounced():
                found = Evidence(now, "dht", "a node of the DHT names this machine")
                self.holdings.put(replace(held, shard=replace(shard, announced=found)))
            case PeerCame(peer=peer):
                found = Evidence(now, "incoming", f"{peer} called")
                self.holdings.put(replace(held, shard=replace(shard, reachable=found)))
            case _:
                pass  # the others are of fetches

    def _added(self, held: Held) -> None:
        self.feeder.added(held.key)
        if not self.feeder.wants(held.key):
            return  # it was let go of in the meantime
        self.holdings.put(replace(held, carried=held.shard.uploaded))
        self.keeper.seeded[held.key] = None
        self.on_event(Seeding(held.shard.name))

    def _refused(self, held: Held, reason: str) -> None:
        self.feeder.refused(held.key)
        if held.fault is None:  # else a file is to blame, and that was told just before
            self.keeper.fault(held.key, Pause(Trouble.REFUSED, self.now(), reason))

    def _progress(self, held: Held, told: Progress) -> None:
        shard, uploaded = held.shard, held.carried + told.uploaded
        if not held.served:
            self.holdings.put(replace(held, shard=replace(shard, uploaded=uploaded)))
            return
        changed = replace(shard, uploaded=uploaded, rate=told.upload_rate, peers=told.peers)
        if uploaded > shard.uploaded:
            served = Evidence(self.now(), "bytes", f"{uploaded:,} bytes to peers")
            changed = replace(changed, served=served)
            self.on_event(Served(shard.name, told.uploaded, told.peers))
        self.holdings.put(replace(held, shard=changed))

    def _failed(self, held: Held, path: str, reason: str) -> None:
        """Let go of a shard: a seed that answers nothing is worse for its swarm than none."""
        if held.fault is None:
            self.sweeper.hurry()
            self.keeper.fault(held.key, Pause(Trouble.UNREADABLE, self.now(), reason, path))

    def _tracker_failed(self, key: str, url: str, reason: str) -> None:
        """Say what a tracker says, once for all shards."""
        held = self.holdings.get(key)
        if held is not None and self._failing.get(url) != reason:
            self._failing[url] = reason
            self.on_event(Warned(f"{held.shard.name}: tracker {url}: {reason}"))
