from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.errors import MissingWithdrawalsError, ShrunkWithdrawalsError, UnsignedError
from seedbox.jobs.admission import Trust
from seedbox.jobs.shards import Source
from seedbox.jobs.trust import Entries, Floor, Kind, raise_floor
from seedbox.jobs.withdrawals import (
    Received,
    believe,
    beside,
    heed,
    orders_on,
    read_withdrawals,
    to_delete,
)
from seedbox.manifest.keys import SecretKey
from seedbox.manifest.signature import Claim, parse_signature, sign
from seedbox.manifest.withdrawals import (
    Action,
    Entry,
    Reason,
    Target,
    Withdrawals,
    write_withdrawals,
)
from seedbox.plan.withdrawals import Found
from support.datasets import published

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEY = SecretKey.make(key_id=b"k" * 8, seed=b"s" * 32)
ID = "org.example/set"
FILES = {"a": b"a" * 70_000, "b/c": b"c" * 60_000, "b/d": b"d" * 20_000}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Two shards of data/: set-0001 holds b/c and b/d, set-0002 holds a."""
    return published(tmp_path, FILES)


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    return Trust(tmp_path / "state", (KEY.public,))


def taken(*targets: Target, action: Action = Action.DELETE) -> Withdrawals:
    return Withdrawals(ID, 3, tuple(Entry(t, Reason.LICENSE, action, NOW, NOW) for t in targets))


def received(withdrawals: Withdrawals, *, is_signed: bool = True) -> Received:
    """What a poll of the publisher's URL would bring."""
    data = write_withdrawals(withdrawals)
    comment = str(Claim(withdrawals.id, withdrawals.sequence, sha256(data).digest()))
    signature = parse_signature(sign(data, KEY, comment), file="w") if is_signed else None
    return Received(Path("https://example.org/withdrawals.yaml"), data, signature)


def withdrawn(source: Source, withdrawals: Withdrawals) -> Source:
    return Source(source.path, source.manifest, withdrawals)


# --- whether they can be believed -------------------------------------------------------------


def test_bytes_from_anywhere_are_believed_with_a_signature_of_a_trusted_key(
    source: Source, trust: Trust
) -> None:
    said = taken(Target(shard="set-0001"))

    found = believe(received(said), source.manifest.head, trust, now=NOW, remember=True)

    assert found == said


def test_bytes_without_a_signature_are_not(source: Source, trust: Trust) -> None:
    unsigned = received(taken(Target(shard="set-0001")), is_signed=False)

    with pytest.raises(UnsignedError) as caught:
        believe(unsigned, source.manifest.head, trust, now=NOW, remember=True)

    assert KEY.public.name in caught.value.message


def test_a_floor_without_entries_holds_the_sequence_alone(source: Source, trust: Trust) -> None:
    raise_floor(trust.state, ID, Kind.WITHDRAWALS, Floor(2, bytes(32), NOW), file="w")
    said = taken(Target(shard="set-0001"))

    assert believe(received(said), source.manifest.head, trust, now=NOW, remember=False) == said


def test_other_first_entries_than_those_seen_are_refused_with_both_numbers(
    source: Source, trust: Trust
) -> None:
    floor = Floor(2, bytes(32), NOW, Entries(5, bytes(32)))
    raise_floor(trust.state, ID, Kind.WITHDRAWALS, floor, file="w")
    said = received(taken(Target(shard="set-0001")))

    with pytest.raises(ShrunkWithdrawalsError) as caught:
        believe(said, source.manifest.head, trust, now=NOW, remember=True)

    assert "it has 1, and the first 5 are not those seen on 2026-11-01 00:00 UTC" in str(
        caught.value
    )


def test_a_trusted_manifest_without_withdrawals_is_quiet_until_some_were_seen(
    source: Source, trust: Trust
) -> None:
    first = heed(source, trust, now=NOW)
    believe(received(taken()), source.manifest.head, trust, now=NOW, remember=True)

    assert (first.source, first.warnings) == (source, ())
    with pytest.raises(MissingWithdrawalsError) as caught:
        heed(source, trust, now=NOW)
    assert "one with sequence 3 was seen on 2026-11-01 00:00 UTC" in caught.value.message


def test_without_a_file_there_are_none(source: Source) -> None:
    assert read_withdrawals(source.path) is None


def test_they_lie_beside_the_manifest() -> None:
    assert beside(Path("a/m.yaml")) == Path("a/withdrawals.yaml")


# --- what follows from them -------------------------------------------------------------------


def test_where_nothing_is_known_nothing_has_to_be_done(source: Source) -> None:
    assert orders_on(source, now=NOW) == ()


def test_items_are_looked_for_in_the_shards_that_are_asked_about_alone(source: Source) -> None:
    of = withdrawn(source, taken(Target(items=("a", "b/d", "none"))))
    first = of.manifest.shards[:1]

    everywhere, there = orders_on(of, now=NOW), orders_on(of, now=NOW, shards=first)

    assert [(o.item, o.shard, o.found) for o in everywhere] == [
        ("a", "set-0002", Found.LISTED),
        ("b/d", "set-0001", Found.LISTED),
        ("none", None, Found.ABSENT),
    ]
    assert [(o.item, o.shard) for o in there] == [("a", None), ("b/d", "set-0001"), ("none", None)]


@pytest.mark.parametrize("is_there", [True, False])
def test_nobody_can_see_into_a_shard_whose_torrent_is_broken_or_gone(
    source: Source, is_there: bool
) -> None:
    of = withdrawn(source, taken(Target(items=("b/d",)), Target(shard="set-0001")))
    torrent = of.path.parent / of.manifest.shards[0].torrent.path
    torrent.write_bytes(b"broken") if is_there else torrent.unlink()

    shard, item = orders_on(of, now=NOW)

    assert (item.shard, item.found) == (None, Found.UNKNOWN)
    assert to_delete(of, shard, [of.path.parent.parent]) == ()


def test_what_has_to_go_is_every_file_of_the_shard_that_is_here_wherever_it_lies(
    source: Source, tmp_path: Path
) -> None:
    (order,) = orders_on(withdrawn(source, taken(Target(shard="set-0001"))), now=NOW)
    mirror = tmp_path / "mirror" / "org.example" / "set" / "data" / "b"
    mirror.mkdir(parents=True)
    (mirror / "d").write_bytes(b"wrong, and still of it")

    assert to_delete(source, order, [tmp_path, tmp_path / "data", tmp_path / "mirror"]) == (
        f"{tmp_path}/data/b/c",
        f"{tmp_path}/data/b/d",
        f"{mirror}/d",
    )


def test_of_an_item_that_item_alone_has_to_go(source: Source, tmp_path: Path) -> None:
    of = withdrawn(source, taken(Target(items=("b/d",))))
    (order,) = orders_on(of, now=NOW)

    assert to_delete(of, order, [tmp_path]) == (f"{tmp_path}/data/b/d",)


def test_where_only_seeding_stops_nothing_has_to_go(source: Source, tmp_path: Path) -> None:
    of = withdrawn(source, taken(Target(shard="set-0001"), action=Action.STOP))
    (order,) = orders_on(of, now=NOW)

    assert to_delete(of, order, [tmp_path]) == ()
    assert to_delete(of, None, [tmp_path]) == ()
