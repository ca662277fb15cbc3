"""What one source says of a dataset, cleaned so that it can stand in a dataset.yaml.

Pure. The sources are files that anybody may have written: text loses its control characters and
its length, and what a manifest could not hold is dropped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from seedbox.manifest.fields import SkippedError, url
from seedbox.manifest.model import Creator
from seedbox.manifest.nodes import ScalarNode
from seedbox.manifest.problems import Problems

MAX_TITLE = 200  # characters, as all of these
MAX_DESCRIPTION = 1_000
_MAX_WORD = 80  # of a keyword or a version
_MAX_URL = 2_000
_MAX_CITATION = 4_000
_MAX_KEYWORDS = 50
_MAX_CREATORS = 100

_JOINERS = "\u200c\u200d"  # invisible, but without them Persian and Hindi are misspelt
_ORCID = re.compile(r"(?<!\d)\d{4}-\d{4}-\d{4}-\d{3}[\dX](?!\w)", re.ASCII)
_DOI = re.compile(r"10\.[0-9.]+/[!-~]+", re.ASCII)
_DAY = re.compile(r"[12]\d{3}-[01]\d-[0-3]\d(?!\w|-)|[12]\d{3}-[01]\d-[0-3]\d(?=T)", re.ASCII)
_WEB = url("https", "http")


class Rank(IntEnum):
    """How explicitly a source speaks of the dataset itself; the lowest wins."""

    SPDX_LINE = 1  # SPDX-License-Identifier in a license file
    CITATION = 2  # a file that holds nothing but how to cite
    DATA_PACKAGE = 3  # datapackage.json (Frictionless)
    CROISSANT = 4  # JSON-LD (MLCommons Croissant, schema.org)
    CARD = 5  # front matter of README.md (Hugging Face)
    CITATION_CFF = 6  # often about the software around the data
    LICENSE_TEXT = 7  # a license file, recognised by its first lines
    PROSE = 8  # heading and first paragraph of a README
    FOLDER = 9  # the name of the folder


@dataclass(frozen=True, slots=True)
class Stated:
    """A license as a source states it."""

    words: str
    spdx: str | None  # None: the words are no SPDX expression, nor a known name of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one source says; None or empty: nothing."""

    rank: Rank
    license: Stated | None = None
    name: str | None = None  # short, for the id
    title: str | None = None
    description: str | None = None
    homepage: str | None = None
    doi: str | None = None
    version: str | None = None
    keywords: tuple[str, ...] = ()
    creators: tuple[Creator, ...] = ()
    cite_as: str | None = None


class UnreadableError(Exception):
    """A source cannot be read; the text says why."""


def line(value: object, limit: int = MAX_TITLE) -> str | None:
    """Return a text as one line without control characters, or None if nothing is left.

    Args:
        value: What stood in the source; what is no text counts as nothing.
        limit: Characters; a longer text is cut and ends in an ellipsis.
    """
    if not isinstance(value, str):
        return None
    spaced = " ".join(value[: 8 * limit].split())
    text = "".join(c for c in spaced if c.isprintable() or c in _JOINERS).strip(f" {_JOINERS}")
    return (text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…") or None


def word(value: object) -> str | None:
    """Return a short text, or None."""
    return line(value, _MAX_WORD)


def day(value: object) -> str | None:
    """Return the day of a date or a time as ISO 8601 has it, or None."""
    found = _DAY.match(word(value) or "")
    return found[0] if found else None


def full_name(person: Mapping[str, object], *keys: str) -> str:
    """Return a name from the parts that stand under these keys."""
    return " ".join(said for key in keys if (said := line(person.get(key))))


def citation(value: object) -> str | None:
    """Return a citation with its lines; None if it is too long to be one."""
    if not isinstance(value, str) or len(value) > _MAX_CITATION:
        return None
    lines = (line(each, _MAX_CITATION) for each in value.splitlines())
    return "\n".join(each for each in lines if each) or None


def web(value: object) -> str | None:
    """Return a web address that a manifest may hold, or None."""
    text = line(value, _MAX_URL)
    problems = Problems("")
    try:
        _WEB(ScalarNode(text or "", plain=False, line=1), problems)
    except SkippedError:
        return None
    return None if problems.found else text


def doi(value: object) -> str | None:
    """Return the DOI that a text holds, or None."""
    found = _DOI.search(line(value, _MAX_URL) or "")
    return found[0] if found else None


def keywords(values: Iterable[object]) -> tuple[str, ...]:
    """Return each keyword once."""
    found = (word(value) for value in values)
    return tuple(dict.fromkeys(each for each in found if each))[:_MAX_KEYWORDS]


def creators(people: Iterable[tuple[object, object]]) -> tuple[Creator, ...]:
    """Return who made the data, from pairs of a name and what may hold an ORCID."""
    found: dict[str, Creator] = {}
    for said, identity in people:
        if name := line(said):
            orcid = _ORCID.search(line(identity) or "")
            found.setdefault(name, Creator(name, orcid[0] if orcid else None))
    return tuple(found.values())[:_MAX_CREATORS]
