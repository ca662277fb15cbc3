"""JSON-LD that describes a dataset: MLCommons Croissant, or plain schema.org.

Pure. Read as people write it, not as JSON-LD allows: the names of schema.org with or without a
prefix, values with or without their wrapping. No context is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from seedbox.manifest.guess.facts import (
    MAX_DESCRIPTION,
    Facts,
    Rank,
    Stated,
    UnreadableError,
    citation,
    creators,
    day,
    doi,
    full_name,
    keywords,
    line,
    web,
    word,
)
from seedbox.manifest.guess.license_text import licenses_of, stated
from seedbox.manifest.guess.trees import items, mapping, read_json, text_of

_PREFIX = re.compile(r"(?:sc:|schema:|https?://schema\.org/)")
_SEPARATOR = re.compile(r"[,;]")


def read_linked(data: bytes) -> Iterator[Facts]:
    """Read JSON-LD; what is not about a dataset says nothing.

    Raises:
        UnreadableError: It is no JSON, or describes several datasets.
    """
    found = list(_datasets(read_json(text_of(data))))
    if len(found) > 1:
        raise UnreadableError(
            f"it describes {len(found)} datasets, and nobody knows which is meant"
        )
    for dataset in found:
        yield _facts(dataset)


def _datasets(tree: object) -> Iterator[dict[str, Any]]:
    """Yield the datasets on the first level, or in a graph there."""
    for each in items(tree):
        for one in items(each.get("@graph")) or [each] if isinstance(each, dict) else []:
            node = _unprefixed(mapping(one))
            kinds = (kind for kind in items(node.get("@type")) if isinstance(kind, str))
            if any(_PREFIX.sub("", kind) == "Dataset" for kind in kinds):
                yield node


def _unprefixed(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node with the names of schema.org as they are, which a prefixed one never hides."""
    long = {_PREFIX.sub("", key, count=1): value for key, value in node.items()}
    return {**long, **node}


def _facts(dataset: dict[str, Any]) -> Facts:
    people = _all(dataset.get("creator")) or _all(dataset.get("author"))
    identifiers = (*_all(dataset.get("identifier")), *_all(dataset.get("sameAs")))
    dates = (dataset.get("dateModified"), dataset.get("datePublished"))
    return Facts(
        rank=Rank.CROISSANT,
        license=licenses_of(_all(dataset.get("license")) or None, _license),
        title=line(_plain(dataset.get("name"))),
        description=line(_plain(dataset.get("description")), MAX_DESCRIPTION),
        homepage=web(_plain(dataset.get("url"))),
        doi=next(filter(None, map(doi, map(_plain, (*identifiers, dataset.get("@id"))))), None),
        version=word(_plain(dataset.get("version"))) or _first_day(dates),
        keywords=keywords(_keywords(dataset)),
        creators=creators(map(_person, people)),
        cite_as=citation(_plain(dataset.get("citeAs")) or _plain(dataset.get("citation"))),
    )


def _first_day(dates: tuple[object, ...]) -> str | None:
    return next(filter(None, (day(_plain(each)) for each in dates)), None)


def _keywords(dataset: dict[str, Any]) -> list[object]:
    words = [_plain(each) for each in _all(dataset.get("keywords"))]
    if len(words) == 1 and isinstance(words[0], str):
        return list(_SEPARATOR.split(words[0]))
    return words


def _license(value: object) -> Stated | None:
    terms = _unprefixed(mapping(value))
    if not terms:
        return stated([value])
    return stated(_plain(terms.get(key)) for key in ("@value", "@id", "url", "identifier", "name"))


def _person(value: object) -> tuple[object, object]:
    person = _unprefixed(mapping(value))
    identities = [
        _plain(each)
        for key in ("@id", "sameAs", "identifier", "url")
        for each in _all(person.get(key))
    ]
    name = _plain(person.get("name")) or full_name(person, "givenName", "familyName")
    return name or _plain(value), " ".join(str(each) for each in identities)


def _all(value: object) -> list[Any]:
    """Return the values of a property, out of the lists that JSON-LD may wrap them in."""
    if isinstance(value, dict) and ("@list" in value or "@set" in value):
        value = value.get("@list") or value.get("@set")
    return items(value)


def _plain(value: object) -> object:
    """Return the first value as a text, out of what JSON-LD may wrap it in."""
    first = next(iter(_all(value)), None)
    if not isinstance(first, dict):
        return first
    node = _unprefixed(first)
    return next((node[key] for key in ("@value", "value", "name", "@id") if node.get(key)), None)
