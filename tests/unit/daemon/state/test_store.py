"""What is told to a state is there after it was closed and opened again."""

import gc
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from seedbox.daemon.record import Evidence, Pause, Swarm, Trouble
from seedbox.daemon.state import AuditLine, State, StoredShard, Tombstone
from seedbox.errors import CorruptStateError
from support.stored import NOON, dataset, info_hash, shard, stats, stored, tombstone

Open = Callable[[], State]
PAUSE = Pause(Trouble.CHANGED, NOON, "its size is 5 bytes, not 7", "/srv/data/words/0.txt")


@pytest.fixture
def again(tmp_path: Path) -> Open:
    """Close the state that is open, if any, and open it as after a restart."""
    opened: list[State] = []

    def reopen() -> State:
        if opened:
            opened.pop().close()
        opened.append(State.open(tmp_path / "state", now=NOON))
        return opened[0]

    return reopen


def harm(folder: Path, statement: str) -> None:
    """Change a state that is open, as no seedbox does."""
    path = folder / "state" / "seedbox.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def test_shards_come_back_as_they_were_by_dataset_and_rank(again: Open) -> None:
    put = [
        stored(2),
        stored(1, pause=PAUSE),
        stored(3, "v1"),
        stored(4, "v2", dataset="another/dataset"),
        StoredShard(
            shard(
                5,
                **dict.fromkeys(["listed", "verified", "announced", "reachable", "served"]),
                **dict.fromkeys(["use", "coverage", "rendition", "folder", "swarm"]),
            )
        ),
    ]
    assert again().put(put) == ()

    assert list(again().shards()) == [put[3], put[1], put[0], put[2], put[4]]


def test_more_shards_than_are_read_at_once_come_back_in_order(again: Open) -> None:
    put = [stored(n) for n in range(2500)]
    again().put(reversed(put))

    assert list(again().shards()) == put


@pytest.mark.parametrize("collecting", [True, False])
def test_reading_leaves_the_garbage_collector_as_it_was(again: Open, collecting: bool) -> None:
    again().put([stored(1)])
    (gc.enable if collecting else gc.disable)()
    try:
        for _ in again().shards():
            assert gc.isenabled() == collecting
        assert gc.isenabled() == collecting
    finally:
        gc.enable()


def test_shards_can_be_changed_while_they_are_read(again: Open) -> None:
    state = again()
    state.put([stored(n) for n in range(1500)])

    for each in state.shards():
        state.forget([each.shard.key])

    assert list(again().shards()) == []


def test_a_shard_that_is_put_again_is_replaced_but_for_its_bytes(again: Open) -> None:
    state = again()
    state.put([stored(1)])
    moved = stored(1, folder="/mnt/b", verified=None, announced=None, swarm=None, uploaded=0)
    state.put([replace(moved, stats=(), made_here=False)])

    kept = replace(moved, stats=(), made_here=False, shard=replace(moved.shard, uploaded=100))
    assert list(again().shards()) == [kept]


def test_a_number_keeps_its_digits(again: Open) -> None:
    exact = Decimal("0.1000000000000000000000000000000000001")
    again().put([stored(1, use=exact, coverage=Decimal(0))])

    (found,) = again().shards()
    assert (str(found.shard.use), str(found.shard.coverage)) == (str(exact), "0")


def test_paths_that_are_no_utf_8_come_back_and_texts_show_them_escaped(again: Open) -> None:
    odd = "/mnt/caf\udce9"  # as os.fsdecode gives a byte that is no UTF-8
    state = again()
    state.put([stored(1, folder=odd, pause=replace(PAUSE, path=odd, detail=f"{odd} is gone"))])
    state.put_dataset(dataset(source=odd, problem=odd))

    state = again()
    (found,) = state.shards()
    assert found.shard.folder == odd
    assert found.shard.pause == replace(PAUSE, path=odd, detail="/mnt/caf\\udce9 is gone")
    assert state.datasets()[0].dataset.source == odd
    assert state.datasets()[0].dataset.problem == "/mnt/caf\\udce9"


def test_no_text_is_taken_for_sql(again: Open) -> None:
    hostile = "'); DROP TABLE shards; --\0\n\"`"
    again().put([stored(1, name=hostile, license=hostile, rendition=hostile)])

    (found,) = again().shards()
    assert (found.shard.name, found.shard.rendition) == (hostile, hostile)


