import math
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from seedbox.daemon import metrics
from seedbox.daemon.record import (
    Dataset,
    Evidence,
    Pause,
    Reached,
    Shard,
    Swarm,
    Traffic,
    Trouble,
    View,
)
from seedbox.manifest.model import Role
from seedbox.torrent.info_hash import InfoHash

AT = 1_795_363_200.0  # seconds since the epoch
SEEN = Evidence(AT, "hash", "every byte")
BYTES = {"seedbox_known_bytes", "seedbox_held_bytes"}


def dataset(name: str = "set", *, expires: float | None = None, **changes: object) -> Dataset:
    made = Dataset(
        id=f"org.example/{name}",
        source="/srv/manifest.yaml",
        title="Title",
        version="1.2",
        sequence=7,
        issued=AT - 300,
        expires=expires,
        license="MIT",
        shards=2,
        items=20,
        size=300,
        signed_by="0123456789ABCDEF",
        loaded=AT - 200,
        looked=AT - 100,
        next_look=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a table of cases


def shard(number: int, **changes: object) -> Shard:
    info_hash = InfoHash(v1=number.to_bytes(20, "little"))
    made = Shard(
        *(info_hash.key, info_hash, "org.example/set", f"set-{number:05}", number),
        *(Role.DATA, 10, 100, "MIT"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a table of cases


TRAFFIC = Traffic(uploaded=5000, rate=9, peers=4, limit=None, today=300, month=2000)


def view(shards: Sequence[Shard] = (), datasets: Sequence[Dataset] = (), **changes: object) -> View:
    made = View(AT, AT - 60, "1.2.3", ("/srv",), ("[::]:1",), tuple(datasets), shards, TRAFFIC)
    return replace(made, **changes)  # type: ignore[arg-type]  # a table of cases


Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def series(seen: View, *, per_shard: bool = False) -> Series:
    """All of a page, as Prometheus' own parser reads it; nothing stands there twice."""
    page = metrics.exposition(seen, per_shard=per_shard).decode()
    found: Series = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            name = (sample.name, tuple(sorted(sample.labels.items())))
            assert name not in found
            found[name] = sample.value
    return found


def value(seen: View, name: str, **labels: str) -> float | None:
    return series(seen).get((name, tuple(sorted(labels.items()))))


# --- the daemon -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("seedbox_build_info", {"version": "1.2.3"}, 1),
        ("seedbox_start_time_seconds", {}, AT - 60),
        ("seedbox_datasets", {}, 0),
        ("seedbox_listening_addresses", {}, 1),
        ("seedbox_dht_enabled", {}, 0),
        ("seedbox_dht_nodes", {}, 0),
        ("seedbox_verifying_shards", {}, 0),
        ("seedbox_uploaded_bytes_total", {}, 5000),
        ("seedbox_connected_peers", {}, 4),
        ("seedbox_upload_limit_bytes_per_second", {}, math.inf),
        ("seedbox_upload_used_bytes", {"period": "day"}, 300),
        ("seedbox_upload_used_bytes", {"period": "month"}, 2000),
        ("seedbox_upload_cap_bytes", {"period": "day"}, math.inf),
        ("seedbox_upload_cap_bytes", {"period": "month"}, math.inf),
        ("seedbox_known_shards", {}, 0),
    ],
)
def test_an_empty_daemon_has_every_series_of_its_own(
    name: str, labels: dict[str, str], expected: float
) -> None:
    assert value(view(), name, **labels) == expected


def test_caps_and_the_limit_are_bytes() -> None:
    capped = view(traffic=replace(TRAFFIC, limit=64, day_cap=10**9, month_cap=10**12))

    assert value(capped, "seedbox_upload_limit_bytes_per_second") == 64
    assert value(capped, "seedbox_upload_cap_bytes", period="day") == 10**9
    assert value(capped, "seedbox_upload_cap_bytes", period="month") == 10**12


def test_a_dht_without_nodes_is_told_from_none() -> None:
    assert value(view(dht_nodes=0), "seedbox_dht_enabled") == 1
    assert value(view(dht_nodes=312), "seedbox_dht_nodes") == 312


# --- shards and datasets ----------------------------------------------------------------------


def test_a_shard_counts_in_every_state_that_it_has_reached() -> None:
    seen = view([shard(1, listed=SEEN, verified=SEEN), shard(2, listed=SEEN)], [dataset()])

    counts = {s: value(seen, "seedbox_shards", state=str(s)) for s in Reached}
    assert list(counts.values()) == [2, 1, 0, 0, 0]
    of_set = {
        s: value(seen, "seedbox_dataset_shards", dataset="org.example/set", state=str(s))
        for s in Reached
    }
    assert of_set == counts


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_its_series(trouble: Trouble) -> None:
    seen = view([shard(1, pause=Pause(trouble, AT, "why"))], [dataset()])

    told = {w: value(seen, "seedbox_troubled_shards", trouble=str(w)) for w in Trouble}
    assert told == {w: w is trouble for w in Trouble}
    labels = {"dataset": "org.example/set", "trouble": str(trouble)}
    assert value(seen, "seedbox_dataset_troubled_shards", **labels) == 1


def test_sums_are_told_of_all_and_of_each_dataset() -> None:
    other = shard(2, dataset="org.example/other", uploaded=7, peers=2, listed=SEEN)
    seen = view([shard(1, verified=SEEN, uploaded=5, peers=1), other], [dataset()])

    held = {name: value(seen, name) for name in BYTES}
    assert held == {"seedbox_known_bytes": 200, "seedbox_held_bytes": 100}
    assert [
        value(seen, f"seedbox_dataset_{name}", dataset=f"org.example/{id_}")
        for id_ in ("set", "other")
        for name in ("known_bytes", "held_bytes", "connected_peers", "uploaded_bytes_total")
    ] == [100, 100, 1, 5, 100, 0, 2, 7]


def test_times_of_a_manifest_are_moments_and_what_never_comes_is_infinite() -> None:
    names = ["issued", "expiry", "loaded", "last_look", "next_look"]

    def times(which: Dataset) -> list[float | None]:
        return [
            value(view((), [which]), f"seedbox_manifest_{n}_timestamp_seconds", dataset=which.id)
            for n in names
        ]

    assert times(dataset()) == [AT - 300, math.inf, AT - 200, AT - 100, math.inf]
    assert times(dataset(expires=AT + 9, next_look=AT + 5)) == [
        *(AT - 300, AT + 9, AT - 200, AT - 100, AT + 5)
    ]


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("problem", {}, 0),
        ("problem", {"problem": "rolled back"}, 1),
        ("signed", {}, 1),
        ("signed", {"signed_by": None}, 0),
        ("sequence", {}, 7),
    ],
)
def test_a_manifest_is_told_of(name: str, changes: dict[str, object], expected: int) -> None:
    seen = view((), [dataset(**changes)])  # type: ignore[arg-type]  # a table of cases

    assert value(seen, f"seedbox_manifest_{name}", dataset="org.example/set") == expected


