"""Read, check, order, cut and catalog one table of items; prints what each stage took, as JSON.

Run by run.py in a process of its own: python benchmarks/catalog/stages.py FILE FOLDER MEMORY
"""

from __future__ import annotations

import itertools
import json
import resource
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from seedbox.catalog import tables
from seedbox.catalog.database import Limits, opened
from seedbox.catalog.order import Cutting, order
from seedbox.catalog.parquet import Catalog, Entry
from seedbox.manifest.model import Head, License, Popularity

_SHARD_SIZE = 20 * 2**30  # bytes
_THREADS = 2
_HEAD = Head(
    id="org.example/archive",
    sequence=1,
    version="1",
    issued=datetime(2026, 1, 1, tzinfo=UTC),
    title="Synthetic items",
    license=License("CC0-1.0"),
    popularity=Popularity("uses"),
)


class _Watch(threading.Thread):
    """Looks how much a folder takes, again and again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.most = 0  # bytes
        self._folder, self._done = folder, threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.25):
            self.most = max(self.most, sum(map(_taken, self._folder.rglob("*"))))

    def stop(self) -> None:
        self._done.set()
        self.join()


def _taken(path: Path) -> int:
    """Return the bytes that a file takes; none if it is gone since it was listed."""
    try:
        return path.lstat().st_blocks * 512
    except FileNotFoundError:
        return 0


def _peak() -> int:
    """Return the most bytes that were resident so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Measure."""
    file, folder, memory = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    laps = [time.perf_counter()]
    peaks: list[int] = []  # resident bytes, after each stage
    watch = _Watch(folder.parent)
    watch.start()
    with opened(folder, reads=[file], limits=Limits(memory, _THREADS)) as database:
        items = tables.read_items(database, file)
        laps.append(time.perf_counter())
        peaks.append(_peak())
        counts = tables.settle(database, items)
        laps.append(time.perf_counter())
        peaks.append(_peak())
        ordered = order(database, _HEAD, Cutting(_SHARD_SIZE))
        laps.append(time.perf_counter())
        peaks.append(_peak())
        catalog = Catalog(database)
        for number, cut in enumerate(ordered.cuts, start=1):
            catalog.place(cut, Entry(f"archive-{number:05}", "CC0-1.0"))
        written = sum(path.stat().st_size for path in catalog.write(folder / "catalog"))
        laps.append(time.perf_counter())
        peaks.append(_peak())
    watch.stop()
    seconds = [after - before for before, after in itertools.pairwise(laps)]
    told = {"items": counts.items, "shards": len(ordered.cuts), "catalog": written}
    stages = dict(zip(["read", "check", "order", "catalog"], seconds, strict=True))
    print(
        json.dumps({**told, "seconds": stages, "peaks": peaks, "rss": _peak(), "disk": watch.most})
    )


if __name__ == "__main__":
    main()
