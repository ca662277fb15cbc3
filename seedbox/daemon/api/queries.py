"""What can be asked, as frozen values; strict: what is not understood is refused, never guessed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from seedbox.daemon.api.daemon import Kind as ChangeKind
from seedbox.daemon.api.daemon import Step
from seedbox.daemon.api.kinds import Kind, shown
from seedbox.daemon.api.problems import ApiError
from seedbox.daemon.record import Reached

_FIELDS = 64  # parameters in one query; all there are, some of them repeated


class Sort(StrEnum):
    """What shards are sorted by; those with the same value stay by dataset and rank."""

    RANK = "rank"  # by dataset, then rank
    NAME = "name"
    SIZE = "size"
    USE = "use"
    UPLOADED = "uploaded"
    RATE = "rate"
    PEERS = "peers"
    SEEDS = "seeds"
    LEECHERS = "leechers"
    SINCE = "since"  # when it was paused


class Order(StrEnum):
    """Which end comes first; what has no value comes last in both."""

    ASCENDING = "asc"
    DESCENDING = "desc"


ANY = "any"  # trouble: some
NONE = "none"  # trouble: it is held in its swarm


@dataclass(frozen=True, slots=True)
class Nothing:
    """No parameters."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list."""

    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class ShardsQuery:
    """Some shards."""

    offset: int
    limit: int
    reached: tuple[Reached, ...]  # all of them
    not_reached: tuple[Reached, ...]  # none of them
    dataset: str | None
    trouble: tuple[str, ...]  # one of them; Trouble, ANY or NONE
    text: str | None  # in the name, or the beginning of an info-hash
    sort: Sort
    order: Order


@dataclass(frozen=True, slots=True)
class ShardQuery:
    """One shard by its key."""

    key: str


@dataclass(frozen=True, slots=True)
class WhyQuery:
    """One shard by whatever a person calls it."""

    shard: str
    dataset: str | None


@dataclass(frozen=True, slots=True)
class DatasetQuery:
    """One dataset."""

    publisher: str
    name: str

    @property
    def id(self) -> str:
        """The id of its manifest."""
        return f"{self.publisher}/{self.name}"


@dataclass(frozen=True, slots=True)
class CoverageQuery(DatasetQuery):
    """One dataset's coverage curve."""

    points: int


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """A part of the past."""

    step: Step
    since: int | None
    until: int | None


@dataclass(frozen=True, slots=True)
class MetricsQuery:
    """What is measured."""

    shards: str  # yes: of each shard too


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """A part of the log of decisions."""

    before: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class EventsQuery:
    """Changes to hear of."""

    kind: tuple[ChangeKind, ...]  # none given: every kind
    dataset: str | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a path or a query."""

    name: str
    kind: Kind
    about: str
    default: object = None
    in_path: bool = False
    repeated: bool = False  # may stand several times; then the value is a tuple


def read(
    parameters: Iterable[Parameter], path: Mapping[str, str], query: bytes
) -> Mapping[str, Any]:
    """Read what a request asks for.

    Args:
        parameters: What its operation takes.
        path: Values of the variable parts of the path, decoded.
        query: What follows the `?`.

    Raises:
        ApiError: A parameter is unknown, stands twice, or has a value that it cannot have.
    """
    known = {each.name: each for each in parameters}
    given: dict[str, list[object]] = {}
    for name, text in [*path.items(), *_pairs(query)]:
        parameter = known.get(name)
        if parameter is None or parameter.in_path is not (name in path):
            takes = ", ".join(n for n, p in known.items() if not p.in_path) or "none"
            hint = f"Leave it out; this path takes: {takes}."
            raise ApiError("bad-query", f"there is no parameter {shown(name)} here", hint)
        values = given.setdefault(name, [])
        if values and not parameter.repeated:
            raise ApiError("bad-query", f"{name} stands twice", "Pass it once.")
        try:
            values.append(parameter.kind.parse(text))
        except ValueError as error:
            raise ApiError("bad-query", f"{name} {error}", "See /openapi.json.") from None
    return {name: _value(parameter, given.get(name)) for name, parameter in known.items()}


def _value(parameter: Parameter, given: list[object] | None) -> object:
    if parameter.repeated:
        return tuple(given or ())
    return given[0] if given else parameter.default


def _pairs(query: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a query, decoded.

    Raises:
        ApiError: It cannot be read as UTF-8, or has more than there are.
    """
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query),
            errors="strict",
            max_num_fields=_FIELDS,
        )
    except ValueError as error:  # UnicodeDecodeError is one
        why = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        hint = "Write name=value, joined by &, percent-encoded UTF-8."
        raise ApiError("bad-query", f"the query cannot be read: {why}", hint) from None


# --- bodies -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """Shards that a command is for: some by what people call them, or all of a dataset."""

    shards: tuple[str, ...] = ()
    dataset: str | None = None


def read_object(data: bytes) -> Mapping[str, Any]:
    """Read a body.

    Raises:
        ApiError: It is no JSON object, or one with a key twice or a number that JSON has not.
    """
    try:
        value = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        hint = "Send one JSON object, in UTF-8."
        raise ApiError("bad-body", f"the body is no JSON: {why}", hint) from None
    if not isinstance(value, dict):
        raise ApiError("bad-body", "the body is JSON, but no object", "Send one JSON object.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def read_nothing(data: bytes) -> Nothing:
    """Read a body that says nothing: none at all, or `{}`.

    Raises:
        ApiError: It says something.
    """
    if data and read_object(data):
        raise ApiError("bad-body", "the body has keys, and takes none", "Send {} or nothing.")
    return Nothing()


def read_chosen(data: bytes, name: Kind, dataset: Kind, most: int) -> Chosen:
    """Read which shards a command is for.

    Raises:
        ApiError: It names none, or does so in another way than it may.
    """
    value = read_object(data)
    hint = f'Send {{"shards": [1 to {most} names or keys]}} or {{"dataset": "publisher/name"}}.'
    if len(value) != 1 or not value.keys() <= {"shards", "dataset"}:
        raise ApiError("bad-body", "the body needs `shards` or `dataset`, one of them", hint)
    try:
        if "dataset" in value:
            return Chosen(dataset=_text(dataset, value["dataset"]))
        return Chosen(_texts(name, value["shards"], most))
    except ValueError as error:
        raise ApiError("bad-body", f"{next(iter(value))} {error}", hint) from None


def _texts(kind: Kind, value: object, most: int) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise ValueError(f"takes a list of 1 to {most}")
    return tuple(dict.fromkeys(_text(kind, each) for each in value))


def _text(kind: Kind, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("takes text")  # noqa: TRY004  (becomes an ApiError with the others)
    return str(kind.parse(value))