def test_what_is_not_known_of_a_manifest_is_an_empty_label() -> None:
    seen = view((), [dataset(version=None, license=None)])

    labels = {"dataset": "org.example/set", "version": "", "license": ""}
    assert value(seen, "seedbox_manifest_info", **labels) == 1


# --- single shards ----------------------------------------------------------------------------


def test_single_shards_are_told_of_only_when_asked_for() -> None:
    seen = view([shard(1, uploaded=5, peers=3, swarm=Swarm(8, 2, AT))], [dataset()])

    assert not [name for name, _ in series(seen) if name.startswith("seedbox_shard_")]
    labels = {"dataset": "org.example/set", "shard": "set-00001", "key": "010000000000"}
    assert {
        name: number
        for (name, said), number in series(seen, per_shard=True).items()
        if dict(said) == labels
    } == {
        "seedbox_shard_seeding": 1,
        "seedbox_shard_uploaded_bytes_total": 5,
        "seedbox_shard_connected_peers": 3,
        "seedbox_shard_swarm_seeds": 8,
        "seedbox_shard_swarm_leechers": 2,
    }


def test_of_a_swarm_that_nobody_told_of_there_is_no_number() -> None:
    names = {name for name, _ in series(view([shard(1)]), per_shard=True)}

    assert not {"seedbox_shard_swarm_seeds", "seedbox_shard_swarm_leechers"} & names


def test_a_dropped_shard_and_its_successor_of_the_same_name_are_two_series() -> None:
    gone = shard(1, name="set", pause=Pause(Trouble.DROPPED, AT, "not listed"))

    found = series(view([gone, shard(2, name="set")]), per_shard=True)

    seeding = [number for (name, _), number in found.items() if name == "seedbox_shard_seeding"]
    assert seeding == [0, 1]


def test_names_from_outside_cannot_break_a_page() -> None:
    hostile = 'a"} 1\nb{c="\\'
    seen = view([shard(1, name=hostile, dataset=hostile)], [dataset(version=hostile)])

    found = series(seen, per_shard=True)

    assert ("shard", hostile) in next(said for n, said in found if n == "seedbox_shard_seeding")
    assert {name for name, _ in found if not name.startswith("seedbox_")} == set()


# --- conventions and cost ---------------------------------------------------------------------


def test_names_follow_the_conventions() -> None:
    seen = view([shard(1, swarm=Swarm(1, 1, AT))], [dataset()])
    page = metrics.exposition(seen, per_shard=True).decode()

    families = list(text_string_to_metric_families(page))
    assert all(family.name.startswith("seedbox_") for family in families)
    assert all(family.documentation.endswith(".") for family in families)
    helped = [line.split()[2] for line in page.splitlines() if line.startswith("# HELP")]
    kinds = dict(line.split()[2:4] for line in page.splitlines() if line.startswith("# TYPE"))
    assert sorted(helped) == sorted(kinds)
    assert {name for name, kind in kinds.items() if kind == "counter"} == {
        name for name in kinds if name.endswith("_total")
    }


def test_the_global_registry_stays_as_it_was() -> None:
    metrics.exposition(view([shard(1)], [dataset()]), per_shard=True)

    assert not [f for f in REGISTRY.collect() if f.name.startswith("seedbox_")]


@pytest.mark.parametrize(("per_shard", "seconds"), [(False, 0.05), (True, 0.5)])
def test_ten_thousand_shards_are_told_of_in_time(per_shard: bool, seconds: float) -> None:
    shards = tuple(shard(n, listed=SEEN, swarm=Swarm(1, 2, AT)) for n in range(10_000))
    seen = view(shards, [dataset(f"set-{n}") for n in range(20)])

    took = []
    for _ in range(3):  # the best of some: others use the processor too
        began = time.process_time()
        metrics.exposition(seen, per_shard=per_shard)
        took.append(time.process_time() - began)

    assert min(took) < seconds
