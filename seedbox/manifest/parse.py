"""Manifest text to values: every field typed and checked, all problems at once.

Pure. Here each field is checked on its own; how fields and shards fit together is `lint`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, TypeVar

from seedbox.errors import InvalidManifestError, Problem
from seedbox.manifest.fields import (
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
    path,
    pattern,
    segment,
    text,
    timestamp,
    url,
)
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
from seedbox.manifest.nodes import ListNode, MapNode, Node, load
from seedbox.manifest.problems import Problems, TooManyProblemsError
from seedbox.torrent import paths
from seedbox.torrent.info_hash import V1_BYTES, V2_BYTES, Format, InfoHash

T = TypeVar("T")

_SHA256 = digest(32)
_WEB = url("https", "http")
_NAME = "[a-z0-9._-]"
_NAME_HINT = "Use a to z, 0 to 9, dot, underscore and hyphen, at most 100 characters."
_MIN_PIECE = 16 * 1024  # bytes; what BEP 52 allows and clients read


def _safe_name(expression: str, wanted: str) -> Reader[str]:
    """Return a reader of a name that becomes a file or folder on every system."""
    matching = pattern(expression, "name", wanted, _NAME_HINT)

    def read(node: Node, problems: Problems) -> str:
        value = matching(node, problems)
        if why := paths.problem(tuple(value.split("/"))):
            hint = "Choose another name; it becomes a folder."
            problems.add("unsafe-path", node.line, f"{value[:100]!r} {why}", hint)
        return value

    return read


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
    name = pattern(f"{_NAME}{{1,100}}", "name", "a rendition's name", _NAME_HINT)
    fields = {"encode": name, "below": number}
    found: dict[str, Reader[object]] = {}
    for key in node.entries:
        if not key.startswith("x-"):
            found[key] = Record(_named_rendition(key), fields)
    return Record(_values, found, keeps_extra=False)(node, problems)


def _named_rendition(name: str) -> Callable[..., Rendition]:
    return lambda **values: Rendition(name, **values)


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
        "name": _safe_name(f"{_NAME}{{1,100}}", "a shard's name"),
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
    "id": _safe_name(f"{_NAME}{{1,100}}/{_NAME}{{1,100}}", "an id such as org.example/wiki-graph"),
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
_NO_SHARDS = ("a dataset.yaml has no shards", "Remove them; `seedbox build` makes them.")

_HEAD: Record[Head] = Record(Head, _HEAD_FIELDS, _REQUIRED, elsewhere={"shards": _NO_SHARDS})
_MANIFEST: Record[Manifest] = Record(
    lambda *, shards, **head: Manifest(Head(**head), shards),
    {**_HEAD_FIELDS, "popularity": _POPULARITY, "shards": listing(_SHARD)},
    _REQUIRED | {"shards"},
)


@dataclass(frozen=True, slots=True)
class Document(Generic[T]):
    """A file as far as it could be read, and what is wrong with it."""

    value: T | None  # None: a problem left no value where one is needed
    problems: tuple[Problem, ...]
    tree: Node | None

    def line_of(self, path: str) -> int | None:
        """Return the line of `shards[3].size`, or of the nearest thing around it."""
        node = self.tree
        line = None if node is None else node.line
        for step in path.replace("[", ".[").split("."):
            if isinstance(node, MapNode) and step in node.entries:
                node = node.entries[step]
                line = node.line
            elif isinstance(node, ListNode) and step.startswith("["):
                node = node.items[int(step[1:-1])]
                line = node.line
            elif step:
                break
        return line


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
    return _value(_read(_HEAD, data, file), file)


def parse_document(data: bytes, *, file: str) -> Document[Manifest]:
    """Return what can be read of a manifest, with all problems of its fields."""
    return _read(_MANIFEST, data, file)


def _value(document: Document[T], file: str) -> T:
    if document.value is None or document.problems:
        raise InvalidManifestError(file, document.problems)
    return document.value


def _read(record: Record[T], data: bytes, file: str) -> Document[T]:
    problems = Problems(file)
    tree: Node | None = None
    value: T | None = None
    try:
        tree = load(data, problems)
        if tree is not None:
            value = record(tree, problems)
    except (TooManyProblemsError, SkippedError):
        value = None  # the problems say why
    return Document(value, tuple(problems.found), tree)
