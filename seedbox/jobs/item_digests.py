"""The SHA-256 of each packed item, from the shard that it went into to the catalog.

They stay in the files that whoever packs a shard keeps; here is only known which. What a table of
items says of them is compared as soon as a shard is done, so that a wrong table is known early.
"""

from __future__ import annotations

from seedbox.catalog.compared import Differs
from seedbox.catalog.tabled import TabledShards
from seedbox.errors import NotAsListedError
from seedbox.jobs.kept_digests import KeptDigests
from seedbox.plan.build import BuildPlan, ShardPlan


class ItemDigests:
    """The digests of the items of a build."""

    def __init__(self, plan: BuildPlan) -> None:
        """Find out who wants them: the catalog, or a table that says what they are."""
        shards = plan.shards
        given = isinstance(shards, TabledShards) and shards.gives_digests
        self._table = shards if isinstance(shards, TabledShards) and given else None
        self.wanted = plan.catalog is not None or given
        self.by_shard: dict[int, KeptDigests] = {}  # by number, from 0

    def take(self, number: int, shard: ShardPlan, items: KeptDigests | None) -> None:
        """Take those of a shard that is done.

        Args:
            number: Of the shard, from 0.
            shard: The shard.
            items: Their digests; None: nobody has read the items one by one.

        Raises:
            NotAsListedError: The table of items says other ones.
            DiskError: They cannot be read.
        """
        if items is None:
            return
        self.by_shard[number] = items
        if self._table is None:
            return
        compared = self._table.compare(number, items)
        if compared.count:
            words = [_words(each) for each in compared.named]
            raise NotAsListedError(shard.name, words, count=compared.count)


def _words(item: Differs) -> str:
    return f"{item.path!r} has SHA-256 {item.read.hex()}, the table of items says {item.said.hex()}"
