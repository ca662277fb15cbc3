"""Asking web seeds as a client would (BEP 19), against real servers on 127.0.0.1."""

import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from seedbox.errors import UnprovenWebSeedError, WrongWebSeedError
from seedbox.jobs.events import Advanced, Done, Event, Started, ignore
from seedbox.jobs.shards import Source
from seedbox.jobs.web_seeds import Prover, prove
from seedbox.manifest.model import Pack, Shard, WebSeed
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from support.content import content, write
from support.datasets import entry, head, published
from support.layouts import FOLDERS, data_of
from support.raw_web import moved, ok, partial, raw_server
from support.reference import bencode, v1_pieces
from support.torrents import FORMS, make
from support.web import files_over_http

KiB = 1024
ALL = 10_000  # more pieces than any torrent here has
NOW = datetime(2026, 5, 6, 7, 8, 9, 123_456, timezone(timedelta(hours=2)))


def prover(*, pieces: int = ALL, **how: Any) -> Prover:  # noqa: ANN401  (fields of a Prover)
    return Prover(
        **{
            "head": head(),
            "pieces": pieces,
            "seed": 1,
            "on_event": ignore,
            "now": lambda: NOW,
            **how,
        }
    )


def shard(metainfo: Metainfo, *urls: str, name: str = "set-0001") -> Shard:
    seeds = tuple(WebSeed(url) for url in urls)
    return entry(name, web_seeds=seeds, files=len(metainfo.files), info_hash=metainfo.info_hash)


def dead() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def row(pieces: int) -> tuple[Metainfo, bytes]:
    """A torrent of one file of zeros, all of whose pieces are the same, and the file."""
    data = bytes(pieces * 16 * KiB)
    files = {"zeros": data}
    return make(files, Format.V1, name="zeros", piece_length=16 * KiB, single=True), data


# --- what is asked for ------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_every_piece_of_every_layout_is_proved_by_the_files_as_they_lie(
    form: Format, tmp_path: Path
) -> None:
    with files_over_http(tmp_path) as (url, paths):
        for number, sizes in enumerate(FOLDERS.values()):
            files = data_of(sizes)
            if form is Format.V2 and len(files) == 1:
                continue
            write(tmp_path / str(number) / "data", files)
            metainfo = make(files, form)
            (tried,) = prover().prove(shard(metainfo, f"{url}{number}/"), metainfo)
            assert (tried.failure, tried.pieces) == (None, metainfo.num_pieces)

    named_so = str(list(FOLDERS).index("names like pad files"))
    assert {path.split("/")[1] for path in paths if "/.pad/" in path} == {named_so}


def test_a_tar_is_asked_for_beside_the_base() -> None:
    data = content("tar", 40 * KiB)
    metainfo = make({"set-0001.tar": data}, Format.HYBRID, name="set-0001.tar", single=True)

    with raw_server([ok(data)]) as server:
        packed = prover(head=head(pack=Pack.TAR))
        (tried,) = packed.prove(shard(metainfo, server.url("/tars/")), metainfo)

    assert tried.failure is None
    assert server.targets == ["/tars/set-0001.tar"] * 2


def test_a_piece_that_is_padding_throughout_needs_nobody() -> None:
    pad = 2 * 32 * KiB + 12
    info = {
        b"name": b"data",
        b"piece length": 32 * KiB,
        b"pieces": reference_pieces(bytes(range(20)) + bytes(pad)),
        b"files": [
            {b"length": 20, b"path": [b"a"]},
            {b"attr": b"p", b"length": pad, b"path": [b".pad", b"0"]},
        ],
    }
    metainfo = Metainfo.parse(bencode({b"info": info}))

    with raw_server([ok(bytes(range(20)))]) as server:
        asking = prover()
        tried = asking.prove(shard(metainfo, server.url("/"), dead()), metainfo)

    assert [(each.pieces, each.failure is None) for each in tried] == [(3, True), (2, False)]
    assert server.targets == ["/data/a"]


def reference_pieces(data: bytes) -> bytes:
    return b"".join(v1_pieces([data], 32 * KiB, padded=False))


def test_no_request_is_longer_than_16_mib(tmp_path: Path) -> None:
    data = content("large", 17 * KiB * KiB)
    write(tmp_path, {"large": data})
    metainfo = make(
        {"large": data}, Format.HYBRID, name="large", piece_length=32 * KiB * KiB, single=True
    )

    with files_over_http(tmp_path) as (url, paths):
        (tried,) = prover().prove(shard(metainfo, url), metainfo)

    assert (tried.failure, paths) == (None, ["/large", "/large"])


def test_a_url_without_a_slash_is_the_file_itself_and_lint_says_otherwise() -> None:
    metainfo, data = row(1)

    with raw_server([ok(data)]) as server:
        (tried,) = prover().prove(shard(metainfo, server.url("/zeros")), metainfo)

    assert tried.failure is not None
    assert (tried.failure.static, server.requests) == (True, [])


