"""The doctor calls a seed as a peer does, and libtorrent answers."""

import asyncio
from pathlib import Path

import pytest

from seedbox.engine.base import Added
from seedbox.engine.libtorrent import LibtorrentEngine
from seedbox.jobs.doctor import Verdict
from seedbox.jobs.doctor.ports import greeted
from seedbox.torrent.info_hash import Format
from support.swarm import LOOPBACK, in_loop, running, share


@pytest.mark.parametrize("form", Format)
@in_loop
async def test_a_seed_shakes_hands_for_what_it_holds_and_for_nothing_else(
    tmp_path: Path, form: Format
) -> None:
    shared = share(tmp_path, form=form)
    named = shared.metainfo.info_hash
    digest = (named.v1 or named.v2 or b"")[:20]
    async with running(LibtorrentEngine(LOOPBACK)) as seed:
        seed.engine.add(shared.seed())
        await seed.until(Added, shared.key)
        held = await asyncio.to_thread(greeted, seed.address, digest)
        other = await asyncio.to_thread(greeted, seed.address, bytes(20))

    assert (held.verdict, other.verdict) == (Verdict.PASS, Verdict.FAIL)
