"""From a folder and a popularity table to shards, decided before a byte is hashed.

Pure. Files are ordered by popularity, ties by path, and cut where a shard would grow over its
size. Each shard's files are all at least as popular as the next one's, so the mean popularity
of the shards never rises, which is the order that a manifest must have. Files of different
licenses are cut apart from each other, and then the shards of all are put into that order.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import chain
from urllib.parse import quote

from seedbox.errors import (
    InvalidTorrentError,
    Problem,
    SourceError,
    UnsafePathsError,
    UsageError,
)
from seedbox.manifest import coverage
from seedbox.manifest.model import Head, License, Pack, Popularity, Role
from seedbox.plan import tar
from seedbox.plan.catalog import catalog_name, shard_name
from seedbox.plan.pack import choose_pack
from seedbox.plan.stages import check_stages
from seedbox.plan.terms import RefusedItem, refusal, settle
from seedbox.torrent import paths, pieces
from seedbox.torrent.layout import Layout, arrange

_MOST_SHOWN = 20  # problems of one kind in a message
_DIGITS = 60  # enough for exact sums of any popularity values


@dataclass(frozen=True, slots=True)
class Original:
    """What an item was before it was encoded."""

    path: tuple[str, ...]  # below the source
    size: int  # bytes
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """One file to publish."""

    path: tuple[str, ...]  # below the source
    size: int  # bytes
    value: Decimal  # popularity; never negative
    license: str | None = None  # as its publisher wrote it; None: the dataset's
    rendition: str | None = None  # how it is stored; None: as it is, which has no name
    original: Original | None = None  # None: it is the original


_Groups = Mapping[str | None, list[Item]]  # by license; None: the dataset's


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What the publisher chose; the dataset's head holds the rest."""

    shard_size: int  # bytes of payload at most, unless one file alone is larger
    piece_length: int | None = None  # bytes; None: chosen for each shard
    web_seeds: tuple[str, ...] = ()  # base URLs (BEP 19)
    leave_out_refused: bool = False  # go on without the files that may not be shared
    catalog: bool = False  # the first shard is a table of all items
    shard_items: int | None = None  # at most, but for empty files, which begin no shard


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """One torrent to make."""

    name: str
    layout: Layout
    sources: tuple[tuple[str, ...], ...]  # path below the source, for each file or tar member
    use: Decimal
    coverage: Decimal | None  # None: no popularity is known
    at: str | None  # folder of a single-file torrent under the root
    web_seeds: tuple[str, ...]
    license: License | None  # None: the dataset's
    rendition: str | None = None
    packed: bool = False  # the sources go into one tar, in their order, which the layout holds
    items: Sequence[Item] = ()  # most popular first
    role: Role = Role.DATA


class PlannedShards(Sequence[ShardPlan]):
    """Shards that are planned one by one, when they are asked for, since all are too many."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes of all of them, which is known before they are planned."""


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """Every torrent to make of a dataset, in the order of the manifest."""

    head: Head  # completed: root and popularity.total are set
    shards: Sequence[ShardPlan]
    unlisted: int  # files that the popularity table does not name
    refused: tuple[RefusedItem, ...] = ()  # files that are left out because of their license
    prove_pieces: int = 0  # of each web seed of each shard, before the manifest is written
    pack_why: str | None = None  # None: the publisher has chosen how items lie in a shard
    catalog: str | None = None  # the name of the shard that lists all items; None: there is none
    more_refused: int = 0  # files that are left out, beside those that are named

    @property
    def size(self) -> int:
        """Bytes to read."""
        if isinstance(self.shards, PlannedShards):
            return self.shards.size
        return sum(shard.layout.size for shard in self.shards)


def plan_build(
    head: Head, items: Sequence[Item], options: BuildOptions, *, folder: str, unlisted: int = 0
) -> BuildPlan:
    """Cut a dataset into shards.

    Args:
        head: What the publisher says of the dataset.
        items: Its files.
        options: What the publisher chose.
        folder: The source's own name, the torrents' name if the head gives none.
        unlisted: How many items the popularity table does not name.

    Raises:
        ItemsRefusedError, LicenseRefusedError: Files, or all of it, are not openly licensed.
        SourceError: There is no data.
        UnsafePathsError: Paths that no torrent may hold; all of them at once.
        UsageError: The head or the options ask for what cannot be, or the total is too small.
    """
    terms = settle(head, items)
    if terms.refused and not (options.leave_out_refused and terms.groups):
        raise refusal(head, terms.refused, of=len(items))
    check_piece_length(options.piece_length)
    if head.popularity is None and any(item.value for item in items):
        raise unmeasured()
    _check_data(terms.groups, folder)
    root = head.torrent_root or folder
    _check_paths(root, chain.from_iterable(terms.groups.values()))  # shards share one tree
    chosen = choose_pack(head, len(items), sum(item.size for item in items), options)
    whole = complete(head, root, chosen.pack, _total(head, items))
    shards = tuple(_shards(whole, terms.groups, options))
    check_stages(whole, [(shard.role, shard.use) for shard in shards])
    catalog = catalog_name(whole) if options.catalog else None
    return BuildPlan(whole, shards, unlisted, terms.refused, 0, chosen.why, catalog)


