"""Typed readers: one node in, one value out, or a problem that shows what was read.

Pure. The field decides the type, never the look of the scalar: see `scalars`. A problem that
leaves no value ends the field (`SkippedError`); one that does is only noted, so that the rest of
the document is still checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Generic, TypeVar, cast
from urllib.parse import urlsplit

from seedbox.manifest.model import Extra, Table
from seedbox.manifest.nodes import BrokenNode, ListNode, MapNode, Node, ScalarNode
from seedbox.manifest.problems import Problems, shorten
from seedbox.manifest.scalars import taken_for, unfit

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Reader = Callable[[Node, Problems], T]

_MAX_TEXT = 65_536  # characters of one text field
_MAX_KEY = 100  # characters of a key of the publisher's own
_INTEGER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MAX_INTEGER = 2**63 - 1  # what bencode readers and databases hold
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,18})?", re.ASCII)
_EXTRA_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?P<rest>\.[0-9]{1,18})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):[!-~]+", re.ASCII)


class SkippedError(Exception):
    """A node has no value; the problem is noted already."""


def fail(node: Node, problems: Problems, rule: str, message: str, hint: str) -> SkippedError:
    """Note a problem of a node and return what to raise."""
    problems.add(rule, node.line, message, hint)
    return SkippedError()


def _wrong(node: Node, problems: Problems, wanted: str, hint: str) -> SkippedError:
    if type(node) is BrokenNode:  # noted by the loader
        return SkippedError()
    return fail(node, problems, "type", f"{_shown(node)}, not {wanted}", hint)


def _shown(node: Node) -> str:
    if type(node) is ScalarNode:
        if not node.plain:
            return f"{shorten(node.text)!r} is text"
        seen = taken_for(node.text[:_MAX_TEXT])
        return f"{shorten(node.text) or 'nothing'} is read as {seen or 'text'}"
    return "a list is read" if type(node) is ListNode else "a mapping is read"


# --- text -------------------------------------------------------------------------------------


def text(node: Node, problems: Problems) -> str:
    """Read text that is not empty."""
    if type(node) is not ScalarNode:
        raise _wrong(node, problems, "text", "Write one text.")
    value = node.text
    if node.plain and taken_for(value[:_MAX_TEXT]) is not None:
        hint = f'Quote it: "{shorten(value)}".' if value else "Give it a value, or remove the key."
        raise _wrong(node, problems, "text", hint)
    if not value.strip():
        raise fail(node, problems, "empty", "the text is empty", "Fill it in, or remove the key.")
    if len(value) > _MAX_TEXT:
        message = f"the text has {len(value):,} characters, the limit is {_MAX_TEXT:,}"
        raise fail(node, problems, "too-long", message, "Shorten it, or link to it.")
    _refuse_non_text(value, node, problems)
    return value


def _refuse_non_text(value: str, node: Node, problems: Problems) -> None:
    if why := unfit(value):
        raise fail(node, problems, "character", f"the text holds {why}", "Remove the character.")


def pattern(expression: str, rule: str, wanted: str, hint: str) -> Reader[str]:
    """Return a reader of text that has to match; other text is noted and kept."""
    regex = re.compile(expression, re.ASCII)

    def read(node: Node, problems: Problems) -> str:
        value = text(node, problems)
        if not regex.fullmatch(value):
            problems.add(rule, node.line, f"{shorten(value)!r} is not {wanted}", hint)
        return value

    return read


def digest(size: int, prefix: str = "") -> Reader[bytes]:
    """Return a reader of so many bytes in lower-case hex."""
    regex = re.compile(rf"{re.escape(prefix)}([0-9a-f]{{{2 * size}}})", re.ASCII)
    wanted = f"{prefix}{2 * size} hex digits in lower case"

    def read(node: Node, problems: Problems) -> bytes:
        value = text(node, problems)
        match = regex.fullmatch(value)
        if match is None:
            message = f"{shorten(value)!r} ({len(value)} characters) is not {wanted}"
            raise fail(node, problems, "digest", message, "Copy the digest again, whole.")
        return bytes.fromhex(match[1])

    return read


def choice(kind: type[E]) -> Reader[E]:
    """Return a reader of one of the values of an enumeration."""
    values: dict[str, E] = {member.value: member for member in kind}
    wanted = " or ".join(values)

    def read(node: Node, problems: Problems) -> E:
        value = values.get(text(node, problems))
        if value is None:
            raise fail(
                node, problems, "choice", f"{_shown(node)}, not {wanted}", f"Write {wanted}."
            )
        return value

    return read


def url(*schemes: str) -> Reader[str]:
    """Return a reader of an absolute URL with one of these schemes.

    Any other is noted, and kept if it has parts at all: rules that look at them come later.
    """
    wanted = ", ".join(schemes)

    def read(node: Node, problems: Problems) -> str:
        value = text(node, problems)
        if why := url_problem(value, schemes):
            hint = f"Write an absolute URL ({wanted}) in ASCII; escape other characters with %."
            problems.add("url", node.line, f"{shorten(value)!r} {why}", hint)
            if not _has_parts(value):
                raise SkippedError
        return value

    return read


def _has_parts(value: str) -> bool:
    try:
        urlsplit(value)
    except ValueError:
        return False
    return True


def url_problem(value: str, schemes: tuple[str, ...]) -> str | None:
    """Return why a text is no absolute URL with one of some schemes; None: it is one."""
    match = _URL.fullmatch(value)
    if match is None:
        return "is not an absolute URL"
    if match["scheme"] not in schemes:
        return f"has the scheme {match['scheme']}, not {' or '.join(schemes)}"
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"is not a URL: {shorten(str(error))}"
    if match["scheme"] not in {"mailto", "pkg"} and not host:
        return "names no host"
    return "names port 0" if port == 0 else None


# --- numbers and times ------------------------------------------------------------------------


def integer(minimum: int = 0) -> Reader[int]:
    """Return a reader of a whole number, `minimum` or more."""

    def read(node: Node, problems: Problems) -> int:
        if type(node) is not ScalarNode or not node.plain or not _INTEGER.fullmatch(node.text):
            raise _wrong(node, problems, "a whole number", _digits_hint(node))
        value = int(node.text)
        if not minimum <= value <= _MAX_INTEGER:
            message = f"{value} is not between {minimum} and {_MAX_INTEGER}"
            raise fail(node, problems, "range", message, "Correct the number.")
        return value

    return read


def number(node: Node, problems: Problems) -> Decimal:
    """Read a number, 0 or more, exactly."""
    if type(node) is not ScalarNode or not node.plain or not _NUMBER.fullmatch(node.text):
        raise _wrong(node, problems, "a plain number", _digits_hint(node))
    return Decimal(node.text)


def _digits_hint(node: Node) -> str:
    if type(node) is ScalarNode and not node.plain:
        return "Write digits without quotes."
    return "Write plain digits: no sign, exponent, leading zero, colon or underscore."


def timestamp(node: Node, problems: Problems) -> datetime:
    """Read a moment with its time zone; in UTC from here on."""
    if type(node) is ScalarNode and _TIMESTAMP.fullmatch(node.text):
        try:
            return datetime.fromisoformat(node.text).astimezone(UTC)
        except (ValueError, OverflowError) as error:  # 30 February; year 1 east of Greenwich
            message = f"{node.text} is no moment: {error}"
            raise fail(node, problems, "date", message, "Correct the date.") from error
    raise _wrong(node, problems, "a moment", "Write it as 2026-11-02T09:00:00Z.")


def day(node: Node, problems: Problems) -> date:
    """Read a day."""
    if type(node) is ScalarNode and _DAY.fullmatch(node.text):
        try:
            return date.fromisoformat(node.text)
        except ValueError as error:
            message = f"{node.text} is no day: {error}"
            raise fail(node, problems, "date", message, "Correct the date.") from error
    raise _wrong(node, problems, "a day", "Write it as 2026-11-01.")


# --- collections ------------------------------------------------------------------------------


def listing(of: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return a reader of a list, all of whose items are read even if some fail."""

    def read(node: Node, problems: Problems) -> tuple[T, ...]:
        if type(node) is not ListNode:
            raise _wrong(node, problems, "a list", "Write a list, such as [a, b].")
        values: list[T] = []
        place = problems.path
        depth = len(place)
        for index, item in enumerate(node.items):
            place.append(index)
            try:
                values.append(of(item, problems))
            except SkippedError:
                continue
            finally:
                del place[depth:]
        if len(values) < len(node.items):
            raise SkippedError
        return tuple(values)

    return read


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """A mapping with known keys, read into one value; unknown keys are noted."""

    make: Callable[..., T]  # called with every key that is there
    fields: Mapping[str, Reader[object]]
    required: frozenset[str] = frozenset()
    one_of: frozenset[str] = frozenset()  # at least one of these has to be there
    keeps_extra: bool = True  # `make` takes what stands under `x-` keys
    elsewhere: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # key -> message, hint

    def __call__(self, node: Node, problems: Problems) -> T:
        """Read one mapping."""
        filling = Filling(self, problems)
        if type(node) is MapNode:
            for key, value in node.entries.items():
                filling.take(key, value)
        return filling.close(node)

    def missing(self, keys: AbstractSet[str]) -> list[str]:
        """Return what a mapping with these keys lacks."""
        lacks = sorted(self.required - keys)
        if self.one_of and not self.one_of & keys:
            lacks.append(" or ".join(sorted(self.one_of)))
        return lacks

    def read(self, key: str, node: Node, problems: Problems) -> object:
        """Read the value of one key; keys of the publisher's own give `Extra`s."""
        reader = self.fields.get(key)
        if reader is not None:
            return reader(node, problems)
        if key.startswith("x-"):
            _check_free_key(key, node, problems)
            return extra(node, problems)
        self._unknown(key, node, problems)
        return None

    def _unknown(self, key: str, node: Node, problems: Problems) -> None:
        if key in self.elsewhere:
            problems.add("unknown-key", node.line, *self.elsewhere[key])
            return
        near = get_close_matches(key[:40], self.fields, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(self.fields)}."
        message = f"the key {shorten(key)!r} is unknown"
        if near and not key.isascii():  # it may look exactly like the right one
            message += f"; its letters are {shorten(ascii(key[:40]))}"
        problems.add("unknown-key", node.line, message, f"{hint} Keys of your own begin with x-.")


