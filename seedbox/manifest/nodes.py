"""Untrusted YAML to plain nodes with line numbers: no types are guessed, nothing is expanded.

Pure. On PyYAML's events, by libyaml where PyYAML has it: neither recursion nor the size of the
document multiplies. Whatever could make two readers disagree, or a small file grow, is a problem:
anchors, aliases, merge keys, tags, directives, duplicate keys, a second document, a byte order
mark, other encodings than UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import yaml

from seedbox.manifest.decoding import readable
from seedbox.manifest.problems import Problems, shorten

MAX_DEPTH = 32
MAX_NODES = 100_000  # keys and values of a visited document, or of one of its visited items
MAX_TREE = 1_000_000  # keys and values of a document that is kept whole: 250 MiB
MAX_SILENCE = 1024 * 1024  # bytes of text or comments that add nothing to the tree
_MAX_PROLOGUE = 64 * 1024  # bytes; libyaml compares each %TAG with every one before it

_Loader = type[yaml.SafeLoader] | type[yaml.CSafeLoader]
LOADER: _Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


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


class Visitor(Protocol):
    """Takes the parts of a document as they are read, which then take no memory in its tree."""

    many: str  # the key whose list is given item by item, before its entry

    def entry(self, key: str, node: Node) -> None:
        """Take an entry of the root."""

    def item(self, index: int, node: Node) -> None:
        """Take an item of the list under `many`."""


class _UnreadableError(Exception):
    """Reading on makes no sense; the problem is noted already."""


def load(
    data: bytes, problems: Problems, *, loader: _Loader = LOADER, visitor: Visitor | None = None
) -> Node | None:
    """Return the root of a document, or None if it cannot be read to its end.

    Args:
        data: The file, as it stands.
        problems: Where problems go; those that leave a readable tree are only noted.
        loader: PyYAML's parser: in C, or in Python, which reads the same in what both accept.
        visitor: Takes the entries of the root, which has BrokenNodes in their place then.

    Raises:
        TooManyProblemsError: There were too many to go on.
    """
    if not readable(data, problems):
        return None
    builder = _Builder(problems, visitor)
    try:
        for event in _events(_Feed(data), problems, loader):
            builder.take(event)
    except _UnreadableError:
        return None
    if builder.root is None:
        problems.add("empty", 1, "the file holds nothing", "Start it with `seedbox: 1`.")
    return builder.root


class _SilenceError(Exception):
    """The parser has read and read, and has nothing to show for it."""


class _Feed:
    """The file as a stream, which ends early where a parser would hold too much of it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._silence = 0  # bytes read since the last event
        self._heard: yaml.Event | None = None
        self.last: yaml.Event | None = None  # which the parser gave

    def read(self, size: int = 0, /) -> bytes:
        """Return the next bytes."""
        if self._heard is not self.last:
            self._heard = self.last
            self._silence = 0
        inside = not isinstance(self.last, yaml.StreamStartEvent | yaml.DocumentEndEvent | None)
        if self._silence > (MAX_SILENCE if inside else _MAX_PROLOGUE):
            raise _SilenceError
        taken = self._data[self._at : self._at + size]
        self._at += len(taken)
        self._silence += len(taken)
        return taken

    @property
    def line(self) -> int:
        """Of the end of what was read well."""
        mark = None if self.last is None else self.last.end_mark
        return 1 if mark is None else mark.line + 1


def _events(feed: _Feed, problems: Problems, loader: _Loader) -> Iterator[yaml.Event]:
    try:
        get: Callable[[], yaml.Event | None] = loader(feed).get_event
        while (event := get()) is not None:
            feed.last = event
            yield event
    except _SilenceError:
        message = "too much text or too many comments stand between one value and the next"
        problems.path.clear()
        problems.add("too-long", feed.line, message, f"Keep them under {MAX_SILENCE:,} bytes.")
        raise _UnreadableError from None
    except yaml.MarkedYAMLError as error:
        line = feed.line if error.problem_mark is None else error.problem_mark.line + 1
        _not_yaml(problems, line, error.problem or "it breaks off")
        raise _UnreadableError from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The parser in Python hands escapes such as "\UFFFFFFFF" to chr() unchecked.
        _not_yaml(problems, feed.line, str(error).partition("\n")[0])
        raise _UnreadableError from None


