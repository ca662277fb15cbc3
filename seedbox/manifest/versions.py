"""A manifest and the one that it replaces: what changed, and whether both agree (rule 9).

Pure. Two shards are the same if they share an info-hash. Where the .torrent files are at hand,
their pieces roots (BEP 52) tell which files of a new shard lie in an old one already; without
them every byte of a new shard counts.

The spec asks nothing of how `expires` of two releases compare: each holds for its own file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from seedbox.manifest.model import Manifest, Role, Shard

Finding = tuple[str, str, str, str]  # path, rule, message, hint

_VERSION = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a shard: what it holds, by its pieces root."""

    path: str  # in the dataset's tree
    root: bytes | None  # None: the file is empty
    length: int  # bytes


# The files of shards, by `info_hash.key`; a shard that is missing here is known by its size alone.
Contents = Mapping[str, Sequence[Content]]
_UNKNOWN: Contents = {}


class Change(StrEnum):
    """What became of a shard."""

    NEW = "new"
    SUPERSEDED = "superseded"  # it takes the place of shards of the old manifest
    SAME = "same"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Row:
    """One shard of the new manifest, or one that is gone from the old."""

    name: str
    change: Change
    size: int  # bytes of payload
    rank: int | None = None  # place in the new manifest, from 1; None: gone
    old_rank: int | None = None  # place in the old manifest; None: new
    replaces: tuple[str, ...] = ()  # names in the old manifest: its own earlier one or superseded
    moved: bool = False  # stands elsewhere in the order of those that stay
    relicensed: tuple[str | None, str | None] | None = None  # old and new license, if they differ


@dataclass(frozen=True, slots=True)
class Diff:
    """What a new manifest changes, and what that costs whoever holds all of the old one."""

    rows: tuple[Row, ...]  # in the order of the new manifest, then what is gone
    move: int  # bytes to get
    free: int  # bytes that nothing needs any more
    exact: bool  # False: `move` and `free` are upper bounds, some files are not known

    def of(self, change: Change) -> tuple[Row, ...]:
        """Return the shards that something became of."""
        return tuple(row for row in self.rows if row.change is change)


class Level(IntEnum):
    """Which number of a version rises."""

    PATCH = 0  # same data
    MINOR = 1  # added
    MAJOR = 2  # changed


def compare(old: Manifest, new: Manifest, contents: Contents = _UNKNOWN) -> Diff:
    """Return what a new manifest changes.

    Args:
        old: The manifest that is replaced.
        new: The one that replaces it.
        contents: The files of the shards of both, as far as they are known.
    """
    links = _Links(old, new)
    rows = [_row(old, new, links, at) for at in range(len(new.shards))]
    rows += [
        Row(shard.name, Change.GONE, shard.size, old_rank=at + 1)
        for at, shard in enumerate(old.shards)
        if at not in links.kept and at not in links.replaced
    ]
    before = [shard for at, shard in enumerate(old.shards) if at not in links.kept]
    after = [shard for at, shard in enumerate(new.shards) if at not in links.same]
    held = {file.root for shard in old.shards for file in contents.get(shard.info_hash.key, ())}
    coming = _files(after, contents)
    # What a file of the old shards holds may stay; as often as the new ones hold it.
    kept = Counter(_files(before, contents)) & Counter(coming)
    stays = sum(length * times for (_, length), times in kept.items())
    fetched = sum(length for root, length in coming if root not in held)
    unknown = [shard.size for shard in after if shard.info_hash.key not in contents]
    return Diff(
        rows=_moved(rows),
        move=fetched + sum(unknown),
        free=sum(shard.size for shard in before) - stays,
        exact=not after or all(s.info_hash.key in contents for s in (*old.shards, *after)),
    )


def _files(shards: Iterable[Shard], contents: Contents) -> list[tuple[bytes | None, int]]:
    found = (file for shard in shards for file in contents.get(shard.info_hash.key, ()))
    return [(file.root, file.length) for file in found if file.length]