def test_the_files_of_one_shard_can_be_asked_for(again: Open) -> None:
    again().put([stored(1), replace(stored(2), stats=())])

    state = again()
    assert state.stats(info_hash(1).key) == stats(1)
    assert state.stats(info_hash(2).key) == ()
    assert state.stats(info_hash(3).key) == ()


def test_pauses_are_set_and_taken_away(again: Open) -> None:
    state = again()
    state.put([stored(1), stored(2, pause=PAUSE)])
    state.pause({info_hash(1).key: PAUSE, info_hash(2).key: None, info_hash(3).key: PAUSE})

    assert [each.shard.pause for each in again().shards()] == [PAUSE, None]


def test_counters_are_kept_and_bytes_never_shrink(again: Open) -> None:
    state = again()
    state.put([stored(1), stored(2), stored(3)])
    seen = {
        "announced": Evidence(NOON + 60, "dht", "8 nodes stored it"),
        "reachable": None,
        "served": Evidence(NOON + 61, "bytes", "5 bytes"),
        "swarm": Swarm(9, 9, NOON + 60),
    }
    changed = [shard(1, uploaded=150, **seen), shard(2, uploaded=7, **seen), shard(8)]
    state.count(changed, at=NOON)

    assert [each.shard for each in again().shards()] == [
        shard(1, uploaded=150, **seen),
        shard(2, uploaded=200, **seen),
        shard(3),
    ]


def test_counters_leave_facts_alone(again: Open) -> None:
    state = again()
    state.put([stored(1)])
    state.count([shard(1, folder=None, verified=None, pause=PAUSE, listed=None)], at=NOON)

    assert list(again().shards()) == [stored(1)]


def test_datasets_are_replaced_by_id_and_forgotten(again: Open) -> None:
    state = again()
    sparse = dataset("a/a", **dict.fromkeys(["version", "expires", "license", "signed_by"]))
    sparse = replace(sparse, etag=None, last_modified=None)
    state.put_dataset(dataset())
    state.put_dataset(sparse)
    state.put_dataset(dataset("c/c"))
    state.put_dataset(dataset(sequence=8, problem=None, next_look=None))
    state.forget_dataset("c/c")

    assert again().datasets() == (sparse, dataset(sequence=8, problem=None, next_look=None))


@pytest.mark.parametrize("kind", ["v1", "v2", "hybrid"])
@pytest.mark.parametrize("listed_as", ["v1", "v2", "hybrid"])
def test_what_was_withdrawn_is_found_by_any_of_its_info_hashes(
    again: Open, kind: str, listed_as: str
) -> None:
    again().bury([tombstone(1, kind), tombstone(2)])

    found = again().withdrawn(info_hash(1, listed_as))
    if {kind, listed_as} == {"v1", "v2"}:  # nothing in common
        assert found is None
    else:
        assert found == tombstone(1, kind)


def test_both_hashes_of_a_hybrid_are_refused_even_if_one_was_before(again: Open) -> None:
    again().bury([tombstone(1, "v1")])
    again().bury([tombstone(1)])
    again().bury([replace(tombstone(1), reason="again")])

    state = again()
    assert state.tombstones() == (tombstone(1, "v1"), tombstone(1))
    assert state.withdrawn(info_hash(1, "v2")) == tombstone(1)


def test_a_withdrawn_shard_is_never_put_or_resumed_as_one_to_seed(again: Open) -> None:
    gone = Pause(Trouble.WITHDRAWN, NOON, "a court said so")
    state = again()
    state.put([stored(1)])
    state.bury([tombstone(1, "v1"), tombstone(2)])

    assert state.put([stored(1), stored(2, "v2"), stored(3)]) == (
        info_hash(1).key,
        info_hash(2).key,
    )
    assert state.put([stored(1, pause=gone)]) == ()
    state.pause({info_hash(1).key: None})
    state.pause({info_hash(1).key: PAUSE})

    assert [each.shard.pause for each in again().shards()] == [gone, None]


def test_a_running_shard_can_be_paused_as_withdrawn(again: Open) -> None:
    gone = Pause(Trouble.WITHDRAWN, NOON, "a court said so")
    state = again()
    state.put([stored(1)])
    with state.together():
        state.bury([tombstone(1)])
        state.pause({info_hash(1).key: gone})

    assert [each.shard.pause for each in again().shards()] == [gone]