# --- what is found ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (Format.V1, "SHA-1 "),
        (Format.V2, "root "),
        (Format.HYBRID, "SHA-1 "),
    ],
)
def test_a_flipped_bit_is_found_and_its_piece_url_and_range_are_named(
    form: Format, said: str, tmp_path: Path
) -> None:
    files = {"a": content("a", 100_000), "b": content("b", 100_000)}
    metainfo = make(files, form)
    spoilt = bytearray(files["b"])
    spoilt[99_999] ^= 1
    write(tmp_path / "data", {**files, "b": bytes(spoilt)})

    with files_over_http(tmp_path) as (url, _):
        (tried,) = prover().prove(shard(metainfo, url), metainfo)

    assert tried.failure is not None
    assert (tried.failure.wrong, tried.checked) == (True, None)
    last = metainfo.num_pieces - 1
    start = 96 * KiB if form is Format.V1 else 3 * 32 * KiB
    assert tried.pieces == metainfo.num_pieces - 1
    if form is not Format.V1:
        assert tried.failure.message.startswith(
            f"piece {last}, bytes {start}-99999 of {url}data/b: {said}"
        )
    assert f"99999 of {url}data/b: {said}" in tried.failure.message


def test_a_v1_piece_of_many_files_names_some_of_their_ranges(tmp_path: Path) -> None:
    files = {f"{n:02}": content(str(n), 1000) for n in range(20)}
    metainfo = make(files, Format.V1)
    write(tmp_path / "data", {**files, "07": bytes(1000)})

    with files_over_http(tmp_path) as (url, _):
        (tried,) = prover().prove(shard(metainfo, url), metainfo)

    assert tried.failure is not None
    ranges = ", ".join(f"bytes 0-999 of {url}data/{n:02}" for n in range(3))
    assert tried.failure.message.startswith(f"piece 0, {ranges} and 17 ranges more: SHA-1 ")


def test_of_several_failures_the_first_piece_is_named_and_few_more_are_asked_for() -> None:
    metainfo, _ = row(60)

    with raw_server([b"HTTP/1.1 404 Gone Fishing\r\n\r\n"]) as server:
        (tried,) = prover().prove(shard(metainfo, server.url("/")), metainfo)

    assert tried.failure is not None
    url = server.url("/zeros")
    assert tried.failure.message == f"piece 0, bytes 0-16383 of {url}: answers 404 Gone Fishing"
    assert 3 <= len(server.requests) <= 6


def test_a_redirect_that_fails_shows_both_urls() -> None:
    metainfo, _ = row(1)
    gone = dead()

    with raw_server([moved(gone)]) as server:
        (tried,) = prover().prove(shard(metainfo, server.url("/")), metainfo)

    assert tried.failure is not None
    asked = f"piece 0, bytes 0-16383 of {server.url('/zeros')}"
    assert tried.failure.message == f"{asked}: {gone} cannot be reached: Connection refused"


def test_a_redirect_to_nobody_does_not_silence_the_server_that_redirects() -> None:
    metainfo, data = row(1)

    with raw_server([moved(dead()), ok(data)]) as server:
        asking = prover()
        first = asking.prove(shard(metainfo, server.url("/")), metainfo)
        second = asking.prove(shard(metainfo, server.url("/")), metainfo)

    assert first[0].failure is not None
    assert second[0].failure is None


def test_every_url_is_tried_whatever_becomes_of_the_others() -> None:
    metainfo, data = row(2)
    bad = data[:-1] + b"x"
    silent = dead()

    with raw_server([ok(data)]) as good, raw_server([ok(bad)]) as wrong:
        urls = [silent, wrong.url("/"), f"{silent}#", good.url("/")]
        asking = prover()
        tried = asking.prove(shard(metainfo, *urls), metainfo)

    assert [each.number for each in tried] == [0, 1, 2, 3]
    assert [each.pieces for each in tried] == [0, 1, 0, 2]
    assert [each.failure is None for each in tried] == [False, False, False, True]
    with pytest.raises(WrongWebSeedError) as caught:
        asking.refuse()
    assert [problem.path for problem in caught.value.problems] == ["set-0001"] * 3


