"""Readers of names and paths: of what becomes a file or a folder on somebody's disk.

Pure. A name that would leave its folder, or that some system cannot hold, is noted and kept.
"""

from __future__ import annotations

from seedbox.manifest.fields import Reader, pattern, text
from seedbox.manifest.nodes import Node
from seedbox.manifest.problems import Problems, shorten
from seedbox.torrent import paths

NAME = "[a-z0-9._-]{1,100}"
_HINT = "Use a to z, 0 to 9, dot, underscore and hyphen, at most 100 characters."


def plain_name(wanted: str) -> Reader[str]:
    """Return a reader of a name that is never more than a name."""
    return pattern(NAME, "name", wanted, _HINT)


def safe_name(expression: str, wanted: str) -> Reader[str]:
    """Return a reader of a name that becomes a file or folder on every system."""
    matching = pattern(expression, "name", wanted, _HINT)

    def read(node: Node, problems: Problems) -> str:
        value = matching(node, problems)
        if why := paths.problem(tuple(value.split("/"))):
            hint = "Choose another name; it becomes a folder."
            problems.add("unsafe-path", node.line, f"{shorten(value)!r} {shorten(why)}", hint)
        return value

    return read


def path(node: Node, problems: Problems) -> str:
    """Read a relative path with `/`; one that could leave its folder is noted and kept."""
    return _path(text(node, problems), node, problems)


def segment(node: Node, problems: Problems) -> str:
    """Read the name of one file or folder."""
    value = text(node, problems)
    if "/" in value:
        message = f"{shorten(value)!r} is a path, not a name"
        problems.add("unsafe-path", node.line, message, "Write one name without a slash.")
        return value
    return _path(value, node, problems)


def _path(value: str, node: Node, problems: Problems) -> str:
    if why := paths.problem(tuple(value.split("/"))):
        message = f"the path {shorten(value)!r} {shorten(why)}"
        problems.add("unsafe-path", node.line, message, "Write a relative path inside the folder.")
    return value