class _Links:
    """Which shards of two manifests belong together, by their places."""

    __slots__ = ("kept", "replaced", "replaces", "same")

    def __init__(self, old: Manifest, new: Manifest) -> None:
        hashes: dict[bytes, int] = {}
        names: dict[str, int] = {}
        for at, shard in enumerate(old.shards):
            hashes |= dict.fromkeys(_digests(shard), at)
            names[shard.name] = at
        self.same: dict[int, int] = {}  # new place -> old place
        self.replaces: dict[int, tuple[int, ...]] = {}  # new place -> old places
        for at, shard in enumerate(new.shards):
            found = next((hashes[digest] for digest in _digests(shard) if digest in hashes), None)
            if found is not None:
                self.same[at] = found
        self.kept = set(self.same.values())
        for at, shard in enumerate(new.shards):
            if at not in self.same:
                linked = {names[shard.name]} if shard.name in names else set()
                linked |= {hashes[digest] for digest in shard.supersedes if digest in hashes}
                self.replaces[at] = tuple(sorted(linked - self.kept))
        self.replaced = {place for places in self.replaces.values() for place in places}


def _digests(shard: Shard) -> list[bytes]:
    return [digest for digest in (shard.info_hash.v1, shard.info_hash.v2) if digest is not None]


def _row(old: Manifest, new: Manifest, links: _Links, at: int) -> Row:
    shard = new.shards[at]
    places = (links.same[at],) if at in links.same else links.replaces[at]
    if not places:
        return Row(shard.name, Change.NEW, shard.size, at + 1)
    before = old.shards[places[0]]
    own, theirs = old.license_of(before), new.license_of(shard)
    terms = (own.spdx if own else None, theirs.spdx if theirs else None)
    return Row(
        shard.name,
        Change.SAME if at in links.same else Change.SUPERSEDED,
        shard.size,
        rank=at + 1,
        old_rank=places[0] + 1,
        replaces=tuple(old.shards[place].name for place in places),
        relicensed=terms if terms[0] != terms[1] else None,
    )


def _moved(rows: list[Row]) -> tuple[Row, ...]:
    """Mark the fewest shards whose moving explains the new order.

    What stays is a longest rising run of old ranks (patience sorting).
    """
    stay = _longest_rising([row.old_rank or 0 for row in rows if row.rank and row.old_rank])
    return tuple(
        replace(row, moved=True) if row.rank and row.old_rank and row.old_rank not in stay else row
        for row in rows
    )


def _longest_rising(ranks: Sequence[int]) -> set[int]:
    tops: list[int] = []
    places: list[int] = []  # index into ranks, of each top
    before: list[int | None] = []
    for at, rank in enumerate(ranks):
        pile = bisect_left(tops, rank)
        before.append(places[pile - 1] if pile else None)
        tops[pile : pile + 1] = [rank]
        places[pile : pile + 1] = [at]
    found: set[int] = set()
    at_last = places[-1] if places else None
    while at_last is not None:
        found.add(ranks[at_last])
        at_last = before[at_last]
    return found


# --- whether they agree -----------------------------------------------------------------------


def problems(
    old: Manifest,
    new: Manifest,
    old_digest: bytes,
    *,
    withdrawn: Collection[str] = (),
    contents: Contents = _UNKNOWN,
) -> Iterator[Finding]:
    """Yield where a manifest and the one that it replaces disagree.

    Args:
        old: The manifest that is replaced.
        new: The one that replaces it.
        old_digest: SHA-256 of the old file.
        withdrawn: Names of shards of the old manifest that were taken back.
        contents: The files of the shards of both, as far as they are known.
    """
    if new.head.id != old.head.id:
        message = f"id is {new.head.id}, that of the manifest it is held against {old.head.id}"
        yield "id", "id", message, "Pass the earlier manifest of the same dataset."
        return
    yield from _heads(old, new, old_digest)
    yield from _shards(old, new, withdrawn)
    yield from _version(old, new, contents)


