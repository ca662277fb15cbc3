"""The interface, declared once: the server routes by it, requests are read and described by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seedbox.daemon import metrics
from seedbox.daemon.api import documents, queries
from seedbox.daemon.api.daemon import Kind as ChangeKind
from seedbox.daemon.api.daemon import Step
from seedbox.daemon.api.kinds import Choice, Whole, Words
from seedbox.daemon.api.queries import ANY, NONE, Order, Parameter, Sort
from seedbox.daemon.api.shapes import Schema, Shape
from seedbox.daemon.record import Reached, Trouble

MOST_ROWS = 1000  # in one page
MOST_SAMPLES = 3000  # in one answer: two days of minutes, sixty of hours, eight years of days
MOST_NAMED = 500  # shards in one command
_ROWS = 100
_FAR = 10**9  # nobody has so many shards
_LATEST = 10**11  # seconds since the epoch; the year 5138
_ID = Words(201, "[a-z0-9.-]{1,100}/[a-z0-9._-]{1,100}")
_CALLED = Words(100, "[A-Za-z0-9._-]{1,100}")  # a shard's name, or an info-hash

_OFFSET = Parameter("offset", Whole(0, _FAR), "rows to pass over", 0)
_LIMIT = Parameter("limit", Whole(1, MOST_ROWS), "rows at most", _ROWS)
_DATASET = Parameter("dataset", _ID, "of this dataset alone")
_STATE = Choice(tuple(Reached))
_OF_DATASET = (
    Parameter("publisher", Words(100, "[a-z0-9.-]{1,100}"), "before the slash", in_path=True),
    Parameter("name", Words(100, "[a-z0-9._-]{1,100}"), "behind the slash", in_path=True),
)
_ALWAYS = (
    *("bad-http", "token-missing", "token-wrong", "foreign-host", "foreign-origin"),
    *("method-not-allowed", "too-many-requests", "bug", "too-many-connections", "stopping"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked."""

    name: str
    path: str  # with {parameters}
    summary: str
    answer: Shape[Any] | None = None  # None: `media`
    media: str = "application/json"
    parameters: tuple[Parameter, ...] = ()
    query: Callable[..., object] = queries.Nothing  # made from the parameters
    method: str = "GET"
    body: Schema | None = None  # None: it takes none
    body_needed: bool = False
    read: Callable[[bytes], object] | None = None  # reads the body
    refusals: tuple[str, ...] = ()  # codes, beside those that every path has

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that it may be refused with."""
        posted = ("bad-body", "body-too-large", "body-too-late", "content-type")
        return (*_ALWAYS, "bad-query", *(posted if self.read else ()), *self.refusals)

    def asked(self, path: Mapping[str, str], query: bytes) -> object:
        """Read what a request asks for.

        Raises:
            ApiError: It asks for something else.
        """
        return self.query(**queries.read(self.parameters, path, query))


def _chosen(data: bytes) -> queries.Chosen:
    return queries.read_chosen(data, _CALLED, _ID, MOST_NAMED)


_CHOSEN: Schema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "shards": {
            "type": "array",
            "description": "names, or info-hashes in hex, or how keys begin (8 digits or more)",
            "minItems": 1,
            "maxItems": MOST_NAMED,
            "items": _CALLED.schema,
        },
        "dataset": _ID.schema,
    },
}
_NO_KEYS: Schema = {"type": "object", "maxProperties": 0}
_MISNAMED = ("unknown-shard", "unknown-dataset", "ambiguous-shard")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="status",
        path="/v1/status",
        summary="The daemon as a whole: counts, troubles, traffic.",
        answer=documents.STATUS,
    ),
    Operation(
        name="shards",
        path="/v1/shards",
        summary="Shards, paged, filtered and sorted.",
        answer=documents.SHARDS,
        query=queries.ShardsQuery,
        parameters=(
            _OFFSET,
            _LIMIT,
            Parameter("reached", _STATE, "that have reached all of these states", repeated=True),
            Parameter("not_reached", _STATE, "that have reached none of these", repeated=True),
            _DATASET,
            Parameter(
                "trouble",
                Choice((ANY, NONE, *Trouble)),
                "that are not served, for one of these reasons",
                repeated=True,
            ),
            Parameter("text", Words(100), "with this in the name, or as the start of a hash"),
            Parameter("sort", Choice(tuple(Sort)), "what to sort by", Sort.RANK),
            Parameter("order", Choice(tuple(Order)), "which end first", Order.ASCENDING),
        ),
    ),
    Operation(
        name="shard",
        path="/v1/shards/{key}",
        summary="One shard.",
        answer=documents.SHARD,
        query=queries.ShardQuery,
        parameters=(
            Parameter("key", Words(64, "(?:[0-9a-f]{40}|[0-9a-f]{64})"), "key", in_path=True),
        ),
        refusals=("unknown-shard",),
    ),
    Operation(
        name="why",
        path="/v1/why/{shard}",
        summary="One shard, all evidence, what is missing and the next step.",
        answer=documents.WHY,
        query=queries.WhyQuery,
        parameters=(
            Parameter("shard", _CALLED, "name, info-hash, or how a key begins", in_path=True),
            _DATASET,
        ),
        refusals=("unknown-shard", "ambiguous-shard"),
    ),
    Operation(
        name="datasets",
        path="/v1/datasets",
        summary="Datasets, each with its manifest and what its shards come to.",
        answer=documents.DATASETS,
        query=queries.Page,
        parameters=(_OFFSET, _LIMIT),
    ),
    Operation(
        name="dataset",
        path="/v1/datasets/{publisher}/{name}",
        summary="One dataset.",
        answer=documents.DATASET,
        query=queries.DatasetQuery,
        parameters=_OF_DATASET,
        refusals=("unknown-dataset",),
    ),
    Operation(
        name="coverage",
        path="/v1/datasets/{publisher}/{name}/coverage",
        summary="The coverage curve of a dataset, with what is held of it.",
        answer=documents.COVERAGE,
        query=queries.CoverageQuery,
        parameters=(*_OF_DATASET, Parameter("points", Whole(1, MOST_ROWS), "at most", 200)),
        refusals=("unknown-dataset",),
    ),
    Operation(
        name="history",
        path="/v1/history",
        summary="Upload, peers and counts over time; 3,000 steps at most, the last ones.",
        answer=documents.HISTORY,
        query=queries.HistoryQuery,
        parameters=(
            Parameter("step", Choice(tuple(Step)), "how finely", Step.HOUR),
            Parameter("since", Whole(0, _LATEST), "seconds since the epoch; 60 steps by default"),
            Parameter("until", Whole(0, _LATEST), "seconds since the epoch; now by default"),
        ),
    ),
    Operation(
        name="audit",
        path="/v1/audit",
        summary="The log of decisions, newest first.",
        answer=documents.AUDIT,
        query=queries.AuditQuery,
        parameters=(
            Parameter("before", Whole(0, 10**15 - 1), "id; this one and newer are left out"),
            _LIMIT,
        ),
    ),
    Operation(
        name="events",
        path="/v1/events",
        summary="Changes as they happen, as Server-Sent Events.",
        media="text/event-stream",
        query=queries.EventsQuery,
        parameters=(
            Parameter("kind", Choice(tuple(ChangeKind)), "of this kind", repeated=True),
            _DATASET,
        ),
    ),
    Operation(
        name="pause",
        path="/v1/pause",
        summary="Stop serving shards until they are resumed.",
        answer=documents.OUTCOME,
        method="POST",
        body=_CHOSEN,
        body_needed=True,
        read=_chosen,
        refusals=_MISNAMED,
    ),
    Operation(
        name="resume",
        path="/v1/resume",
        summary="Serve shards again that were paused by hand.",
        answer=documents.OUTCOME,
        method="POST",
        body=_CHOSEN,
        body_needed=True,
        read=_chosen,
        refusals=_MISNAMED,
    ),
    Operation(
        name="reload",
        path="/v1/reload",
        summary="Look at every manifest now.",
        answer=documents.OUTCOME,
        method="POST",
        body=_NO_KEYS,
        read=queries.read_nothing,
    ),
    Operation(
        name="metrics",
        path="/metrics",
        summary="What is measured, as Prometheus reads it.",
        media=metrics.CONTENT_TYPE,
        query=queries.MetricsQuery,
        parameters=(Parameter("shards", Choice(("yes", "no")), "series for each shard too", "no"),),
    ),
    Operation(
        name="openapi",
        path="/openapi.json",
        summary="This document.",
    ),
)
