"""How fast a million small items become a tar shard: seedbox beside GNU tar, on the same disk.

Both read the same files and write the same members; GNU tar hashes nothing and leaves its bytes in
memory, seedbox hashes everything (v1 and v2) and waits until its bytes are on the disk. Runs come
in pairs, one after the other, so that a noisy machine cancels out.

Run with: python benchmarks/packing/run.py [--quick] [--cold]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PACK = Path(__file__).with_name("pack.py")
_SIZE = 10 * 1024  # bytes of an item
_FOLDER = 1000  # items in a folder
_ASKED = 0.7  # of GNU tar's speed
_MOST = 500  # MiB of memory
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Run:
    """What one process cost."""

    seconds: float
    cpu: float  # seconds, user and system
    rss: int  # bytes, at its peak
    printed: str


def _run(line: Sequence[str | Path]) -> Run:
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen([*map(str, line)], stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, line
        output.seek(0)
        printed = output.read().decode()
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, printed)


def _make(source: Path, count: int) -> None:
    """Write items of bytes that no file system can shorten."""
    draw = random.Random(10)
    block = draw.randbytes(_MIB)
    for number in range(count):
        folder = source / f"{number // _FOLDER:04}"
        if number % _FOLDER == 0:
            folder.mkdir(parents=True)
        at = draw.randrange(_MIB - _SIZE)
        (folder / f"item{number:07}.bin").write_bytes(block[at : at + _SIZE])


def _forget(source: Path) -> None:
    """Take the items' bytes out of memory; names and sizes stay in it."""
    os.sync()
    for folder, _, names in os.walk(source):
        for name in names:
            fd = os.open(f"{folder}/{name}", os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def _remember(source: Path) -> None:
    for folder, _, names in os.walk(source):
        for name in names:
            Path(folder, name).read_bytes()


def _pair(source: Path, out: Path, *, cold: bool) -> tuple[Run, Run, float]:
    """Run GNU tar, then seedbox; the third is how long tar's bytes took to the disk after it."""
    prepare = _forget if cold else _remember
    prepare(source)
    out.mkdir()
    target = out / "tar.tar"
    theirs = _run(["tar", "--sort=name", "--format=ustar", "-cf", target, "-C", source, "."])
    begin = time.perf_counter()
    _run(["sync", target])
    synced = time.perf_counter() - begin
    target.unlink()
    prepare(source)
    ours = _run([sys.executable, _PACK, source, out])
    return theirs, ours, synced


def _check(source: Path, archive: Path, count: int) -> None:
    """Hold the archive to the items: all of their names, and the bytes of every thousandth."""
    found = 0
    with tarfile.open(archive, "r:") as members:
        for member in members:
            found += 1
            if found % 1000 == 0:
                stream = members.extractfile(member)
                assert stream
                assert stream.read() == (source / member.name).read_bytes()
    assert found == count


def _measure(source: Path, out: Path, count: int, *, cold: bool, rounds: int) -> list[str]:
    """Return the lines of the table for one state of the memory."""
    ratios: list[float] = []
    rows: list[str] = []
    kind = "items' bytes on the disk" if cold else "items in memory"
    for number in range(rounds):
        theirs, ours, synced = _pair(source, out, cold=cold)
        ratios.append(theirs.seconds / ours.seconds)
        parts = ", ".join(f"{k} {v:.1f}" for k, v in json.loads(ours.printed).items())
        with_disk = (theirs.seconds + synced) / ours.seconds
        rows.append(
            f"| {kind} | GNU tar | {theirs.seconds:.1f} s, then {synced:.1f} s to the disk "
            f"| {theirs.cpu:.1f} s | {theirs.rss / _MIB:.0f} MiB | |"
        )
        rows.append(
            f"| {kind} | seedbox | {ours.seconds:.1f} s ({parts}) | {ours.cpu:.1f} s "
            f"| {ours.rss / _MIB:.0f} MiB | {ratios[-1]:.2f} (with the disk {with_disk:.2f}) |"
        )
        if ours.rss >= _MOST * _MIB:
            rows[-1] += f" **more than {_MOST} MiB**"
        print("\n".join(rows[-2:]), file=sys.stderr, flush=True)
        if number == 0:
            _check(source, out / "items.tar", count)
        shutil.rmtree(out)
    median = statistics.median(ratios)
    rows.append(f"| {kind} | median | | | | **{median:.2f}**, asked {_ASKED} |")
    return rows


def main() -> None:
    """Make the items, measure, print, and remove everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="100,000 items, not a million")
    parser.add_argument("--cold", action="store_true", help="also with the items not in memory")
    parser.add_argument("--rounds", type=int, default=3, help="pairs")
    parser.add_argument("--folder", type=Path, default=_ROOT / "build", help="data is made in it")
    asked = parser.parse_args()
    count = 100_000 if asked.quick else 1_000_000
    asked.folder.mkdir(exist_ok=True)
    base = Path(tempfile.mkdtemp(prefix="packing-", dir=asked.folder)).resolve()
    try:
        source, out = base / "source", base / "out"
        _make(source, count)
        lines = _measure(source, out, count, cold=False, rounds=asked.rounds)
        if asked.cold:
            lines += _measure(source, out, count, cold=True, rounds=1)
    finally:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(base)
    print(f"# Packing {count:,} items of {_SIZE:,} bytes, {os.cpu_count()} cores\n")
    print("| state | program | time | CPU | peak memory | speed over GNU tar's |")
    print("|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