def test_a_server_that_takes_too_long_is_named() -> None:
    metainfo, _ = row(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        (tried,) = prover(timeout=0.1).prove(shard(metainfo, url), metainfo)

    assert tried.failure is not None
    # A tenth of a second, and the time that 16 KiB take at 100,000 bytes/s.
    assert tried.failure.message.endswith("did not answer in full within 0.26384 seconds")


# --- what is recorded -------------------------------------------------------------------------


def test_the_entry_says_when_it_was_checked_in_whole_seconds_of_utc() -> None:
    metainfo, data = row(3)

    with raw_server([ok(data)]) as server:
        asking = prover(pieces=2)
        made = asking.entry(shard(metainfo, server.url("/")), metainfo)
        asking.refuse()

    when = datetime(2026, 5, 6, 5, 8, 9, tzinfo=UTC)
    assert made.web_seeds == (WebSeed(server.url("/"), when, 2),)


def test_a_prover_of_no_pieces_asks_nobody_and_leaves_the_entry_alone() -> None:
    metainfo, _ = row(1)
    plain = shard(metainfo, dead())
    asking = prover(pieces=0)

    assert asking.entry(plain, metainfo) is plain
    asking.refuse()


def test_what_is_not_proved_cannot_go_on() -> None:
    metainfo, _ = row(1)
    asking = prover()
    url = dead()

    asking.prove(shard(metainfo, url), metainfo)

    with pytest.raises(UnprovenWebSeedError) as caught:
        asking.refuse()
    assert caught.value.exit_status == 6
    assert caught.value.message == (
        f"web seed of set-0001: piece 0, bytes 0-16383 of {url}zeros: "
        "cannot be reached: Connection refused"
    )
    assert caught.value.hint


# --- how many at a time, and being stopped ----------------------------------------------------


def test_four_requests_go_to_a_host_at_a_time_and_no_more() -> None:
    metainfo, data = row(8)
    four = threading.Barrier(4, timeout=20)
    lock = threading.Lock()
    now, most = 0, 0

    def answer() -> Iterator[bytes]:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        four.wait()
        with lock:
            now -= 1
        yield ok(data)

    with raw_server([answer() for _ in range(8)]) as server:
        (tried,) = prover().prove(shard(metainfo, server.url("/")), metainfo)

    assert (tried.failure, most) == (None, 4)


def test_progress_goes_from_nothing_to_all() -> None:
    metainfo, data = row(5)
    told: list[Event] = []

    with raw_server([ok(data)]) as server:
        prover(on_event=told.append).prove(shard(metainfo, server.url("/"), dead()), metainfo)

    assert told[0] == Started("prove set-0001", 2 * 5 * 16_384)
    assert told[-1] == Done("prove set-0001")
    done = [event.done for event in told if isinstance(event, Advanced)]
    assert done == [16_384 * (n + 1) for n in range(10)]


def test_once_stopped_nobody_goes_on_asking() -> None:
    metainfo, data = row(40)
    over = threading.Event()

    def silent() -> Iterator[bytes]:
        yield b"HTTP/1.1 206 Partial\r\n"
        over.wait(30)

    def stop(event: Event) -> None:
        if isinstance(event, Advanced):
            raise KeyboardInterrupt

    with raw_server([ok(data), *(silent() for _ in range(39))]) as server:
        asking = prover(on_event=stop)
        try:
            with pytest.raises(KeyboardInterrupt):
                asking.prove(shard(metainfo, server.url("/")), metainfo)
        finally:
            over.set()

    assert len(server.requests) <= 5  # the first, and the four that were under way
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ask ")]


# --- a whole manifest -------------------------------------------------------------------------


def seeded(source: Source, urls: Mapping[str, str]) -> Source:
    shards = [
        replace(each, web_seeds=(WebSeed(urls[each.name]),) if each.name in urls else ())
        for each in source.manifest.shards
    ]
    return Source(source.path, replace(source.manifest, shards=tuple(shards)))


def test_shards_without_web_seeds_are_passed_over(tmp_path: Path) -> None:
    files = {"a": content("a", 60_000), "b": content("b", 60_000), "c": content("c", 60_000)}
    source = published(tmp_path, files, shard_size=60_000)

    with files_over_http(tmp_path) as (url, paths):
        listed = seeded(source, {"set-0002": f"{url}data/"})
        proof = prove(listed, pieces=3, seed=1, on_event=ignore)

    assert proof.ok
    assert [(tried.shard, tried.pieces) for tried in proof.tried] == [("set-0002", 3)]
    assert set(paths) == {"/data/b"}


def test_a_shard_whose_torrent_is_another_is_not_asked_for(tmp_path: Path) -> None:
    files = {"a": content("a", 60_000), "b": content("b", 60_000)}
    source = published(tmp_path, files, shard_size=60_000)
    other = source.path.parent / source.manifest.shards[1].torrent.path
    (source.path.parent / source.manifest.shards[0].torrent.path).write_bytes(other.read_bytes())

    with raw_server([partial(b"", "bytes 0-1/2")]) as server:
        listed = seeded(source, {"set-0001": server.url("/")})
        proof = prove(listed, seed=1, on_event=ignore)

    assert not proof.ok
    assert proof.tried[0].failure is not None
    assert "was not asked: its .torrent cannot be used" in proof.tried[0].failure.message
    assert server.requests == []
