"""A new release beside the old one: only what is new comes from peers."""

import errno
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.jobs.fetch import FetchReport, decide
from seedbox.jobs.fetch_shard import Outcome
from seedbox.jobs.shards import Source
from seedbox.plan.fetch import Selection
from seedbox.torrent.info_hash import Format
from support.adopting import originals, superseding
from support.content import content, contents, write
from support.datasets import published
from support.fake_engine import FakeSwarm
from support.faults import refusing
from support.fetching import NOW, Consumer, peer
from support.swarm import in_loop, read

OLD = contents({"a": 60_000, "b/c": 30_000, "b/gone": 25_000, "empty": 0, "lone": 200_000})
NEW = {
    "a": OLD["a"],  # the same
    "moved/c": OLD["b/c"],  # elsewhere
    "renamed": OLD["b/gone"],  # under another name
    "lone": content("lone 2", 200_000),  # same name and size, other bytes
    "new": content("new", 40_000),
    "empty": b"",
}
FRESH = 240_000  # bytes of NEW that OLD has not
USE = {"lone": 9, "a": 1, "moved/c": 1, "renamed": 1, "new": 1, "empty": 1}


def released(folder: Path, files: Mapping[str, bytes], number: int, form: Format) -> Source:
    where = folder / f"release{number}"
    return published(where, files, sequence=number, root=f"2026-0{number}", format=form, values=USE)


@pytest.fixture(params=[Format.V2, Format.HYBRID])
def releases(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Source, Source]:
    """Two releases with other roots, the second of which says what it reuses."""
    old = released(tmp_path, OLD, 1, request.param)
    return old, superseding(old, released(tmp_path, NEW, 2, request.param))


async def fetched(
    consumer: Consumer, folder: Path, files: Mapping[str, bytes], stall: float = 20.0
) -> FetchReport:
    async with peer(consumer.swarm, consumer.source, folder, files) as seed:
        return await consumer.fetch(seed, stall=stall)


def received(report: FetchReport) -> tuple[int, int]:
    return sum(s.received for s in report.shards), sum(s.reused for s in report.shards)


@in_loop
async def test_what_the_old_release_has_is_linked_and_the_rest_comes(
    tmp_path: Path, releases: tuple[Source, Source]
) -> None:
    swarm, out = FakeSwarm(), tmp_path / "mirror"
    old, new = (Consumer(source, out, swarm) for source in releases)
    await fetched(old, tmp_path / "p1", OLD)
    before = originals(old.home / "2026-01")

    report = await fetched(new, tmp_path / "p2", NEW)

    assert report.ok
    assert received(report) == (FRESH, 115_000)
    assert read(new.home / "2026-02") == NEW
    assert originals(old.home / "2026-01") == before
    inodes = {path: inode for path, (*_, inode) in originals(new.home / "2026-02").items()}
    assert inodes["renamed"] == before["b/gone"][3]
    assert not new.staging.exists()
    held = await new.fetch()
    assert {shard.outcome for shard in held.shards} == {Outcome.HELD}


@in_loop
async def test_a_release_that_supersedes_nothing_reuses_nothing(
    tmp_path: Path, releases: tuple[Source, Source]
) -> None:
    swarm, out = FakeSwarm(), tmp_path / "mirror"
    await fetched(Consumer(releases[0], out, swarm), tmp_path / "p1", OLD)
    shards = tuple(replace(shard, supersedes=()) for shard in releases[1].manifest.shards)
    plain = replace(releases[1].manifest, shards=shards)

    report = await fetched(
        Consumer(Source(releases[1].path, plain), out, swarm), tmp_path / "p2", NEW
    )

    assert received(report) == (355_000, 0)


@in_loop
async def test_what_is_not_there_any_more_is_fetched(
    tmp_path: Path, releases: tuple[Source, Source]
) -> None:
    swarm, out = FakeSwarm(), tmp_path / "mirror"
    await fetched(Consumer(releases[0], out, swarm), tmp_path / "p1", OLD)
    changed = out / "org.example/set/2026-01/b/c"
    changed.write_bytes(bytes(30_000))
    before = originals(out / "org.example/set/2026-01")

    report = await fetched(Consumer(releases[1], out, swarm), tmp_path / "p2", NEW)

    assert report.ok
    assert received(report)[1] == 85_000
    assert originals(out / "org.example/set/2026-01") == before


@in_loop
async def test_without_peers_the_old_files_wait_in_staging_and_are_not_written_to(
    tmp_path: Path, releases: tuple[Source, Source]
) -> None:
    swarm, out = FakeSwarm(), tmp_path / "mirror"
    old, new = (Consumer(source, out, swarm) for source in releases)
    await fetched(old, tmp_path / "p1", OLD)
    before = originals(old.home / "2026-01")

    first = await new.fetch(stall=0.05)
    assert not first.ok
    report = await fetched(new, tmp_path / "p2", NEW)

    assert report.ok
    assert received(report) == (FRESH, 0)  # the first run had linked all there is
    assert originals(old.home / "2026-01") == before
    assert read(new.home / "2026-02") == NEW


@in_loop
async def test_where_there_are_no_links_files_are_copied(
    tmp_path: Path, releases: tuple[Source, Source]
) -> None:
    swarm, out = FakeSwarm(), tmp_path / "mirror"
    old, new = (Consumer(source, out, swarm) for source in releases)
    await fetched(old, tmp_path / "p1", OLD)
    with refusing("link", "*", errno.EPERM):
        report = await fetched(new, tmp_path / "p2", NEW)

    assert received(report) == (FRESH, 115_000)
    assert read(new.home / "2026-02") == NEW


def test_the_plan_asks_only_for_the_space_of_what_is_new(
    tmp_path: Path, releases: tuple[Source, Source]
) -> None:
    out = tmp_path / "mirror"
    new = releases[1]
    assert decide(new, Selection(), out, now=NOW).need == 355_000

    write(out / "org.example/set/2026-01", OLD)

    # `renamed` has another name, so nobody knows before it is read; `lone` only looks the same.
    assert decide(new, Selection(), out, now=NOW).need == 355_000 - 60_000 - 30_000 - 200_000


@in_loop
async def test_a_file_that_changes_while_it_is_linked_is_fetched(
    tmp_path: Path, releases: tuple[Source, Source]
) -> None:
    swarm, out = FakeSwarm(), tmp_path / "mirror"
    old, new = (Consumer(source, out, swarm) for source in releases)
    await fetched(old, tmp_path / "p1", OLD)
    with refusing("link", "*/2026-01/a", errno.ENOENT):
        report = await fetched(new, tmp_path / "p2", NEW)

    assert report.ok
    assert received(report)[1] == 55_000
