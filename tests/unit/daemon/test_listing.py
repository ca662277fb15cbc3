from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seedbox.daemon.listing import claims, dataset, given_up, taken_on
from seedbox.daemon.record import Evidence, Pause, Trouble
from seedbox.daemon.truth import Held
from seedbox.errors import LicenseRefusedError
from support.datasets import CLOSED, entry, manifest

NOW = 1_700_000_000.0
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def test_each_shard_is_claimed_in_its_place() -> None:
    made = manifest(entry("a"), entry("b", release=LATER), entry("c", license=CLOSED))

    a, b, c = claims(made, (), source="m.yaml", now=NOW)

    assert [(each.shard.name, each.shard.rank) for each in (a, b, c)] == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
    ]
    assert a.shard.listed == Evidence(NOW, "manifest", "m.yaml, sequence 1")
    assert (a.release, b.release) == (None, LATER.timestamp())
    assert c.shard.listed is None
    assert c.blocked is not None
    assert c.blocked.why is Trouble.REFUSED


def test_a_closed_dataset_claims_nothing() -> None:
    with pytest.raises(LicenseRefusedError):
        claims(manifest(entry("a"), license=CLOSED), (), source="m.yaml", now=NOW)


def test_a_newer_manifest_changes_what_is_said_and_not_what_was_proven() -> None:
    (old,) = claims(manifest(entry("a")), (), source="m.yaml", now=NOW)
    held = replace(
        taken_on(old, None, now=NOW), proven=Evidence(NOW, "hash", ""), fault=None, carried=5
    )
    (new,) = claims(manifest(entry("a", items=9)), (), source="m.yaml", now=NOW + 5)

    found = taken_on(new, held, now=NOW + 5)

    assert (found.shard.items, found.proven, found.carried) == (9, held.proven, 5)
    assert found.shard.listed == Evidence(NOW, "manifest", "m.yaml, sequence 1")


def test_what_is_new_waits_to_be_hashed() -> None:
    (claim,) = claims(manifest(entry("a")), (), source="m.yaml", now=NOW)

    assert taken_on(claim, None, now=NOW).fault == Pause(
        Trouble.VERIFYING, NOW, "it waits to be hashed"
    )


def test_what_is_listed_no_more_is_dropped_and_the_withdrawn_stays_withdrawn() -> None:
    (claim,) = claims(manifest(entry("a")), (), source="m.yaml", now=NOW)
    held = Held(claim.shard)
    withdrawn = replace(held, blocked=Pause(Trouble.WITHDRAWN, NOW, "why"))

    dropped = given_up(held, "gone", now=NOW)

    assert dropped.blocked == Pause(Trouble.DROPPED, NOW, "gone")
    assert dropped.shard.listed is None
    assert given_up(withdrawn, "gone", now=NOW) == withdrawn


def test_a_dataset_is_told_as_its_manifest_has_it() -> None:
    told = dataset(
        manifest(entry("a"), entry("b"), expires=LATER), source="m.yaml", signed_by="K", now=NOW
    )

    assert (told.id, told.shards, told.items, told.size) == ("org.example/set", 2, 2, 2000)
    assert (told.signed_by, told.expires, told.loaded) == ("K", LATER.timestamp(), NOW)
    assert told.license == "CC0-1.0"
