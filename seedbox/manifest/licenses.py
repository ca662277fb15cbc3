"""Is a license open? Computed from its SPDX expression, never asserted.

Pure. A license is open when it meets the Open Definition or is approved by the OSI. Its category
in the license database of license-expression tells: public domain, permissive and copyleft
licenses are open, all others restrict who may use the data or for what. Compared with every
license that the Open Definition's list decides, this gives the same answer; the few exceptions
below were found by reading. What the database does not know is refused: nobody has looked at it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from seedbox.errors import LicenseRefusedError
from seedbox.manifest.license_names import REPLACED, spdx
from seedbox.manifest.model import Head, License, Manifest

_OPEN = frozenset({"Public Domain", "Permissive", "Copyleft", "Copyleft Limited"})
_MORE = {"LicenseRef-DbCL-1.0": "Copyleft", "WordNet": "Permissive"}  # open; not in the database
_NOT_OPEN = {
    "Aladdin": "it forbids commercial distribution",
    "JSON": "it limits what the data may be used for (“Good, not Evil”)",
    "MS-LPL": "it allows use on one vendor's platform only",
}
_INVARIANT = re.compile(r"GFDL-[0-9.]+-invariants-.*")
_OPERATORS = frozenset({"AND", "OR", "WITH", "(", ")"})
_TOKEN = re.compile(r"[()]|[^\s()]+")
_REF = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+", re.IGNORECASE)
_MAX_TOKENS = 200
_MAX_SHOWN = 60  # characters
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether data under a license may be passed on by everybody, and which rule says so."""

    open: bool
    expression: str | None  # normalised; None where the text is no SPDX expression
    rule: str  # short stable code, such as "non-commercial"
    why: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A shard that is left out because of its license."""

    shard: str
    expression: str | None  # as the manifest has it
    rule: str
    why: str


class _Tree(Protocol):
    """A parsed expression, as boolean.py makes it."""

    operator: str | None
    args: Sequence[_Tree]  # none for a license, with or without an exception


def gate(subject: Head | Manifest) -> None:
    """Refuse a dataset whose license is not open.

    Of a manifest only shards without a license of their own need the default one, so a missing
    default refuses the dataset only if it leaves nothing: see `refused` for single shards.

    Raises:
        LicenseRefusedError: Nothing of it may be shared.
    """
    head = subject.head if isinstance(subject, Manifest) else subject
    default = _verdict_on(head.license)
    if isinstance(subject, Manifest) and head.license is None:
        stopped = len(refused(subject)) == len(subject.shards)
    else:
        stopped = not default.open
    if stopped:
        given = "none" if head.license is None else head.license.spdx
        raise LicenseRefusedError(head.id, license_expression=given, why=default.why)


def refused(manifest: Manifest) -> tuple[Refusal, ...]:
    """Return the shards that may not be shared, each with the rule that says so."""
    refusals = []
    for shard in manifest.shards:
        terms = manifest.license_of(shard)
        found = _verdict_on(terms)
        if not found.open:
            given = None if terms is None else terms.spdx
            refusals.append(Refusal(shard.name, given, found.rule, found.why))
    return tuple(refusals)


def _verdict_on(terms: License | None) -> Verdict:
    return verdict(None if terms is None else terms.spdx)


@lru_cache(maxsize=1024)  # the shards of a dataset share a handful of licenses
def verdict(expression: str | None) -> Verdict:
    """Return whether a license is open.

    Args:
        expression: SPDX, or a name or URL that stands for one license; None if there is none.
    """
    if expression is None or not expression.strip():
        return Verdict(open=False, expression=None, rule="missing", why="no license is given")
    tokens = _TOKEN.findall(spdx(expression.strip()))
    text = " ".join(REPLACED.get(token.lower(), token) for token in tokens)
    names = [token for token in _TOKEN.findall(text) if token.upper() not in _OPERATORS]
    if early := _refuse_early(tokens, names):
        return Verdict(False, None, *early)  # noqa: FBT003 - `open`, first of all fields
    tree = _parsed(text, tuple(sorted({name for name in names if _REF.fullmatch(name)})))
    if tree is None:
        why = "it is not an SPDX expression; write ids joined by AND, OR and WITH"
        return Verdict(open=False, expression=None, rule="invalid-expression", why=why)
    is_open, rule, why = _judge(tree)
    return Verdict(is_open, str(tree), rule, why)


def _refuse_early(tokens: list[str], names: list[str]) -> tuple[str, str] | None:
    """Return rule and reason if the words alone decide it."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth > _MAX_DEPTH or len(tokens) > _MAX_TOKENS:
            return "invalid-expression", "the expression is too long or too deep to be meant"
    for name in names:
        if name.upper() in {"NONE", "NOASSERTION"}:
            return name.lower(), f"{name.upper()} says that nobody has granted anything"
    unknown = [name for name in names if name.casefold() not in _known()]
    unknown = [name for name in unknown if not _REF.fullmatch(name)]
    if not unknown:
        return None
    return _unknown(" ".join(tokens) if tokens == names else unknown[0])