def _heads(old: Manifest, new: Manifest, old_digest: bytes) -> Iterator[Finding]:
    was, head = old.head, new.head
    if head.sequence != was.sequence + 1:
        gap = head.sequence - was.sequence - 1
        why = f", which leaves out {gap}" if gap > 0 else ""
        message = f"sequence is {head.sequence}, that of the replaced manifest {was.sequence}{why}"
        hint = f"Write `sequence: {was.sequence + 1}`: one higher with every release."
        yield "sequence", "sequence", message, hint
    if head.previous != old_digest:
        given = "absent" if head.previous is None else f"sha256:{head.previous.hex()}"
        message = f"previous is {given}, the replaced file has sha256:{old_digest.hex()}"
        hint = f"Write `previous: sha256:{old_digest.hex()}`."
        yield "previous", "previous", message, hint
    if head.issued < was.issued:
        message = (
            f"issued {head.issued.isoformat()}, the replaced manifest {was.issued.isoformat()}"
        )
        yield "issued", "issued", message, "Give the time at which this release was made."


def _shards(old: Manifest, new: Manifest, withdrawn: Collection[str]) -> Iterator[Finding]:
    links = _Links(old, new)
    superseded = {digest for shard in new.shards for digest in shard.supersedes}
    for at, places in links.replaces.items():
        name = new.shards[at].name
        for before in (old.shards[place] for place in places):
            digest = before.info_hash.v2
            if new.shards[at].role is Role.CATALOG:
                continue  # every release has its own
            if before.name == name and digest is not None and digest not in superseded:
                message = f"{name} keeps its name and has another info-hash"
                hint = f"Add {digest.hex()} to its supersedes, so that mirrors reuse its files."
                yield f"shards[{at}].info_hash", "superseded", message, hint
    for place, shard in enumerate(old.shards):
        if place not in links.kept and place not in links.replaced and shard.name not in withdrawn:
            message = f"{shard.name} is gone, neither superseded nor withdrawn"
            digest = shard.info_hash.v2
            either = "" if digest is None else f"Add {digest.hex()} to supersedes of a shard, or r"
            hint = f"{either or 'R'}un `seedbox withdraw` for it."
            yield "shards", "gone", message, hint


def _version(old: Manifest, new: Manifest, contents: Contents) -> Iterator[Finding]:
    was, now = _numbers(old.head.version), _numbers(new.head.version)
    if was is None or now is None:
        return  # a version is for people, and may be a date
    need = _needed(old, new, contents)
    wanted = ".".join(str(number) for number in _raised(was, need))
    if now > was:
        first = next(at for at in range(len(now)) if now[at] != was[at])
        if Level(len(now) - 1 - first) is need:
            return
    what = {
        Level.MAJOR: "data was changed or left out: MAJOR rises",
        Level.MINOR: "data was only added: MINOR rises",
        Level.PATCH: "the data is the same: PATCH rises",
    }[need]
    message = f"version is {new.head.version}, it was {old.head.version}, and {what}"
    yield "version", "version", message, f'Write `version: "{wanted}"`.'


def _numbers(version: str) -> tuple[int, int, int] | None:
    match = _VERSION.fullmatch(version)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3]))


def _raised(version: tuple[int, int, int], level: Level) -> tuple[int, int, int]:
    major, minor, patch = version
    if level is Level.MAJOR:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if level is Level.MINOR else (major, minor, patch + 1)


def _needed(old: Manifest, new: Manifest, contents: Contents) -> Level:
    """Return which number has to rise: by the files where all are known, else by the shards.

    A catalog is not data: it changes with every count of what is used.
    """
    links = _Links(old, new)
    before = [shard for at, shard in _data(old) if at not in links.kept]
    after = [shard for at, shard in _data(new) if at not in links.same]
    if all(shard.info_hash.key in contents for shard in (*before, *after)):
        gone, added = _tree(before, contents), _tree(after, contents)
        if gone - added:
            return Level.MAJOR
        return Level.MINOR if added - gone else Level.PATCH
    if before:
        return Level.MAJOR
    return Level.MINOR if after else Level.PATCH


def _data(manifest: Manifest) -> Iterator[tuple[int, Shard]]:
    return (it for it in enumerate(manifest.shards) if it[1].role is Role.DATA)


def _tree(shards: Iterable[Shard], contents: Contents) -> set[Content]:
    return {file for shard in shards for file in contents[shard.info_hash.key]}
