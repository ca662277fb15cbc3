from dataclasses import replace

from seedbox.daemon.api.daemon import Change
from seedbox.daemon.holdings import Holdings
from seedbox.daemon.record import Evidence
from seedbox.daemon.truth import Held
from support.stored import shard
from support.swarm import in_loop


def test_shards_are_told_by_dataset_and_rank_and_what_was_told_stays() -> None:
    holdings = Holdings()
    holdings.load(Held(shard(n)) for n in (3, 1, 2))
    before = holdings.shards()
    holdings.put(Held(shard(1, rank=9)))

    assert [each.rank for each in before] == [1, 2, 3]
    assert [each.rank for each in holdings.shards()] == [2, 3, 9]
    assert holdings.shards() is holdings.shards()
    assert len(holdings.of("example/words")) == len(holdings) == 3


def test_totals_follow_the_shards_and_only_changed_counters_are_kept() -> None:
    holdings, one = Holdings(), Held(shard(1, uploaded=100))
    holdings.load([one, Held(shard(2))])
    holdings.put(replace(one, shard=replace(one.shard, uploaded=150, rate=7, peers=2)))
    holdings.put(replace(one, shard=replace(one.shard, uploaded=160, rate=3, peers=1)))

    assert (holdings.uploaded, holdings.rate, holdings.peers) == (60, 3, 1)
    changed = holdings.take_counted()
    assert [each.uploaded for each in changed] == [160]
    assert holdings.take_counted() == []
    holdings.count_again(changed)
    assert holdings.take_counted() == changed


@in_loop
async def test_a_listener_hears_of_each_thing_its_latest_value() -> None:
    holdings, one = Holdings(), Held(shard(1))
    holdings.load([one])
    with holdings.listening() as listener:
        for at in (1.0, 2.0):
            found = replace(one.shard, reachable=Evidence(at, "incoming", ""))
            holdings.put(replace(one, shard=found))
        holdings.put(replace(one, shard=found))  # nothing new

        assert await anext(listener.changes()) == Change(found)