def unmeasured() -> UsageError:
    """Return the error for values in a dataset that does not say what they are."""
    return UsageError(
        "there is a popularity table, but the dataset does not say what it counts",
        "Add `popularity: {metric: …}` to dataset.yaml, such as `metric: page views`.",
    )


def complete(head: Head, root: str, pack: Pack, total: Decimal) -> Head:
    """Return a head as the manifest has it."""
    popularity = head.popularity and replace(head.popularity, total=total)
    return replace(head, root=root, popularity=popularity, pack=pack)


def check_piece_length(length: int | None) -> None:
    """Refuse a piece length that was asked for and that no torrent may have.

    Raises:
        UsageError: It breaks the rule of BEP 52.
    """
    if length is None:
        return
    try:
        pieces.check_piece_length(length)
    except ValueError as error:
        hint = "Pass a power of two such as 1MiB, or leave --piece-length out."
        raise UsageError(str(error), hint) from None


def _check_data(groups: _Groups, folder: str) -> None:
    """Refuse groups without data: no torrent is made of empty files alone."""
    empty = [name for name, group in groups.items() if not any(item.size for item in group)]
    if len(empty) == len(groups):
        hint = "Pass a folder with at least one file that is not empty."
        raise SourceError(folder, "holds no data", hint)
    if empty:
        terms = empty[0] or "that of the dataset"
        path = "/".join(groups[empty[0]][0].path)
        why = f"is empty, as is every file under its license, {terms}"
        raise SourceError(path, why, "Take such files out, or give them the license of others.")


def _check_paths(root: str, items: Iterable[Item]) -> None:
    found = list(paths.problems((root, *item.path) for item in items))
    if found:
        words = [f"{'/'.join(path[1:]) or root!r} {why}" for path, why in found[:_MOST_SHOWN]]
        raise unsafe(root, words, len(found))


def unsafe(root: str, words: Sequence[str], count: int) -> UnsafePathsError:
    """Return the error for paths that no torrent may hold.

    Args:
        root: What they lie in.
        words: What is said of the first of them.
        count: How many there are.
    """
    shown = list(words[:_MOST_SHOWN])
    if count > len(shown):
        shown.append(f"{count - len(shown):,} more paths are unsafe")
    hint = "Rename the file, or leave it out."
    return UnsafePathsError(root, tuple(Problem("unsafe-path", why, hint) for why in shown))


def _total(head: Head, items: Iterable[Item]) -> Decimal:
    """Return the denominator of every coverage: what the head says, else the sum over all items."""
    used = _use(items)
    popularity: Popularity | None = head.popularity
    if popularity is None or popularity.total is None:
        return used
    if popularity.total < used:
        raise UsageError(
            f"popularity.total is {popularity.total}, the files alone have {used}",
            "Leave popularity.total out, or make it the sum over everything that is used.",
        )
    return popularity.total


def _use(items: Iterable[Item]) -> Decimal:
    with localcontext(prec=_DIGITS):
        return sum((item.value for item in items), Decimal(0))


@dataclass(frozen=True, slots=True)
class Contents:
    """The items of one shard."""

    items: Sequence[Item]  # most popular first; there are some
    license: str | None  # None: the dataset's
    use: Decimal
    rendition: str | None = None


def _shards(head: Head, groups: _Groups, options: BuildOptions) -> Iterator[ShardPlan]:
    cuts = _cuts(head, groups, options)
    total = head.popularity.total if head.popularity else None
    uses = [cut.use for cut in cuts]
    shares = [None] * len(uses) if total is None else coverage.running(uses, total)
    for number, (cut, share) in enumerate(zip(cuts, shares, strict=True), start=1):
        shard = plan_shard(head, shard_name(head, number, of=len(cuts)), cut, options)
        yield replace(shard, coverage=share)


