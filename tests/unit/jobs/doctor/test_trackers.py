import pytest

from seedbox.engine.scrape import Counts
from seedbox.jobs.doctor import Verdict
from seedbox.jobs.doctor.trackers import answered, asked, look_at_trackers
from support.diagnosing import tracking
from support.raw_web import head, raw_server
from support.swarm import in_loop
from support.trackers import udp_tracking

HASH = bytes(range(20))
DEAD = "http://127.0.0.1:1/announce"


@in_loop
async def test_a_tracker_of_udp_is_asked_and_hears_no_announce() -> None:
    async with udp_tracking() as tracker:
        tracker.counts[HASH] = (1_000, 7, 2)
        found = await asked(tracker.url, [HASH], 5)

    assert found.verdict is Verdict.PASS
    assert found.found == "answers: 1,000 seeds and 2 leechers of a shard that was asked"
    assert tracker.announces == []


@in_loop
async def test_one_that_loses_every_packet_fails() -> None:
    async with udp_tracking() as tracker:
        tracker.drop = 99
        found = await asked(tracker.url, [HASH], 0.3)

    assert (found.verdict, found.found) == (Verdict.FAIL, "does not answer within 0.3 seconds")


@pytest.mark.parametrize(
    "tracker", ["wss://tracker.example.org/announce", "http://tracker.example.org/a/track"]
)
@in_loop
async def test_one_that_cannot_be_scraped_is_not_guessed_at(tracker: str) -> None:
    found = await asked(tracker, [HASH], 5)

    assert (found.verdict, found.about) == (Verdict.UNKNOWN, tracker)


@in_loop
async def test_one_that_is_there_and_does_not_scrape_warns() -> None:
    with raw_server([head("404 Not Found", "Content-Length: 0")]) as server:
        found = await asked(server.url("/announce"), [HASH], 5)

    assert found.verdict is Verdict.WARN
    assert found.found == "it is there, but answers 404 Not Found"


def test_one_that_knows_nothing_of_the_shard_answers_all_the_same() -> None:
    found = answered(DEAD, {})

    assert (found.verdict, found.found) == (Verdict.PASS, "answers")
    assert answered(DEAD, {HASH: Counts(0, 0, 0)}).verdict is Verdict.PASS


def test_none_is_asked_without_leave() -> None:
    (found,) = look_at_trackers({DEAD: HASH}, online=False)

    assert (found.verdict, found.hint) == (Verdict.UNKNOWN, "Pass --online to ask it.")


def test_without_any_there_is_nothing_to_say() -> None:
    (found,) = look_at_trackers({}, online=True)

    assert found.verdict is Verdict.UNKNOWN


def test_each_is_told_of_and_those_beyond_fifty_are_counted() -> None:
    many = {f"http://127.0.0.1:1/{number}/announce": HASH for number in range(53)}
    with tracking() as alive:
        *found, rest = look_at_trackers({alive: HASH, **many}, online=True, seconds=5)

    assert [each.verdict for each in found] == [Verdict.PASS, *[Verdict.FAIL] * 49]
    assert (rest.verdict, rest.found) == (Verdict.UNKNOWN, "4 more were not asked")
