"""The answers: each operation of the interface, asked of a daemon.

What has to look at every shard is done in a thread of its own, on values that do not change: the
loop that feeds peers goes on meanwhile, and one such answer is made at a time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from seedbox.daemon import metrics, resources
from seedbox.daemon.api import documents, queries, selecting
from seedbox.daemon.api.advice import explain
from seedbox.daemon.api.daemon import Daemon, Step
from seedbox.daemon.api.openapi import openapi
from seedbox.daemon.api.operations import MOST_SAMPLES
from seedbox.daemon.api.shapes import Document
from seedbox.daemon.api.summing import Sums, coverage, summary
from seedbox.daemon.record import PauseShards, Reload, ResumeShards

_SECONDS = {Step.MINUTE: 60, Step.HOUR: 3_600, Step.DAY: 86_400}
_STEPS = 60  # of a history, if nobody says since when


class Answers:
    """One method for each operation, by its name; each returns a JSON document as bytes."""

    def __init__(self, daemon: Daemon, clock: Callable[[], float]) -> None:
        """Ask `daemon`; `clock` tells seconds since the epoch."""
        self._daemon = daemon
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "api")

    def close(self) -> None:
        """Begin no more answers."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _aside(self, make: Callable[[], Document]) -> bytes:
        """Return the answer that `make` makes in the thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: encoded(make()))

    async def status(self, asked: queries.Nothing) -> bytes:
        """See the operation; so it is with all that follow."""
        del asked
        view = self._daemon.view()
        return await self._aside(lambda: documents.STATUS.document(summary(view)))

    async def shards(self, asked: queries.ShardsQuery) -> bytes:
        """Filter, sort and cut."""
        view = self._daemon.view()
        return await self._aside(
            lambda: documents.SHARDS.document(selecting.select(view.shards, asked))
        )

    async def shard(self, asked: queries.ShardQuery) -> bytes:
        """Look for a key."""
        view = self._daemon.view()
        return await self._aside(
            lambda: documents.SHARD.document(selecting.shard_by_key(view, asked.key))
        )

    async def why(self, asked: queries.WhyQuery) -> bytes:
        """Look for a name, and explain."""
        view = self._daemon.view()

        def make() -> Document:
            datasets = {dataset.id: dataset for dataset in view.datasets}
            return documents.WHY.document(explain(selecting.shard_called(view, asked), datasets))

        return await self._aside(make)

    async def datasets(self, asked: queries.Page) -> bytes:
        """Add up each."""
        view = self._daemon.view()

        def make() -> Document:
            sums = summary(view).by_dataset
            page = view.datasets[asked.offset : asked.offset + asked.limit]
            seen = tuple(documents.DatasetSeen(dataset, sums[dataset.id]) for dataset in page)
            return documents.DATASETS.document(
                documents.DatasetPage(len(view.datasets), asked.offset, seen)
            )

        return await self._aside(make)

    async def dataset(self, asked: queries.DatasetQuery) -> bytes:
        """Add up one."""
        view = self._daemon.view()

        def make() -> Document:
            found, sums = selecting.dataset_by_id(view, asked.id), Sums()
            for shard in view.shards:
                if shard.dataset == found.id:
                    sums.add(shard)
            return documents.DATASET.document(documents.DatasetSeen(found, sums))

        return await self._aside(make)

    async def coverage(self, asked: queries.CoverageQuery) -> bytes:
        """Follow the curve."""
        view = self._daemon.view()

        def make() -> Document:
            found = selecting.dataset_by_id(view, asked.id)
            own = (shard for shard in view.shards if shard.dataset == found.id)
            return documents.COVERAGE.document(coverage(found, own, asked.points))

        return await self._aside(make)

    async def history(self, asked: queries.HistoryQuery) -> bytes:
        """Ask for the past."""
        length = _SECONDS[asked.step]
        until = self._clock() if asked.until is None else float(asked.until)
        wanted = until - _STEPS * length if asked.since is None else asked.since
        since = max(0.0, until - MOST_SAMPLES * length, wanted)
        samples = await self._daemon.history(asked.step, since, until)
        past = documents.Past(asked.step, since, until, samples)
        return await self._aside(lambda: documents.HISTORY.document(past))

    async def audit(self, asked: queries.AuditQuery) -> bytes:
        """Ask for the log."""
        entries = await self._daemon.audit(asked.before, asked.limit)
        older = entries[-1].id if len(entries) == asked.limit else None
        return encoded(documents.AUDIT.document(documents.Log(entries, older)))

    async def pause(self, asked: queries.Nothing, chosen: queries.Chosen) -> bytes:
        """Find the shards, and have them paused."""
        del asked
        return await self._obeyed(PauseShards(await self._keys(chosen)))

    async def resume(self, asked: queries.Nothing, chosen: queries.Chosen) -> bytes:
        """Find the shards, and have them served again."""
        del asked
        return await self._obeyed(ResumeShards(await self._keys(chosen)))

    async def reload(self, asked: queries.Nothing, body: queries.Nothing) -> bytes:
        """Have all manifests looked at."""
        del asked, body
        return await self._obeyed(Reload())

    async def metrics(self, asked: queries.MetricsQuery) -> bytes:
        """Measure, in the thread."""
        view, per_shard = self._daemon.view(), asked.shards == "yes"
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread,
            lambda: metrics.exposition(view, per_shard=per_shard) + resources.exposition(),
        )

    async def openapi(self, asked: queries.Nothing) -> bytes:
        """Describe all of this."""
        del asked
        return encoded(openapi(self._daemon.view().version))

    async def _keys(self, chosen: queries.Chosen) -> tuple[str, ...]:
        view = self._daemon.view()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._thread, lambda: selecting.shards_chosen(view, chosen)
        )
        return tuple(shard.key for shard in found)

    async def _obeyed(self, command: PauseShards | ResumeShards | Reload) -> bytes:
        return encoded(documents.OUTCOME.document(await self._daemon.obey(command)))


def encoded(document: Any) -> bytes:  # noqa: ANN401  (whatever JSON can hold)
    """Return a document as it is sent; in ASCII, so that any path of a file can be told."""
    return json.dumps(document, separators=(",", ":")).encode("ascii")
