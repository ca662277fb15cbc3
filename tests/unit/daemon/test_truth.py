from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.daemon.record import Evidence, Pause, Trouble
from seedbox.daemon.state import FileStat, StoredShard
from seedbox.daemon.truth import (
    Held,
    Sight,
    Step,
    Unseen,
    inside,
    judge,
    loaded,
    moment,
    next_step,
    paths,
    refresh_period,
    retry_after,
    settled,
    stored,
    sweep_period,
)
from support.stored import shard

NOW = 1_700_000_000.0
STATS = (FileStat("set/a", 10, 5, 7), FileStat("set/b", 20, 6, 8))
AS_HASHED: tuple[Sight, ...] = ((10, 5, 7), (20, 6, 8))
GONE = Unseen(missing=True, reason="is missing")
WHERE = ("/d/a", "/d/b")


def held(**changes: object) -> Held:
    plain = Held(shard(1), STATS, Evidence(NOW, "hash", "2 files"))
    return replace(plain, **changes)  # type: ignore[arg-type]  # any field


def pause(why: Trouble, **changes: object) -> Pause:
    return replace(Pause(why, NOW, "because"), **changes)  # type: ignore[arg-type]


# --- served or not ----------------------------------------------------------------------------


def test_a_shard_is_served_when_nothing_speaks_against_it() -> None:
    found = settled(held(), now=NOW)

    assert found.served
    assert found.shard.verified == found.proven


def test_what_was_never_proven_is_not_served() -> None:
    found = settled(held(proven=None), now=NOW)

    assert found.shard.pause == Pause(Trouble.VERIFYING, NOW, "it waits to be hashed")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"blocked": pause(Trouble.WITHDRAWN), "by_hand": pause(Trouble.PAUSED)}, "withdrawn"),
        ({"by_hand": pause(Trouble.PAUSED), "release": NOW + 1}, "paused"),
        ({"release": NOW + 1, "fault": pause(Trouble.MISSING)}, "unreleased"),
        ({"release": NOW, "fault": pause(Trouble.MISSING)}, "missing"),
    ],
)
def test_the_manifest_comes_before_people_and_they_before_dates_and_files(
    changes: dict[str, object], why: str
) -> None:
    found = settled(held(**changes), now=NOW).shard

    assert found.pause is not None
    assert found.pause.why == why
    assert (found.announced, found.reachable, found.rate, found.peers) == (None, None, 0, 0)
    assert found.served is not None


@pytest.mark.parametrize("why", [Trouble.MISSING, Trouble.CHANGED, Trouble.CORRUPT, Trouble.ABSENT])
def test_what_is_not_as_it_was_hashed_is_not_told_as_verified(why: Trouble) -> None:
    found = settled(held(fault=pause(why)), now=NOW)

    assert found.shard.verified is None
    assert stored(found).shard.verified == found.proven  # for when it comes back


def test_a_pause_for_the_same_reason_keeps_its_time() -> None:
    before = settled(held(fault=pause(Trouble.MISSING)), now=NOW)
    after = settled(
        replace(before, fault=pause(Trouble.MISSING, since=NOW + 9, detail="other")), now=NOW
    )

    assert after.shard.pause == Pause(Trouble.MISSING, NOW, "other")


# --- over restarts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"blocked": pause(Trouble.WITHDRAWN)},
        {"blocked": pause(Trouble.DROPPED)},
        {"by_hand": pause(Trouble.PAUSED)},
        {"release": NOW + 5},
        {"fault": pause(Trouble.MISSING, path="/d/a")},
        {"fault": pause(Trouble.CORRUPT, path="/d/a"), "proven": None},
    ],
)
def test_a_restart_finds_a_shard_as_it_was(changes: dict[str, object]) -> None:
    before = settled(held(**changes), now=NOW)

    after = loaded(stored(before))

    assert after.shard.pause == before.shard.pause
    assert (after.stats, after.proven) == (before.stats, before.proven)
    assert settled(after, now=NOW).served == before.served


def test_who_announced_and_called_is_of_the_run_before() -> None:
    after = loaded(StoredShard(shard(1), 0, STATS)).shard

    assert (after.announced, after.reachable, after.swarm) == (None, None, None)
    assert after.served is not None