def test_the_log_is_read_page_by_page_newest_first(again: Open) -> None:
    state = again()
    ids = [state.audit(NOON - n, "paused", f"shard {n}", "by hand") for n in range(5)]
    assert ids == sorted(set(ids))

    state = again()
    first = state.audit_log(limit=2)
    then = state.audit_log(before=first[-1].id, limit=2)
    last = state.audit_log(before=then[-1].id, limit=2)
    assert [line.id for page in (first, then, last) for line in page] == ids[::-1]
    assert last == (AuditLine(ids[0], NOON, "paused", "shard 0", "by hand"),)
    assert state.audit_log(before=ids[0]) == ()
    assert state.audit_log(limit=-1) == ()


def test_a_page_of_the_log_and_a_text_in_it_have_an_end(again: Open) -> None:
    state = again()
    with state.together():
        for _ in range(1001):
            state.audit(NOON, "refused", "a" * 5000)

    page = state.audit_log(limit=10**9)
    assert len(page) == 1000
    assert len(page[0].subject) == 4000


def test_what_is_told_together_is_kept_together_or_not_at_all(again: Open) -> None:
    state = again()

    def withdraw_and_fail() -> None:
        with state.together():
            state.put([stored(1)])
            state.bury([Tombstone(info_hash(2), "a/b", "c", "d", NOON)])
            state.audit(NOON, "withdrawn", "c")
            raise KeyError("e")

    with pytest.raises(KeyError):
        withdraw_and_fail()

    state = again()
    assert (list(state.shards()), state.tombstones(), state.audit_log()) == ([], (), ())


def test_a_call_that_fails_inside_leaves_the_rest_of_what_is_told_together(again: Open) -> None:
    state = again()
    bad = replace(stored(2), stats=(replace(stats(2)[0], size=-1),))
    with state.together():
        state.put([stored(1)])
        with pytest.raises(ValueError, match="range"):
            state.put([stored(3), bad])
        state.audit(NOON, "verified", "words-0001")

    state = again()
    assert list(state.shards()) == [stored(1)]
    assert len(state.audit_log()) == 1


def test_a_forgotten_shard_takes_what_is_its_own_with_it_and_no_more(again: Open) -> None:
    state = again()
    state.put([stored(1), stored(2)])
    state.count([shard(1, uploaded=1100)], at=NOON)
    state.count([shard(1, uploaded=1200)], at=NOON + 86_400)
    state.forget([info_hash(1).key, info_hash(9).key])

    state = again()
    assert list(state.shards()) == [stored(2)]
    assert state.shard_days(info_hash(1).key) == ()
    assert state.used(NOON).total == 1100


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE stats SET files = x'07'", "begins with 7"),
        ("UPDATE shards SET role = 'king'", "king"),
        ("UPDATE shards SET use = 'much'", "much"),
        ("UPDATE shards SET pause_why = 'mood', pause_since = 1, pause_detail = ''", "mood"),
        ("UPDATE shards SET pause_why = 'paused'", "pause without"),
        ("UPDATE shards SET listed_by = NULL", "evidence without"),
        ("UPDATE counters SET seeds = NULL", "swarm without"),
    ],
)
def test_a_row_that_seedbox_cannot_have_written_is_named(
    again: Open, tmp_path: Path, damage: str, says: str
) -> None:
    again().put([stored(1)])
    harm(tmp_path, damage)

    with pytest.raises(CorruptStateError, match=rf"seedbox\.sqlite is damaged: shard 1.*{says}"):
        list(again().shards())


def test_damaged_files_of_a_shard_and_a_damaged_tombstone_are_named(
    again: Open, tmp_path: Path
) -> None:
    state = again()
    state.put([stored(1)])
    harm(tmp_path, "UPDATE stats SET files = x''")
    harm(tmp_path, "INSERT INTO tombstones (dataset, name, reason, at) VALUES ('a', 'b', 'c', 1)")

    with pytest.raises(CorruptStateError, match="files of shard"):
        state.stats(info_hash(1).key)
    with pytest.raises(CorruptStateError, match="a tombstone"):
        state.tombstones()
