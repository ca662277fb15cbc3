import threading
import time
from pathlib import Path

import pytest

from seedbox.disk.assembling import assembling
from seedbox.jobs.pack_units import Packer
from seedbox.plan.tar import Archive
from seedbox.torrent.info_hash import Format
from support.faults import nothing_left_open
from support.packing import KIB, Members, layout, members

MIB = 1024 * KIB


def packer(items: Members, file: object, *, length: int, jobs: int) -> Packer:
    archive = Archive((path, located.size) for path, located in items)
    files = [located for _, located in items]
    return Packer(archive, files, layout(items, Format.V1, length), file, jobs)  # type: ignore[arg-type]


def hole(source: Path, size: int) -> Members:
    items = members(source, {"hole": b""})
    with (source / "hole").open("wb") as stream:
        stream.truncate(size)
    status = (source / "hole").stat()
    path, file = items[0]
    return [(path, type(file)(source, ("hole",), size, status.st_mtime_ns, status.st_ino))]


class Longest:
    """A file that only remembers what was held in memory at once."""

    def __init__(self) -> None:
        self.threads: set[str] = set()

    def write(self, data: memoryview, at: int) -> None:
        del data, at
        self.threads.add(threading.current_thread().name)

    def hurry(self, at: int, length: int) -> None:
        """Do nothing: nothing was kept."""


@pytest.mark.parametrize(
    ("length", "jobs", "most"),
    [(16 * KIB, 2, 32), (16 * MIB, 2, 32), (64 * MIB, 8, 64), (128 * MIB, 8, 128)],
)
def test_buffers_take_256_mib_at_most(tmp_path: Path, length: int, jobs: int, most: int) -> None:
    file = Longest()
    pack = packer(hole(tmp_path, 256 * MIB), file, length=length, jobs=jobs)

    runs = list(pack.run(range(256 * MIB // length)))

    longest = max(len(run) for run in runs) * length
    assert longest <= most * MIB
    assert longest * len(file.threads) <= 256 * MIB


def test_pieces_that_are_not_wanted_are_not_made(tmp_path: Path) -> None:
    items = members(tmp_path / "source", {"a": bytes(200_000)})

    runs = list(packer(items, Longest(), length=16 * KIB, jobs=1).run([1, 2, 5, 12]))

    assert [[digest.index for digest in run] for run in runs] == [[1, 2], [5], [12]]


def test_it_stops_within_100_ms(tmp_path: Path) -> None:
    items = hole(tmp_path, 2048 * MIB)

    with nothing_left_open(), assembling(tmp_path / "x.part", layout(items).total) as file:
        runs = packer(items, file, length=4 * MIB, jobs=2).run(range(512))
        next(runs)
        begin = time.monotonic()
        runs.close()
        took = time.monotonic() - begin

    assert took < 1  # on a busy machine; alone it is less than 0.1
