"""READMEs: the front matter that Hugging Face has there, and what stands below it for people.

Pure.
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
    citation,
    doi,
    keywords,
    line,
    web,
    word,
)
from seedbox.manifest.guess.license_text import licenses_of, named_license, stated
from seedbox.manifest.guess.trees import items, mapping, read_yaml, text_of

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^# +(\S.*)$|^(\S.*)\n===+[ \t]*$", re.MULTILINE)
# Headings, HTML, badges, tables, quotations, lists, code and directives, in Markdown and RST.
_NO_PROSE = ("#", "<", "!", "[!", "[More ", "|", ">", "- ", "* ", "+", "--", "==", "1.", "..", ":")
_CODE = ("```", "~~~", "    ", "\t")
# As the template of Hugging Face has them.
_HOMEPAGE = re.compile(r"\*\*Homepage:?\*\*:?[ \t]*(?:\[[^\[\]\n]*\]\()?(https?://[^\s()<>\]]+)")
_BIBTEX = re.compile(r"^```[a-z]*\n(@[A-Za-z]+\{.{1,4000}?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MOST_PROSE = 20_000  # characters of a README that are looked at


def read_readme(data: bytes) -> Iterator[Facts]:
    """Read a README: front matter as Hugging Face has it, then heading and first paragraph."""
    text = text_of(data)
    front = _FRONT_MATTER.match(text)
    body = text[front.end() :] if front else text
    yield _prose(body[:_MOST_PROSE])
    if front:
        yield _card(mapping(read_yaml(f"\n{front[1]}")))  # lines count as in the file


def _card(card: dict[str, Any]) -> Facts:
    tags = [tag for tag in items(card.get("tags")) if isinstance(tag, str)]
    named = [tag for tag in tags if tag.startswith("doi:")]
    return Facts(
        rank=Rank.CARD,
        license=_card_license(card),
        title=line(card.get("pretty_name")),
        homepage=web(card.get("homepage")),
        doi=next(filter(None, map(doi, (card.get("doi"), *named))), None),
        version=word(card.get("version")),
        keywords=keywords(tag for tag in tags if ":" not in tag),
    )


def _card_license(card: dict[str, Any]) -> Stated | None:
    terms = licenses_of(card.get("license"), named_license)
    if terms is None or terms.words.lower() == "other":  # its name and address stand elsewhere
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
        homepage=web(homepage[1]) if (homepage := _HOMEPAGE.search(body)) else None,
        cite_as=citation(cited[1]) if (cited := _BIBTEX.search(body)) else None,
    )


def _unmarked(text: str) -> str:
    """Return Markdown without links and emphasis."""
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", _LINK.sub(r"\1", text))
