"""Which shards a query means, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from seedbox.daemon.api.problems import ApiError
from seedbox.daemon.api.queries import ANY, NONE, Chosen, Order, ShardsQuery, Sort, WhyQuery
from seedbox.daemon.record import Dataset, Evidence, Shard, View

_LEAST_PREFIX = 8  # hex digits; fewer would name many shards
_NAMED = 20  # shards that an error lists
_ORDERS: dict[Sort, Callable[[Shard], Any]] = {  # each gives values of one kind, or None
    Sort.NAME: lambda shard: shard.name,
    Sort.SIZE: lambda shard: shard.size,
    Sort.USE: lambda shard: shard.use,
    Sort.UPLOADED: lambda shard: shard.uploaded,
    Sort.RATE: lambda shard: shard.rate,
    Sort.PEERS: lambda shard: shard.peers,
    Sort.SEEDS: lambda shard: shard.swarm.seeds if shard.swarm else None,
    Sort.LEECHERS: lambda shard: shard.swarm.leechers if shard.swarm else None,
    Sort.SINCE: lambda shard: shard.pause.since if shard.pause else None,
}


@dataclass(frozen=True, slots=True)
class Selected:
    """A page of the shards that a query means."""

    total: int  # on all pages
    offset: int
    shards: Sequence[Shard]

    @property
    def next(self) -> int | None:
        """Where the next page begins; None: there is none."""
        end = self.offset + len(self.shards)
        return end if self.shards and end < self.total else None


def select(shards: Sequence[Shard], query: ShardsQuery) -> Selected:
    """Return the page that a query asks for; a list is only copied where it has to be."""
    found: Sequence[Shard] = shards
    for keeps in _filters(query):
        found = [shard for shard in found if keeps(shard)]
    found = _sorted(found, query)
    end = query.offset + query.limit
    return Selected(len(found), query.offset, tuple(found[query.offset : end]))


def _filters(query: ShardsQuery) -> Iterator[Callable[[Shard], bool]]:
    """Return the conditions that all have to hold, the quickest first."""
    if query.dataset is not None:
        dataset = query.dataset
        yield lambda shard: shard.dataset == dataset
    if query.trouble:
        wanted = frozenset(query.trouble)
        yield lambda shard: _in_trouble(shard, wanted)
    for state in query.reached:
        yield _reached(attrgetter(state))
    for state in query.not_reached:
        yield _not_reached(attrgetter(state))
    if query.text is not None:
        text = query.text.casefold()
        yield lambda shard: text in shard.name or _is_hash(shard, text)


def _reached(evidence: Callable[[Shard], Evidence | None]) -> Callable[[Shard], bool]:
    return lambda shard: evidence(shard) is not None


def _not_reached(evidence: Callable[[Shard], Evidence | None]) -> Callable[[Shard], bool]:
    return lambda shard: evidence(shard) is None


def _in_trouble(shard: Shard, wanted: frozenset[str]) -> bool:
    if shard.pause is None:
        return NONE in wanted
    return ANY in wanted or shard.pause.why in wanted


def _is_hash(shard: Shard, text: str) -> bool:
    """Tell whether a text begins one of the shard's info-hashes, in hex."""
    v1 = shard.info_hash.v1
    return shard.key.startswith(text) or (v1 is not None and v1.hex().startswith(text))


def _sorted(shards: Sequence[Shard], query: ShardsQuery) -> Sequence[Shard]:
    backwards = query.order is Order.DESCENDING
    if query.sort is Sort.RANK:
        return shards[::-1] if backwards else shards
    value = _ORDERS[query.sort]
    known = [(found, at) for at, shard in enumerate(shards) if (found := value(shard)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=backwards)
    ordered = [shards[at] for _, at in known]
    if len(known) < len(shards):
        ordered += [shard for shard in shards if value(shard) is None]
    return ordered


# --- one shard, one dataset -------------------------------------------------------------------


def shard_by_key(view: View, key: str) -> Shard:
    """Return a shard.

    Raises:
        ApiError: There is none.
    """
    for shard in view.shards:
        if shard.key == key:
            return shard
    raise _unknown((key,))


def dataset_by_id(view: View, wanted: str) -> Dataset:
    """Return a dataset.

    Raises:
        ApiError: There is none.
    """
    for dataset in view.datasets:
        if dataset.id == wanted:
            return dataset
    hint = "See /v1/datasets for those that there are."
    raise ApiError("unknown-dataset", f"there is no dataset {wanted}", hint)


def shard_called(view: View, query: WhyQuery) -> Shard:
    """Return the shard that a person means: by name, key, v1 info-hash, or how a key begins.

    Raises:
        ApiError: There is none, or there are several.
    """
    return shards_called(view, (query.shard,), query.dataset)[0]


def shards_called(view: View, names: Sequence[str], dataset: str | None = None) -> list[Shard]:
    """Return the shards that a person means, in one pass over all of them.

    Raises:
        ApiError: One is not there, or a name has several.
    """
    found: dict[str, list[Shard]] = {name: [] for name in names}
    prefixes = [name for name in names if _is_prefix(name)]
    for shard in view.shards:
        if dataset is not None and shard.dataset != dataset:
            continue
        v1 = shard.info_hash.v1
        for name in {shard.name, shard.key, v1.hex() if v1 else shard.key}:
            if name in found:
                found[name].append(shard)
        for prefix in prefixes:
            if shard.key.startswith(prefix) and shard.key != prefix:
                found[prefix].append(shard)
    if unknown := tuple(name for name, shards in found.items() if not shards):
        raise _unknown(unknown)
    for name, shards in found.items():
        if len(shards) > 1:
            raise _ambiguous(name, shards)
    return [shards[0] for shards in found.values()]


def shards_chosen(view: View, chosen: Chosen) -> list[Shard]:
    """Return the shards that a command is for.

    Raises:
        ApiError: One is not there, or a name has several; or there is no such dataset.
    """
    if chosen.dataset is None:
        return shards_called(view, chosen.shards)
    dataset = dataset_by_id(view, chosen.dataset)
    return [shard for shard in view.shards if shard.dataset == dataset.id]


def _is_prefix(name: str) -> bool:
    return len(name) >= _LEAST_PREFIX and set(name) <= set("0123456789abcdef")


def _unknown(names: Sequence[str]) -> ApiError:
    told = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" * (len(names) > _NAMED))
    return ApiError(
        "unknown-shard",
        f"there is no shard {told}",
        "Name it as its manifest does, or by its info-hash; /v1/shards lists all.",
        data={"shards": list(names[:_NAMED])},
    )


def _ambiguous(name: str, shards: Sequence[Shard]) -> ApiError:
    return ApiError(
        "ambiguous-shard",
        f"{name} is the name of {len(shards):,} shards",
        "Pass the key of one of them, or its dataset too.",
        data={
            "shards": [
                {"key": shard.key, "dataset": shard.dataset, "name": shard.name}
                for shard in shards[:_NAMED]
            ]
        },
    )
