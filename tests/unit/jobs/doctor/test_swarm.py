from dataclasses import replace

import pytest

from seedbox.jobs.doctor import Verdict
from seedbox.jobs.doctor.swarm import Held, announced, dht, reachable, shards

WELL = Held(age=3600, listed=5, held=4, unannounced=0, reachable=2, troubles={"absent": 1})


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"unannounced": 1}, Verdict.WARN),
        ({"unannounced": 4}, Verdict.FAIL),
        ({"unannounced": 4, "age": 899.0}, Verdict.UNKNOWN),
        ({"held": 0}, Verdict.UNKNOWN),
    ],
)
def test_every_shard_that_is_held_has_to_be_announced_in_time(
    changes: dict[str, float], verdict: Verdict
) -> None:
    found = announced(replace(WELL, **changes))  # type: ignore[arg-type]  # numbers

    assert found.verdict is verdict


def test_how_many_are_not_announced_yet_is_told_with_the_age_of_the_daemon() -> None:
    found = announced(replace(WELL, unannounced=3, age=61.0))

    assert found.found == (
        "3 of 4 that are held are not announced yet; the daemon started 1 min 1 s ago"
    )


@pytest.mark.parametrize(
    ("nodes", "age", "verdict"),
    [
        (None, 3600, Verdict.WARN),
        (120, 0, Verdict.PASS),
        (0, 119, Verdict.UNKNOWN),
        (0, 120, Verdict.FAIL),
    ],
)
def test_the_dht_is_alive_once_it_knows_a_node(
    nodes: int | None, age: float, verdict: Verdict
) -> None:
    assert dht(nodes, age).verdict is verdict


def test_only_a_call_shows_that_peers_get_through() -> None:
    called = reachable(replace(WELL, caller="203.0.113.5:51413"))
    silent = reachable(replace(WELL, reachable=0))

    assert called.verdict is Verdict.PASS
    assert called.found == "peers have called for 2 of 5 shards, last 203.0.113.5:51413"
    assert silent.verdict is Verdict.UNKNOWN
    assert "nc -vz" in str(silent.hint)


def test_a_shard_that_is_not_on_this_disk_is_no_fault_and_a_broken_one_is() -> None:
    broken = shards(replace(WELL, troubles={"absent": 1, "paused": 1, "corrupt": 1, "missing": 2}))

    assert shards(WELL).verdict is Verdict.PASS
    assert broken.verdict is Verdict.WARN
    assert broken.found.endswith("; 2 missing, 1 corrupt")


def test_shards_that_wait_to_be_hashed_are_no_fault() -> None:
    found = shards(replace(WELL, verifying=1))

    assert found.verdict is Verdict.PASS
    assert found.found.endswith("1 wait to be hashed")
