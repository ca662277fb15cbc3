r"""Paths inside torrents: their order, and which of them are refused.

Pure. A path is a tuple of segments. A torrent may come from anywhere and go to any system, so
a path that leaves its folder, or that two systems would read as two things, is refused
whole: never mended, since a mended name is a file that nobody published.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

Path = tuple[str, ...]

_SEGMENT_BYTES = 255  # the usual NAME_MAX
_DEPTH = 100  # segments; libtorrent reads no deeper paths
_UNSEEN = "\u200b-\u200f\u2060-\u2064\ufeff"  # libtorrent drops them, HFS+ does not compare them
_NAMELESS = re.compile(f"[ .{_UNSEEN}]*")  # Windows drops dots and spaces at the end of a name
_FORBIDDEN = re.compile("[/\\\\\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WINDOWS = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:[.:].*)?|[a-z]:.*",
    re.IGNORECASE | re.ASCII,
)
_PAD_FILE = "_____padding_file_"  # BitComet's pad files, older than BEP 47, are known by this
_PLAIN = re.compile(r"[0-9A-Za-z_-]{5,100}(?:\.[0-9A-Za-z_-]{1,100})?")  # no device, not too long
_SURROGATE = re.compile("[\ud800-\udfff]")  # how Python keeps bytes that are no UTF-8


def order(path: Path) -> list[bytes]:
    """Return the sort key of BEP 52: by path segment, each by its UTF-8 bytes."""
    return [segment.encode(errors="surrogatepass") for segment in path]


def problem(path: Path) -> str | None:
    """Return why a path is refused, or None if it is fine."""
    if not path:
        return "is empty"
    if len(path) > _DEPTH:
        return f"has {len(path)} segments, the limit is {_DEPTH}"
    return next((why for why in map(_segment_problem, path) if why), None)


def _segment_problem(segment: str) -> str | None:
    why = None
    if _PLAIN.fullmatch(segment) and _PAD_FILE not in segment:
        pass
    elif _NAMELESS.fullmatch(segment):
        why = f"has the segment {segment!r}"
    elif _FORBIDDEN.search(segment):
        why = "has a slash, a backslash or a control character in a segment"
    elif _TURNING.search(segment):
        why = "has a character that turns the direction of writing"
    elif _WINDOWS.fullmatch(segment.rstrip(" .")):
        why = f"has {segment!r}, which Windows reads as a device or drive"
    elif _PAD_FILE in segment:
        why = f"has {segment!r}, which BitTorrent clients take for padding"
    elif _SURROGATE.search(segment):
        why = "is not valid UTF-8"
    elif (size := len(segment.encode())) > _SEGMENT_BYTES:
        why = f"has a segment of {size} bytes, the limit is {_SEGMENT_BYTES}"
    return why


def folded(path: Path) -> Path:
    """Return what all spellings of a path have in common, on systems that fold names together."""
    return tuple(map(_fold, path))


def is_pad_file(path: Path) -> bool:
    """Return whether clients take a file for padding by its path (BitComet)."""
    return _PAD_FILE in "/".join(path)


def problems(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each path that is refused, alone or beside those before it, with the reason.

    Two paths clash when some system folds them together (case, normal forms, what it ignores),
    or when one is a file where the other needs a folder.
    """
    seen = _Seen()
    for path in paths:
        if why := seen.problem(path):
            yield path, why


class _Seen:
    """The files and folders so far; what is true of a folder is found out once.

    Folders have numbers, and names are kept below their folder's number: keeping each folder's
    whole path would take a square of the depth, which a torrent of a few MiB makes gigabytes.
    """

    def __init__(self) -> None:
        self._files: dict[tuple[int, str], Path] = {}  # (folder, folded name) -> as written
        self._folders: dict[tuple[int, str], int] = {}  # (folder, folded name) -> its number
        self._written: list[Path] = [()]  # of each folder, the first path that goes through it
        self._known: dict[Path, tuple[int, str | None]] = {}  # folder -> (number, why refused)

    def problem(self, path: Path) -> str | None:
        """Add a path; return why it is refused, or None if it is fine."""
        known = 0 < len(path) <= _DEPTH and path[:-1] in self._known
        if why := _segment_problem(path[-1]) if known else problem(path):
            return why
        folder, why = self._known.get(path[:-1]) or self._enter(path)
        place = folder, _fold(path[-1])
        if why is None and place in self._files:
            why = f"is the same as {_shown(self._files[place])} on some systems"
        elif why is None and place in self._folders:
            within = self._written[self._folders[place]][: len(path)]
            why = f"is a file where another path has the folder {_shown(within)}"
        self._files.setdefault(place, path)
        return why

    def _enter(self, path: Path) -> tuple[int, str | None]:
        """Number the folders of a path; return the last, and why the path is refused."""
        folder, why = 0, None
        for depth, segment in enumerate(path[:-1]):
            place = folder, _fold(segment)
            if place not in self._folders:
                self._folders[place] = len(self._written)
                self._written.append(path)
            folder = self._folders[place]
            written = self._written[folder]
            if why is None and place in self._files:
                why = f"needs a folder where {_shown(self._files[place])} is a file"
            elif why is None and written[depth] != segment:
                same = _shown(written[: depth + 1])
                why = f"is in a folder that is the same as {same} on some systems"
        self._known[path[:-1]] = folder, why
        return folder, why


def _shown(path: Path) -> str:
    return repr("/".join(path))


def _fold(segment: str) -> str:
    """Return what all spellings of a name have in common on systems that do not tell them apart."""
    if segment.isascii():
        return segment.casefold().rstrip(" .")
    decomposed = unicodedata.normalize("NFD", re.sub(f"[{_UNSEEN}]", "", segment))
    return unicodedata.normalize("NFD", decomposed.casefold()).rstrip(" .")