def test_what_the_engine_refused_is_tried_again_and_a_license_is_not() -> None:
    refused = held(blocked=None, fault=pause(Trouble.REFUSED))
    closed = held(shard=replace(shard(1), listed=None), blocked=pause(Trouble.REFUSED))

    assert settled(loaded(stored(settled(refused, now=NOW))), now=NOW).served
    assert not settled(loaded(stored(settled(closed, now=NOW))), now=NOW).served


# --- files ------------------------------------------------------------------------------------


def test_paths_leave_out_what_the_folder_stands_for() -> None:
    assert paths("/d", 0, STATS) == ("/d/set/a", "/d/set/b")
    assert paths("/d", 1, STATS) == ("/d/a", "/d/b")


@pytest.mark.parametrize(
    ("seen", "why", "path", "words"),
    [
        ((GONE, (1, 6, 8)), Trouble.MISSING, "/d/a", "2 of 2 files"),
        (((1, 5, 7), GONE), Trouble.MISSING, "/d/b", "is missing"),
        (((9, 5, 7), (20, 6, 8)), Trouble.CHANGED, "/d/a", "has 9 bytes, had 10 when it"),
        (((10, 9, 7), (20, 6, 8)), Trouble.CHANGED, "/d/a", "was changed on 1970-01-01"),
        (((10, 5, 1), (20, 6, 8)), Trouble.CHANGED, "/d/a", "inode 1, was 7"),
        ((Unseen(missing=False, reason="no"), (20, 6, 8)), Trouble.UNREADABLE, "/d/a", "no"),
    ],
)
def test_the_first_file_that_is_wrong_is_named(
    seen: tuple[Sight, ...], why: Trouble, path: str, words: str
) -> None:
    found = judge(STATS, seen, WHERE)

    assert found is not None
    assert (found.why, found.path) == (why, path)
    assert words in found.detail


def test_a_lone_file_is_not_counted() -> None:
    found = judge(STATS[:1], (GONE,), WHERE[:1])

    assert found is not None
    assert found.pause(NOW) == Pause(Trouble.MISSING, NOW, "is missing", "/d/a")
    assert judge(STATS, AS_HASHED, WHERE) is None


OTHER: tuple[Sight, ...] = ((10, 5, 7), (20, 9, 8))


@pytest.mark.parametrize(
    ("proven", "seen", "before", "step"),
    [
        (True, AS_HASHED, None, Step.SERVE),
        (False, AS_HASHED, None, Step.WAIT),  # it was found to be wrong
        (True, OTHER, None, Step.WAIT),
        (True, OTHER, AS_HASHED, Step.WAIT),
        (True, OTHER, OTHER, Step.HASH),
        (True, (GONE, GONE), (GONE, GONE), Step.WAIT),
    ],
)
def test_something_new_is_hashed_once_it_stands_still(
    proven: bool, seen: tuple[Sight, ...], before: tuple[Sight, ...] | None, step: Step
) -> None:
    one = held() if proven else held(proven=None)

    assert next_step(one, seen, before) is step


# --- paces and words --------------------------------------------------------------------------


@pytest.mark.parametrize(("files", "seconds"), [(0, 5), (1000, 5), (10_000, 40), (10**6, 60)])
def test_a_sweep_takes_longer_the_more_files_there_are(files: int, seconds: float) -> None:
    assert sweep_period(files) == seconds


def test_the_engine_is_asked_less_often_the_more_it_holds() -> None:
    assert [refresh_period(shards) for shards in (1, 10_000, 100_000)] == [1, 10, 20]


def test_what_cannot_be_read_is_tried_less_and_less_often() -> None:
    assert [retry_after(failures, 5) for failures in (0, 1, 3, 99)] == [5, 10, 40, 3600]


def test_times_and_folders_for_people() -> None:
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert moment(1e30).endswith("seconds after 1970")
    assert inside("/d/x/a", (Path("/c"), Path("/d"))) == "/d"
    assert inside("/e/a", (Path("/d"),)) == "/e/a"
