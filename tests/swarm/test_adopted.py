"""Fetching beside files that somebody else owns: real sessions read them and never write."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seedbox.engine.base import Added, AddTorrent, Endpoint, Mode
from seedbox.engine.libtorrent import LibtorrentEngine
from seedbox.jobs.adopt import AdoptOptions, plan_adopt, run_adopt
from seedbox.jobs.events import ignore
from seedbox.jobs.fetch import FetchReport, decide, run_fetch
from seedbox.jobs.fetch_shard import FetchOptions
from seedbox.jobs.shards import Source, shard_torrent
from seedbox.plan.adopt import Fate
from seedbox.plan.fetch import Selection
from seedbox.torrent.info_hash import Format
from support.adopting import HOME, never_written, originals, superseding
from support.content import content, contents, write
from support.datasets import published
from support.swarm import LOOPBACK, MIB, in_loop, read, running
from support.torrents import FORMS

FILES = contents({"a": 3 * MIB, "b/c": MIB + 1, "b/empty": 0, "d": 2 * MIB, "e": 500_000})
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ONE = {"shard_size": 100 * MIB, "piece_length": 64 * 1024}  # all in one shard


@contextlib.asynccontextmanager
async def seeded(
    source: Source, folder: Path, files: Mapping[str, bytes]
) -> AsyncIterator[Endpoint]:
    """Seed every shard of a dataset from a folder that stands for its root; gives the address."""
    write(folder, files)
    async with running(LibtorrentEngine(LOOPBACK)) as node:
        for shard in source.manifest.shards:
            torrent = shard_torrent(source, shard)
            have = (True,) * torrent.num_pieces
            drop = 0 if torrent.layout.single else 1
            node.engine.add(
                AddTorrent(torrent.raw, torrent.info_hash, folder, Mode.SEED, have, drop=drop)
            )
            await node.until(Added, torrent.info_hash.key)
        yield node.address


async def fetch(source: Source, out: Path, peer: Endpoint) -> FetchReport:
    plan = await asyncio.to_thread(decide, source, Selection(), out, now=NOW)
    options = FetchOptions((peer,), stall=20.0, jobs=1)
    return await run_fetch(plan, LibtorrentEngine(LOOPBACK), source.path, out, options, ignore)


def test_whoever_opens_a_file_to_write_is_noticed_whatever_name_is_used(tmp_path: Path) -> None:
    write(tmp_path, {"theirs/a": b"1"})
    (tmp_path / "link").hardlink_to(tmp_path / "theirs" / "a")

    with pytest.raises(AssertionError), never_written(tmp_path / "theirs"):
        (tmp_path / "link").open("r+b").close()


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_the_rest_of_a_shard_comes_and_the_linked_files_are_as_they_were(
    tmp_path: Path, form: Format
) -> None:
    source = published(tmp_path / "publisher", FILES, format=form, **ONE)
    user, out = tmp_path / "user", tmp_path / "data"
    write(user, {"my a": FILES["a"], "my c": FILES["b/c"], "my e": FILES["e"]})
    before = originals(user)
    plan = plan_adopt([source], user, out, now=NOW, on_event=ignore)
    (adopted,) = run_adopt(plan, AdoptOptions(partial=True, jobs=1), ignore).shards
    assert adopted.fate is Fate.PARTIAL
    # A v1 piece reaches into the next file: only `a`, which ends with a piece, is proven alone.
    assert adopted.links == (2 if form is Format.V1 else 4)

    with never_written(user):
        async with seeded(source, tmp_path / "peer", FILES) as peer:
            report = await fetch(source, out, peer)

    assert report.ok
    assert read(out / HOME / "data") == FILES
    assert originals(user) == before
    if form is not Format.V1:
        assert sum(shard.received for shard in report.shards) == 2 * MIB
        assert (out / HOME / "data" / "a").stat().st_ino == before["my a"][3]


@pytest.mark.parametrize("form", [Format.V2, Format.HYBRID])
@in_loop
async def test_a_new_release_costs_what_is_new_and_the_old_one_is_as_it_was(
    tmp_path: Path, form: Format
) -> None:
    new_files = {
        "a": FILES["a"],
        "moved/c": FILES["b/c"],
        "renamed": FILES["e"],
        "b/empty": b"",
        "d": content("d 2", 2 * MIB),  # the same name and size
        "new": content("new", 70_000),
    }
    old = published(tmp_path / "old", FILES, format=form, **ONE)
    new = published(tmp_path / "new", new_files, format=form, sequence=2, root="data-2", **ONE)
    new = superseding(old, new)
    # The old release was adopted: its files in OUT are those of the user.
    user, out = tmp_path / "user", tmp_path / "data"
    write(user, FILES)
    plan = plan_adopt([old], user, out, now=NOW, on_event=ignore)
    assert run_adopt(plan, AdoptOptions(jobs=1), ignore).ok
    before = originals(user)

    with never_written(user):
        async with seeded(new, tmp_path / "peer", new_files) as peer:
            report = await fetch(new, out, peer)

    (shard,) = report.shards
    assert (report.ok, shard.received) == (True, 2 * MIB + 70_000)
    assert shard.reused == 3 * MIB + MIB + 1 + 500_000
    assert read(out / HOME / "data-2") == new_files
    assert read(out / HOME / "data") == FILES
    assert originals(user) == before
