"""What no tool can beat here: the lanes on data that is in cache, and reading alone.

Prints the seconds of the work itself, as JSON.

Run with: python limits.py lanes v1|v2|hybrid PATH BYTES THREADS
      or: python limits.py read PATH THREADS
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from seedbox.hashing import extension

_HOT = 512 * 1024  # bytes hashed over and over by each thread: they stay in L2
_PIECE = 32 * 1024  # bytes: 16 pieces in _HOT, so that all lanes are busy
_READ = 256 * 1024  # bytes a preadv


def _lane_work(form: str, path: str, size: int) -> Callable[[int], None]:
    lanes = extension.lanes()
    if lanes is None:
        sys.exit("the C extension was not built")

    def work(_: int) -> None:
        spans: list[extension.Span] = [(os.urandom(_HOT), 0, _HOT, False)] * (size // _HOT)
        lanes.hash_spans(spans, piece_length=_PIECE, v1=form != "v2", v2=form != "v1", path=path)

    return work


def _read_work(source: Path, threads: int) -> Callable[[int], None]:
    if source.is_file():
        size = source.stat().st_size
        share = -(-size // threads)
        parts = [[(source, k * share, min(size, (k + 1) * share))] for k in range(threads)]
    else:
        files = [(path, 0, path.stat().st_size) for path in sorted(source.rglob("*.bin"))]
        share = -(-len(files) // threads)
        parts = [files[k * share : (k + 1) * share] for k in range(threads)]

    def work(index: int) -> None:
        buffer = bytearray(_READ)
        for path, start, stop in parts[index]:
            fd = os.open(path, os.O_RDONLY)
            for at in range(start, stop, _READ):
                os.preadv(fd, [buffer], at)
            os.close(fd)

    return work


def main() -> None:
    """Run the threads and print what they took."""
    if sys.argv[1] == "lanes":
        form, path, size = sys.argv[2:5]
        threads = int(sys.argv[5])
        work = _lane_work(form, path, int(size) // threads)
    else:
        threads = int(sys.argv[3])
        work = _read_work(Path(sys.argv[2]), threads)
    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    began, cpu = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    print(json.dumps(took))


if __name__ == "__main__":
    main()