class Filling(Generic[T]):
    """A mapping that is read entry by entry, as they come."""

    __slots__ = ("_free", "_problems", "_record", "_values", "_whole")

    def __init__(self, record: Record[T], problems: Problems) -> None:
        """Begin without entries."""
        self._record = record
        self._problems = problems
        self._values: dict[str, object] = {}
        self._free: list[tuple[str, Extra]] = []
        self._whole = True

    def take(self, key: str, node: Node) -> None:
        """Read one entry; problems are noted, and keep `close` from making a value."""
        place = self._problems.path
        depth = len(place)
        place.append(key)
        try:
            value = self._record.read(key, node, self._problems)
            if key in self._record.fields:
                if value is not None:  # the field is checked, but `make` has no use for it
                    self._values[key] = value
            elif key.startswith("x-"):
                self._free.append((key, cast("Extra", value)))
        except SkippedError:
            self._whole = False
        finally:
            del place[depth:]

    def close(self, node: Node) -> T:
        """Make the value of all that was taken; `node` has the keys."""
        if type(node) is not MapNode:
            raise _wrong(node, self._problems, "a mapping", "Write keys and values.")
        for lacks in self._record.missing(node.entries.keys()):
            self._problems.add("missing-key", node.line, f"{lacks} is missing", f"Add {lacks}.")
            self._whole = False
        if not self._whole:
            raise SkippedError
        if self._free and self._record.keeps_extra:
            self._values["extra"] = Table(tuple(self._free))
        return self._record.make(**self._values)


