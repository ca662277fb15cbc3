"""The interface in a daemon's own loop."""

from __future__ import annotations

import asyncio
import gc
import http.client
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seedbox.daemon.client import Client
from seedbox.daemon.loop import Signals, run_daemon
from seedbox.daemon.record import Outcome
from seedbox.daemon.server import OnSocket, beside, serving
from seedbox.jobs.events import Event, Note
from support.daemons import options
from support.fake_daemon import DATASETS, Decided, FakeDaemon, Then, missing, running, shard, view
from support.fake_engine import FakeEngine, FakeSwarm
from support.fetching import LISTENING
from support.publisher import Publisher, publisher

HOUR = 3600.0
NOW = 1_800_000_000


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    daemon = FakeDaemon(view(20, missing(21), shard(1, DATASETS[1])))
    daemon.past = [Then(NOW - HOUR * n, uploaded=n) for n in range(100, 0, -1)]
    daemon.log = [Decided(n, NOW + n) for n in range(1, 8)]
    with running(tmp_path / "api.sock", daemon=daemon) as served:
        yield Client(served.places[0])


def test_datasets_are_told_with_what_is_held(client: Client) -> None:
    page = client.get("/v1/datasets", {"limit": 1})
    one = client.get(f"/v1/datasets/{DATASETS[0]}")

    assert (page["total"], page["next"]) == (2, 1)
    assert page["datasets"] == [one]
    assert one["totals"]["counts"]["verified"] == 20
    assert client.get("/v1/datasets", {"offset": 1})["next"] is None


def test_a_curve_and_a_shard_are_told(client: Client) -> None:
    curve = client.get(f"/v1/datasets/{DATASETS[0]}/coverage", {"points": 3})
    first = client.get("/v1/shards", {"limit": 1})["shards"][0]

    assert [point["shards"] for point in curve["points"]] == [0, 7, 14, 21]
    assert curve["whole"]["held_shards"] == 20
    assert client.get(f"/v1/shards/{first['key']}") == first


def test_the_past_is_told_from_when_it_is_asked_for(client: Client) -> None:
    asked: dict[str, Any] = {"step": "hour", "until": NOW}
    sixty = client.get("/v1/history", asked)
    some = client.get("/v1/history", {**asked, "since": NOW - 7200})
    most = client.get("/v1/history", {"step": "minute", "since": 0, "until": NOW})

    assert [each["uploaded"] for each in sixty["samples"]] == list(range(60, 0, -1))
    assert [each["uploaded"] for each in some["samples"]] == [2, 1]
    assert most["since"] == NOW - 3000 * 60
    assert client.get("/v1/history", {"since": NOW, "until": 0})["samples"] == []


def test_the_log_is_told_page_by_page(client: Client) -> None:
    first = client.get("/v1/audit", {"limit": 4})
    second = client.get("/v1/audit", {"limit": 4, "before": first["next"]})

    assert [each["id"] for each in first["entries"]] == [7, 6, 5, 4]
    assert [each["id"] for each in second["entries"]] == [3, 2, 1]
    assert second["next"] is None


def test_a_look_at_a_hundred_thousand_shards_leaves_the_loop_free(tmp_path: Path) -> None:
    """CPU seconds, since others may use this machine too."""
    few = view(1000)
    seen = replace(few, shards=tuple(replace(each) for each in (*few.shards,) * 100))
    gc.collect()
    gc.freeze()  # else all of them are gone through again and again, as nowhere in a daemon
    try:
        with running(tmp_path / "api.sock", daemon=FakeDaemon(seen)) as served:
            client = Client(served.places[0])
            began = time.process_time()
            found = client.get("/v1/shards", {"text": "7", "sort": "uploaded", "limit": 1000})
            took = time.process_time() - began
    finally:
        gc.unfreeze()

    assert len(found["shards"]) == 1000
    assert took < 0.3


