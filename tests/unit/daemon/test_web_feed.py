"""Manifests by URL and withdrawals that are polled, in a daemon that runs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seedbox.daemon.options import Options
from seedbox.daemon.record import Dataset, Reload, Trouble
from seedbox.daemon.web_feed import WebFeed
from seedbox.errors import UnvouchedError, WebError
from seedbox.jobs.admission import Trust
from seedbox.jobs.shards import Source
from seedbox.manifest.withdrawals import Target
from support.content import contents
from support.daemons import Running, options, running
from support.datasets import published
from support.origin import Fault, origin
from support.signing import key
from support.site import Site, site
from support.swarm import in_loop

FILES = contents({"x/lone.bin": 120_000, "a": 60_000, "b/c": 10})
ONE, TWO = "set-0001", "set-0002"
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return published(tmp_path, FILES, values={"x/lone.bin": 9, "a": 5, "b/c": 5})


@pytest.fixture
def server(source: Source) -> Iterator[Site]:
    with origin({}) as made:
        yield site(made, source)


def by_url(folder: Path, server: Site, **changes: object) -> Options:
    """A daemon that trusts the publisher."""
    trust = Trust(folder / "trust", (server.signer.public,))
    return options(folder, urls=(server.url,), trust=trust, **changes)


def by_file(folder: Path, server: Site, **changes: object) -> Options:
    """A daemon that has the manifest as a file, and trusts the publisher."""
    manifest = server.source.path
    manifest.write_bytes(server.latest)
    signature = server.origin.files["manifest.yaml.minisig"]
    assert isinstance(signature, bytes)
    manifest.with_name("manifest.yaml.minisig").write_bytes(signature)
    trust = Trust(folder / "trust", (server.signer.public,))
    return options(folder, manifest, trust=trust, **changes)


def told(daemon: Running) -> Dataset:
    assert daemon.desk is not None
    (found,) = daemon.desk.view().datasets
    return found


async def look(daemon: Running) -> None:
    assert daemon.desk is not None
    await daemon.desk.obey(Reload())


# --- manifests by URL -------------------------------------------------------------------------


@in_loop
async def test_a_manifest_by_url_is_served_and_known_by_its_url(
    tmp_path: Path, server: Site
) -> None:
    async with running(by_url(tmp_path, server)) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        found = told(daemon)
        assert (found.source, found.sequence) == (server.url, 1)
        assert found.signed_by == server.signer.public.name
        assert found.next_look is not None
        assert found.next_look > found.looked
    assert daemon.ended is not None
    assert [each.where for each in daemon.ended.admitted] == [server.url]


def told_of(daemon: Running) -> tuple[Dataset, ...]:
    assert daemon.desk is not None
    return daemon.desk.view().datasets


@in_loop
async def test_a_restart_without_the_server_serves_what_was_copied(
    tmp_path: Path, server: Site
) -> None:
    async with running(by_url(tmp_path, server)) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
    server.origin.files.clear()
    server.asked()

    async with running(by_url(tmp_path, server)) as again:
        await again.until_seeded(ONE, TWO)
        await look(again)
        await again.until(lambda: told(again).problem is not None)
        assert "no such file" in (told(again).problem or "")
        assert again.why(ONE) is None
        assert "unasked" in await again.audited()
    assert again.hashed == []


@in_loop
async def test_a_newer_release_is_taken_on_and_a_refused_one_is_shown(
    tmp_path: Path, server: Site
) -> None:
    async with running(by_url(tmp_path, server)) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.release(2, title="Second")
        await look(daemon)
        await daemon.until(lambda: told(daemon).sequence == 2)
        right, server.signer = server.signer, key(2)
        server.release(3)
        await look(daemon)
        await daemon.until(lambda: told(daemon).problem is not None)
        assert server.url in (told(daemon).problem or "")
        assert told(daemon).sequence == 2
        assert daemon.why(ONE) is None
        assert "refused" in await daemon.audited()
        server.signer = right
        server.release(3, previous=None)
        server.latest = b""


@in_loop
async def test_trouble_that_is_over_is_not_shown_any_more(tmp_path: Path, server: Site) -> None:
    async with running(by_url(tmp_path, server)) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        server.origin.faults["manifest.yaml"] = [Fault(status=500)]
        await look(daemon)
        await daemon.until(lambda: told(daemon).problem is not None)
        await look(daemon)
        await daemon.until(lambda: told(daemon).problem is None)


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(status=404)])
@in_loop
async def test_a_new_url_that_cannot_be_had_is_told_at_once(
    tmp_path: Path, server: Site, fault: Fault
) -> None:
    server.origin.faults["manifest.yaml"] = [fault]
    with pytest.raises(WebError):
        async with running(by_url(tmp_path, server)):
            pass


@in_loop
async def test_a_new_url_without_a_known_key_is_refused_at_once(
    tmp_path: Path, server: Site
) -> None:
    nobody = replace(by_url(tmp_path, server), trust=Trust(tmp_path / "trust"))
    with pytest.raises(UnvouchedError) as refused:
        async with running(nobody):
            pass
    assert refused.value.exit_status == 7


@in_loop
async def test_a_stop_does_not_wait_for_a_slow_server(tmp_path: Path, server: Site) -> None:
    async with running(by_url(tmp_path, server)) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        asked = len(server.origin.asked)
        server.origin.faults["manifest.yaml"] = [Fault(stalls=10)]
        server.release(2)
        await look(daemon)
        await daemon.until(lambda: len(server.origin.asked) > asked)
    assert daemon.ended is not None  # within less than the 120 seconds that a server may take


# --- withdrawals ------------------------------------------------------------------------------


@in_loop
async def test_what_is_taken_back_stops_at_once_and_never_comes_back(
    tmp_path: Path, server: Site
) -> None:
    async with running(by_url(tmp_path, server)) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.take_back(1, Target(shard=TWO), by=LATER)
        await look(daemon)
        await daemon.until_told(f"{TWO} is no longer seeded: withdrawn on")
        assert daemon.why(ONE) is None
        assert "withdrawn" in await daemon.audited()

    # Another dataset lists the very same torrent.
    other = replace(server.source.manifest.head, id="org.example/other")
    again_listed = published(
        tmp_path / "again", FILES, values={"x/lone.bin": 9, "a": 5, "b/c": 5}, id=other.id
    )
    assert again_listed.manifest.shards[1].info_hash == server.source.manifest.shards[1].info_hash
    plain = options(tmp_path, again_listed.path)
    async with running(replace(plain, data=(tmp_path / "again" / "data",))) as again:
        await again.until_seeded("other-0001")
        await again.until_why("other-0002", Trouble.WITHDRAWN)


@in_loop
async def test_a_shard_of_an_older_release_is_taken_back_by_its_info_hash(
    tmp_path: Path, server: Site
) -> None:
    one, two = server.source.manifest.shards
    async with running(by_url(tmp_path, server)) as daemon:
        await daemon.until(lambda: len(told_of(daemon)) == 1)
        await daemon.until_seeded(ONE, TWO)
        server.release(2, one)
        await look(daemon)
        await daemon.until_why(TWO, Trouble.DROPPED)
        server.take_back(1, Target(info_hash=two.info_hash.v2), by=LATER)
        await look(daemon)
        await daemon.until_why(TWO, Trouble.WITHDRAWN)
        server.release(3, one, two)
        await look(daemon)
        await daemon.until(lambda: told(daemon).sequence == 3)
        assert daemon.why(TWO) is Trouble.WITHDRAWN


@in_loop
async def test_withdrawals_of_a_manifest_file_are_polled_where_it_says(
    tmp_path: Path, server: Site
) -> None:
    server.release(2, withdrawals=f"{server.origin.url}withdrawals.yaml")
    async with running(by_file(tmp_path, server)) as daemon:
        await daemon.until_seeded(ONE, TWO)
        await daemon.until(lambda: told(daemon).problem is not None)
        server.take_back(1, Target(shard=TWO), by=LATER)
        await look(daemon)
        await daemon.until_why(TWO, Trouble.WITHDRAWN)
    server.origin.files.clear()

    async with running(by_file_again(tmp_path, server)) as again:
        await again.until_seeded(ONE)
        assert again.why(TWO) is Trouble.WITHDRAWN
        await again.until(lambda: str(server.source.path) in asked_by(again))
        await look(again)
        await again.until(lambda: told(again).problem is not None)
        assert again.why(TWO) is Trouble.WITHDRAWN


def asked_by(daemon: Running) -> tuple[str, ...]:
    assert daemon.desk is not None
    (web,) = [each for each in daemon.desk.feeds if isinstance(each, WebFeed)]
    return web.sources


def by_file_again(folder: Path, server: Site) -> Options:
    trust = Trust(folder / "trust", (server.signer.public,))
    return options(folder, server.source.path, trust=trust)


@in_loop
async def test_forged_withdrawals_of_a_manifest_file_change_nothing(
    tmp_path: Path, server: Site
) -> None:
    server.release(2, withdrawals=f"{server.origin.url}withdrawals.yaml")
    chosen = by_file(tmp_path, server)
    server.signer = key(2)
    server.take_back(1, Target(shard=TWO), by=LATER)
    async with running(chosen) as daemon:
        await daemon.until_seeded(ONE, TWO)
        await daemon.until(lambda: "signed by key" in (told(daemon).problem or ""))
        assert daemon.why(TWO) is None


@in_loop
async def test_nobody_is_asked_for_withdrawals_that_no_key_could_vouch_for(
    tmp_path: Path, server: Site
) -> None:
    server.release(2, withdrawals=f"{server.origin.url}withdrawals.yaml")
    chosen = replace(by_file(tmp_path, server), trust=Trust(tmp_path / "trust"))
    async with running(chosen) as daemon:
        await daemon.until_seeded(ONE, TWO)
        await look(daemon)
    assert server.asked() == []