# --- free keys --------------------------------------------------------------------------------


def extra(node: Node, problems: Problems) -> Extra:
    """Read what stands under an `x-` key: JSON's types where a scalar is plain JSON, else text."""
    if type(node) is ScalarNode:
        return _extra_scalar(node, problems)
    if type(node) is ListNode:
        return tuple(extra(item, problems) for item in node.items)
    if type(node) is MapNode:
        for key, value in node.entries.items():
            _check_free_key(key, value, problems)
        pairs = node.entries.items()
        return Table(tuple((key, extra(value, problems)) for key, value in pairs))
    raise SkippedError


def _check_free_key(key: str, node: Node, problems: Problems) -> None:
    if len(key) > _MAX_KEY:
        message = f"the key has {len(key):,} characters, the limit is {_MAX_KEY}"
        raise fail(node, problems, "too-long", message, "Shorten the key.")
    _refuse_non_text(key, node, problems)


def _extra_scalar(node: ScalarNode, problems: Problems) -> Extra:
    value = node.text
    if node.plain:
        if value in {"", "~", "null"}:
            return None
        if value in {"true", "false"}:
            return value == "true"
        if match := _EXTRA_NUMBER.fullmatch(value):
            return Decimal(value) if match["rest"] else int(value)
    _refuse_non_text(value, node, problems)
    return value
