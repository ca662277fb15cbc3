"""What lies on a server: lists of URLs, checksum files and Croissant, as files of one dataset.

Pure. Every file lies below one base URL, and the base's last folder is the torrents' root; so the
origin is a web seed as it stands (BEP 19), and each file is asked for at the URL that a client of
BitTorrent would ask for. Whoever wrote the list is not trusted: paths are what a torrent may have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import quote, unquote_to_bytes, urlsplit

from seedbox.errors import InvalidListError, UsageError
from seedbox.manifest.fields import url_problem
from seedbox.manifest.model import Head, Origin
from seedbox.plan.lists import Entry, Lister, problem
from seedbox.torrent import paths
from seedbox.torrent.layout import Layout

_SCHEMES = ("https", "http")
_HINT_BELOW = "Take it out, or build it as a dataset of its own."
_HINT_PATH = "Rename the file on the server, or take it out of the list."
_HINT_URL = "Write the absolute URL of a file, of https or http, that everybody may ask for."


@dataclass(frozen=True, slots=True)
class RemotePlan:
    """Files to build from without a copy, and where they lie."""

    base: str  # URL of the folder that becomes the root; it ends in a slash
    root: str  # its name
    files: tuple[Wanted, ...]  # in the order of BEP 52
    purl: str | None = None  # of the package whose archive the only file is

    @property
    def web_seed(self) -> str:
        """The base URL of the origin as a web seed: that of the folder the root lies in."""
        return self.base[: -len(quote(self.root, safe="")) - 1]

    def head(self, head: Head) -> Head:
        """Return what a dataset says of itself, with the origin filled in where it says nothing."""
        origin = head.origin or Origin()
        if origin.url is None:
            origin = replace(origin, url=self.base.rstrip("/"))
        if self.purl is not None:
            digest = origin.sha256 or self.files[0].sha256
            origin = replace(origin, purl=origin.purl or self.purl, sha256=digest)
        return replace(head, origin=origin)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file on a server, and what its publisher says of it."""

    parts: tuple[str, ...]  # below the root
    url: str  # as a client of BitTorrent asks for it
    size: int | None = None  # bytes
    sha256: bytes | None = None
    sha512: bytes | None = None  # by a package registry
    by: str = "the list"  # who names the size and the SHA-256


def plan_remote(entries: Sequence[Entry], head: Head, *, file: str, base: str | None) -> RemotePlan:
    """Give the files of a list their places below one root.

    Args:
        entries: What the list names.
        head: Its `origin.url`, if there is one, is the base of all files.
        file: The list's name, for messages.
        base: The folder that the list was fetched from; None: it lies on this machine. If no
            origin says otherwise, it is the base of all that lies below it; else the base is the
            deepest folder that all files have in common.

    Raises:
        InvalidListError: Files that cannot be taken; all of them at once.
        UsageError: The base has no name, or another than the dataset's root.
    """
    lister = Lister(file)
    taken = [(entry, taken) for entry in entries if (taken := _taken_apart(entry, lister))]
    lister.refuse()
    if not taken:
        raise InvalidListError(file, (problem(file, None, "names no file", _HINT_URL),))
    home = _base(head, [place for _, place in taken], base)
    wanted = list(_wanted(taken, home, lister))
    for path, why in paths.problems(each.parts for each in wanted):
        lister.add(None, f"path {'/'.join(path)!r:.200} {why}", _HINT_PATH)
    lister.refuse()
    wanted.sort(key=lambda each: paths.order(each.parts))
    return RemotePlan(home.url, _root(head, home), tuple(wanted))


@dataclass(frozen=True, slots=True)
class _Place:
    """A URL as the naming rule sees it."""

    server: str  # scheme and authority
    parts: tuple[str, ...]  # of the path, unescaped

    @property
    def url(self) -> str:
        """The URL of the folder."""
        return f"{self.server}/" + "".join(f"{quote(part, safe='')}/" for part in self.parts)

    def holds(self, other: _Place) -> bool:
        depth = len(self.parts)
        return self.server == other.server and self.parts == other.parts[:depth]


def _place(url: str) -> _Place | str:
    """Take a URL apart; return why it is refused if it is."""
    if why := url_problem(url, _SCHEMES):
        return why
    split = urlsplit(url)
    why = None
    if "@" in split.netloc:
        why = "comes with a name or password in it"
    elif split.query or split.fragment or url.endswith(("?", "#")):
        why = "has a query or a fragment, to which no client of BitTorrent can add a path"
    try:
        parts = tuple(_unescaped(part) for part in split.path.split("/")[1:])
    except UnicodeDecodeError:
        why = why or "escapes bytes that are no UTF-8"
    return why or _Place(f"{split.scheme}://{split.netloc.lower()}", parts)


def _unescaped(part: str) -> str:
    return unquote_to_bytes(part).decode()


