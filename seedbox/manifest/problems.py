"""Problems of one document, collected with their places until there are too many.

Pure.
"""

from __future__ import annotations

from seedbox.errors import Problem

LIMIT = 100  # problems; a hostile file could have millions
_SHOWN = 60  # characters of what was read
_MESSAGE = 400  # characters of a message that holds several such things


class TooManyProblemsError(Exception):
    """The document has more problems than anybody will read; unwinds to whoever began."""


class Problems:
    """The problems of one file so far, and the place that is being read."""

    __slots__ = ("file", "found", "path")

    def __init__(self, file: str) -> None:
        """Start with none."""
        self.file = file
        self.found: list[Problem] = []
        self.path: list[str | int] = []  # keys and indices; who reads deeper appends

    def add(self, rule: str, line: int | None, message: str, hint: str) -> None:
        """Keep one problem of the current place.

        Raises:
            TooManyProblemsError: It was the last one that is kept.
        """
        place = place_of(self.path)
        self.found.append(Problem(rule, message, hint, self.file, line, place))
        if len(self.found) >= LIMIT:
            rest = Problem(
                "too-many-problems",
                f"reading stopped after {LIMIT} problems",
                "Mend these, then check the file again.",
                self.file,
                line,
            )
            self.found.append(rest)
            raise TooManyProblemsError


def place_of(path: list[str | int]) -> str:
    """Return a path as people write it: `shards[3].info_hash.v1`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{shorten(step)}" if text else shorten(step)
    return text


def shorten(text: str) -> str:
    """Return a text fit to be shown: cut, and with nothing that a terminal would act on."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return shown if shown.isprintable() else repr(shown)[1:-1]


def one_line(message: str) -> str:
    """Return a message as one line, cut, whatever the names and URLs in it hold."""
    shown = message if len(message) <= _MESSAGE else f"{message[:_MESSAGE]}…"
    return shown if shown.isprintable() else repr(shown)[1:-1]