def _unknown(name: str) -> tuple[str, str]:
    shown = name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}…"
    stem = f"{name.casefold()}-"
    versions = sorted(e.key for e in _entries() if re.fullmatch(r"[0-9.]+", e.key[len(stem) :]))
    if found := [key for key in versions if key.casefold().startswith(stem)]:
        return "unknown-license", f"{shown} names no version, such as {found[-1]}"
    return "unknown-license", f"{shown} is no license that SPDX lists, so nobody can tell its terms"


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    category: str
    aliases: tuple[str, ...]
    is_exception: bool


@lru_cache(maxsize=1)
def _entries() -> tuple[_Entry, ...]:
    from license_expression import get_license_index  # noqa: PLC0415 - 0.1 s that most runs save

    entries = [_Entry(key, category, (), False) for key, category in _MORE.items()]  # noqa: FBT003
    for row in get_license_index():
        key = row.get("spdx_license_key")
        # A LicenseRef means what the document around it says, so none is known from elsewhere.
        if key is None or key.startswith("LicenseRef-") or key.lower() in REPLACED:
            continue
        others = [other for other in row["other_spdx_license_keys"] if _is_alias(other)]
        entries.append(_Entry(key, row["category"], tuple(others), row["is_exception"]))
    return tuple(entries)


def _is_alias(key: str) -> bool:
    return " " not in key and not key.startswith("LicenseRef-")


@lru_cache(maxsize=1)
def _known() -> dict[str, _Entry]:
    """Return every id that may stand in an expression, by its case-folded spelling."""
    known: dict[str, _Entry] = {}
    for entry in _entries():
        for spelling in (entry.key, *entry.aliases):
            known[spelling.casefold()] = entry
    for entry in _entries():
        later = f"{entry.key}+"  # "or any later version" (SPDX, annex D)
        if not entry.is_exception and later.casefold() not in known:
            known[later.casefold()] = _Entry(later, entry.category, (), False)  # noqa: FBT003
    return known


class _Licensing(Protocol):
    def parse(self, expression: str, *, validate: bool, strict: bool) -> _Tree | None: ...


@lru_cache(maxsize=32)
def _licensing(refs: tuple[str, ...]) -> _Licensing:
    from license_expression import LicenseSymbol, Licensing  # noqa: PLC0415 - see _entries

    entries = {entry.key: entry for entry in _known().values()}
    symbols = [
        LicenseSymbol(entry.key, aliases=entry.aliases, is_exception=entry.is_exception)
        for entry in entries.values()
    ]
    licensing: _Licensing = Licensing([*symbols, *map(LicenseSymbol, refs)])
    return licensing


def _parsed(text: str, refs: tuple[str, ...]) -> _Tree | None:
    from license_expression import ExpressionError  # noqa: PLC0415 - see _entries

    refs = tuple(ref for ref in refs if ref.casefold() not in _known())
    try:
        return _licensing(refs).parse(text, validate=True, strict=True)
    except (ExpressionError, AssertionError, AttributeError, IndexError):
        # Beside its own error the parser lets out what it trips over, on texts such as `()` and
        # `( OR MIT` (license-expression issues 97, 114, 126); none of these is an expression.
        return None


def _judge(tree: _Tree) -> tuple[bool, str, str]:
    """Return open or not, the rule and the reason."""
    if not tree.args:
        return _judge_one(str(tree))
    sides = [_judge(side) for side in tree.args]
    needs_all = (tree.operator or "").strip().upper() == "AND"
    deciding = [side for side in sides if side[0] is not needs_all]
    if not deciding:  # all open under AND, none under OR
        return needs_all, sides[0][1], "; ".join(dict.fromkeys(side[2] for side in sides))
    _, rule, why = deciding[0]
    note = "AND needs every part open" if needs_all else "OR needs one part open"
    return not needs_all, rule, f"{why} ({note})"


def _judge_one(leaf: str) -> tuple[bool, str, str]:
    name = leaf.partition(" WITH ")[0]  # an exception only permits more
    if name.casefold() not in _known():
        return False, "unknown-ref", f"{name} is defined by its publisher alone, not by SPDX"
    base = name.removesuffix("+")
    category = _known()[name.casefold()].category
    if restriction := _restriction(base, category):
        rule, words = restriction
        return False, rule, f"{name} {words}"
    return True, "open", f"{name} is an open license ({category.lower()})"


def _restriction(base: str, category: str) -> tuple[str, str] | None:
    """Return rule and words if a listed license is not open."""
    parts = base.upper().split("-")
    if base in _NOT_OPEN:
        return "not-open", f"is not open: {_NOT_OPEN[base]}"
    if _INVARIANT.fullmatch(base):
        return "no-derivatives", "has parts that nobody may change"
    if category in _OPEN:
        return None
    if "NC" in parts:
        return "non-commercial", "forbids commercial use"
    if "ND" in parts:
        return "no-derivatives", "forbids changed versions"
    return "not-open", f"restricts who may use it or for what ({category.lower()})"
