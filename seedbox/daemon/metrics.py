"""A look at a daemon as Prometheus reads it: text exposition format 0.0.4. Pure.

Names follow Prometheus' conventions: base units, the unit in the name, `_total` for what only
grows, the time of an event and not its age. What has no limit has the limit +Inf, so that a series
is never absent and a share of it can be computed. There is no metric for a rate of upload:
`rate(seedbox_uploaded_bytes_total[5m])` is one.

Families are made for each look and thrown away; prometheus_client's global registry is not used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from seedbox.daemon.api.summing import Summary, Sums, summary
from seedbox.daemon.record import Dataset, Shard, View

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def exposition(view: View, *, per_shard: bool = False) -> bytes:
    """Return everything that is measured of a daemon.

    Args:
        view: What is looked at.
        per_shard: Add series for each shard: five, of which every Prometheus keeps every value.
    """
    shards = _shards(view.shards) if per_shard else ""
    return generate_latest(Look(view)) + shards.encode()


@dataclass(frozen=True, slots=True)
class Look(Collector):
    """One look at a daemon, as families of metrics; those of single shards are not among them."""

    view: View

    def collect(self) -> Iterator[Metric]:
        """Yield each family once."""
        found = summary(self.view)
        yield from _daemon(found)
        yield from _totals(found)
        yield from _datasets(found)
        yield from _manifests(self.view.datasets)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"seedbox_{name}", about, value)


def _bound(limit: int | None) -> float:
    return math.inf if limit is None else limit


# --- the daemon -------------------------------------------------------------------------------


def _daemon(found: Summary) -> Iterator[Metric]:
    """Yield what there is one of."""
    view = found.view
    build = {"version": view.version}
    yield InfoMetricFamily("seedbox_build", "The seedbox that runs.", build)
    yield _gauge("start_time_seconds", "When the daemon started, since the epoch.", view.started)
    yield _gauge("datasets", "Datasets that are known.", len(view.datasets))
    yield _gauge("listening_addresses", "Addresses at which peers can call.", len(view.listening))
    yield _gauge("dht_enabled", "1 if the DHT is used.", view.dht_nodes is not None)
    yield _gauge("dht_nodes", "Nodes of the DHT that are known; 0 without it.", view.dht_nodes or 0)
    yield _gauge("verifying_shards", "Shards that wait to be hashed, or are.", view.verifying)
    yield from _traffic(view)


def _traffic(view: View) -> Iterator[Metric]:
    traffic = view.traffic
    yield CounterMetricFamily(
        "seedbox_uploaded_bytes", "Payload given to peers, in all runs.", traffic.uploaded
    )
    yield _gauge("connected_peers", "Peers that are connected.", traffic.peers)
    yield _gauge(
        "upload_limit_bytes_per_second",
        "Most bytes to peers in a second at the moment; +Inf without a limit.",
        _bound(traffic.limit),
    )
    used = GaugeMetricFamily(
        "seedbox_upload_used_bytes",
        "Payload given to peers in the running day or month, UTC.",
        labels=("period",),
    )
    used.add_metric(("day",), traffic.today)
    used.add_metric(("month",), traffic.month)
    yield used
    caps = GaugeMetricFamily(
        "seedbox_upload_cap_bytes",
        "Most payload for peers in a day or month, UTC; +Inf without a cap.",
        labels=("period",),
    )
    caps.add_metric(("day",), _bound(traffic.day_cap))
    caps.add_metric(("month",), _bound(traffic.month_cap))
    yield caps


def _totals(found: Summary) -> Iterator[Metric]:
    """Yield what all shards come to."""
    whole = found.whole
    yield _gauge("known_shards", "Shards that are known, whatever their state.", whole.shards)
    yield _gauge("known_bytes", "Payload of the shards that are known.", whole.size)
    yield _gauge("held_bytes", "Payload that is held and verified.", whole.held_size)
    states = GaugeMetricFamily(
        "seedbox_shards",
        "Shards that have reached a state; each counts in every state that it has reached.",
        labels=("state",),
    )
    for state, count in whole.counts.items():
        states.add_metric((state,), count)
    yield states
    troubles = GaugeMetricFamily(
        "seedbox_troubled_shards", "Shards that are not served, by reason.", labels=("trouble",)
    )
    for trouble, count in whole.troubles.items():
        troubles.add_metric((trouble,), count)
    yield troubles


# --- datasets ---------------------------------------------------------------------------------


def _datasets(found: Summary) -> Iterator[Metric]:
    """Yield what the shards of each dataset come to, also of one that no manifest lists now."""
    sums = found.by_dataset
    yield _each(sums, "known_bytes", "Payload of the dataset's shards.", lambda s: s.size)
    yield _each(sums, "held_bytes", "Payload held and verified.", lambda s: s.held_size)
    yield _each(sums, "connected_peers", "Peers, one for each shard it takes.", lambda s: s.peers)
    uploaded = CounterMetricFamily(
        "seedbox_dataset_uploaded_bytes", "Payload given to peers, in all runs.", labels=_DATASET
    )
    states = GaugeMetricFamily(
        "seedbox_dataset_shards",
        "Shards of the dataset that have reached a state.",
        labels=("dataset", "state"),
    )
    troubles = GaugeMetricFamily(
        "seedbox_dataset_troubled_shards",
        "Shards of the dataset that are not served, by reason.",
        labels=("dataset", "trouble"),
    )
    for dataset, each in sums.items():
        uploaded.add_metric((dataset,), each.uploaded)
        for state, count in each.counts.items():
            states.add_metric((dataset, state), count)
        for trouble, count in each.troubles.items():
            troubles.add_metric((dataset, trouble), count)
    yield from (uploaded, states, troubles)


_DATASET = ("dataset",)


def _each(
    sums: dict[str, Sums], name: str, about: str, value: Callable[[Sums], int]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"seedbox_dataset_{name}", about, labels=_DATASET)
    for dataset, each in sums.items():
        family.add_metric((dataset,), value(each))
    return family


def _manifests(datasets: Iterable[Dataset]) -> Iterator[Metric]:
    """Yield what is known of each manifest; how old it is comes of `time()` less its date."""
    about = InfoMetricFamily("seedbox_manifest", "The manifest that is believed.", labels=_DATASET)
    for each in datasets:
        described = {"version": each.version or "", "license": each.license or ""}
        about.add_metric((each.id,), described)
    yield about
    for name, text, value in _OF_MANIFESTS:
        family = GaugeMetricFamily(f"seedbox_manifest_{name}", text, labels=_DATASET)
        for each in datasets:
            family.add_metric((each.id,), value(each))
        yield family


_OF_MANIFESTS: tuple[tuple[str, str, Callable[[Dataset], float]], ...] = (
    ("sequence", "The manifest's sequence number.", lambda d: d.sequence),
    ("issued_timestamp_seconds", "When it was issued, since the epoch.", lambda d: d.issued),
    (
        "expiry_timestamp_seconds",
        "When it expires, since the epoch; +Inf if never.",
        lambda d: math.inf if d.expires is None else d.expires,
    ),
    ("loaded_timestamp_seconds", "When it was taken on, since the epoch.", lambda d: d.loaded),
    (
        "last_look_timestamp_seconds",
        "When its source was last asked, since the epoch.",
        lambda d: d.looked,
    ),
    (
        "next_look_timestamp_seconds",
        "When its source is asked next, since the epoch; +Inf: when a file changes.",
        lambda d: math.inf if d.next_look is None else d.next_look,
    ),
    (
        "problem",
        "1 if what the source gives now is not believed; an older manifest is served.",
        lambda d: d.problem is not None,
    ),
    (
        "signed",
        "1 if its signature was checked against a known key.",
        lambda d: d.signed_by is not None,
    ),
)


# --- shards -----------------------------------------------------------------------------------

_KEY = 12  # digits of a shard's key that tell it apart, and that `seedbox why` takes


def _shards(shards: Sequence[Shard]) -> str:
    """Return series for each shard.

    Written out: prometheus_client needs a second and a half for 20,000 shards. The key is a label
    because a dropped shard and the one that replaces it may share a name, and Prometheus refuses
    all of a page on which a series stands twice.
    """
    labels = [
        f'{{dataset="{_escaped(shard.dataset)}",key="{shard.key[:_KEY]}",'
        f'shard="{_escaped(shard.name)}"}}'
        for shard in shards
    ]
    lines: list[str] = []
    for name, kind, about, value in _OF_SHARDS:
        lines.append(f"# HELP {name} {about}\n# TYPE {name} {kind}\n")
        values = map(value, shards)
        lines += [
            f"{name}{label} {float(number)}\n"
            for label, number in zip(labels, values, strict=True)
            if number is not None
        ]
    return "".join(lines)


_OF_SHARDS: tuple[tuple[str, str, str, Callable[[Shard], float | None]], ...] = (
    ("seedbox_shard_seeding", "gauge", "1 if it is served.", lambda s: s.pause is None),
    (
        "seedbox_shard_uploaded_bytes_total",
        "counter",
        "Payload given to peers, in all runs.",
        lambda s: s.uploaded,
    ),
    ("seedbox_shard_connected_peers", "gauge", "Peers that are connected.", lambda s: s.peers),
    (
        "seedbox_shard_swarm_seeds",
        "gauge",
        "Seeds in its swarm, as a tracker says; absent if none has said.",
        lambda s: None if s.swarm is None else s.swarm.seeds,
    ),
    (
        "seedbox_shard_swarm_leechers",
        "gauge",
        "Leechers in its swarm, as a tracker says; absent if none has said.",
        lambda s: None if s.swarm is None else s.swarm.leechers,
    ),
)


def _escaped(text: str) -> str:
    """Return a label's value as the exposition format writes it."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