def _not_yaml(problems: Problems, line: int, why: str) -> None:
    hint = "Mend the line, or the one before it; a quote or a bracket may be open."
    problems.path.clear()
    problems.add("yaml", line, f"not readable as YAML: {shorten(why)}", hint)


class _Frame:
    """A list or mapping whose end has not come yet."""

    __slots__ = ("count", "is_visited", "key", "key_line", "node", "skip")

    def __init__(self, node: ListNode | MapNode, *, is_visited: bool) -> None:
        self.node = node
        self.key: str | None = None  # of a mapping: the key whose value comes next
        self.key_line = node.line
        self.skip = False  # the key was refused, so its value is dropped
        self.count = 0  # of a list: the items so far
        self.is_visited = is_visited  # items or entries go to the visitor


class _Builder:
    """Puts a tree together from events, without recursion."""

    def __init__(self, problems: Problems, visitor: Visitor | None) -> None:
        self.root: Node | None = None
        self._problems = problems
        self._visitor = visitor
        self._frames: list[_Frame] = []
        self._most = MAX_TREE if visitor is None else MAX_NODES
        self._left = self._most
        self._left_for_items = self._most  # for each of them anew

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor is not None or event.tag is not None:
                self._refuse_properties(event, line)
            self._attach(ScalarNode(event.value, not event.style, line))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._attach(self._frames.pop().node)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._refuse_properties(event, line)
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            self._open(MapNode({}, line) if is_mapping else ListNode([], line))
        elif isinstance(event, yaml.AliasEvent):
            hint = "Write the value out; a manifest is read without expanding anything."
            self._note("alias", line, f"*{shorten(event.anchor or '')} is an alias", hint)
            self._attach(BrokenNode(line))
        elif isinstance(event, yaml.DocumentStartEvent):
            self._start_document(event, line)

    def _open(self, node: ListNode | MapNode) -> None:
        frames = self._frames
        if len(frames) >= MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            self._note("nesting", node.line, message, "Flatten it; no field needs this depth.")
            raise _UnreadableError
        visitor = self._visitor
        if visitor is None or len(frames) > 1:
            is_visited = False
        elif not frames:
            is_visited = type(node) is MapNode
        else:
            over = frames[0]
            is_visited = type(node) is ListNode and over.key == visitor.many and not over.skip
            self._left_for_items = self._left
        frames.append(_Frame(node, is_visited=is_visited))

    def _start_document(self, event: yaml.DocumentStartEvent, line: int) -> None:
        if self.root is not None:
            self._note("documents", line, "a second document begins", "Keep one in one file.")
            raise _UnreadableError
        if event.version or event.tags:
            hint = "Remove the line that begins with %."
            self._note("directive", line, "YAML directives are not allowed", hint)

    def _attach(self, node: Node) -> None:
        self._left -= 1
        if self._left < 0:
            message = f"more than {self._most:,} keys and values stand here"
            self._note("too-many", node.line, message, "Leave some out, or link to them.")
            raise _UnreadableError
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        parent = frame.node
        if isinstance(parent, ListNode):
            if frame.is_visited and self._visitor is not None:
                self._visitor.item(frame.count, node)
                self._left = self._left_for_items
            else:
                parent.items.append(node)
            frame.count += 1
        elif frame.key is None:
            frame.key = node.text if type(node) is ScalarNode else ""
            frame.key_line = node.line
            frame.skip = self._refuse_key(parent, node)
        else:
            if not frame.skip:
                self._put(frame, parent, frame.key, node)
            frame.key = None

    def _put(self, frame: _Frame, parent: MapNode, key: str, node: Node) -> None:
        node.line = frame.key_line
        if frame.is_visited and self._visitor is not None:
            self._visitor.entry(key, node)
            node = BrokenNode(node.line)
        parent.entries[key] = node

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
                path.append(frame.count)
            elif frame.key:
                path.append(frame.key)
        self._problems.add(rule, line, message, hint)
        path.clear()
