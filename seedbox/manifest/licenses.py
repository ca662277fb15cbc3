"""Is a license open? Computed from its SPDX expression, never asserted.

Pure. A license is open when it meets the Open Definition or is approved by the OSI;
`license_terms` has what is known of single ones. `AND` needs every part open, `OR` one, and an
exception after `WITH` only permits more. What is no SPDX expression, or names what nobody has
looked at, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from seedbox.errors import LicenseRefusedError
from seedbox.manifest.license_names import REPLACED, spdx
from seedbox.manifest.license_terms import Source, find, is_ref, terms_of, unknown
from seedbox.manifest.model import Head, License, Manifest

_OPERATORS = frozenset({"AND", "OR", "WITH", "(", ")"})
_TOKEN = re.compile(r"[()]|[^\s()]+")
_MAX_LENGTH = 8_000  # characters
_MAX_TOKENS = 200
_MAX_DEPTH = 20
_MAX_REASONS = 3  # of single licenses; `parts` has all


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether data under a license may be passed on by everybody, and which rule says so."""

    open: bool
    expression: str | None  # normalised; None where the text is no SPDX expression
    rule: str  # short stable code, such as "non-commercial"
    why: str
    source: Source | None = None  # who decided; None: nobody, or several
    parts: tuple[Verdict, ...] = ()  # of AND and OR

    @property
    def deciding(self) -> tuple[Verdict, ...]:
        """The parts that make the whole what it is."""
        return tuple(part for part in self.parts if part.open is self.open)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A shard that is left out because of its license."""

    shard: str
    expression: str | None  # as the manifest has it
    rule: str
    why: str


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
        return _refusal("missing", "no license is given")
    if len(expression) > _MAX_LENGTH:
        return _refusal("invalid-expression", "the expression is too long to be meant")
    tokens = _TOKEN.findall(spdx(expression.strip()))
    text = " ".join(REPLACED.get(token.lower(), token) for token in tokens)
    names = [token for token in _TOKEN.findall(text) if token.upper() not in _OPERATORS]
    if early := _refused_early(tokens, names):
        return early
    tree = _parsed(text, names)
    if tree is None:
        why = "it is not an SPDX expression; write ids joined by AND, OR and WITH"
        return _refusal("invalid-expression", why)
    return _reasoned(tree)[0]


def _refusal(rule: str, why: str, source: Source | None = None) -> Verdict:
    return Verdict(open=False, expression=None, rule=rule, why=why, source=source)


def _refused_early(tokens: list[str], names: list[str]) -> Verdict | None:
    """Return the verdict if the words alone decide it."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth > _MAX_DEPTH or len(tokens) > _MAX_TOKENS:
            return _refusal("invalid-expression", "the expression is too long or too deep")
    for name in names:
        if name.upper() in {"NONE", "NOASSERTION"}:
            why = f"{name.upper()} says that nobody has granted anything"
            return _refusal(name.lower(), why)
    strange = [name for name in names if not (find(name) or is_ref(name))]
    if not strange:
        return None
    found = unknown(" ".join(tokens) if tokens == names else strange[0])
    return _refusal(found.rule, found.why, found.source)


class _Tree(Protocol):
    """A parsed expression, as boolean.py makes it."""

    operator: str | None
    args: Sequence[_Tree]  # none for a license, with or without an exception


class _Licensing(Protocol):
    def parse(
        self, expression: str, *, validate: bool, strict: bool, simple: bool
    ) -> _Tree | None: ...


def _parsed(text: str, names: list[str]) -> _Tree | None:
    """Return the tree of an expression whose names are all known, or None if it is none."""
    from license_expression import (  # noqa: PLC0415 - 0.1 s that most runs save
        ExpressionError,
        LicenseSymbol,
        Licensing,
    )

    ids = {name: entry.id if (entry := find(name)) else name for name in names}
    exceptions = {
        id_
        for id_ in ids.values()
        if id_.lower().startswith("additionref-") or ((entry := find(id_)) and entry.is_exception)
    }
    symbols = {
        id_.lower(): LicenseSymbol(id_, is_exception=id_ in exceptions) for id_ in ids.values()
    }
    words = (ids.get(token, token) for token in _TOKEN.findall(text))
    licensing: _Licensing = Licensing(symbols.values())
    try:
        return licensing.parse(" ".join(words), validate=True, strict=True, simple=True)
    except (ExpressionError, AssertionError, AttributeError, IndexError):
        # Beside its own error the parser lets out what it trips over, on texts such as `()` and
        # `( OR MIT` (license-expression issues 97, 114, 126); none of these is an expression.
        return None


def _reasoned(tree: _Tree) -> tuple[Verdict, list[str]]:
    """Return the verdict on a tree, and the reasons of the licenses in it that decide."""
    if not tree.args:
        name, _, addition = str(tree).partition(" WITH ")
        # An exception that SPDX lists only permits more; one of the publisher's own may forbid.
        terms = terms_of(addition if is_ref(addition) else name)
        return Verdict(terms.open, str(tree), terms.rule, terms.why, terms.source), [terms.why]
    sides = [_reasoned(side) for side in tree.args]
    needs_all = (tree.operator or "").strip().upper() == "AND"
    is_open = (all if needs_all else any)(side.open for side, _ in sides)
    deciding = [pair for pair in sides if pair[0].open is is_open]
    if is_open is not needs_all:  # one part is enough: the first
        reasons = deciding[0][1]
    else:
        reasons = list(dict.fromkeys(why for _, whys in deciding for why in whys))
    more = len(reasons) - _MAX_REASONS
    told = [*reasons[:_MAX_REASONS], *([f"and {more} more"] if more > 0 else [])]
    note = "AND needs every part open" if needs_all else "OR needs one part open"
    sources = {side.source for side, _ in deciding}
    found = Verdict(
        is_open,
        str(tree),
        deciding[0][0].rule,
        "; ".join((*told, note)),
        sources.pop() if len(sources) == 1 else None,
        tuple(side for side, _ in sides),
    )
    return found, reasons
