from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seedbox.manifest.model import Manifest
from seedbox.manifest.withdrawals import Action, Entry, Reason, Target, Withdrawals
from seedbox.plan.withdrawals import Found, Order, plan_withdrawals, stopped, tombstones
from seedbox.torrent.info_hash import InfoHash
from support.datasets import entry, manifest

ISSUED = datetime(2026, 10, 12, tzinfo=UTC)
DUE = datetime(2026, 10, 19, tzinfo=UTC)
NOW = datetime(2026, 10, 15, tzinfo=UTC)
DAY = timedelta(days=1)
A1, A2 = b"a" * 20, b"A" * 32
B1 = b"b" * 20
OLD1, OLD2 = b"o" * 20, b"O" * 32
LISTED = manifest(entry("a", info_hash=InfoHash(A1, A2)), entry("b", info_hash=InfoHash(v1=B1)))


def taken(target: Target, **changes: Any) -> Entry:  # noqa: ANN401  (any field of an Entry)
    plain = {
        "reason": Reason.PRIVACY,
        "action": Action.DELETE,
        "issued": ISSUED,
        "effective_by": DUE,
    }
    return Entry(target, **{**plain, **changes})


def orders(
    *entries: Entry,
    of: Manifest = LISTED,
    now: datetime = NOW,
    **how: Any,  # noqa: ANN401  (items)
) -> tuple[Order, ...]:
    return plan_withdrawals(of, Withdrawals(of.head.id, 1, entries), now=now, **how)


@pytest.mark.parametrize("target", [Target(shard="a"), Target(info_hash=A1), Target(info_hash=A2)])
def test_a_shard_stops_by_name_and_by_either_half_of_its_info_hash(target: Target) -> None:
    (order,) = orders(taken(target))

    assert (order.shard, order.item, order.found) == ("a", None, Found.LISTED)
    assert order.info_hashes == (A1, A2)
    assert (order.action, order.delete, order.by, order.overdue) == (
        Action.DELETE,
        True,
        DUE,
        False,
    )


def test_nothing_withdrawn_means_no_order() -> None:
    assert orders() == ()


@pytest.mark.parametrize("digest", [OLD1, OLD2])
def test_an_info_hash_that_is_not_listed_any_more_is_still_an_order(digest: bytes) -> None:
    (order,) = orders(taken(Target(info_hash=digest)))

    assert (order.shard, order.found, order.info_hashes) == (None, Found.ABSENT, (digest,))
    assert order.what == f"info-hash {digest.hex()}"


def test_a_name_that_is_not_listed_any_more_is_still_an_order() -> None:
    (order,) = orders(taken(Target(shard="gone")))

    assert (order.shard, order.found, order.info_hashes) == ("gone", Found.ABSENT, ())


def test_a_name_stays_withdrawn_in_a_later_release_and_an_info_hash_does_not() -> None:
    rebuilt = manifest(entry("a", info_hash=InfoHash(v1=b"n" * 20)), issued=NOW)

    (by_name,) = orders(taken(Target(shard="a")), of=rebuilt)
    (by_hash,) = orders(taken(Target(info_hash=A1)), of=rebuilt)

    assert by_name.found is Found.LISTED
    assert by_hash.found is Found.ABSENT


def test_of_several_entries_the_strictest_action_and_the_earliest_date_win() -> None:
    (order,) = orders(
        taken(
            Target(shard="a"), action=Action.STOP, reason=Reason.LICENSE, notice="https://e.org/1"
        ),
        taken(Target(info_hash=A2), issued=ISSUED + DAY, effective_by=DUE + DAY),
        taken(
            Target(info_hash=A1),
            action=Action.STOP,
            issued=ISSUED + DAY,
            effective_by=DUE - DAY,
            notice="https://e.org/2",
        ),
    )

    assert order.action is Action.DELETE
    assert (order.issued, order.by) == (ISSUED, DUE - DAY)
    assert order.reasons == (Reason.LICENSE, Reason.PRIVACY)
    assert order.notices == ("https://e.org/1", "https://e.org/2")


def test_stop_seeding_alone_deletes_nothing() -> None:
    (order,) = orders(taken(Target(shard="a"), action=Action.STOP))

    assert not order.delete


