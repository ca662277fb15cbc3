"""True popularity: 3.77 million npm packages by downloads, as shards and a catalog, by one command.

Fetches download-counts@2.20260301.0 with `npm pack`, makes a small file for each package, and a
table of their names, paths, sizes and downloads. Then `seedbox build --items --pack tar --catalog`
makes shards of 1,000 items, whose coverage in the manifest is held against plain Python, which
sorts and adds on its own. Last, some packages are looked up by name with `seedbox search`, and read
from their shards by nothing but the place that it says.

Needs 5 KB of disk for an item. Takes a file's name if the package is there already.

Run with: python benchmarks/catalog/download_counts.py [--most N] [--counts counts.json]
"""

from __future__ import annotations

import argparse
import csv
import heapq
import json
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from seedbox.jobs.shards import read_manifest
from seedbox.manifest.model import Head, License, Popularity
from seedbox.manifest.write import write_head

_ROOT = Path(__file__).parents[2]
_PACKAGE = "download-counts@2.20260301.0"
_ITEMS = 1000  # of a shard, so that both ranks are ends of one
_RANKS = (1000, 37_000)
_LOOKED_UP = (1, 2, 5000)  # ranks
_LAUNCH = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
_HEAD = Head(
    id="org.example/npm",
    sequence=1,
    version="1",
    issued=datetime(2026, 3, 1, tzinfo=UTC),
    title="Synthetic items, as popular as npm's packages",
    license=License("MIT"),  # package.json of the package
    popularity=Popularity("downloads"),
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--most", type=int, help="take the most used N alone")
    parser.add_argument("--counts", type=Path, help="counts.json of the package")
    parser.add_argument("--folder", type=Path, default=_ROOT / "build", help="data is made in it")
    parser.add_argument("--memory", default="2GiB", help="of the command")
    return parser.parse_args()


def _counts(folder: Path, file: Path | None) -> Mapping[str, int]:
    """Return the downloads of each package."""
    if file is None:
        subprocess.run(["npm", "pack", _PACKAGE], cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extract("package/counts.json", folder, filter="data")
        file = folder / "package" / "counts.json"
    counts: Mapping[str, int] = json.loads(file.read_bytes())
    return counts


def _content(name: str) -> bytes:
    return f"{name}\n".encode() * (1 + len(name) % 5)


def _write(folder: Path, counts: Mapping[str, int]) -> None:
    """Write a file for each package, and the table of all."""
    source = folder / "source"
    for number in range(4096):
        (source / f"{number:03x}").mkdir(parents=True)
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "path", "size", "popularity"])
        for name, count in counts.items():
            digest = sha256(name.encode()).hexdigest()  # so that places have no order of their own
            path, content = f"{digest[:3]}/{digest[3:20]}", _content(name)
            fd = os.open(source / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            os.write(fd, content)
            os.close(fd)
            rows.writerow((name, path, len(content), count))


def _plainly(counts: Mapping[str, int], rank: int) -> Decimal:
    """Return the coverage of the first items, from nothing but sorting and adding."""
    share = Fraction(sum(sorted(counts.values(), reverse=True)[:rank]), sum(counts.values()))
    return Decimal(round(share * 10**6)).scaleb(-6)


def _build(folder: Path, memory: str) -> None:
    """Run the command, and print what it cost."""
    (folder / "dataset.yaml").write_bytes(write_head(_HEAD))
    line = ["seedbox", "build", "dataset.yaml", "--items", "items.csv", "--source", "source"]
    line += ["--out", "out", "--pack", "tar", "--catalog", "--shard-items", str(_ITEMS)]
    line += ["--memory", memory]
    print(" ".join(line))
    began = time.perf_counter()
    # From a small process: the peak of a child counts what its parent had when it began.
    ran = subprocess.run(
        [sys.executable, "-c", _LAUNCH, sys.executable, "-m", *line, "--quiet"],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
    )
    took = time.perf_counter() - began
    cpu, peak = json.loads(ran.stdout.splitlines()[-1])
    print(f"{took:,.1f} s, {cpu:,.1f} s of CPU, {peak // 1024:,} MiB resident at its peak")


def _compare(folder: Path, counts: Mapping[str, int]) -> None:
    """Hold the coverage in the manifest against plain Python."""
    manifest = read_manifest(folder / "out" / "manifest.yaml")
    catalog, *shards = manifest.shards
    assert sum(shard.items for shard in shards) == len(counts)
    print(f"{len(counts):,} items, {len(shards):,} shards, a catalog of {catalog.size:,} bytes")
    for rank in _RANKS:
        if rank <= len(counts):
            coverage, plain = shards[rank // _ITEMS - 1].coverage, _plainly(counts, rank)
            assert coverage == plain, f"{coverage} is not {plain}"
            print(f"coverage at rank {rank:,}: {coverage}, plain Python: {plain}")


def _footer(file: Path) -> int:
    """Return the bytes at the end of a Parquet file that every reader fetches first."""
    with file.open("rb") as stream:
        stream.seek(-8, 2)
        length: int = struct.unpack("<I", stream.read(4))[0]
    return length + 8


def _one_item(files: Sequence[Path]) -> None:
    """Print the bytes that lead to one item: two footers, a row group of ids, one of items."""
    total = 0
    with duckdb.connect() as connection:
        for folder in ("items", "ids"):
            file = next(file for file in files if file.parent.name == folder)
            groups = connection.execute(
                "SELECT row_group_id, sum(total_compressed_size) "
                "FROM parquet_metadata(?) GROUP BY 1",
                [str(file)],
            ).fetchall()
            mean = int(sum(size for _, size in groups)) // len(groups)
            total += _footer(file) + mean
            name = f"{file.parent.name}/{file.name}"
            print(f"{name}: footer {_footer(file):,} + {mean:,}, one of {len(groups)} row groups")
    all_ = sum(file.stat().st_size for file in files)
    print(f"one item: {total:,} bytes of {all_:,} in {len(files)} files")


def _look_up(folder: Path, counts: Mapping[str, int]) -> None:
    """Find packages by name, and read them from their tars at the offsets that the catalog says."""
    ranked = heapq.nsmallest(max(_LOOKED_UP), counts, key=lambda name: (-counts[name], name))
    for rank in _LOOKED_UP:
        name = ranked[rank - 1]
        line = ["search", "out/manifest.yaml", "--data", "out", "--item", name, "--json"]
        began = time.perf_counter()
        found = subprocess.run(
            [sys.executable, "-m", "seedbox", *line], cwd=folder, check=True, capture_output=True
        )
        took = time.perf_counter() - began
        (item,) = (_Item(each) for each in json.loads(found.stdout)["items"])
        assert item.read(folder / "out") == _content(name), name
        print(f"{name}: {item.popularity:,} downloads, in {item.shard}, found in {took:.1f} s")


class _Item:
    """One item, as `search` has it."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.shard, self.popularity = found["shard"], int(float(found["popularity"]))
        self._offset, self._length = found["offset"], found["length"]

    def read(self, out: Path) -> bytes:
        with (out / f"{self.shard}.tar").open("rb") as stream:
            stream.seek(self._offset)
            return stream.read(self._length)


def main() -> None:
    """Make everything, build, and compare."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as made:
        folder = Path(made)
        counts = _counts(folder, arguments.counts)
        if arguments.most is not None:
            kept = heapq.nlargest(arguments.most, counts.items(), key=lambda item: item[1])
            counts = dict(kept)
        began = time.perf_counter()
        _write(folder, counts)
        print(f"{len(counts):,} files were made in {time.perf_counter() - began:,.1f} s")
        _build(folder, arguments.memory)
        _compare(folder, counts)
        _one_item(sorted((folder / "out" / "npm-catalog").rglob("*.parquet")))
        _look_up(folder, counts)


if __name__ == "__main__":
    main()
