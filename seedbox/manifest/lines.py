"""Where a path such as `shards[3].size` stands in a document.

Pure. Lines are wanted only for what is wrong, so they are not kept: the file is read once more,
up to the last of the paths, whatever was found wrong with it before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from seedbox.manifest.nodes import ListNode, MapNode, Node, load
from seedbox.manifest.problems import Problems, TooManyProblemsError

_Step = str | int
_STEP = re.compile(r"\[([0-9]+)\]|\.?([^.\[]+)")


def find_lines(data: bytes, paths: Iterable[str], *, many: str) -> dict[str, int | None]:
    """Return the line of each path, or of the nearest thing around it.

    Args:
        data: A document that is a mapping.
        paths: As `problems.place_of` makes them.
        many: The key whose list may be too long to be kept: see `nodes.Visitor`.
    """
    finder = _Finder({path: _steps(path) for path in paths}, many)
    try:
        root = load(data, Problems(""), visitor=finder)
    except (TooManyProblemsError, _FoundError):
        root = None
    if root is not None:
        for path in finder.lines:
            if finder.lines[path] is None:
                finder.lines[path] = root.line
    return finder.lines


def _steps(path: str) -> tuple[_Step, ...]:
    found = _STEP.findall(path)
    return tuple(int(index) if index else key for index, key in found)


class _FoundError(Exception):
    """Every path has its line."""


class _Finder:
    """Looks into each part of a document as it goes by."""

    def __init__(self, steps: dict[str, tuple[_Step, ...]], many: str) -> None:
        self.many = many
        self.lines: dict[str, int | None] = dict.fromkeys(steps)
        self._left = len(steps)
        self._under: dict[tuple[_Step, ...], list[str]] = {}  # first steps -> paths
        self._steps = steps
        for path, each in steps.items():
            size = 2 if each[:1] == (many,) and len(each) > 1 else 1
            self._under.setdefault(each[:size], []).append(path)

    def entry(self, key: str, node: Node) -> None:
        """Look into an entry of the root."""
        self._look((key,), node)

    def item(self, index: int, node: Node) -> None:
        """Look into an item of the long list."""
        self._look((self.many, index), node)

    def _look(self, place: tuple[_Step, ...], node: Node) -> None:
        for path in self._under.get(place, ()):
            self.lines[path] = _line(node, self._steps[path][len(place) :])
            self._left -= 1
        if not self._left:
            raise _FoundError


def _line(node: Node, steps: Iterable[_Step]) -> int:
    for step in steps:
        if isinstance(node, MapNode) and step in node.entries:
            node = node.entries[str(step)]
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node.line
