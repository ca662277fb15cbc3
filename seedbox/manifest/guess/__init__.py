"""What a dataset is, guessed from the files that lie in its folder.

Pure: names and bytes in, a Guess out. Sources are ranked by how explicitly they speak of the
dataset (`facts.Rank`); each field comes from the most explicit source that has it, and what others
say instead is kept beside it. A license is never invented: if no source states one that has an
SPDX expression, the guess has none.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seedbox.manifest import licenses
from seedbox.manifest.guess.facts import Facts, Rank, Stated, UnreadableError, line
from seedbox.manifest.guess.sources import reader_of
from seedbox.manifest.model import Creator

FIELDS = (
    "license",
    "title",
    "description",
    "homepage",
    "doi",
    "version",
    "keywords",
    "creators",
    "cite_as",
)

# LICENSE-DATA speaks of the data, LICENSE may, LICENSE-CODE does not.
_SCOPE = re.compile(r"(?:licen[cs]e|copying).*?(?:(data|content)|code|software|src)", re.IGNORECASE)
_MAX_SLUG = 60  # characters; names of shards are longer by their number
_MAX_NAME = 100  # characters of a file's name in a message


@dataclass(frozen=True, slots=True)
class Text:
    """A file of the folder."""

    name: str
    data: bytes  # whole; of a table of comma-separated values the first line is enough


@dataclass(frozen=True, slots=True)
class Saying:
    """What one source says of one field."""

    words: str
    source: str  # the file's name


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a guessed value comes from."""

    field: str  # a key of dataset.yaml
    said: Saying
    others: tuple[Saying, ...]  # that say something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a dataset seems to be."""

    slug: str  # the dataset's part of an id
    license: str | None  # an SPDX expression
    title: str
    description: str | None = None
    homepage: str | None = None
    doi: str | None = None
    version: str | None = None
    keywords: tuple[str, ...] = ()
    creators: tuple[Creator, ...] = ()
    cite_as: str | None = None
    popularity: str | None  # name of a table that `build --popularity` could take
    marks: tuple[Mark, ...]  # one for each field that was guessed
    unclear: tuple[Saying, ...]  # licenses that are stated, but not as anything known
    warnings: tuple[str, ...]


def is_telling(name: str) -> bool:
    """Tell whether a file of this name may say what the dataset is."""
    return reader_of(name) is not None or is_table(name)


def is_table(name: str) -> bool:
    """Tell whether a file may be a popularity table; its first line tells for sure."""
    return name.lower().endswith(".csv")


def guess(texts: Iterable[Text], *, folder: str) -> Guess:
    """Guess what a dataset is.

    Args:
        texts: The files of its folder whose names are telling.
        folder: The folder's name.
    """
    ordered = sorted(texts, key=lambda text: (_scope(text.name), text.name.lower(), text.name))
    facts, warnings = _read(ordered)
    if not any(each.title for _, each in facts):
        title = line(folder) or "Untitled dataset"
        facts.append(("the folder's name", Facts(rank=Rank.FOLDER, title=title)))
    said = {field: _said(facts, field) for field in FIELDS}
    terms = next((value for _, value in said["license"] if value.spdx), None)
    names = [each.name for _, each in facts if each.name]
    table, complaints = _popularity(ordered)
    values = {field: found[0][1] for field, found in said.items() if found and field != "license"}
    return Guess(
        slug=next((slug for name in (*names, folder) if (slug := _slug(name))), "dataset"),
        license=None if terms is None else terms.spdx,
        popularity=table,
        marks=tuple(_mark(field, found) for field, found in said.items() if _usable(found)),
        unclear=tuple(Saying(_words(v), source) for source, v in said["license"] if not v.spdx),
        warnings=(*warnings, *complaints, *_license_warnings(said["license"])),
        **values,
    )


def _scope(name: str) -> int:
    """Return which of several license files speaks of the data: the lowest."""
    found = _SCOPE.match(name)
    return 1 if found is None else 0 if found[1] else 2


def _read(texts: Iterable[Text]) -> tuple[list[tuple[str, Facts]], list[str]]:
    """Return what the sources say, the most explicit first, and which could not be read."""
    facts: list[tuple[str, Facts]] = []
    warnings = []
    for text in texts:
        reader = reader_of(text.name)
        name = line(text.name, _MAX_NAME) or "?"
        if reader is None:
            continue
        try:
            facts += ((name, each) for each in reader(text.data))
        except UnreadableError as error:
            warnings.append(f"{name} cannot be read: {error}")
    facts.sort(key=lambda pair: pair[1].rank)
    return facts, warnings


def _said(facts: Iterable[tuple[str, Facts]], field: str) -> list[tuple[str, Any]]:
    """Return every source's value of a field; the first is the one to write."""
    found = [(source, value) for source, each in facts if (value := getattr(each, field))]
    if field == "license":
        found.sort(key=lambda pair: pair[1].spdx is None)
    return found


def _usable(found: Sequence[tuple[str, Any]]) -> bool:
    """Tell whether a field gets a value: an unclear license is none."""
    return bool(found) and not (isinstance(found[0][1], Stated) and found[0][1].spdx is None)


def _mark(field: str, found: Sequence[tuple[str, Any]]) -> Mark:
    (source, value), *rest = found
    seen = {_words(value).casefold()}
    others = []
    for other, different in rest:
        words = _words(different)
        if other != source and words.casefold() not in seen:
            seen.add(words.casefold())
            others.append(Saying(words, other))
    return Mark(field, Saying(_words(value), source), tuple(others))


def _words(value: str | Stated | Iterable[str | Creator]) -> str:
    """Return a value of any field for people."""
    if isinstance(value, str):
        return value
    if isinstance(value, Stated):
        return value.spdx or value.words
    return ", ".join(each if isinstance(each, str) else each.name for each in value)


def _license_warnings(found: Sequence[tuple[str, Stated]]) -> Iterator[str]:
    """Yield what the publisher has to look at before anybody relies on the license."""
    if not found:
        return
    terms = found[0][1]
    for other in _mark("license", found).others if terms.spdx else ():
        yield f"{other.source} says that the license is {other.words}, not {terms.spdx}"
    if terms.spdx is None:
        yield f"{found[0][0]} states a license that seedbox does not know: {terms.words}"
    elif not (verdict := licenses.verdict(terms.spdx)).open:
        yield f"{found[0][0]} states a license that is not open: {verdict.why}"


def _popularity(texts: Iterable[Text]) -> tuple[str | None, list[str]]:
    """Return the name of the file that seems to be a popularity table, and what is odd."""
    warnings = []
    tables = []
    for text in texts:
        if not is_table(text.name) or line(text.name) != text.name:
            continue
        columns = _columns(text.data)
        named = text.name.lower() == "popularity.csv"
        if {"path", "value"} <= columns and (named or len(columns) == 2):  # noqa: PLR2004 - no more
            tables.append((not named, text.name))
        elif named:
            warnings.append(f"{text.name} does not begin with the line `path,value`")
    return min(tables)[1] if tables else None, warnings


def _columns(data: bytes) -> set[str]:
    """Return the names of a table's columns, in lower case; none if it has no header."""
    header = data.partition(b"\n")[0]
    try:
        cells = next(csv.reader([header.decode("utf-8-sig")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):  # it is data of another kind, which is no fault
        return set()
    return {cell.strip().lower() for cell in cells}


def _slug(name: str) -> str:
    """Return a name as an id can have it, or nothing."""
    return re.sub(r"[^a-z0-9._]+", "-", name.lower(), flags=re.ASCII)[:_MAX_SLUG].strip("-._")