def test_the_end_waits_for_nobody(tmp_path: Path) -> None:
    class Stuck(FakeDaemon):
        async def obey(self, command: object) -> Outcome:
            del command
            await asyncio.Event().wait()
            raise AssertionError

    async def run() -> float:
        stuck = Stuck()
        async with serving(stuck, [OnSocket(tmp_path / "api.sock")], tell=print):
            asking = [await asyncio.open_unix_connection(tmp_path / "api.sock") for _ in range(3)]
            head = b"Host: localhost\r\nContent-Type: application/json\r\n"
            asking[0][1].write(b"GET /v1/events HTTP/1.1\r\n" + head + b"\r\n")
            asking[1][1].write(b"POST /v1/reload HTTP/1.1\r\n" + head + b"\r\n")
            asking[2][1].write(b"GET /v1/stat")
            await asking[0][0].readuntil(b"retry: 2000")
            began = time.monotonic()
        took = time.monotonic() - began
        for _, writer in asking:
            writer.close()
        return took

    assert asyncio.run(run()) < 2.0


def test_a_client_waits_only_so_long(tmp_path: Path) -> None:
    class Slow(FakeDaemon):
        async def obey(self, command: object) -> Outcome:
            del command
            await asyncio.Event().wait()
            raise AssertionError

    with running(tmp_path / "api.sock", daemon=Slow()) as served:
        quick = replace(Client(served.places[0]), seconds=0.2)
        with pytest.raises(Exception, match="did not answer: timed out"):
            quick.post("/v1/reload", {})


@pytest.mark.parametrize("path", ["/v1/status", "/openapi.json"])
def test_a_head_is_that_of_the_answer(path: str, tmp_path: Path) -> None:
    with running(tmp_path / "api.sock") as served:
        connection = Client(served.places[0])._connection()  # noqa: SLF001 -- HEAD
        try:
            connection.request("HEAD", path)
            reply = connection.getresponse()
            assert (reply.status, reply.read()) == (http.client.OK, b"")
            assert int(reply.headers["Content-Length"]) > 100
        finally:
            connection.close()


# --- the daemon itself ------------------------------------------------------------------------


@pytest.fixture
def built(tmp_path: Path) -> Publisher:
    made = publisher(tmp_path / "publisher")
    made.build()
    return made


def test_the_daemon_itself_is_asked(built: Publisher, tmp_path: Path) -> None:
    chosen = replace(options(tmp_path, built.manifest), data=(built.source,))
    socket = tmp_path / "daemon" / "api.sock"
    told: list[Event] = []

    async def run() -> tuple[dict[str, Any], ...]:
        signals = Signals(asyncio.Event(), asyncio.Event())
        engine = FakeEngine(LISTENING, FakeSwarm())
        ready = asyncio.Event()

        def on_event(event: Event) -> None:
            told.append(event)
            if isinstance(event, Note) and event.message.startswith("asked at"):
                ready.set()

        serve = beside([OnSocket(socket)], on_event)
        daemon = run_daemon(chosen, engine, signals, on_event, beside=(serve,))
        running_ = asyncio.create_task(daemon)
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({running_, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if running_.done():
            await running_  # raises what went wrong
        client = Client(str(socket))
        paused = await asyncio.to_thread(client.post, "/v1/pause", {"shards": ["set-0001"]})
        paths = ("status", "why/set-0001", "history", "audit", "datasets")
        asked = [await asyncio.to_thread(client.get, f"/v1/{path}") for path in paths]
        signals.stop.set()
        await running_
        return (paused, *asked)

    paused, status, why, history, audit, datasets = asyncio.run(run())

    assert paused["changed"] == 1
    assert status["counts"]["listed"] == 3
    assert why["shard"]["pause"]["why"] == "paused"
    assert why["next_step"].startswith("Run `seedbox resume`")
    assert history["step"] == "hour"
    assert audit["entries"][0]["what"]
    assert datasets["total"] == 1
    assert not socket.exists()
