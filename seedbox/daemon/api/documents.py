"""The documents: what each answer holds, field by field, as JSON and as its schema at once.

Times are seconds since the epoch, UTC; sizes are bytes; rates are bytes/s. What is not known is
null, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seedbox.daemon.api.advice import Explained
from seedbox.daemon.api.daemon import Noted, Sample, Step
from seedbox.daemon.api.selecting import Selected
from seedbox.daemon.api.shapes import (
    BYTES,
    COUNT,
    NUMBER,
    RATE,
    SHARE,
    TEXT,
    TIME,
    Document,
    Shape,
    choice,
    counted,
    field,
    listed,
    many,
    maybe,
    number,
    one,
    some,
)
from seedbox.daemon.api.summing import Coverage, Point, Summary, Sums
from seedbox.daemon.record import (
    Dataset,
    Evidence,
    Outcome,
    Pause,
    Reached,
    Shard,
    Swarm,
    Traffic,
    Trouble,
)
from seedbox.manifest.model import Role

_STATES = [str(state) for state in Reached]
_TROUBLES = [str(trouble) for trouble in Trouble]
_TOLD = 1000  # keys and notes that an outcome lists; it counts all of them

EVIDENCE: Shape[Evidence] = Shape(
    "Evidence",
    "What shows that a state was reached.",
    (field("at", TIME), field("by", TEXT), field("detail", TEXT)),
)
PAUSE: Shape[Pause] = Shape(
    "Pause",
    "Why a shard is not served.",
    (
        field("why", choice(_TROUBLES)),
        field("since", TIME),
        field("detail", TEXT),
        field("path", maybe(TEXT), about="the file to blame, in full"),
    ),
)
SWARM: Shape[Swarm] = Shape(
    "Swarm",
    "The others, as a tracker says; of a hybrid's two swarms the larger.",
    (field("seeds", COUNT), field("leechers", COUNT), field("at", TIME)),
)
_EVIDENCES: Shape[Shard] = Shape(
    "EvidenceByState",
    "What there is for each state; null: it was not reached.",
    tuple(some(EVIDENCE, state) for state in _STATES),
)
SHARD: Shape[Shard] = Shape(
    "Shard",
    "One shard of one dataset.",
    (
        field("key", TEXT, about="v2 info-hash in hex, else v1: names the shard everywhere"),
        field("v1", maybe(TEXT), lambda s: s.info_hash.v1.hex() if s.info_hash.v1 else None),
        field("v2", maybe(TEXT), lambda s: s.info_hash.v2.hex() if s.info_hash.v2 else None),
        field("dataset", TEXT),
        field("name", TEXT),
        field("rank", COUNT),
        field("role", choice([str(role) for role in Role])),
        field("items", COUNT),
        field("size", BYTES),
        field("license", TEXT, about="SPDX"),
        field("use", maybe(NUMBER), lambda s: number(s.use)),
        field("coverage", maybe(SHARE), lambda s: number(s.coverage)),
        field("rendition", maybe(TEXT)),
        field("folder", maybe(TEXT)),
        field("reached", listed(choice(_STATES))),
        one(_EVIDENCES, "evidence", lambda s: s),
        some(PAUSE, "pause"),
        field("uploaded", BYTES),
        field("rate", RATE),
        field("peers", COUNT),
        some(SWARM, "swarm"),
    ),
)
SHARDS: Shape[Selected] = Shape(
    "Shards",
    "A page of shards.",
    (
        field("total", COUNT, about="on all pages"),
        field("offset", COUNT),
        field("next", maybe(COUNT), about="where the next page begins"),
        many(SHARD, "shards"),
    ),
)


# --- datasets ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DatasetSeen:
    """A dataset, and what its shards come to."""

    dataset: Dataset
    sums: Sums


_COUNTS = counted(_STATES, "shards in each state; each counts in every one it has reached")
_WHYS = counted(_TROUBLES, "shards that are not served, by reason")
_TOTALS: Shape[Sums] = Shape(
    "Totals",
    "What some shards come to.",
    (
        field("shards", COUNT),
        field("size", BYTES),
        field("held_size", BYTES, about="verified"),
        field("uploaded", BYTES),
        field("rate", RATE),
        field("peers", COUNT),
        field("counts", _COUNTS),
        field("troubles", _WHYS),
    ),
)
MANIFEST: Shape[Dataset] = Shape(
    "Manifest",
    "One manifest, as it was last believed.",
    (
        field("id", TEXT),
        field("source", TEXT, about="path or URL"),
        field("title", TEXT),
        field("version", maybe(TEXT)),
        field("sequence", COUNT),
        field("issued", TIME),
        field("expires", maybe(TIME)),
        field("license", maybe(TEXT), about="SPDX; null: each shard has its own"),
        field("shards", COUNT),
        field("items", COUNT),
        field("size", BYTES),
        field("signed_by", maybe(TEXT), about="name of the key; null: nobody has checked"),
        field("loaded", TIME),
        field("looked", TIME),
        field("next_look", maybe(TIME)),
        field("problem", maybe(TEXT), about="why what the source gives now is not believed"),
    ),
)
DATASET: Shape[DatasetSeen] = Shape(
    "Dataset",
    "One dataset: its manifest, and what its shards come to.",
    (one(MANIFEST, "manifest", lambda d: d.dataset), one(_TOTALS, "totals", lambda d: d.sums)),
)


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """A page of datasets."""

    total: int
    offset: int
    datasets: Sequence[DatasetSeen]

    @property
    def next(self) -> int | None:
        """Where the next page begins; None: there is none."""
        end = self.offset + len(self.datasets)
        return end if self.datasets and end < self.total else None


DATASETS: Shape[DatasetPage] = Shape(
    "Datasets",
    "A page of datasets.",
    (
        field("total", COUNT),
        field("offset", COUNT),
        field("next", maybe(COUNT)),
        many(DATASET, "datasets"),
    ),
)
POINT: Shape[Point] = Shape(
    "Point",
    "What the first so many shards give, and what is held of them.",
    (
        field("shards", COUNT),
        field("size", BYTES),
        field("coverage", SHARE, lambda p: number(p.coverage)),
        field("held_shards", COUNT),
        field("held_size", BYTES),
        field("held_coverage", SHARE, lambda p: number(p.held_coverage)),
        field("served_shards", COUNT),
    ),
)
COVERAGE: Shape[Coverage] = Shape(
    "Coverage",
    "The coverage curve of a dataset, from nothing to all shards, in their order.",
    (field("dataset", TEXT, lambda c: c.dataset.id), one(POINT, "whole"), many(POINT, "points")),
)


# --- the daemon -------------------------------------------------------------------------------

TRAFFIC: Shape[Traffic] = Shape(
    "Traffic",
    "What goes to peers, and what may.",
    (
        field("uploaded", BYTES, about="in all runs"),
        field("rate", RATE),
        field("peers", COUNT),
        field("limit", maybe(RATE)),
        field("today", BYTES, about="since midnight UTC"),
        field("month", BYTES, about="since the first of the month, UTC"),
        field("day_cap", maybe(BYTES)),
        field("month_cap", maybe(BYTES)),
    ),
)
STATUS: Shape[Summary] = Shape(
    "Status",
    "The daemon as a whole.",
    (
        field("at", TIME, lambda s: s.view.at),
        field("started", TIME, lambda s: s.view.started),
        field("version", TEXT, lambda s: s.view.version),
        field("data", listed(TEXT), lambda s: list(s.view.data)),
        field("listening", listed(TEXT), lambda s: list(s.view.listening)),
        field("dht_nodes", maybe(COUNT), lambda s: s.view.dht_nodes),
        field("verifying", COUNT, lambda s: s.view.verifying),
        field("datasets", COUNT, lambda s: len(s.view.datasets)),
        field("shards", COUNT, lambda s: s.whole.shards),
        field("size", BYTES, lambda s: s.whole.size),
        field("held_size", BYTES, lambda s: s.whole.held_size),
        field("counts", _COUNTS, lambda s: s.whole.counts),
        field("troubles", _WHYS, lambda s: s.whole.troubles),
        one(TRAFFIC, "traffic", lambda s: s.view.traffic),
    ),
)
WHY: Shape[Explained] = Shape(
    "Why",
    "One shard, and all that there is to say of it.",
    (
        one(SHARD, "shard"),
        some(MANIFEST, "dataset"),
        field("missing", maybe(TEXT), about="the first state that there is no evidence for"),
        field("next_step", maybe(TEXT)),
    ),
)


@dataclass(frozen=True, slots=True)
class Past:
    """A part of the past."""

    step: Step
    since: float
    until: float
    samples: Sequence[Sample]


SAMPLE: Shape[Sample] = Shape(
    "Sample",
    "One step of the past.",
    (
        field("at", TIME, about="when it began"),
        field("uploaded", BYTES, about="in this step"),
        field("rate", RATE, about="the largest in this step"),
        field("peers", COUNT),
        field("counts", _COUNTS, lambda s: {n: getattr(s, n) for n in _STATES}),
    ),
)
HISTORY: Shape[Past] = Shape(
    "History",
    "A part of the past, oldest first; steps of which nothing is known are left out.",
    (
        field("step", choice([str(step) for step in Step])),
        field("since", TIME),
        field("until", TIME),
        many(SAMPLE, "samples"),
    ),
)


@dataclass(frozen=True, slots=True)
class Log:
    """A page of the log of decisions."""

    entries: Sequence[Noted]
    next: int | None  # `before` of the next page


NOTED: Shape[Noted] = Shape(
    "Noted",
    "One decision.",
    (
        field("id", COUNT),
        field("at", TIME),
        field("what", TEXT),
        field("subject", TEXT),
        field("detail", TEXT),
    ),
)
AUDIT: Shape[Log] = Shape(
    "Audit",
    "A page of the log of decisions, newest first.",
    (many(NOTED, "entries"), field("next", maybe(COUNT), about="`before` of the next page")),
)
OUTCOME: Shape[Outcome] = Shape(
    "Outcome",
    "What became of a command.",
    (
        field("changed", COUNT, lambda o: len(o.changed)),
        field("shards", listed(TEXT), lambda o: list(o.changed[:_TOLD]), f"the first {_TOLD} keys"),
        field("notes", listed(TEXT), lambda o: list(o.notes[:_TOLD]), "what was not done, and why"),
    ),
)
SHAPES: tuple[Shape[Any], ...] = (
    *(EVIDENCE, PAUSE, SWARM, _EVIDENCES, SHARD, SHARDS),
    *(_TOTALS, MANIFEST, DATASET, DATASETS, POINT, COVERAGE),
    *(TRAFFIC, STATUS, WHY, SAMPLE, HISTORY, NOTED, AUDIT, OUTCOME),
)


def change_document(value: Shard | Dataset | Traffic) -> Document:
    """Return what has changed, as it is now."""
    match value:
        case Shard():
            return SHARD.document(value)
        case Dataset():
            return MANIFEST.document(value)
        case Traffic():
            return TRAFFIC.document(value)
