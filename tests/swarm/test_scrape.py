"""Asking trackers for the sizes of many swarms: what is asked, and what is believed."""

import asyncio
import struct
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from seedbox.engine.base import TrackerReplied
from seedbox.engine.libtorrent import LibtorrentEngine
from seedbox.engine.scrape import Counts, scrape
from seedbox.errors import UnreachableError, WebError
from support import reference
from support.swarm import LOOPBACK, free_port, in_loop, running, share
from support.trackers import Twist, opentracker, udp_tracking
from support.web import answering

HASHES = [bytes([n // 256, n % 256]) + bytes(18) for n in range(150)]
A, B = HASHES[:2]


# --- UDP --------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@in_loop
async def test_74_hashes_go_into_a_packet(host: str) -> None:
    async with udp_tracking(host) as tracker:
        tracker.counts = {digest: (n, 2 * n, 3 * n) for n, digest in enumerate(HASHES)}
        found = await scrape(tracker.url, HASHES)

    assert tracker.batches == [74, 74, 2]
    assert tracker.connects == 1
    assert found == {digest: Counts(n, 3 * n, 2 * n) for n, digest in enumerate(HASHES)}


@in_loop
async def test_a_hash_is_asked_for_once() -> None:
    async with udp_tracking() as tracker:
        assert await scrape(tracker.url, [A, A]) == {A: Counts(0, 0, 0)}
    assert tracker.batches == [1]


@in_loop
async def test_a_lost_packet_is_sent_again() -> None:
    async with udp_tracking() as tracker:
        tracker.drop = 1
        found = await scrape(tracker.url, [A], seconds=0.6)

    assert found == {A: Counts(0, 0, 0)}


def another_transaction(answer: bytes) -> list[bytes]:
    return [answer[:4] + bytes(b ^ 1 for b in answer[4:8]) + answer[8:]]


TWISTS: list[tuple[Twist, str]] = [
    (lambda _: [], "does not answer within 0.15 seconds"),
    (another_transaction, "answers with another transaction, or less than one within 0.15 seconds"),
    (lambda a: [a[:7]], "answers with another transaction, or less than one within 0.15 seconds"),
    (lambda a: [a[:-1]], "answers action 2 by 2 with 23 bytes, not 24"),
    (lambda a: [a[:8]], "answers action 2 by 2 with 0 bytes, not 24"),
    (lambda a: [a + bytes(60_000)], "answers action 2 by 2 with 60,024 bytes, not 24"),
    (lambda a: [struct.pack("!I", 1) + a[4:]], "answers action 2 by 1 with 24 bytes, not 24"),
    (
        lambda a: [struct.pack("!I", 3) + a[4:8] + b"go\x1b[31m away\xff"],
        "refuses to be scraped: go�[31m away�",
    ),
]


@pytest.mark.parametrize(("twist", "reason"), TWISTS)
@in_loop
async def test_a_udp_tracker_that_answers_otherwise_is_named(twist: Twist, reason: str) -> None:
    async with udp_tracking() as tracker:
        tracker.twist = twist
        with pytest.raises(WebError) as caught:
            await scrape(tracker.url, [A, B], seconds=0.15)

    assert caught.value.message == f"{tracker.url} {reason}"


@in_loop
async def test_the_right_answer_is_found_in_a_flood_of_wrong_ones() -> None:
    def flood(answer: bytes) -> Iterable[bytes]:
        return [*another_transaction(answer) * 30, answer]

    async with udp_tracking() as tracker:
        tracker.twist = flood
        assert await scrape(tracker.url, [A]) == {A: Counts(0, 0, 0)}


@in_loop
async def test_a_udp_tracker_that_is_not_there_is_named() -> None:
    url = f"udp://127.0.0.1:{free_port()}/announce"
    with pytest.raises(UnreachableError) as caught:
        await scrape(url, [A])

    assert caught.value.message == f"{url} cannot be reached: Connection refused"


@pytest.mark.parametrize("url", ["udp://", "udp://127.0.0.1", "udp://[::1", "udp://a:99999"])
@in_loop
async def test_what_names_no_tracker_is_refused(url: str) -> None:
    with pytest.raises(WebError, match="names no host and port"):
        await scrape(url, [A])


@in_loop
async def test_a_name_that_is_none_is_an_error() -> None:
    with pytest.raises(UnreachableError, match="cannot be reached"):
        await scrape("udp://no..host:1/announce", [A])


@in_loop
async def test_a_hash_of_another_length_is_a_bug() -> None:
    with pytest.raises(ValueError, match="20 bytes"):
        await scrape("udp://127.0.0.1:1", [bytes(32)])


# --- HTTP -------------------------------------------------------------------------------------


def files(*counts: tuple[bytes, int, int]) -> bytes:
    return reference.bencode(
        {
            b"files": {
                digest: {b"complete": seeds, b"downloaded": 9, b"incomplete": leechers}
                for digest, seeds, leechers in counts
            }
        }
    )


@in_loop
async def test_50_hashes_go_into_a_request() -> None:
    asked: list[list[bytes]] = []

    def answer(target: str) -> bytes:
        query = urlsplit(target).query.split("&")
        asked.append([unquote_to_bytes(p[10:]) for p in query if p.startswith("info_hash=")])
        return files(*((digest, 1, 2) for digest in asked[-1] if digest != A))

    with answering(answer) as url:
        found = await scrape(f"{url}/announce?key=x", HASHES[:120])

    assert [len(batch) for batch in asked] == [50, 50, 20]
    assert found == dict.fromkeys(HASHES[1:120], Counts(1, 2, 9))


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/announce", "/scrape?info_hash="),
        ("/x/announce.php", "/x/scrape.php?info_hash="),
        ("/announce?a=b/announce", "/scrape?a=b/announce&info_hash="),
    ],
)
@in_loop
async def test_bep_48_says_where_a_tracker_is_scraped(path: str, target: str) -> None:
    targets: list[str] = []

    def answer(asked: str) -> bytes:
        targets.append(asked)
        return files()

    with answering(answer) as url:
        assert await scrape(url + path, [A]) == {}

    assert targets[0].startswith(target)


@in_loop
async def test_a_url_without_announce_cannot_be_scraped() -> None:
    with pytest.raises(WebError, match="its URL does not say where"):
        await scrape("http://127.0.0.1:9/a/announcer/x", [A])


BODIES = [
    (b"", "the data ends too early"),
    (b"de", "files"),
    (files((B, 1, 1)), f"it counts {B.hex()}, not asked for"),
    (files((A, -1, 1)), "it counts -1 peers"),
    (files((A, 1 << 32, 1)), "it counts 4294967296 peers"),
    (b"d5:filesd20:" + A + b"d8:complete1:1eee", "complete"),
    (b"d14:failure reason4:n\x00pee", "refuses to be scraped: n�pe"),
    (b"l" * 30_000, "nested deeper than 6"),
    (b"l" + b"i0e" * 20_000 + b"e", "more than 2,000 values"),
    (b"d5:files9999999999:", "a string runs past the end"),
]


@pytest.mark.parametrize(("body", "reason"), BODIES)
@in_loop
async def test_an_http_tracker_that_answers_otherwise_is_named(body: bytes, reason: str) -> None:
    with answering(lambda _: body) as url, pytest.raises(WebError) as caught:
        await scrape(f"{url}/announce", [A])

    assert caught.value.message.startswith(f"{url}/announce ")
    assert reason in caught.value.message


@in_loop
async def test_an_http_tracker_that_sends_too_much_is_named_without_the_question() -> None:
    with answering(lambda _: bytes(70_000)) as url, pytest.raises(WebError) as caught:
        await scrape(f"{url}/announce", [A])

    assert caught.value.message.startswith(f"{url}/announce ")
    assert "info_hash" not in caught.value.message


# --- a tracker that others use ------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["udp", "http"])
def test_opentracker_counts_the_seed(scheme: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    shared = share(tmp_path_factory.mktemp("seed"))
    v1, v2 = shared.metainfo.info_hash.v1, shared.metainfo.info_hash.v2
    assert v1 is not None
    assert v2 is not None

    async def ask(place: str) -> None:
        url = f"{scheme}://{place}/announce"
        async with running(LibtorrentEngine(LOOPBACK)) as seed:
            seed.engine.add(shared.seed_at(url))
            await seed.until_many(TrackerReplied, 2)
            found = await scrape(url, [v1, v2[:20]])
        assert found == {v1: Counts(1, 0, 0), v2[:20]: Counts(1, 0, 0)}

    with opentracker([v1, v2[:20]]) as place:
        asyncio.run(ask(place))
