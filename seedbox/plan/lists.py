"""Lists of files on a server, as their publishers write them.

Pure. Plain lines (`URL`, `URL SIZE`, `URL SIZE sha256:HEX`), the lines of sha256sum, and the files
of a Croissant document (`distribution`). A URL that is not absolute is seen from the list's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin

from seedbox.errors import InvalidListError, Problem
from seedbox.manifest.guess.facts import UnreadableError
from seedbox.manifest.guess.trees import mapping, read_json, text_of

_MOST_PROBLEMS = 100
_SHOWN = 120  # characters of a line in a message
_CHECKSUM = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
_PLAIN = re.compile(r"(\S+)(?:[ \t]+(\d{1,18})(?:[ \t]+sha256:([0-9a-f]{64}))?)?", re.ASCII)
_SIZE = re.compile(r"(\d{1,18})(?: ?B| ?bytes)?", re.ASCII)
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_PREFIX = re.compile(r"(?:sc:|schema:|cr:|https?://(?:schema\.org|mlcommons\.org/croissant)/)")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HINT = "Write `URL`, `URL SIZE`, `URL SIZE sha256:HEX`, or the lines that sha256sum prints."
_HINT_BASE = "Write absolute URLs, `origin: {url: …}` in dataset.yaml, or pass the list's own URL."


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as a list names it."""

    url: str
    line: int | None  # 1-based; None: in JSON
    size: int | None = None  # bytes
    sha256: bytes | None = None
    sha512: bytes | None = None  # no list has one, registries do
    by: str = "the list"  # who names the size and the SHA-256


def problem(file: str, line: int | None, message: str, hint: str) -> Problem:
    """Return one thing wrong in a list."""
    return Problem("list", message, hint, file=file, line=line)


@dataclass(slots=True)
class Lister:
    """Gathers what is wrong with a list."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int | None, message: str, hint: str) -> None:
        """Keep a problem; there may be as many as there are lines, and some are enough."""
        self.problems.append(problem(self.file, line, message, hint))
        if len(self.problems) == _MOST_PROBLEMS:
            more = f"has {_MOST_PROBLEMS} problems up to here"
            self.problems.append(problem(self.file, line, more, hint))
            self.refuse()

    def refuse(self) -> None:
        """Go on if there are none.

        Raises:
            InvalidListError: There are some.
        """
        if self.problems:
            raise InvalidListError(self.file, tuple(self.problems))


def read_list(data: bytes, *, file: str, base: str | None) -> list[Entry]:
    """Read a list, whichever it is.

    Args:
        data: Its bytes.
        file: Its name, for messages.
        base: What URLs are seen from that are not absolute; None: there are none.

    Raises:
        InvalidListError: Lines that cannot be read; all of them at once.
    """
    lister = Lister(file)
    try:
        text = text_of(data)
        if text.lstrip().startswith(("{", "[")):
            entries = list(_distribution(read_json(text), base, lister))
        else:
            entries = list(_lines(text, base, lister))
    except UnreadableError as error:
        lister.add(None, str(error), _HINT)
        entries = []
    lister.refuse()
    return entries


def _lines(text: str, base: str | None, lister: Lister) -> Iterator[Entry]:
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.strip(" \t")
        if not words or words.startswith("#"):
            continue
        if match := _CHECKSUM.fullmatch(line):
            named = quote(match[2].removeprefix("./"), safe="/")
            size, digest = None, match[1]
        elif match := _PLAIN.fullmatch(words):
            named, size, digest = match[1], match[2], match[3]
        else:
            lister.add(number, f"{line[:_SHOWN]!r} is no line of a list", _HINT)
            continue
        if url := _absolute(named, base, number, lister):
            known = None if size is None else int(size)
            yield Entry(url, number, known, bytes.fromhex(digest) if digest else None)


def _absolute(named: str, base: str | None, line: int | None, lister: Lister) -> str | None:
    if _ABSOLUTE.match(named):
        return named
    if base is None:
        lister.add(line, f"{named[:_SHOWN]!r} is not seen from any URL", _HINT_BASE)
        return None
    if named.startswith("/") or ".." in named.split("/"):
        lister.add(line, f"{named[:_SHOWN]!r} leads out of the folder", _HINT_BASE)
        return None
    return urljoin(base, f"./{named}")


def _distribution(tree: object, base: str | None, lister: Lister) -> Iterator[Entry]:
    """Yield the files of a Croissant document that lie on a server by themselves."""
    found = False
    for node in _nodes(tree):
        for each in _listed(node.get("distribution")):
            thing = _plain(each)
            url = thing.get("contentUrl")
            inside = thing.get("containedIn") or "git" in str(thing.get("encodingFormat"))
            if not isinstance(url, str) or inside:
                continue  # a set of files, or one in an archive, which is named by itself
            found = True
            if (absolute := _absolute(url, base, None, lister)) is not None:
                yield Entry(absolute, None, _size(thing), _digest(thing, url, lister))
    if not found:
        message = "is no Croissant document that names files: no distribution has a contentUrl"
        lister.add(None, message, "Pass a list of URLs, or add cr:FileObject entries to it.")


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Yield the objects on the first level, or in a graph there."""
    for each in _listed(tree):
        node = _plain(each)
        yield node
        yield from map(_plain, _listed(node.get("@graph")))


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _plain(value: object) -> dict[str, Any]:
    """Return an object with the names of schema.org and Croissant without a prefix."""
    return {_PREFIX.sub("", key, count=1): each for key, each in mapping(value).items()}


def _size(thing: dict[str, Any]) -> int | None:
    """Return the size in bytes; what people round (`2 MB`) is no size."""
    match = _SIZE.fullmatch(str(thing.get("contentSize") or ""))
    return int(match[1]) if match else None


def _digest(thing: dict[str, Any], url: str, lister: Lister) -> bytes | None:
    said = thing.get("sha256")
    if said is None:
        return None
    if isinstance(said, str) and _DIGEST.fullmatch(said):
        return bytes.fromhex(said)
    hint = "Write the 64 hex digits, or leave it out."
    lister.add(None, f"{url[:_SHOWN]!r} has the sha256 {str(said)[:_SHOWN]!r}, which is none", hint)
    return None
