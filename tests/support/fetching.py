"""Fetching datasets in a FakeSwarm: publishers that seed, and a consumer that fetches."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seedbox.engine.base import AddTorrent, Endpoint, Mode, Settings
from seedbox.jobs.events import Event, OnEvent, ignore
from seedbox.jobs.fetch import FetchReport, run_fetch
from seedbox.jobs.fetch_shard import FetchOptions
from seedbox.jobs.shards import Source, shard_torrent
from seedbox.plan.fetch import FetchPlan, Selection, plan_fetch
from support.content import write
from support.fake_engine import FakeEngine, FakeSwarm

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LISTENING = Settings(listen=(Endpoint("127.0.0.1", 0),))


@dataclass
class Peer:
    """Somebody who has, or has a part of, the shards of a dataset."""

    engine: FakeEngine

    @property
    def address(self) -> Endpoint:
        return self.engine.listening[0]


@contextlib.asynccontextmanager
async def peer(
    swarm: FakeSwarm,
    source: Source,
    folder: Path,
    files: Mapping[str, bytes],
    *,
    pieces: Mapping[str, int] | None = None,
) -> AsyncIterator[Peer]:
    """Hold the shards of a dataset in a swarm.

    Args:
        swarm: The swarm.
        source: The dataset.
        folder: Gets the files, and stands for the root.
        files: What this peer believes to be the dataset, by path below the root.
        pieces: How many leading pieces of a shard it has; all where nothing is said.
    """
    write(folder, files)
    async with FakeEngine(LISTENING, swarm) as engine:
        for shard in source.manifest.shards:
            torrent = shard_torrent(source, shard)
            single = torrent.layout.single
            had = (pieces or {}).get(shard.name, torrent.num_pieces)
            have = tuple(index < had for index in range(torrent.num_pieces))
            below = shard.at.split("/") if shard.at else []
            mode = Mode.SEED if all(have) else Mode.FETCH
            engine.add(
                AddTorrent(
                    torrent=torrent.raw,
                    info_hash=torrent.info_hash,
                    folder=folder.joinpath(*below),
                    mode=mode,
                    have=have,
                    drop=0 if single else 1,
                )
            )
        yield Peer(engine)


@dataclass
class Consumer:
    """Somebody who fetches into a folder, again and again."""

    source: Source
    out: Path
    swarm: FakeSwarm
    events: list[Event] = field(default_factory=list)
    watch: OnEvent = ignore
    make_engine: type[FakeEngine] = FakeEngine

    @property
    def home(self) -> Path:
        return self.out / "org.example" / "set"

    @property
    def staging(self) -> Path:
        return self.home / ".seedbox" / "staging"

    def staged(self, number: int = 0) -> Path:
        """The staging folder of a shard."""
        return self.staging / self.source.manifest.shards[number].info_hash.key

    def has(self) -> dict[str, bytes]:
        """The files in their final place, by path below the root."""
        root = self.home / "data"
        paths = (path for path in sorted(root.rglob("*")) if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}

    def plan(self, **selection: Any) -> FetchPlan:  # noqa: ANN401  (what a Selection takes)
        wish = Selection(**selection)
        manifest = self.source.manifest
        return plan_fetch(manifest, wish, held={}, free=10**12, folder="", now=NOW)

    async def fetch(
        self,
        *peers: Peer,
        stall: float = 20.0,
        at_once: int = 4,
        **selection: Any,  # noqa: ANN401  (what a Selection takes)
    ) -> FetchReport:
        return await run_fetch(
            self.plan(**selection),
            self.make_engine(LISTENING, self.swarm),
            self.source.path,
            self.out,
            FetchOptions(tuple(peer.address for peer in peers), stall, at_once, jobs=1),
            self.hear,
        )

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self.watch(event)
