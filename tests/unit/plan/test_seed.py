from datetime import UTC, datetime, timedelta

import pytest

from seedbox.errors import LicenseRefusedError
from seedbox.manifest.withdrawals import Action, Entry, Reason, Target, Withdrawals
from seedbox.plan.seed import Seeded, SeedReport, Skipped, plan_seed
from seedbox.plan.withdrawals import plan_withdrawals
from support.datasets import CLOSED, OPEN, entry, manifest

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_open_and_released_shards_may_be_seeded_and_the_others_are_named() -> None:
    plan = plan_seed(
        manifest(
            entry("open"),
            entry("closed", license=CLOSED),
            entry("later", release=NOW + timedelta(days=1)),
            entry("now", release=NOW),
        ),
        now=NOW,
    )

    assert [shard.name for shard in plan.shards] == ["open", "now"]
    closed, later = plan.skipped
    assert closed.name == "closed"
    assert closed.reason.startswith("its license is refused: CC-BY-NC-4.0")
    assert later == Skipped("later", "it is released on 2026-11-02 00:00 UTC")


def test_a_dataset_that_is_not_open_is_refused() -> None:
    with pytest.raises(LicenseRefusedError):
        plan_seed(manifest(entry("a"), license=CLOSED), now=NOW)


def test_a_missing_license_keeps_back_only_the_shards_that_need_it() -> None:
    plan = plan_seed(manifest(entry("own", license=OPEN), entry("bare"), license=None), now=NOW)

    assert [shard.name for shard in plan.shards] == ["own"]
    assert [skipped.name for skipped in plan.skipped] == ["bare"]


def test_what_was_withdrawn_is_not_seeded_whatever_else_holds_for_it() -> None:
    of = manifest(entry("a"), entry("b", license=CLOSED), entry("c"))
    entries = tuple(
        Entry(Target(shard=name), Reason.CORRUPT, Action.STOP, NOW, NOW) for name in ("b", "c")
    )
    orders = plan_withdrawals(of, Withdrawals(of.head.id, 1, entries), now=NOW)

    plan = plan_seed(of, now=NOW, orders=orders)

    assert [shard.name for shard in plan.shards] == ["a"]
    words = "withdrawn on 2026-11-01 00:00 UTC (corrupt); stop seeding it, by 2026-11-01 00:00 UTC"
    assert plan.skipped == tuple(
        Skipped(order.shard or "", words, order, delete=()) for order in orders
    )


@pytest.mark.parametrize(
    ("seeded", "skipped", "ok"),
    [
        ((Seeded("a", 1), Seeded("b", 1)), (), True),
        ((Seeded("a", 1),), (Skipped("b", "why"),), False),
        ((Seeded("a", 1), Seeded("b", 1, lost="why")), (), False),
        ((), (), False),
    ],
)
def test_only_seeding_everything_to_the_end_is_ok(
    seeded: tuple[Seeded, ...], skipped: tuple[Skipped, ...], ok: bool
) -> None:
    assert SeedReport(seeded, skipped).ok is ok