@pytest.mark.parametrize(
    ("now", "overdue"), [(DUE - DAY, False), (DUE, False), (DUE + timedelta(seconds=1), True)]
)
def test_an_order_is_overdue_after_the_moment_by_which_it_had_to_be_obeyed(
    now: datetime, overdue: bool
) -> None:
    (order,) = orders(taken(Target(shard="a")), now=now)

    assert order.overdue is overdue


def test_shards_come_in_the_order_of_the_manifest_then_what_it_lacks_then_items() -> None:
    found = orders(
        taken(Target(items=("x",))),
        taken(Target(info_hash=OLD1)),
        taken(Target(shard="b")),
        taken(Target(shard="a")),
    )

    assert [order.what for order in found] == ["a", "b", f"info-hash {OLD1.hex()}", "item x"]


# --- items ------------------------------------------------------------------------------------

ITEMS = {"a": ("x", "y"), "b": ("z",)}


def test_the_shard_that_holds_an_item_stops_and_the_item_alone_is_deleted() -> None:
    (order,) = orders(taken(Target(items=("z",))), items=ITEMS)

    assert (order.item, order.shard, order.found) == ("z", "b", Found.LISTED)
    assert order.info_hashes == (B1,)
    assert order.what == "item z"


def test_each_item_of_an_entry_is_an_order_of_its_own() -> None:
    found = orders(taken(Target(items=("z", "x", "z"))), items=ITEMS)

    assert [(order.item, order.shard) for order in found] == [("z", "b"), ("x", "a")]


def test_an_item_that_several_shards_hold_stops_them_all() -> None:
    found = orders(taken(Target(items=("x",))), items={"a": ("x",), "b": ("x",)})

    assert [order.shard for order in found] == ["a", "b"]


def test_entries_on_one_item_become_one_order() -> None:
    (order,) = orders(
        taken(Target(items=("x",)), action=Action.STOP),
        taken(Target(items=("y", "x")), reason=Reason.ILLEGAL),
        items={"a": ("x",), "b": ()},
    )[:1]

    assert (order.item, order.action) == ("x", Action.DELETE)
    assert order.reasons == (Reason.PRIVACY, Reason.ILLEGAL)


@pytest.mark.parametrize(
    ("items", "found"), [(ITEMS, Found.ABSENT), ({"a": ("x",)}, Found.UNKNOWN), ({}, Found.UNKNOWN)]
)
def test_an_item_that_is_nowhere_is_absent_only_if_every_shard_could_be_seen_into(
    items: dict[str, tuple[str, ...]], found: Found
) -> None:
    (order,) = orders(taken(Target(items=("q",))), items=items)

    assert (order.shard, order.found) == (None, found)


# --- what follows -----------------------------------------------------------------------------


def test_stopped_are_whole_shards_before_single_items() -> None:
    found = stopped(
        orders(
            taken(Target(items=("x", "z"))),
            taken(Target(shard="a")),
            taken(Target(info_hash=OLD1)),
            items=ITEMS,
        )
    )

    assert {name: order.item for name, order in found.items()} == {"a": None, "b": "z"}


def test_tombstones_are_both_halves_of_every_torrent_that_may_not_come_back() -> None:
    found = tombstones(
        orders(
            taken(Target(info_hash=A1)),
            taken(Target(info_hash=OLD2)),
            taken(Target(items=("z",))),
            items=ITEMS,
        )
    )

    assert found == {A1, A2, OLD2, B1}


@pytest.mark.parametrize(
    ("changes", "now", "words"),
    [
        (
            {},
            NOW,
            "withdrawn on 2026-10-12 00:00 UTC (privacy); delete it, by 2026-10-19 00:00 UTC",
        ),
        (
            {"action": Action.STOP, "notice": "https://e.org/1"},
            DUE + DAY,
            (
                "withdrawn on 2026-10-12 00:00 UTC (privacy); stop seeding it, "
                "overdue since 2026-10-19 00:00 UTC; see https://e.org/1"
            ),
        ),
    ],
)
def test_an_order_says_when_why_and_by_when(
    changes: dict[str, Any], now: datetime, words: str
) -> None:
    (shard,) = orders(taken(Target(shard="a"), **changes), now=now)
    (item,) = orders(taken(Target(items=("x",)), **changes), now=now, items=ITEMS)
    (nowhere,) = orders(taken(Target(items=("q",)), **changes), now=now)

    assert shard.why == nowhere.why == words
    assert item.why == f"its item x was {words}"
