"""Opus below a threshold of popularity: sizes, how long it takes, and whether it comes out again.

1,836 recordings in 20 languages (klettres-data of Debian), popularity = speakers. Languages below
the threshold go through `opus-75k`, twice from nothing and once more with all of it kept; then
every file is decoded to its end by a plain ffmpeg. Needs ffmpeg, apt-get and dpkg-deb.

Run with: python benchmarks/renditions/run.py [--source FOLDER] [--below 100000000]
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

from seedbox import disk
from seedbox.catalog.encoders import BUILT_IN
from seedbox.catalog.items import items_in
from seedbox.catalog.renditions import Assigned, assign, choice, stored
from seedbox.jobs.encode import EncodeReport, EncodeTask, encode_all
from seedbox.jobs.encoder_programs import prepare
from seedbox.jobs.events import ignore

_ROOT = Path(__file__).resolve().parents[2]
_TABLE = _ROOT / "manifests" / "klettres" / "popularity.csv"
_JOBS = 2


def _source(work: Path) -> Path:
    """Fetch and unpack the package."""
    sys.path.insert(0, str(_ROOT / "manifests"))
    from packages import fetched, unpack  # noqa: PLC0415 - a script's folder, only needed here
    from recipes import KLETTRES  # noqa: PLC0415 - as above

    archive = fetched(KLETTRES, _ROOT / "build" / "packages", print)
    unpack(archive, KLETTRES.kind, work / "package")
    return work / "package" / "usr" / "share" / "klettres"


def _recordings(source: Path) -> disk.Listing:
    listing = disk.scan(source)
    files = tuple(file for file in listing.files if file.parts[-1].endswith(".ogg"))
    return disk.Listing(listing.root, files, listing.left_out)


def _encode(listing: disk.Listing, assigned: Assigned, folder: Path) -> tuple[EncodeReport, float]:
    began = time.perf_counter()
    by_path = {file.parts: file for file in listing.files}
    ready = prepare(BUILT_IN["opus-75k"], folder)
    tasks = [
        EncodeTask("/".join(each.item.path), by_path[each.item.path], ready)
        for each in assigned.wanted
    ]
    report = encode_all(tasks, folder, jobs=_JOBS, on_event=ignore)
    return report, time.perf_counter() - began


def _digests(report: EncodeReport) -> Mapping[str, str]:
    """Return what came of each item, as it lies on the disk."""
    return {
        name: hashlib.sha256(each.file.path.read_bytes()).hexdigest()
        for name, each in report.done.items()
    }


def _played(paths: Iterable[Path]) -> int:
    """Return how many files decode to their end without a word."""

    def plays(path: Path) -> bool:
        command = ["ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", str(path)]
        ran = subprocess.run([*command, "-f", "null", "-"], capture_output=True, check=False)
        return ran.returncode == 0 and not ran.stderr

    with ThreadPoolExecutor(_JOBS) as pool:
        return sum(pool.map(plays, paths))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("--source", type=Path, help="usr/share/klettres, unpacked already")
    parser.add_argument("--below", type=Decimal, default=Decimal(100_000_000))
    return parser.parse_args()


def main() -> None:
    """Encode twice, compare, decode, and print what came of it."""
    wishes = _arguments()
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        print("skipped: ffmpeg and ffprobe are not on this machine")
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        listing = _recordings(wishes.source or _source(work))
        items, _ = items_in(listing, _TABLE)
        choices = [
            choice("original", encode=None, below=None),
            choice("opus-75k", encode="opus-75k", below=wishes.below),
        ]
        assigned = assign(items, choices, popular=True)
        first, seconds = _encode(listing, assigned, work / "first")
        second, _ = _encode(listing, assigned, work / "second")
        again, resumed = _encode(listing, assigned, work / "first")
        sizes = {tuple(name.split("/")): each.file.size for name, each in first.done.items()}
        after = sum(item.size for item, _ in stored(items, assigned, sizes))
        same = _digests(first) == _digests(second) == _digests(again)
        same &= first.kept == second.kept == again.kept
        places = {"/".join(file.parts): file.path for file in listing.files}
        places |= {name: each.file.path for name, each in first.done.items()}
        playable = _played(places.values())
    machine = f"{platform.machine()}, {platform.python_implementation()}"
    print(f"{machine} {platform.python_version()}, {_JOBS} encoders at once")
    before = sum(item.size for item in items)
    print(f"items                      {len(items):>12,}   {before:>12,} bytes")
    print(f"below the threshold        {len(assigned.wanted):>12,}")
    print(f"  encoded                  {len(first.done):>12,}   {first.before:>12,} bytes")
    print(f"  as Opus                  {'':>12}   {first.after:>12,} bytes")
    for why, count in first.kept.items():
        print(f"  kept: {why.value:<18} {count:>12,}")
    print(f"all, as stored             {len(items):>12,}   {after:>12,} bytes")
    print(f"seconds                    {seconds:>12.1f}   {resumed:>12.1f} with all of it kept")
    print(f"play to their end          {playable:>12,} of {len(places):,}")
    print(f"a second run from nothing: {'the same bytes' if same else 'OTHER BYTES'}")
    sys.exit(0 if same and playable == len(places) else 1)


if __name__ == "__main__":
    main()
