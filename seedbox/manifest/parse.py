"""Manifest text to values: every field typed and checked, all problems at once.

Pure. Here each field is checked on its own; how fields and shards fit together is `lint`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar

from seedbox.errors import InvalidManifestError, Problem
from seedbox.manifest import release, renditions
from seedbox.manifest.fields import (
    Filling,
    Reader,
    Record,
    SkippedError,
    choice,
    day,
    digest,
    fail,
    integer,
    listing,
    number,
    pattern,
    text,
    timestamp,
    url,
)
from seedbox.manifest.lines import find_lines
from seedbox.manifest.model import (
    VERSION,
    Creator,
    Evidence,
    Head,
    License,
    Manifest,
    Origin,
    Pack,
    PersonalData,
    Popularity,
    Publisher,
    Rendition,
    Role,
    Shard,
    TorrentRef,
    WebSeed,
)
from seedbox.manifest.names import NAME, path, plain_name, safe_name, segment
from seedbox.manifest.nodes import MapNode, Node, ScalarNode, load
from seedbox.manifest.problems import Problems, TooManyProblemsError
from seedbox.torrent.info_hash import V1_BYTES, V2_BYTES, Format, InfoHash

T = TypeVar("T")

_SHA256 = digest(32)
_RENDITION_NAME = plain_name("a rendition's name")
_WEB = url("https", "http")
_MIN_PIECE = 16 * 1024  # bytes; what BEP 52 allows and clients read


def _format_version(node: Node, problems: Problems) -> None:
    value = integer(1)(node, problems)
    if value != VERSION:
        message = f"the manifest has format {value}, this seedbox reads {VERSION}"
        raise fail(node, problems, "format-version", message, "Use a newer seedbox.")


def _window(node: Node, problems: Problems) -> tuple[date, date]:
    days = listing(day)(node, problems)
    if len(days) != 2:  # noqa: PLR2004 - first and last day
        message = f"{len(days)} days are read, not the first and the last"
        raise fail(node, problems, "type", message, "Write [2025-11-01, 2026-10-31].")
    return days[0], days[1]


def _renditions(node: Node, problems: Problems) -> tuple[Rendition, ...]:
    if type(node) is not MapNode:
        return _NO_RENDITIONS(node, problems)
    found: dict[str, Reader[object]] = {
        key: _rendition(key) for key in node.entries if not key.startswith("x-")
    }
    return Record(_values, found, keeps_extra=False)(node, problems)


def _rendition(key: str) -> Reader[Rendition]:
    fields: dict[str, Reader[object]] = {
        "encode": _RENDITION_NAME,
        "below": number,
        "command": renditions.command,
        "made": renditions.made,
    }
    record = Record(lambda **values: Rendition(key, **values), fields)

    def read(node: Node, problems: Problems) -> Rendition:
        _RENDITION_NAME(ScalarNode(key, plain=False, line=node.line), problems)
        return record(node, problems)

    return read


def _values(**values: Rendition) -> tuple[Rendition, ...]:
    return tuple(values.values())


_NO_RENDITIONS: Record[tuple[Rendition, ...]] = Record(_values, {})

_CREATOR = Record(Creator, {"name": text, "orcid": text}, frozenset({"name"}))
_PUBLISHER = Record(
    Publisher, {"name": text, "contact": url("mailto", "https", "http")}, frozenset({"name"})
)
_EVIDENCE = Record(
    Evidence,
    {"url": url("https", "http", "pkg"), "retrieved": day, "sha256": _SHA256},
    frozenset({"url"}),
)
_LICENSE = Record(
    License, {"spdx": text, "attribution": text, "evidence": _EVIDENCE}, frozenset({"spdx"})
)
_ORIGIN = Record(
    Origin,
    {
        "url": url("https", "http", "ftp"),
        "purl": url("pkg"),
        "revision": text,
        "retrieved": day,
        "sha256": _SHA256,
    },
    one_of=frozenset({"url", "purl"}),
)
_HEAD_POPULARITY = Record(
    Popularity,
    {"metric": text, "as_of": day, "window": _window, "source": text, "total": number},
    frozenset({"metric"}),
)
_POPULARITY = replace(_HEAD_POPULARITY, required=frozenset({"metric", "total"}))
_INFO_HASH = Record(
    InfoHash,
    {"v1": digest(V1_BYTES), "v2": digest(V2_BYTES)},
    one_of=frozenset({"v1", "v2"}),
    keeps_extra=False,
)
_TORRENT = Record(TorrentRef, {"path": path, "sha256": _SHA256}, frozenset({"path", "sha256"}))
_WEB_SEED = Record(
    WebSeed, {"url": _WEB, "checked": timestamp, "pieces": integer()}, frozenset({"url"})
)

_SHARD = Record(
    Shard,
    {
        "name": safe_name(NAME, "a shard's name"),
        "role": choice(Role),
        "rendition": text,
        "items": integer(),
        "files": integer(),
        "size": integer(),
        "use": number,
        "coverage": number,
        "piece_length": integer(_MIN_PIECE),
        "info_hash": _INFO_HASH,
        "torrent": _TORRENT,
        "at": path,
        "web_seeds": listing(_WEB_SEED),
        "min_copies": integer(1),
        "release": timestamp,
        "license": _LICENSE,
        "supersedes": listing(digest(V2_BYTES)),
    },
    frozenset(("name", "role", "items", "files", "size", "piece_length", "info_hash", "torrent")),
)

_HEAD_FIELDS: Mapping[str, Reader[object]] = {
    "seedbox": _format_version,
    "id": safe_name(f"{NAME}/{NAME}", "an id such as org.example/wiki-graph"),
    "sequence": integer(1),
    "version": text,
    "issued": timestamp,
    "expires": timestamp,
    "previous": digest(32, "sha256:"),
    "title": text,
    "description": text,
    "homepage": _WEB,
    "doi": pattern(r"10\.[0-9.]+/[!-~]+", "doi", "a DOI", "Write it as 10.5281/zenodo.123."),
    "keywords": listing(text),
    "creators": listing(_CREATOR),
    "publisher": _PUBLISHER,
    "cite_as": text,
    "mirrors": listing(_WEB),
    "withdrawals": _WEB,
    "license": _LICENSE,
    "origin": _ORIGIN,
    "root": segment,
    "pack": choice(Pack),
    "format": choice(Format),
    "personal_data": choice(PersonalData),
    "popularity": _HEAD_POPULARITY,
    "renditions": _renditions,
    "trackers": listing(listing(url("udp", "https", "http", "wss", "ws"))),
}
_REQUIRED = frozenset({"seedbox", "id", "sequence", "version", "issued", "title"})
_SHARDS = "shards"
_NO_SHARDS = ("a dataset.yaml has no shards", "Remove them; `seedbox build` makes them.")

_HEAD: Record[Head] = Record(
    Head,
    {**_HEAD_FIELDS, "release": release.schedule},
    _REQUIRED,
    elsewhere={_SHARDS: _NO_SHARDS},
)


def _head_record(_: Reader[tuple[Shard, ...]]) -> Record[Head]:
    return _HEAD


def _manifest_record(shards: Reader[tuple[Shard, ...]]) -> Record[Manifest]:
    fields: dict[str, Reader[object]] = {**_HEAD_FIELDS, "popularity": _POPULARITY}
    return Record(
        _manifest,
        {**fields, _SHARDS: shards},
        _REQUIRED | {_SHARDS},
        elsewhere={"release": release.NO_RULE},
    )


def _manifest(*, shards: tuple[Shard, ...], **head: Any) -> Manifest:  # noqa: ANN401 - what Head takes
    return Manifest(Head(**head), shards)


class _Reading(Generic[T]):
    """A document that is read as the parser goes, so that no tree of its shards is ever kept."""

    many = _SHARDS

    def __init__(
        self, record: Callable[[Reader[tuple[Shard, ...]]], Record[T]], problems: Problems
    ) -> None:
        self._problems = problems
        self._record = record(self._all)
        self._shards: list[Shard] = []
        self._count = 0
        self._filling = Filling(self._record, problems)

    def entry(self, key: str, node: Node) -> None:
        """Read an entry of the document."""
        self._filling.take(key, node)

    def item(self, index: int, node: Node) -> None:
        """Read a shard, where there should be any."""
        if self.many not in self._record.fields:
            return
        self._count = index + 1
        place = self._problems.path
        place += [self.many, index]
        try:
            self._shards.append(_SHARD(node, self._problems))
        except SkippedError:
            return
        finally:
            place.clear()

    def _all(self, node: Node, problems: Problems) -> tuple[Shard, ...]:
        """Read the list whose items have been read."""
        listing(_SHARD)(node, problems)
        if len(self._shards) < self._count:
            raise SkippedError
        return tuple(self._shards)

    def close(self, root: Node) -> T:
        """Return the value of the whole."""
        return self._filling.close(root)


@dataclass(frozen=True, slots=True)
class Document(Generic[T]):
    """A file as far as it could be read, and what is wrong with it."""

    value: T | None  # None: a problem left no value where one is needed
    problems: tuple[Problem, ...]
    data: bytes

    def line_of(self, path: str) -> int | None:
        """Return the line of `shards[3].size`, or of the nearest thing around it."""
        return self.lines_of([path])[path]

    def lines_of(self, paths: Iterable[str]) -> dict[str, int | None]:
        """Return the line of each path, all of which takes one more reading of the file."""
        return find_lines(self.data, paths, many=_SHARDS)


def parse_manifest(data: bytes, *, file: str) -> Manifest:
    """Return the manifest that a file holds.

    Raises:
        InvalidManifestError: With all problems of its fields; `lint` finds the others.
    """
    return _value(parse_document(data, file=file), file)


def parse_head(data: bytes, *, file: str) -> Head:
    """Return the head that a dataset.yaml holds.

    Raises:
        InvalidManifestError: With all problems of its fields.
    """
    return _value(_read(_head_record, data, file), file)


def parse_document(data: bytes, *, file: str) -> Document[Manifest]:
    """Return what can be read of a manifest, with all problems of its fields."""
    return _read(_manifest_record, data, file)


def _value(document: Document[T], file: str) -> T:
    if document.value is None or document.problems:
        raise InvalidManifestError(file, document.problems)
    return document.value


def _read(
    record: Callable[[Reader[tuple[Shard, ...]]], Record[T]], data: bytes, file: str
) -> Document[T]:
    problems = Problems(file)
    reading = _Reading(record, problems)
    value: T | None = None
    try:
        root = load(data, problems, visitor=reading)
        if root is not None:
            value = reading.close(root)
    except (TooManyProblemsError, SkippedError):
        value = None  # the problems say why
    return Document(value, tuple(problems.found), data)
