"""Which license a text names or is: SPDX lines, names, addresses, and the titles of license texts.

Pure. A text is recognised only if everything in its first lines points at one license: a wrong
guess would be worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from seedbox.manifest import licenses
from seedbox.manifest.guess.facts import Stated, line
from seedbox.manifest.guess.trees import items

_WINDOW = 1_500  # characters: title and first paragraph
_MAX_TEXT = 60_000  # characters; the longest license texts have 40,000
_MAX_NAME = 200  # characters of a license's name or SPDX expression

_SPDX_LINE = re.compile(
    r"^[ \t#/*;%<!-]{0,20}SPDX-License-Identifier:(.{1,300})$", re.MULTILINE | re.IGNORECASE
)
# Added to an open license, any of these makes it another one.
_RESTRICTED = re.compile(
    r"\bnon-?commercial|\bno commercial|\bresearch (?:use|purposes) only|\bcommons clause"
)

# Creative Commons in its short form and in its titles, and the word after the version.
_CC = re.compile(
    r"\b(?:(cc[ -]by(?:[ -](?:nc|nd|sa))*)|(attribution(?:[ -](?:non-?commercial|share-?alike|"
    r"no-?deriv(?:ative)?s))*)),?[ -](?:v|version )?(\d\.\d)\b(?:[ -]([a-z]+))?"
)
_CC_NOT_PORTED = {"unported", "generic", "license", "licence"}  # "3.0 Germany" is another license
_URL = re.compile(r"https?://[^\s()<>\"']+")
_CC_LICENSES = "creativecommons.org/licenses/by"

# A license's title, or the sentence that only its family begins with.
_TITLES = {
    spdx: re.compile(title)
    for spdx, title in {
        "CC0-1.0": r"\bcc0\b",
        "ODbL-1.0": r"\bopen database licen[cs]e\b|\bodbl\b",
        "ODC-By-1.0": r"\b(?:odc|open data commons) attribution licen[cs]e\b",
        "PDDL-1.0": r"\bpublic domain dedication (?:&|and) licen[cs]e\b",
        "CDLA-Permissive-1.0": r"\bdata license agreement - permissive(?: -|,) version 1\.0",
        "CDLA-Permissive-2.0": r"\bdata license agreement - permissive(?: -|,) version 2\.0",
        "CDLA-Sharing-1.0": r"\bdata license agreement - sharing(?: -|,) version 1\.0",
        "OGL-UK-3.0": r"\bopen government licence (?:for public sector information )?v\S* ?3",
        "MIT": r"\bmit license\b|\bthe software without restriction, including without limitation",
        "Apache-2.0": r"\bapache license,? version 2\.0",
        "MPL-2.0": r"\bmozilla public license,? v(?:ersion |\. )2\.0",
        "OFL-1.1": r"\bsil open font license,? version 1\.1",
        "ISC": r"\bpermission to use, copy, modify, and/or distribute this software for any",
        "Unlicense": r"\bfree and unencumbered software released into the public domain",
        "Unicode-3.0": r"\bunicode license v3\b",
        "BSD-2-Clause": r"\bredistribution and use in source and binary forms\b",
    }.items()
}
# The first of these that stands in the text tells which of the family it is; None: not known.
_FAMILIES: dict[str, tuple[tuple[str, str | None], ...]] = {
    "MIT": (("mit no attribution", "MIT-0"), ("x consortium", "X11")),
    "ISC": (("provided that the above copyright notice", "ISC"), ("", "0BSD")),
    "BSD-2-Clause": (
        ("all advertising materials", "BSD-4-Clause"),
        ("no express or implied licenses to any party's patent", "BSD-3-Clause-Clear"),
        ("nuclear", None),
        ("neither the name", "BSD-3-Clause"),
        ("to endorse or promote", "BSD-3-Clause"),
    ),
}


def spdx_lines(text: str) -> Stated | None:
    """Return what the SPDX-License-Identifier lines of a file say, or None if it has none."""
    found = [
        stated([each.strip().removesuffix("-->").removesuffix("*/")])
        for each in _SPDX_LINE.findall(text[:_MAX_TEXT])
    ]
    return joined(each for each in found if each)


def recognised(text: str) -> str | None:
    """Return the license that a text is, or names in its first lines, as an SPDX expression."""
    whole = _plain(text[:_MAX_TEXT])
    found = {_member(spdx, whole) for spdx in _mentioned(whole[:_WINDOW])}
    if len(found) != 1:
        return None
    (spdx,) = found
    if spdx and "-NC" not in spdx and _RESTRICTED.search(whole):
        return None
    return spdx


def stated(alternatives: Iterable[object]) -> Stated | None:
    """Return a license from the ways in which one source states it: name, address, title.

    Ways that mean different licenses leave it unknown, for one of them is wrong.

    Args:
        alternatives: The clearest first; what is no text counts as nothing.
    """
    words = [text for each in alternatives if (text := line(each, _MAX_NAME))]
    known = {text: spdx for text in words if (spdx := _spdx(text))}
    if len(set(known.values())) > 1:
        return Stated(line(" or ".join(known), _MAX_NAME) or "", None)
    for text, spdx in known.items():
        return Stated(text, spdx)
    return Stated(words[0], None) if words else None


def named_license(value: object) -> Stated | None:
    """Return the license that a single value states."""
    return stated([value])


def licenses_of(
    value: object, state: Callable[[object], Stated | None], operator: str = "AND"
) -> Stated | None:
    """Return the license of a value, or of a list whose entries all have to be understood.

    Args:
        value: From the tree of a source.
        state: Reads one entry.
        operator: See `joined`.
    """
    found = [terms for each in items(value) if (terms := state(each))]
    whole = joined(found, operator)
    if whole and isinstance(value, list) and len(found) < len(value):
        return Stated(whole.words, None)
    return whole


def joined(several: Iterable[Stated], operator: str = "AND") -> Stated | None:
    """Return one license from several that a source states for the same data.

    Args:
        several: In the order of the source.
        operator: Of SPDX: AND if all apply, OR if one may be chosen.
    """
    found = list(dict.fromkeys(several))
    if len(found) < 2:  # noqa: PLR2004 - nothing to join
        return found[0] if found else None
    words = line(f" {operator} ".join(each.words for each in found), _MAX_NAME) or ""
    known = [each.spdx for each in found if each.spdx]
    parts = [f"({spdx})" if " " in spdx else spdx for spdx in dict.fromkeys(known)]
    return Stated(words, f" {operator} ".join(parts) if len(known) == len(found) else None)


def _spdx(words: str) -> str | None:
    return licenses.verdict(words).expression or recognised(words)


def _plain(text: str) -> str:
    """Return text in lower case on one line, without Markdown, typographic dashes and quotes."""
    text = re.sub(r"[#*_`>|]", " ", text.lower())
    text = re.sub("[\u2010-\u2015]", "-", text).replace("\u2019", "'")
    return " ".join(text.split())


def _mentioned(text: str) -> Iterator[str | None]:
    """Yield the licenses that a plain text names; None for one that seedbox does not know."""
    yield from (spdx for spdx, title in _TITLES.items() if title.search(text))
    for short, title, version, after in _CC.findall(text):
        name = f"{short or f'creative commons {title}'} {version}"
        ported = after == "igo" or (title and version < "4" and after not in _CC_NOT_PORTED)
        yield None if ported else licenses.verdict(name).expression
    for url in _URL.findall(text):
        spdx = licenses.verdict(url.rstrip(".,;:]")).expression
        if spdx or _CC_LICENSES in url:
            yield spdx


def _member(spdx: str | None, whole: str) -> str | None:
    """Return which license of a family a whole text is."""
    for sentence, member in _FAMILIES.get(spdx or "", ()):
        if sentence in whole:
            return member
    return spdx
