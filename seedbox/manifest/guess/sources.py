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
    doi,
    keywords,
    line,
    web,
    word,
)
from seedbox.manifest.guess.license_text import joined, recognised, spdx_lines, stated
from seedbox.manifest.guess.trees import read_json, read_yaml

Reader = Callable[[bytes], Iterator[Facts]]

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^# +(\S.*)$|^(\S.*)\n===+[ \t]*$", re.MULTILINE)
# Headings, HTML, badges, tables, quotations, lists, code and directives, in Markdown and RST.
_NO_PROSE = ("#", "<", "!", "[!", "[More ", "|", ">", "- ", "* ", "+", "--", "==", "1.", "..", ":")
_CODE = ("```", "~~~", "    ", "\t")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_DATASET = re.compile(r"(?:sc:|schema:|https?://schema\.org/)?Dataset")
_MOST_PROSE = 20_000  # characters of a README that are looked at
_MOST_ITEMS = 100  # of a list, such as licenses or people


def text_of(data: bytes) -> str:
    """Return the text of a file.

    Raises:
        UnreadableError: It is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"byte {error.start:,} is not UTF-8") from error


# --- Frictionless -----------------------------------------------------------------------------


def read_data_package(data: bytes) -> Iterator[Facts]:
    """Read a datapackage.json (Frictionless Data Package, versions 1 and 2)."""
    package = _mapping(read_json(text_of(data)))
    people = [_mapping(each) for each in _items(package.get("contributors"))]
    authors = [each for each in people if {"author", "creator"} & _roles(each)]
    yield Facts(
        rank=Rank.DATA_PACKAGE,
        license=_licenses(package.get("licenses"), _packaged_license)
        or stated([package.get("license")]),
        name=line(package.get("name")),
        title=line(package.get("title")),
        description=line(package.get("description"), MAX_DESCRIPTION),
        homepage=web(package.get("homepage")),
        doi=doi(package.get("id")),
        version=word(package.get("version")),
        keywords=keywords(_items(package.get("keywords"))),
        creators=creators((each.get("title"), each.get("path")) for each in authors),
    )


def _packaged_license(value: object) -> Stated | None:
    terms = _mapping(value)
    return stated([terms.get("name"), terms.get("path"), terms.get("title")])


def _roles(person: dict[str, Any]) -> set[str]:
    return {str(role).lower() for key in ("role", "roles") for role in _items(person.get(key))}


# --- Croissant --------------------------------------------------------------------------------


def read_croissant(data: bytes) -> Iterator[Facts]:
    """Read JSON-LD that describes a Dataset: MLCommons Croissant, or plain schema.org."""
    dataset = _mapping(read_json(text_of(data)))
    types = (kind for kind in _items(dataset.get("@type")) if isinstance(kind, str))
    if not any(_DATASET.fullmatch(kind) for kind in types):
        return
    words = _items(dataset.get("keywords"))
    if len(words) == 1 and isinstance(words[0], str):
        words = words[0].split(",")
    people = _items(dataset.get("creator")) or _items(dataset.get("author"))
    identifiers = [_plain(each) for each in _items(dataset.get("identifier"))]
    yield Facts(
        rank=Rank.CROISSANT,
        license=_licenses(dataset.get("license"), _linked_license),
        title=line(_plain(dataset.get("name"))),
        description=line(_plain(dataset.get("description")), MAX_DESCRIPTION),
        homepage=web(_plain(dataset.get("url"))),
        doi=next(filter(None, map(doi, identifiers)), None),
        version=word(_plain(dataset.get("version"))),
        keywords=keywords(_plain(each) for each in words),
        creators=creators(map(_linked_person, people)),
        cite_as=citation(_plain(dataset.get("citeAs")) or _plain(dataset.get("citation"))),
    )


def _linked_license(value: object) -> Stated | None:
    terms = _mapping(value)
    return stated([_plain(value), *(terms.get(key) for key in ("@id", "url", "name"))])


def _linked_person(value: object) -> tuple[object, object]:
    person = _mapping(value)
    identities = [
        each for key in ("@id", "sameAs", "identifier") for each in _items(person.get(key))
    ]
    return _plain(person.get("name") or value), " ".join(str(_plain(each)) for each in identities)


def _plain(value: object) -> object:
    """Return the first value, out of JSON-LD's wrapping."""
    first = next(iter(_items(value)), None)
    return first.get("@value") if isinstance(first, dict) else first


