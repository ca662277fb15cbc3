"""Build, seed in place, fetch a part, fetch the rest, verify: real processes on 127.0.0.1."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from support.cli import Process, Ran, paths, run, run_process, snapshot
from support.content import content
from support.publisher import HEAD, Publisher, publisher
from support.swarm import free_port, read

HOME = Path("org.example") / "set"  # the dataset's own folder in a mirror


@contextlib.contextmanager
def seeding(
    made: Publisher, *shards: str, up: str | None = None, also: Path | None = None
) -> Iterator[tuple[Process, str]]:
    """Run `seedbox seed` in place; gives it, once these shards are seeded, and its address."""
    more: tuple[object, ...] = () if up is None else ("--up", up)
    more += () if also is None else ("--data", also)
    listen = ("--data", made.source, "--listen", "127.0.0.1:0")
    with Process("seed", made.manifest, *listen, *more, "--json") as seed:
        address = seed.until("listening")["endpoint"]
        for shard in shards or [shard["name"] for shard in made.shards()]:
            seed.until("seeding", shard=shard)
        yield seed, address


def fetch(made: Publisher, out: Path, peer: str, *more: object) -> Ran:
    arguments = (made.manifest, "--out", out, "--peer", peer, "--stall", "20s")
    return run_process("fetch", *arguments, *more, "--json")


def outcomes(ran: Ran) -> list[tuple[str, str, int]]:
    return [(s["name"], s["outcome"], s["received"]) for s in ran.document["shards"]]


@pytest.mark.parametrize("form", ["v1", "v2", "hybrid"])
def test_a_part_then_the_rest_then_verified(tmp_path: Path, form: str) -> None:
    made = publisher(tmp_path / "publisher")
    made.build("--format", form)
    before, out = snapshot(made.source), tmp_path / "mirror"
    with seeding(made) as (seed, peer):
        part = fetch(made, out, peer, "--coverage", "80%")
        rest = fetch(made, out, peer)
        served = {s["name"]: s["uploaded"] for s in seed.end(signal.SIGINT).document["seeded"]}

    assert (part.status, rest.status) == (0, 0)
    assert outcomes(part) == [("set-0001", "fetched", 200_000), ("set-0002", "fetched", 300_000)]
    assert outcomes(rest) == [
        ("set-0001", "held", 0),
        ("set-0002", "held", 0),
        ("set-0003", "fetched", 300_001),
    ]
    assert served["set-0001"] >= 200_000
    assert served["set-0003"] >= 300_001
    # The source is named otherwise than the root, and is untouched; the mirror has the root.
    assert made.source.name != "set"
    assert snapshot(made.source) == before
    assert read(out / HOME / "set") == read(made.source)
    assert run("verify", made.manifest, out).status == 0
    # What `fetch` has put there is on record: nothing else is ever deleted for a withdrawal.
    keys = [shard["info_hash"].get("v2", shard["info_hash"].get("v1")) for shard in made.shards()]
    assert paths(out / HOME / ".seedbox") == ["lock", *sorted(f"placed/{key}.json" for key in keys)]


def test_a_mirror_seeds_what_it_has_fetched(tmp_path: Path) -> None:
    made = publisher(tmp_path / "publisher")
    made.build()
    with seeding(made) as (_, peer):
        assert fetch(made, tmp_path / "one", peer, "--top", "2").status == 0

    arguments = (made.manifest, "--data", tmp_path / "one", "--listen", "127.0.0.1:0")
    with Process("seed", *arguments) as mirror:
        peer = mirror.until("listening")["endpoint"]
        mirror.until("warned")  # of set-0003
        ran = fetch(made, tmp_path / "two", peer, "--top", "2")

    assert ran.status == 0
    assert run("verify", made.manifest, tmp_path / "two", "--shard", "set-0002").status == 0


def test_a_file_alone_goes_to_its_folder_under_the_root(tmp_path: Path) -> None:
    made = publisher(tmp_path / "publisher", {"deep/er/a.bin": 70_000, "b.bin": 60_000}, table="")
    made.table.write_text("path,value\ndeep/er/a.bin,2\nb.bin,1\n")
    made.build(shard_size=70_000)
    with seeding(made) as (_, peer):
        ran = fetch(made, tmp_path / "mirror", peer, "--shard", "set-0001")

    assert ran.status == 0
    assert "at: deep/er" in made.manifest.read_text()
    assert paths(tmp_path / "mirror" / HOME / "set") == ["deep/er/a.bin"]


@pytest.mark.parametrize("pack", ["files", "tar"])
def test_the_catalog_alone_is_fetched_and_says_which_shard_to_fetch(
    tmp_path: Path, pack: str
) -> None:
    made = publisher(tmp_path / "publisher")
    made.build("--catalog", "--pack", pack)
    out = tmp_path / "mirror"
    with seeding(made, also=made.out) as (_, peer):
        assert fetch(made, out, peer, "--shard", "set-catalog").status == 0
        found = run("search", made.manifest, "--item", "e.bin", "--data", out, "--json").document
        (item,) = found["items"]
        ran = fetch(made, out, peer, "--shard", item["shard"])

    assert outcomes(ran)[0][:2] == ("set-0003", "fetched")
    assert paths(out / HOME / "set-catalog") == ["ids/all.parquet", "items/0000.parquet"]
    assert not (out / HOME / "set" / "a.bin").exists()
    if pack == "tar":
        stored = (out / HOME / "set-0003.tar").read_bytes()[item["offset"] :][: item["length"]]
    else:
        stored = (out / HOME / "set" / item["path"]).read_bytes()
    assert stored == (made.source / "e.bin").read_bytes()


def test_a_peer_may_have_a_name(tmp_path: Path) -> None:
    made = publisher(tmp_path / "publisher")
    made.build()
    with seeding(made) as (_, peer):
        named = f"localhost:{peer.rpartition(':')[2]}"

        assert fetch(made, tmp_path / "mirror", named, "--top", "1").status == 0


def test_a_seed_that_comes_later_is_found(tmp_path: Path) -> None:
    made = publisher(tmp_path / "publisher")
    made.build()
    peer = f"127.0.0.1:{free_port()}"
    arguments = (made.manifest, "--out", tmp_path / "mirror", "--peer", peer, "--stall", "40s")
    with Process("fetch", *arguments, "--json") as fetching:
        fetching.until("started", task="fetch set-0003")
        data = ("--data", made.source, "--listen", peer)
        with Process("seed", made.manifest, *data) as seed:
            seed.until("seeding", shard="set-0003")
            ran = fetching.end()

    assert ran.status == 0


# --- what goes wrong --------------------------------------------------------------------------


def test_a_corrupt_shard_is_not_seeded_and_the_fetch_says_what_is_missing(tmp_path: Path) -> None:
    made = publisher(tmp_path / "publisher")
    made.build()
    with (made.source / "a.bin").open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"\0\0\0\0")
    with seeding(made, "set-0001", "set-0003") as (seed, peer):
        ran = run_process(
            *("fetch", made.manifest, "--out", tmp_path / "mirror", "--peer", peer),
            *("--stall", "3s", "--json"),
        )
        report = seed.end(signal.SIGINT).document

    assert report["ok"] is False
    assert report["skipped"] == [
        {"name": "set-0002", "reason": "1 of 1 files are not right: a.bin is bad"}
    ]
    assert ran.status == 1
    assert [outcome for _, outcome, _ in outcomes(ran)] == ["fetched", "partial", "fetched"]
    partial = ran.document["shards"][1]
    assert partial["missing"] == ["org.example/set/set/a.bin"]
    assert partial["reason"].startswith("no data came for 3 seconds")


LARGE: Mapping[str, int] = {"a.bin": 4_000_000, "b.bin": 2_000_000}


@pytest.fixture
def large(tmp_path: Path) -> Publisher:
    """One shard of 6 MB, which takes some seconds from a slow seed."""
    made = publisher(tmp_path / "publisher", LARGE, table="path,value\n")
    made.build(shard_size="1GB", popularity=None)
    return made


def stopped_in_the_middle(
    large: Publisher, out: Path, number: signal.Signals, *, least: int
) -> Ran:
    """Fetch from a slow seed, and send a signal after some bytes have come."""
    with seeding(large, up="1MB/s") as (_, peer):
        arguments = (large.manifest, "--out", out, "--peer", peer)
        with Process("fetch", *arguments, "--json") as fetching:
            fetching.until_advanced("fetch set-0001", least)
            return fetching.end(number)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_fetch_that_was_stopped_goes_on_and_does_not_ask_for_all_again(
    large: Publisher, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    out = tmp_path / "mirror"
    first = stopped_in_the_middle(large, out, number, least=1_500_000)

    assert (first.status, first.out) == (status, "")
    assert not (out / HOME / "set").exists()
    if status > 0:
        words = "stopped; run the same command again to go on"
        assert first.events[-1] == {"event": "note", "message": words}

    with seeding(large) as (seed, peer):
        again = fetch(large, out, peer)
        (served,) = seed.end(signal.SIGINT).document["seeded"]

    assert again.status == 0
    ((_, outcome, received),) = outcomes(again)
    assert outcome == "fetched"
    # What libtorrent had not written yet when it was killed is asked for again.
    assert 0 < received <= 5_000_000
    assert served["uploaded"] < 5_500_000
    assert read(out / HOME / "set") == read(large.source)


def test_a_seed_that_goes_away_leaves_a_part_that_is_named(
    large: Publisher, tmp_path: Path
) -> None:
    out = tmp_path / "mirror"
    with seeding(large, up="2MB/s") as (seed, peer):
        arguments = (large.manifest, "--out", out, "--peer", peer, "--stall", "2s")
        with Process("fetch", *arguments, "--json") as fetching:
            fetching.until_advanced("fetch set-0001", 1_000_000)
            seed.send(signal.SIGKILL)
            ran = fetching.end()

    assert ran.status == 1
    shard: dict[str, Any]
    (shard,) = ran.document["shards"]
    assert shard["outcome"] == "partial"
    assert 1_000_000 <= shard["received"] < 6_000_000
    assert shard["missing"]
    assert shard["reason"].startswith("no data came for 2 seconds")


def test_a_new_release_does_not_overwrite_what_an_older_one_has_brought(tmp_path: Path) -> None:
    made = publisher(tmp_path / "publisher")
    made.build()
    out = tmp_path / "mirror"
    with seeding(made) as (_, peer):
        assert fetch(made, out, peer).status == 0
    before = snapshot(out / HOME / "set")

    (made.source / "a.bin").write_bytes(content("new", 310_000))
    made.head.write_text(HEAD.replace("sequence: 1", "sequence: 2"))
    made.build(out=tmp_path / "second")
    manifest = tmp_path / "second" / "manifest.yaml"
    ran = run_process(
        *("fetch", manifest, "--out", out, "--peer", "127.0.0.1:1", "--stall", "1s", "--json")
    )

    assert ran.status == 1
    held = [shard["name"] for shard in ran.document["shards"] if shard["outcome"] == "held"]
    assert held == ["set-0001", "set-0003"]
    assert snapshot(out / HOME / "set") == before
