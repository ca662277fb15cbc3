"""Which shards a query means."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.daemon.api.operations import OPERATIONS
from seedbox.daemon.api.problems import ApiError
from seedbox.daemon.api.queries import Chosen, ShardsQuery, WhyQuery
from seedbox.daemon.api.selecting import select, shard_called, shards_called, shards_chosen
from seedbox.daemon.record import Shard
from support.fake_daemon import DATASETS, missing, shard, view

SHARDS = OPERATIONS[1]
OTHER = shard(9, DATASETS[1], name="the-other", use=None, swarm=None)
SEEN = view(8, missing(10), OTHER)


def asked(query: str) -> ShardsQuery:
    found = SHARDS.asked({}, query.encode())
    assert isinstance(found, ShardsQuery)
    return found


def ranks(query: str) -> list[int]:
    return [each.rank for each in select(SEEN.shards, asked(query)).shards]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7, 8, 10, 9]),
        ("order=desc&limit=3", [9, 10, 8]),
        ("reached=reachable", [4, 8]),
        ("reached=reachable&not_reached=served", [4]),
        ("not_reached=verified", [10]),
        ("trouble=any", [10]),
        ("trouble=missing&trouble=paused", [10]),
        ("trouble=paused", []),
        ("trouble=none&reached=served", [8]),
        ("trouble=none&trouble=missing&limit=2&offset=7", [8, 10]),
        (f"dataset={DATASETS[1]}", [9]),
        ("text=THE-OTHER", [9]),
        ("text=%C3%A9", []),
        ("sort=size&order=desc&limit=2", [10, 9]),
        ("sort=use&limit=2", [10, 8]),
        ("sort=seeds&order=desc&limit=2", [3, 7]),
        ("sort=leechers&limit=2&offset=3", [5, 2]),
        ("sort=since&limit=2", [10, 1]),
        ("sort=name&order=desc&limit=2", [9, 10]),
        ("sort=peers&order=desc&limit=4", [2, 5, 8, 1]),
        ("sort=rate&order=desc&limit=1", [9]),
        ("sort=uploaded&limit=1", [1]),
        ("offset=100", []),
    ],
)
def test_shards_are_filtered_sorted_and_cut(query: str, found: list[int]) -> None:
    assert ranks(query) == found


def test_a_shard_is_found_by_the_beginning_of_either_info_hash() -> None:
    wanted = SEEN.shards[3]
    assert wanted.info_hash.v1 is not None

    assert ranks(f"text={wanted.key[:12]}") == [4]
    assert ranks(f"text={wanted.info_hash.v1.hex()[:12]}") == [4]
    assert ranks(f"text={wanted.key[1:12]}") == []


@given(st.integers(0, 12), st.integers(1, 12), st.sampled_from(["name", "rank", "use", "seeds"]))
def test_pages_make_up_the_whole(offset: int, limit: int, sort: str) -> None:
    page = select(SEEN.shards, asked(f"sort={sort}&offset={offset}&limit={limit}"))
    whole = select(SEEN.shards, asked(f"sort={sort}&limit=1000"))

    assert page.total == whole.total == 10
    assert page.shards == whole.shards[offset : offset + limit]
    assert page.next == (offset + limit if offset + limit < 10 else None)


def test_a_person_may_call_a_shard_by_its_name_and_by_either_hash() -> None:
    wanted = SEEN.shards[2]
    assert wanted.info_hash.v1 is not None
    for name in ("set-00003", wanted.key, wanted.key[:8], wanted.info_hash.v1.hex()):
        assert shard_called(SEEN, WhyQuery(name, None)) == wanted


@pytest.mark.parametrize("name", ["nowhere", "41e3fc5", "0" * 64, "set-0000"])
def test_what_names_no_shard_is_refused(name: str) -> None:
    with pytest.raises(ApiError, match=f"there is no shard {name}") as refused:
        shard_called(SEEN, WhyQuery(name, None))

    assert refused.value.code == "unknown-shard"


def test_a_shard_without_a_v1_hash_is_found_once() -> None:
    v2 = shard(1)
    only = replace(v2, info_hash=replace(v2.info_hash, v1=None))

    assert shards_called(view(0, only), (only.key, only.name)) == [only, only]


def test_a_name_of_several_shards_lists_their_keys() -> None:
    twin = shard(3, DATASETS[1])
    both = view(3, twin)

    with pytest.raises(ApiError) as refused:
        shard_called(both, WhyQuery("set-00003", None))

    listed: Mapping[str, list[dict[str, str]]] = refused.value.data
    assert [each["key"] for each in listed["shards"]] == [both.shards[2].key, twin.key]
    assert shard_called(both, WhyQuery("set-00003", DATASETS[1])) == twin


def test_all_unknown_names_are_told_as_far_as_anybody_reads() -> None:
    with pytest.raises(ApiError, match=r"x0, x1, .*x19 and 5 more"):
        shards_called(SEEN, [f"x{n}" for n in range(25)])


def test_a_command_is_for_some_shards_or_for_a_dataset() -> None:
    chosen: list[Shard] = shards_chosen(SEEN, Chosen(("set-00002",)))

    assert chosen == [SEEN.shards[1]]
    assert shards_chosen(SEEN, Chosen(dataset=DATASETS[1])) == [OTHER]
    with pytest.raises(ApiError, match=r"there is no dataset org\.example/none"):
        shards_chosen(SEEN, Chosen(dataset="org.example/none"))


def test_equal_values_stay_in_the_order_of_datasets_and_ranks() -> None:
    same = view(0, *(shard(n, use=Decimal(1)) for n in range(1, 6)))

    for order in ("asc", "desc"):
        found = select(same.shards, asked(f"sort=use&order={order}"))
        assert [each.rank for each in found.shards] == [1, 2, 3, 4, 5]
