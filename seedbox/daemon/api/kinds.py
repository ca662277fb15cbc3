"""Kinds of parameters: what a text may be, as a parser and as a JSON Schema at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from seedbox.daemon.api.shapes import Schema

_SHOWN = 40  # characters of what was given that an error repeats
_DIGITS = re.compile(r"[0-9]{1,15}")


class Kind(Protocol):
    """What a parameter may be."""

    @property
    def schema(self) -> Schema:
        """The same, as JSON Schema."""
        ...

    def parse(self, text: str) -> object:
        """Read one.

        Raises:
            ValueError: It is none; the words follow the parameter's name.
        """
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int
    most: int

    @property
    def schema(self) -> Schema:
        """See Kind."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def parse(self, text: str) -> int:
        """See Kind."""
        if not _DIGITS.fullmatch(text) or not self.least <= int(text) <= self.most:
            raise ValueError(f"takes {self.least} to {self.most}, not {shown(text)}")
        return int(text)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words; those of an enumeration are read as its members."""

    words: tuple[str, ...]

    @property
    def schema(self) -> Schema:
        """See Kind."""
        return {"type": "string", "enum": [str(word) for word in self.words]}

    def parse(self, text: str) -> str:
        """See Kind."""
        for word in self.words:
            if word == text:
                return word
        raise ValueError(f"takes one of {', '.join(self.words)}, not {shown(text)}")


@dataclass(frozen=True, slots=True)
class Words:
    """A text of one line."""

    most: int  # characters
    pattern: str | None = None  # of all of it, without anchors

    @property
    def schema(self) -> Schema:
        """See Kind."""
        schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": self.most}
        return schema if self.pattern is None else {**schema, "pattern": f"^{self.pattern}$"}

    def parse(self, text: str) -> str:
        """See Kind."""
        if not 1 <= len(text) <= self.most:
            raise ValueError(f"takes 1 to {self.most} characters, not {len(text):,}")
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            raise ValueError(f"cannot be {shown(text)}")
        return text


def shown(text: str) -> str:
    """Return what was given, as far as an error repeats it."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
