"""Renditions: which items are stored as they are, and which are encoded, by popularity.

Pure. A rendition with `below: N` is for items whose popularity is under N; the smallest N above
an item's popularity wins, among the renditions whose encoder reads the item by its name. One
without `below` is for everything. An empty file stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from seedbox.catalog.encoders import Encoder, encoder_of
from seedbox.errors import UsageError
from seedbox.manifest.commands import Command
from seedbox.plan.build import Item
from seedbox.torrent import paths

Path = tuple[str, ...]

_FOREVER = Decimal("Infinity")  # above every popularity


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the ways in which items may be stored."""

    rendition: str
    encoder: Encoder | None  # None: as they are
    below: Decimal | None  # for items whose popularity is under this; None: for every item


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that is to be encoded."""

    item: Item
    rendition: str
    encoder: Encoder
    path: Path  # that its encoded form gets


@dataclass(frozen=True, slots=True)
class Assigned:
    """What becomes of which item."""

    wanted: tuple[Wanted, ...]
    nameless: tuple[Item, ...]  # to be encoded too, but every new name would clash
    original: str | None  # the rendition of all other items, if it has a name

    def by_rendition(self) -> dict[str, list[Wanted]]:
        """Return what is to be encoded for each rendition."""
        found: dict[str, list[Wanted]] = {}
        for each in self.wanted:
            found.setdefault(each.rendition, []).append(each)
        return found


def choice(
    rendition: str, *, encode: str | None, below: Decimal | None, command: Command | None = None
) -> Choice:
    """Return what a dataset.yaml says of one rendition.

    Raises:
        UsageError: There is no such encoder.
    """
    return Choice(rendition, encoder_of(rendition, encode=encode, command=command), below)


def assign(items: Sequence[Item], choices: Iterable[Choice], *, popular: bool) -> Assigned:
    """Decide which items are encoded, and what they are called then.

    Args:
        items: All of the dataset.
        choices: Its renditions.
        popular: Whether anything is known of popularity.

    Raises:
        UsageError: A threshold without popularity: every item would be under it.
    """
    # At one threshold an encoder goes before "as they are", which is for whatever it cannot read.
    ordered = sorted(choices, key=lambda it: (_below(it), it.encoder is None, it.rendition))
    for each in ordered:
        if each.below is not None and not popular:
            raise UsageError(
                f"rendition {each.rendition} is for items below {each.below}, "
                "and the dataset has no popularity",
                "Pass --popularity FILE, or remove `below`.",
            )
    plain = [it.rendition for it in ordered if it.encoder is None and it.below is None]
    chosen = [
        (item, pick, pick.encoder)
        for item in items
        if (pick := _pick(item, ordered)) is not None and pick.encoder is not None
    ]
    names = _names(items, [(item.path, encoder) for item, _, encoder in chosen])
    wanted, nameless = [], []
    for (item, pick, encoder), path in zip(chosen, names, strict=True):
        if path is None:
            nameless.append(item)
        else:
            wanted.append(Wanted(item, pick.rendition, encoder, path))
    return Assigned(tuple(wanted), tuple(nameless), plain[0] if plain else None)


def _below(each: Choice) -> Decimal:
    return _FOREVER if each.below is None else each.below


def _pick(item: Item, ordered: Iterable[Choice]) -> Choice | None:
    """Return the rendition of an item; None: there is none for it, and it stays as it is."""
    if not item.size:
        return None
    return next(
        (
            each
            for each in ordered
            if item.value < _below(each) and (each.encoder is None or each.encoder.takes(item.path))
        ),
        None,
    )


def _names(items: Iterable[Item], wanted: Sequence[tuple[Path, Encoder]]) -> list[Path | None]:
    """Return a name for each encoded item that no other item has, on any system.

    An item that cannot be encoded keeps its own name, so no new name may be that of an original.
    What would clash gets its suffix behind the name that it has: `a.flac` beside `a.wav` becomes
    `a.wav.opus`. The first by path has the shorter name.
    """
    originals = [item.path for item in items]
    names: list[Path | None] = [None] * len(wanted)
    rising = sorted(range(len(wanted)), key=lambda at: paths.order(wanted[at][0]))
    ways: tuple[Callable[[Encoder, Path], Path], ...] = (Encoder.renamed, Encoder.added)
    for way in ways:
        left = [at for at in rising if names[at] is None]
        new = [(at, way(wanted[at][1], wanted[at][0])) for at in left]
        own = {at for at, path in new if path == wanted[at][0]}  # `.opus` made of `.opus`
        others = [(at, path) for at, path in new if at not in own]
        taken = [*originals, *(path for path in names if path is not None)]
        clash = _clashing(taken, [path for _, path in others])
        for at, path in new:
            if at in own:
                names[at] = path
        for number, (at, path) in enumerate(others):
            if number not in clash:
                names[at] = path
    return names


def _clashing(taken: Sequence[Path], new: Sequence[Path]) -> set[int]:
    """Return which of some new paths no torrent may hold beside those that are taken."""
    at = -1

    def row() -> Iterator[Path]:
        nonlocal at
        yield from taken
        for at, path in enumerate(new):  # noqa: B007 - read below, as each path is judged
            yield path

    return {at for _ in paths.problems(row()) if at >= 0}


def stored(
    items: Iterable[Item], assigned: Assigned, sizes: Mapping[Path, int]
) -> Iterator[tuple[Item, str | None]]:
    """Yield every item as it is stored, with the name of its rendition.

    Args:
        items: All of the dataset.
        assigned: Made of them.
        sizes: Bytes of what was encoded, by the item's own path; others keep their originals.
    """
    wanted = {each.item.path: each for each in assigned.wanted}
    for item in items:
        size = sizes.get(item.path)
        if size is None:
            yield item, assigned.original
        else:
            each = wanted[item.path]
            yield replace(item, path=each.path, size=size), each.rendition