# --- README -----------------------------------------------------------------------------------


def read_readme(data: bytes) -> Iterator[Facts]:
    """Read a README: front matter as Hugging Face has it, then heading and first paragraph."""
    text = text_of(data)
    front = _FRONT_MATTER.match(text)
    body = text[front.end() :] if front else text
    yield _prose(body[:_MOST_PROSE])
    if front:
        yield _card(_mapping(read_yaml(f"\n{front[1]}")))  # lines count as in the file


def _card(card: dict[str, Any]) -> Facts:
    tags = (tag for tag in _items(card.get("tags")) if ":" not in str(tag))
    return Facts(
        rank=Rank.CARD,
        license=_card_license(card),
        title=line(card.get("pretty_name")),
        keywords=keywords(tags),
    )


def _card_license(card: dict[str, Any]) -> Stated | None:
    terms = _licenses(card.get("license"), _named_license)
    if terms is None or (terms.spdx is None and not isinstance(card["license"], list)):
        # `license: other` has its name and address elsewhere
        return stated([card.get("license_name"), card.get("license_link")]) or terms
    return terms


def _prose(body: str) -> Facts:
    """Return what stands in a README for people."""
    heading = _HEADING.search(body)
    title = _unmarked(re.sub(r" #+$", "", heading[1] or heading[2])) if heading else ""
    rest = body[heading.end() :] if heading else body
    paragraphs = (each.strip("\n") for each in re.split(r"\n[ \t]*\n", rest))
    prose = (each for each in paragraphs if each and not each.startswith(_NO_PROSE + _CODE))
    return Facts(
        rank=Rank.PROSE,
        title=line(title.removeprefix("Dataset Card for ")),
        description=line(_unmarked(next(prose, "")), MAX_DESCRIPTION),
    )


def _unmarked(text: str) -> str:
    """Return Markdown without links and emphasis."""
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", _LINK.sub(r"\1", text))


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
    cited = _mapping(read_yaml(text_of(data)))
    yield Facts(
        rank=Rank.CITATION_CFF,
        license=_licenses(cited.get("license"), _named_license, "OR"),
        title=line(cited.get("title")),
        description=line(cited.get("abstract"), MAX_DESCRIPTION),
        homepage=web(cited.get("url")) or web(cited.get("repository")),
        doi=doi(cited.get("doi")),
        version=word(cited.get("version")),
        keywords=keywords(_items(cited.get("keywords"))),
        creators=creators(map(_author, map(_mapping, _items(cited.get("authors"))))),
    )


def _author(person: dict[str, Any]) -> tuple[object, object]:
    keys = ("given-names", "name-particle", "family-names", "name-suffix")
    whole = " ".join(said for key in keys if (said := line(person.get(key))))
    return person.get("name") or whole, person.get("orcid")


def _licenses(
    value: object, state: Callable[[object], Stated | None], operator: str = "AND"
) -> Stated | None:
    """Return the license of a value, or of a list whose entries all have to be understood."""
    found = [terms for each in _items(value) if (terms := state(each))]
    whole = joined(found, operator)
    if whole and isinstance(value, list) and len(found) < len(value):
        return Stated(whole.words, None)
    return whole


def _named_license(value: object) -> Stated | None:
    return stated([value])


# --- trees ------------------------------------------------------------------------------------


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Any]:
    """Return a value as a list: its first items, itself alone, or nothing."""
    if value is None:
        return []
    return value[:_MOST_ITEMS] if isinstance(value, list) else [value]


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(name, re.IGNORECASE), reader)
    for name, reader in (
        (r"datapackage\.json", read_data_package),
        (r"(?:[\w.-]*croissant[\w.-]*|metadata|dataset)\.json|[\w. -]+\.jsonld", read_croissant),
        (r"readme(?:\.(?:md|markdown|rst|txt))?", read_readme),
        (r"(?:licen[cs]e|copying|unlicense)(?:[._-][\w.-]*)?", read_license),
        (r"citation(?:\.(?:bib|txt|md))?", read_citation),
        (r"citation\.cff", read_cff),
    )
)


def reader_of(name: str) -> Reader | None:
    """Return what reads a file of this name, or None if it tells nothing about a dataset."""
    return next((reader for known, reader in _READERS if known.fullmatch(name)), None)
