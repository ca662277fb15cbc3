"""Trackers: who is asked, what is told of them, and what a dead one costs."""

from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from seedbox.engine.base import Finished, TrackerFailed, TrackerReplied
from seedbox.engine.libtorrent import LibtorrentEngine
from seedbox.torrent.compose import Extras
from seedbox.torrent.info_hash import Format
from support.content import write
from support.swarm import LOOPBACK, SMALL, Shared, free_port, in_loop, running, share
from support.torrents import FORMS, make
from support.web import tracking


@pytest.mark.parametrize("form", FORMS)
@in_loop
async def test_peers_find_each_other_through_a_tracker(form: Format, tmp_path: Path) -> None:
    shared = share(tmp_path / "seed", form=form)
    answers = 4 if form is Format.HYBRID else 2  # to "started" and "completed", by info-hash
    with tracking() as tracker:
        async with (
            running(LibtorrentEngine(LOOPBACK)) as seed,
            running(LibtorrentEngine(LOOPBACK)) as fetch,
        ):
            seed.engine.add(replace(shared.seed(), trackers=((tracker.url,),)))
            told = await seed.until(TrackerReplied)
            fetch.engine.add(replace(shared.fetch(tmp_path / "fetch"), trackers=((tracker.url,),)))
            await fetch.until(Finished)
            await fetch.until_many(TrackerReplied, answers)

        assert told == TrackerReplied(shared.key, tracker.url, 0)
        assert TrackerReplied(shared.key, tracker.url, 1) in fetch.told
        assert tracker.events.count(b"stopped") == answers


@in_loop
async def test_only_what_add_names_is_asked(tmp_path: Path) -> None:
    with tracking() as inside, tracking() as named:
        extras = Extras(trackers=((inside.url,),), web_seeds=("http://127.0.0.1:9/",))
        metainfo = make(SMALL, Format.V1, name="set", extras=extras)
        write(tmp_path / "set", SMALL)
        async with running(LibtorrentEngine(LOOPBACK)) as node:
            shared = Shared(metainfo, tmp_path)
            node.engine.add(replace(shared.seed(), trackers=((named.url,),)))
            await node.until(TrackerReplied)

    assert inside.events == []


@in_loop
async def test_the_words_of_a_tracker_are_told_whatever_their_encoding(tmp_path: Path) -> None:
    shared = share(tmp_path)
    with tracking() as tracker:
        tracker.failure = "nicht gewünscht".encode("latin-1")
        async with running(LibtorrentEngine(LOOPBACK)) as node:
            node.engine.add(replace(shared.seed(), trackers=((tracker.url,),)))
            told = await node.until(TrackerFailed)

    assert told == TrackerFailed(shared.key, tracker.url, "nicht gew\ufffdnscht")


@in_loop
async def test_a_tracker_that_is_not_there_is_told(tmp_path: Path) -> None:
    shared = share(tmp_path)
    url = f"http://127.0.0.1:{free_port()}/announce"
    async with running(LibtorrentEngine(LOOPBACK)) as node:
        node.engine.add(replace(shared.seed(), trackers=((url,),)))
        told = await node.until(TrackerFailed)

    assert told == TrackerFailed(shared.key, url, "Connection refused")


@in_loop
async def test_a_tracker_that_falls_silent_does_not_hold_up_the_end(tmp_path: Path) -> None:
    shared = share(tmp_path)
    with tracking() as tracker:
        async with running(LibtorrentEngine(LOOPBACK)) as node:
            node.engine.add(replace(shared.seed(), trackers=((tracker.url,),)))
            await node.until(TrackerReplied)
            tracker.awake.clear()
            start = monotonic()
        took = monotonic() - start

    assert took < 5  # seconds


@in_loop
async def test_a_local_url_of_any_path_is_asked_if_trusted(tmp_path: Path) -> None:
    shared = share(tmp_path)
    with tracking() as tracker:
        url = tracker.url.replace("announce", "other")
        for trusted, kind in [(False, TrackerFailed), (True, TrackerReplied)]:
            settings = replace(LOOPBACK, trust_local_urls=trusted)
            async with running(LibtorrentEngine(settings)) as node:
                node.engine.add(replace(shared.seed(), trackers=((url,),)))
                await node.until(kind)
