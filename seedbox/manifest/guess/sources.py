"""The files that tell what a dataset is, and how each of them is read.

Pure. Every reader takes the bytes of one file, which anybody may have written, and yields what it
says; what cannot be read at all is an UnreadableError with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
from seedbox.manifest.guess.license_text import (
    joined,
    licenses_of,
    named_license,
    recognised,
    spdx_lines,
    stated,
)
from seedbox.manifest.guess.linked import read_linked
from seedbox.manifest.guess.readme import read_readme
from seedbox.manifest.guess.trees import items, mapping, read_json, read_yaml, text_of

Reader = Callable[[bytes], Iterator[Facts]]


# --- Frictionless -----------------------------------------------------------------------------


def read_data_package(data: bytes) -> Iterator[Facts]:
    """Read a datapackage.json (Frictionless Data Package, versions 1 and 2)."""
    package = mapping(read_json(text_of(data)))
    people = [mapping(each) for each in items(package.get("contributors"))]
    authors = [each for each in people if {"author", "creator"} & _roles(each)]
    yield Facts(
        rank=Rank.DATA_PACKAGE,
        license=_package_license(package),
        name=line(package.get("name")),
        title=line(package.get("title")),
        description=line(package.get("description"), MAX_DESCRIPTION),
        homepage=web(package.get("homepage")),
        doi=doi(package.get("id")),
        version=word(package.get("version")) or day(package.get("created")),
        keywords=keywords(items(package.get("keywords"))),
        creators=creators((_contributor(each), each.get("path")) for each in authors),
    )


def _package_license(package: dict[str, Any]) -> Stated | None:
    """Return the license of a package; those that its resources have of their own apply too."""
    whole = licenses_of(package.get("licenses"), _packaged_license) or _packaged_license(
        package.get("license")
    )
    resources = (mapping(each).get("licenses") for each in items(package.get("resources")))
    own = [terms for each in resources if (terms := licenses_of(each, _packaged_license))]
    if own and whole is None:  # of the other resources nothing is known
        return Stated(own[0].words, None)
    return joined([whole, *own]) if whole else None


def _packaged_license(value: object) -> Stated | None:
    if isinstance(value, str):  # before version 1 of the standard
        return stated([value])
    terms = mapping(value)
    return stated(terms.get(key) for key in ("name", "type", "path", "url", "title"))


def _contributor(person: dict[str, Any]) -> object:
    return person.get("title") or full_name(person, "givenName", "familyName")


def _roles(person: dict[str, Any]) -> set[str]:
    return {str(role).lower() for key in ("role", "roles") for role in items(person.get(key))}


# --- licenses and citations -------------------------------------------------------------------


def read_license(data: bytes) -> Iterator[Facts]:
    """Read a license file: its SPDX line if it has one, and its text."""
    text = data.decode(errors="replace")  # an old © must not hide a license
    if lines := spdx_lines(text):
        yield Facts(rank=Rank.SPDX_LINE, license=lines)
        return
    spdx = recognised(text)
    words = spdx or "a text that seedbox does not recognise"
    yield Facts(rank=Rank.LICENSE_TEXT, license=Stated(words, spdx))


def read_citation(data: bytes) -> Iterator[Facts]:
    """Read a file that holds nothing but a citation, such as CITATION.bib."""
    cite_as = citation(text_of(data))
    if cite_as is None:
        raise UnreadableError("it is empty, or too long for one citation")
    yield Facts(rank=Rank.CITATION, cite_as=cite_as)


def read_cff(data: bytes) -> Iterator[Facts]:
    """Read a CITATION.cff (Citation File Format 1.2)."""
    cited = mapping(read_yaml(text_of(data)))
    yield Facts(
        rank=Rank.CITATION_CFF,
        license=licenses_of(cited.get("license"), named_license, "OR"),
        title=line(cited.get("title")),
        description=line(cited.get("abstract"), MAX_DESCRIPTION),
        homepage=web(cited.get("url")) or web(cited.get("repository")),
        doi=doi(cited.get("doi")),
        version=word(cited.get("version")) or day(cited.get("date-released")),
        keywords=keywords(items(cited.get("keywords"))),
        creators=creators(map(_author, map(mapping, items(cited.get("authors"))))),
    )


def _author(person: dict[str, Any]) -> tuple[object, object]:
    keys = ("given-names", "name-particle", "family-names", "name-suffix")
    return person.get("name") or full_name(person, *keys), person.get("orcid")


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(name, re.IGNORECASE), reader)
    for name, reader in (
        (r"datapackage\.json", read_data_package),
        (r"(?:[\w.-]*croissant[\w.-]*|metadata|dataset)\.json|[\w. -]+\.jsonld", read_linked),
        (r"readme(?:\.(?:md|markdown|rst|txt))?", read_readme),
        (r"(?:licen[cs]e|copying|unlicense)(?:[._-][\w.-]*)?", read_license),
        (r"citation(?:\.(?:bib|txt|md))?", read_citation),
        (r"citation\.cff", read_cff),
    )
)


def reader_of(name: str) -> Reader | None:
    """Return what reads a file of this name, or None if it tells nothing about a dataset."""
    return next((reader for known, reader in _READERS if known.fullmatch(name)), None)
