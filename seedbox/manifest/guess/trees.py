"""JSON and YAML from strangers as plain trees: dicts, lists and texts, bounded in depth.

Pure. Numbers stay the text that was written, so that version 1.10 does not become 1.1.
"""

from __future__ import annotations

import json
import re
from typing import Any

from seedbox.manifest.guess.facts import UnreadableError, line
from seedbox.manifest.nodes import ListNode, MapNode, Node, ScalarNode, load
from seedbox.manifest.problems import Problems, TooManyProblemsError

Tree = dict[str, "Tree"] | list["Tree"] | str | bool | None

_MAX_DEPTH = 64
_MAX_KEY = 40  # characters of a key in a message
_MOST_ITEMS = 100  # of a list, such as licenses or people
_MAX_YAML = 1 << 20  # characters; a tree takes a hundred times as much
_LEFT_OUT = {"alias", "anchor", "empty", "merge-key", "tag"}  # programs write such cards
# A string counts as one match, whatever stands in it; possessive, so that no text takes long.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def text_of(data: bytes) -> str:
    """Return the text of a file.

    Raises:
        UnreadableError: It is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"byte {error.start:,} is not UTF-8") from error


def mapping(value: object) -> dict[str, Any]:
    """Return a value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return a value as a list: its first items, itself alone, or nothing."""
    if value is None:
        return []
    return value[:_MOST_ITEMS] if isinstance(value, list) else [value]


def read_json(text: str) -> Tree:
    """Return the tree of a JSON text.

    Raises:
        UnreadableError: It is no JSON, nested too deep, or two readers could disagree on it.
    """
    depth = 0
    for found in _BRACKETS.finditer(text):
        first = found[0][0]
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(first, 0)
        if depth > _MAX_DEPTH:
            raise UnreadableError(f"it is nested deeper than {_MAX_DEPTH} levels")
    try:
        tree: Tree = json.loads(
            text,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
            object_pairs_hook=_object,
        )
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from error
    return tree


def _object(pairs: list[tuple[str, Tree]]) -> Tree:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in made if keys.count(key) > 1)
        raise UnreadableError(f"the key {line(twice, _MAX_KEY)!r} stands twice in one object")
    return made


def read_yaml(text: str) -> Tree:
    """Return the tree of a YAML text, read as manifests are: what expands is left out.

    Raises:
        UnreadableError: It is no YAML, too long, or two readers could disagree on it.
    """
    if len(text) > _MAX_YAML:
        raise UnreadableError(f"its YAML is longer than {_MAX_YAML:,} characters")
    problems = Problems("")
    try:
        node = load(text.encode(), problems)
    except TooManyProblemsError:
        node = None
    grave = [problem for problem in problems.found if problem.rule not in _LEFT_OUT]
    if grave:
        raise UnreadableError(f"line {grave[0].line}: {grave[0].message}")
    return None if node is None else _tree(node)


def _tree(node: Node) -> Tree:
    if isinstance(node, MapNode):
        return {key: _tree(value) for key, value in node.entries.items()}
    if isinstance(node, ListNode):
        return [_tree(item) for item in node.items]
    if isinstance(node, ScalarNode):
        return None if node.plain and node.text in {"", "~", "null"} else node.text
    return None
