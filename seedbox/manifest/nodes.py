"""Untrusted YAML to plain nodes with line numbers: no types are guessed, nothing is expanded.

Pure. On PyYAML's events, by libyaml where PyYAML has it: neither recursion nor the size of the
document multiplies. Whatever could make two readers disagree, or a small file grow, is a problem:
anchors, aliases, merge keys, tags, directives, duplicate keys, a second document, a byte order
mark, other encodings than UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from seedbox.manifest.problems import Problems, shorten
from seedbox.manifest.scalars import UNWRITTEN

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 32

_Loader = type[yaml.SafeLoader] | type[yaml.CSafeLoader]
LOADER: _Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class ScalarNode:
    """One scalar as it was written."""

    text: str
    plain: bool  # without quotes and not a block
    line: int


@dataclass(slots=True)
class ListNode:
    """A sequence."""

    items: list[Node]
    line: int


@dataclass(slots=True)
class MapNode:
    """A mapping; the line of each value is the line of its key."""

    entries: dict[str, Node]
    line: int


@dataclass(slots=True)
class BrokenNode:
    """Something that is a problem already, and has no meaning."""

    line: int


Node = ScalarNode | ListNode | MapNode | BrokenNode


def load(data: bytes, problems: Problems, *, loader: _Loader = LOADER) -> Node | None:
    """Return the root of a document, or None if it cannot be read to its end.

    Args:
        data: The file, as it stands.
        problems: Where problems go; those that leave a readable tree are only noted.
        loader: PyYAML's parser: in C, or in Python, which reads the same in what both accept.

    Raises:
        TooManyProblemsError: There were too many to go on.
    """
    if not _readable(data, problems):
        return None
    builder = _Builder(problems)
    for event in _events(data, problems, loader):
        if event is None or not builder.take(event):
            return None
    if builder.root is None:
        problems.add("empty", 1, "the file holds nothing", "Start it with `seedbox: 1`.")
    return builder.root


def _events(data: bytes, problems: Problems, loader: _Loader) -> Iterator[yaml.Event | None]:
    """Yield the events, and None last where the text is no YAML."""
    try:
        yield from yaml.parse(data, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        _not_yaml(problems, line, error.problem or "it breaks off")
        yield None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The parser in Python hands escapes such as "\UFFFFFFFF" to chr() unchecked.
        _not_yaml(problems, None, str(error).partition("\n")[0])
        yield None


def _not_yaml(problems: Problems, line: int | None, why: str) -> None:
    hint = "Mend the line, or the one before it; a quote or a bracket may be open."
    problems.path.clear()
    problems.add("yaml", line, f"not readable as YAML: {shorten(why)}", hint)


def _readable(data: bytes, problems: Problems) -> bool:
    """Check what is checked before any parsing: size, encoding and characters."""
    before = len(problems.found)
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes, the limit is {MAX_BYTES:,}"
        problems.add("too-large", None, message, "Make fewer, larger shards.")
        return False
    if data.startswith(_BOMS):
        hint = "Save the file as UTF-8 without a byte order mark."
        problems.add("encoding", 1, "the file begins with a byte order mark", hint)
        return False
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        problems.add("encoding", line, message, "Save the file as UTF-8.")
        return False
    for found in UNWRITTEN.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        shown = "a tab" if found[0] == "\t" else f"the character U+{ord(found[0]):04X}"
        hint = "Write spaces, or an escape inside double quotes."
        problems.add("character", line, f"{shown} may not stand in a manifest", hint)
    return len(problems.found) == before


class _Frame:
    """A list or mapping whose end has not come yet."""

    __slots__ = ("key", "key_line", "node", "skip")

    def __init__(self, node: ListNode | MapNode) -> None:
        self.node = node
        self.key: str | None = None  # of a mapping: the key whose value comes next
        self.key_line = node.line
        self.skip = False  # the key was refused, so its value is dropped


class _Builder:
    """Puts a tree together from events, without recursion."""

    def __init__(self, problems: Problems) -> None:
        self.root: Node | None = None
        self._problems = problems
        self._frames: list[_Frame] = []

    def take(self, event: yaml.Event) -> bool:
        """Take the next event; False if reading on makes no sense."""
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_properties(event, line)
            self._attach(ScalarNode(event.value, not event.style, line))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._attach(self._frames.pop().node)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._refuse_properties(event, line)
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            return self._open(MapNode({}, line) if is_mapping else ListNode([], line))
        elif isinstance(event, yaml.AliasEvent):
            hint = "Write the value out; a manifest is read without expanding anything."
            self._note("alias", line, f"*{shorten(event.anchor or '')} is an alias", hint)
            self._attach(BrokenNode(line))
        elif isinstance(event, yaml.DocumentStartEvent):
            return self._start_document(event, line)
        return True

    def _open(self, node: ListNode | MapNode) -> bool:
        if len(self._frames) >= MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            self._note("nesting", node.line, message, "Flatten it; no field needs this depth.")
            return False
        self._frames.append(_Frame(node))
        return True

    def _start_document(self, event: yaml.DocumentStartEvent, line: int) -> bool:
        if self.root is not None:
            hint = "Keep one manifest in one file."
            self._note("documents", line, "a second document begins", hint)
            return False
        if event.version or event.tags:
            hint = "Remove the line that begins with %."
            self._note("directive", line, "YAML directives are not allowed", hint)
        return True

    def _attach(self, node: Node) -> None:
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        parent = frame.node
        if isinstance(parent, ListNode):
            parent.items.append(node)
        elif frame.key is None:
            frame.key = node.text if type(node) is ScalarNode else ""
            frame.key_line = node.line
            frame.skip = self._refuse_key(parent, node)
        else:
            if not frame.skip:
                node.line = frame.key_line
                parent.entries[frame.key] = node
            frame.key = None

    def _refuse_key(self, parent: MapNode, node: Node) -> bool:
        if type(node) is not ScalarNode:
            if type(node) is not BrokenNode:
                self._note("key", node.line, "a key is a list or mapping", "Write keys as text.")
            return True
        if node.text in parent.entries:
            first = parent.entries[node.text].line
            message = f"the key {shorten(node.text)!r} stands in line {first} already"
            self._note("duplicate-key", node.line, message, "Keep one of the two.")
            return True
        if node.plain and node.text == "<<":
            hint = "Write the merged keys out."
            self._note("merge-key", node.line, "merge keys (<<) are not allowed", hint)
            return True
        return False

    def _refuse_properties(
        self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int
    ) -> None:
        if event.anchor is not None:
            hint = "Remove it, and write out what refers to it."
            self._note("anchor", line, f"&{shorten(event.anchor)} is an anchor", hint)
        if event.tag is not None:
            hint = "Remove it; each field knows its type."
            self._note("tag", line, f"{shorten(event.tag)} is a tag", hint)

    def _note(self, rule: str, line: int, message: str, hint: str) -> None:
        path = self._problems.path
        path.clear()
        for frame in self._frames:
            if type(frame.node) is ListNode:
                path.append(len(frame.node.items))
            elif frame.key:
                path.append(frame.key)
        self._problems.add(rule, line, message, hint)
        path.clear()
