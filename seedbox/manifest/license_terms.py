"""What is known of a single license: who decided whether it is open, and how.

Pure. Four sources, the first that speaks decides: the Open Definition's list, the OSI's approvals,
readings of ours where the database is wrong or silent, and the license's category in the database
of license-expression. Public domain, permissive and copyleft licenses are open; all others
restrict who may use the data or for what. What no source knows is refused: nobody has looked at it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from seedbox.manifest.license_names import REPLACED
from seedbox.manifest.opendefinition import APPROVED, OSI_APPROVED, REJECTED

_OPEN = frozenset({"Public Domain", "Permissive", "Copyleft", "Copyleft Limited"})
_READ_OPEN = {
    "any-OSI": "it leaves the choice among all licenses that the OSI approves",
    "any-OSI-perl-modules": "it leaves the choice among all licenses that the OSI approves",
    "LicenseRef-DbCL-1.0": "it grants every use of a database's contents",
    "OpenMDW-1.0": "it grants every use and asks for its notices alone",
    "WordNet": "it grants every use and asks for its notices alone",
}
_READ_NOT_OPEN = {
    "Aladdin": "it forbids commercial distribution",
    "JSON": "it limits what the data may be used for (“Good, not Evil”)",
    "MS-LPL": "it allows use on one vendor's platform only",
    "PPL": "it allows commercial use to worker-owned businesses only",
}
# SPDX tells apart whether a text has parts that nobody may change; without a word it may have some.
_GFDL = re.compile(r"(GFDL-[0-9.]+)(?:-invariants)?-(only|or-later)")
_CC = re.compile(r"cc[ -](?:by[ -])?(?:(?:nc|nd|sa)[ -]?)+(?:[ -].*)?", re.IGNORECASE)
_REF = re.compile(
    r"(?:DocumentRef-[A-Za-z0-9.-]+:)?(?:LicenseRef|AdditionRef)-[A-Za-z0-9.-]+", re.IGNORECASE
)
_VERSIONED = re.compile(r"(.+?)-[0-9.]+")
_MAX_SHOWN = 60  # characters


class Source(StrEnum):
    """Who decided whether a license is open."""

    OPEN_DEFINITION = "open-definition"
    OSI = "osi"
    READING = "reading"  # an exception by hand
    CATEGORY = "category"  # in the license database


@dataclass(frozen=True, slots=True)
class Terms:
    """Whether one license is open."""

    open: bool
    rule: str  # short stable code, such as "non-commercial"
    source: Source | None  # None: nobody has decided, so it is refused
    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A license or exception that may stand in an expression."""

    id: str
    category: str
    is_exception: bool = False


def terms_of(name: str) -> Terms:
    """Return what is known of a license, by the id that `find` gives it, or of a LicenseRef."""
    entry = find(name)
    if entry is None:
        why = f"{shortened(name)} is defined by its publisher alone, not by SPDX"
        return Terms(False, "unknown-ref", None, why)  # noqa: FBT003 - `open`, as in all of these
    base = name.removesuffix("+")
    if gfdl := _GFDL.fullmatch(base):
        why = f"{name} texts may have parts that nobody may change"
        why += f"; those without any are {gfdl[1]}-no-invariants-{gfdl[2]} (as seedbox reads it)"
        return Terms(False, "no-derivatives", Source.READING, why)  # noqa: FBT003
    is_open, source, note = _decided(base, entry.category)
    if is_open:
        return Terms(True, "open", source, f"{name} is open ({note})")  # noqa: FBT003
    rule, words = _restriction(base)
    return Terms(False, rule, source, f"{name} {words} ({note})")  # noqa: FBT003


def _decided(base: str, category: str) -> tuple[bool, Source, str]:
    """Return whether a known license is open, who says so, and in which words."""
    if base in _list(approved=True):
        return True, Source.OPEN_DEFINITION, "the Open Definition approves it"
    if base in _list(approved=False):
        return False, Source.OPEN_DEFINITION, "the Open Definition rejects it"
    if base in OSI_APPROVED or re.sub(r"-(?:only|or-later)$", "", base) in OSI_APPROVED:
        return True, Source.OSI, "the OSI approves it"
    if base in _READ_OPEN:
        return True, Source.READING, f"as seedbox reads it: {_READ_OPEN[base]}"
    if base in _READ_NOT_OPEN:
        return False, Source.READING, f"as seedbox reads it: {_READ_NOT_OPEN[base]}"
    return category in _OPEN, Source.CATEGORY, f"{category.lower()} in the license database"