def _cuts(head: Head, groups: _Groups, options: BuildOptions) -> list[Contents]:
    """Return the items of every shard, in the order of the manifest."""
    cuts = []
    alike = [
        (license_, rendition, items)
        for license_, group in groups.items()
        for rendition, items in _by_rendition(head, group)
    ]
    for license_, rendition, items in alike:
        # copy_negate is exact; a minus sign would round to the digits of the context.
        ordered = sorted(items, key=lambda item: (item.value.copy_negate(), paths.order(item.path)))
        held = _cut(ordered, options)
        cuts += [Contents(tuple(each), license_, _use(each), rendition) for each in held]
    if len(alike) > 1:  # one group alone is in order; ties stay in the order of the groups
        cuts.sort(key=lambda cut: -Fraction(cut.use) / len(cut.items))
    return cuts


def _by_rendition(head: Head, items: Iterable[Item]) -> list[tuple[str | None, list[Item]]]:
    """Return items of one license by rendition: as they are first, then by falling threshold.

    Empty files are never encoded; where nothing else is stored as it is, they go with the rest.
    """
    groups: dict[str | None, list[Item]] = {None: []}
    falling = sorted(
        head.renditions, key=lambda each: (each.below is not None, -(each.below or Decimal(0)))
    )
    groups |= {each.name: [] for each in falling}
    for item in items:
        groups[item.rendition].append(item)
    full = [name for name, group in groups.items() if any(item.size for item in group)]
    for name, group in groups.items():
        if name not in full:
            groups[full[0]] += group
    return [(name, groups[name]) for name in full]


def _cut(items: Iterable[Item], options: BuildOptions) -> Iterator[list[Item]]:
    """Yield runs of items, of which there are some, that fit into a shard; each holds data."""
    group: list[Item] = []
    size, most = 0, options.shard_items
    for item in items:
        over = size + item.size > options.shard_size or (most is not None and len(group) >= most)
        if over and size and item.size:
            yield group
            group, size = [], 0
        group.append(item)
        size += item.size
    yield group


def plan_shard(head: Head, name: str, cut: Contents, options: BuildOptions) -> ShardPlan:
    """Return a shard's torrent; one of a single file is named after it (see docs/manifest.md).

    Its coverage is left to whoever knows what comes before it.

    Args:
        head: Completed.
        name: Of the shard.
        cut: What goes into it.
        options: What the publisher chose.

    Raises:
        UsageError: No torrent can be made of it.
    """
    group = cut.items
    packed = head.pack is Pack.TAR
    single = len(group) == 1 and not packed
    at = group[0].path[:-1] if single else ()
    layout = _layout(head, name, group, options)
    in_tree = ((*at, *file.path) if single else file.path[1:] for file in layout.files)
    below = (head.root or "", *at) if single else ()
    # The origin serves originals alone.
    encoded = any(each.made and each.name == cut.rendition for each in head.renditions)
    return ShardPlan(
        name=name,
        layout=layout,
        sources=tuple(item.path for item in group) if packed else tuple(in_tree),
        use=cut.use,
        coverage=None,
        at="/".join(at) or None,
        web_seeds=() if encoded else tuple(web_seed(url, below) for url in options.web_seeds),
        license=None if cut.license is None else License(cut.license),
        rendition=cut.rendition,
        packed=packed,
        items=group,
    )


def _layout(head: Head, name: str, group: Sequence[Item], options: BuildOptions) -> Layout:
    files: Iterable[tuple[paths.Path, int]] = ((item.path, item.size) for item in group)
    single = len(group) == 1
    title = group[0].path[-1] if single else head.root or ""
    if head.pack is Pack.TAR:
        title, single = f"{name}.tar", True
        files = [((title,), tar.Archive(files).size)]
    length = options.piece_length
    try:
        return arrange(title, files, form=head.format, piece_length=length, single=single)
    except InvalidTorrentError as error:
        hint = "Pass a longer --piece-length or a smaller --shard-size."
        raise UsageError(f"shard {name} makes no torrent: {error.reason}", hint) from None


def web_seed(base: str, below: tuple[str, ...]) -> str:
    """Return the base URL that a client must be given (BEP 19).

    A client asks for `url + name + "/" + path`, so a base ends in `/` and stops before the name.

    Args:
        base: URL of the folder that the root lies in.
        below: The root and the folders in it, for a single-file torrent; else nothing.
    """
    return base + "".join(f"{quote(part, safe='')}/" for part in below)