def _taken_apart(entry: Entry, lister: Lister) -> _Place | None:
    place = _place(entry.url)
    why = place if isinstance(place, str) else paths.problem(place.parts)
    if why is None and not isinstance(place, str):
        return place
    shown = entry.url.rpartition("@")[2][:200]
    lister.add(entry.line, f"{shown!r} {why}", _HINT_URL)
    return None


def _base(head: Head, places: Sequence[_Place], base: str | None) -> _Place:
    """Return the folder that all files are to lie below.

    Raises:
        UsageError: The URL that names it is of no use.
    """
    if head.origin is not None and head.origin.url is not None:
        return _folder(head.origin.url, "origin.url of dataset.yaml")
    if base is not None:
        home = _folder(base, "the folder of the list")
        if all(home.holds(place) for place in places):
            return home
    common = places[0].parts[:-1]
    for place in places:
        while place.parts[: len(common)] != common or len(place.parts) == len(common):
            common = common[:-1]
    return _Place(places[0].server, common)


def _folder(url: str, what: str) -> _Place:
    place = _place(url.rstrip("/"))
    if isinstance(place, str):
        raise UsageError(f"{what}, {url.rpartition('@')[2]}, {place}", "Write the folder's URL.")
    return place


def _root(head: Head, home: _Place) -> str:
    """Return the torrents' name, which has to be the base's last folder for BEP 19.

    Raises:
        UsageError: It has none, or the dataset names another root.
    """
    if not home.parts:
        hint = "Serve the files below a folder; its name is that of the torrents (BEP 19)."
        raise UsageError(f"the files have no folder in common below {home.url}", hint)
    root = home.parts[-1]
    if head.root not in {None, root}:
        hint = f"Write `root: {root}` or leave it out, or have the folder on the server renamed."
        raise UsageError(
            f"root is {head.root!r} in dataset.yaml, the files lie in {home.url}", hint
        )
    return root


def _wanted(
    taken: Sequence[tuple[Entry, _Place]], home: _Place, lister: Lister
) -> Iterator[Wanted]:
    """Yield the files by their paths below the base; what lies elsewhere, or twice, is refused."""
    seen: dict[tuple[str, ...], Entry] = {}
    for entry, place in taken:
        parts = place.parts[len(home.parts) :]
        if not parts or not home.holds(place):
            lister.add(entry.line, f"{entry.url[:200]!r} is not below {home.url}", _HINT_BELOW)
        elif (first := seen.setdefault(parts, entry)) is not entry:
            where = f", first in line {first.line}" if first.line else ""
            lister.add(entry.line, f"{entry.url[:200]!r} comes again{where}", "Take it out.")
        else:
            url = home.url + "/".join(quote(part, safe="") for part in parts)
            yield Wanted(parts, url, entry.size, entry.sha256, entry.sha512, entry.by)


def plan_reading(
    layout: Layout, files: Sequence[Held], known: Collection[int], *, digests: bool = False
) -> list[int]:
    """Return the pieces to read, rising, when some are known from a run that was stopped.

    The digest of a file is made in one go from its first byte to its last. So a file that has to
    have one, and of which a piece is missing, is read whole; as is one of which nobody can tell
    whether it still is what it was.

    Args:
        layout: Of the shard.
        files: What is known of each of its files.
        known: The pieces of that run.
        digests: Make a digest of each file, and not only of those whose publisher names one.
    """
    row = layout.piece_map
    wanted = {piece for piece in range(row.count) if piece not in known}
    whole = set()
    for index, (file, held) in enumerate(zip(layout.files, files, strict=True)):
        pieces = row.pieces_of(index)
        missing = digests or not wanted.isdisjoint(pieces)
        if file.length and (not held.identified or (missing and (digests or held.checked))):
            whole.add(index)
    todo = list(whole)
    while todo:
        pieces = row.pieces_of(todo.pop())
        wanted.update(pieces)
        for span in (*row.spans(pieces[0]), *row.spans(pieces[-1])):  # v1 pieces span files
            if span.file not in {None, *whole} and not files[span.file or 0].partly:
                whole.add(span.file or 0)
                todo.append(span.file or 0)
    return sorted(wanted)


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a file on a server."""

    identified: bool  # something tells this state of it from another
    checked: bool  # its publisher names a digest
    partly: bool  # a part of it can be held to what it was


def pause(url: str, failures: int, after: float | None, *, first: float, longest: float) -> float:
    """Return how many seconds to leave a server alone before asking again.

    Twice as long each time, less up to half of it by chance, so that clients which failed together
    do not come back together. The chance is that of the URL: the same in every run.

    Args:
        url: What is asked for.
        failures: In a row; one at least.
        after: What the server asks for (Retry-After), which is the least.
        first: Seconds after the first failure.
        longest: Seconds at most, if the server does not ask for more.
    """
    chance = sha256(f"{failures} {url}".encode()).digest()[0] / 255
    wait = min(longest, first * 2.0 ** (failures - 1)) * (1 - chance / 2)
    return max(wait, after or 0.0)