@lru_cache(maxsize=2)
def _list(*, approved: bool) -> frozenset[str]:
    return frozenset(spdx for row in (APPROVED if approved else REJECTED) for spdx in row.spdx)


def _restriction(name: str) -> tuple[str, str]:
    """Return rule and words for a license that is not open."""
    parts = re.split("[ -]", name.upper())
    if "NC" in parts:
        return "non-commercial", "forbids commercial use"
    if "ND" in parts:
        return "no-derivatives", "forbids changed versions"
    return "not-open", "is not open"


def is_ref(name: str) -> bool:
    """Tell whether a name is one that its publisher gives a meaning, as SPDX allows."""
    return _REF.fullmatch(name) is not None


def unknown(name: str) -> Terms:
    """Return why a name that `find` does not know is refused."""
    shown = shortened(name)
    for row in (*APPROVED, *REJECTED):
        if row.id.lower() == name.lower() and not row.spdx:
            return _without_id(shown, row.title, approved=row in APPROVED)
    if _CC.fullmatch(name):
        rule, words = _restriction(name)
        if rule != "not-open":
            return Terms(False, rule, Source.READING, f"every {shown} license {words}")  # noqa: FBT003
    why = f"{shown} is in no list of licenses that seedbox has, so nobody can tell its terms"
    if version := _versions().get(name.lower().replace(" ", "-")):
        why = f"{shown} names no version, such as {version}"
    return Terms(False, "unknown-license", None, why)  # noqa: FBT003


def _without_id(shown: str, title: str, *, approved: bool) -> Terms:
    """Return the verdict on what the Open Definition's list has and SPDX has not."""
    if not approved:
        why = f"{shown} is not open (the Open Definition rejects it: {title})"
        return Terms(False, "not-open", Source.OPEN_DEFINITION, why)  # noqa: FBT003
    why = f"{shown} ({title}) stands for no license that SPDX lists, so nobody can tell its terms"
    return Terms(False, "unknown-license", None, why)  # noqa: FBT003


def shortened(name: str) -> str:
    """Return a name as it can stand in a message."""
    return name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}…"


def find(name: str) -> Entry | None:
    """Return what an id means in an expression; SPDX ids are ASCII, and case does not matter."""
    return _known().get(name.lower()) if name.isascii() else None


@lru_cache(maxsize=1)
def _entries() -> dict[str, tuple[Entry, tuple[str, ...]]]:
    """Return every license and exception by its id, with the other ids that it has."""
    from license_expression import get_license_index  # noqa: PLC0415 - 0.1 s that most runs save

    entries: dict[str, tuple[Entry, tuple[str, ...]]]
    entries = {id_: (Entry(id_, ""), ()) for id_ in _READ_OPEN}  # the database has not all of them
    for row in get_license_index():
        id_ = row.get("spdx_license_key")
        # A LicenseRef means what the document around it says, so none is known from elsewhere.
        if id_ is None or id_.startswith("LicenseRef-") or id_.lower() in REPLACED:
            continue
        others = tuple(filter(_is_id, row["other_spdx_license_keys"]))
        entries[id_] = (Entry(id_, row["category"], row["is_exception"]), others)
    return entries


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    """Return the last version of each license that has some, by its name in lower case."""
    found = (_VERSIONED.fullmatch(id_) for id_ in sorted(_entries()))
    return {match[1].lower(): match[0] for match in found if match}


def _is_id(key: str) -> bool:
    return " " not in key and not key.startswith("LicenseRef-")


@lru_cache(maxsize=1)
def _known() -> dict[str, Entry]:
    """Return every id that may stand in an expression, by its spelling in lower case."""
    known: dict[str, Entry] = {}
    for entry, others in _entries().values():
        known.update({spelling.lower(): entry for spelling in (entry.id, *others)})
    for entry, _ in _entries().values():
        later = f"{entry.id}+"  # "or any later version" (SPDX, annex D); not of a LicenseRef
        if not entry.is_exception and not is_ref(entry.id):
            known.setdefault(later.lower(), Entry(later, entry.category))
    return known
