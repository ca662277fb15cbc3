"""True popularity: 3.77 million npm packages by downloads, as shards and a catalog.

Fetches download-counts@2.20260301.0 with `npm pack`, makes an item of each package, and has them
put in order, cut and cataloged. Coverage after 1,000 and 37,000 items is held against plain
Python, which sorts and adds on its own. Then the bytes that lead to one item are counted. Last the
40,000 most used are made into files of one byte, and `seedbox build --catalog` packs them into
shards of 1,000, whose coverage in the manifest is held against the same sums.

Run with: python benchmarks/catalog/download_counts.py [counts.json]
"""

from __future__ import annotations

import csv
import json
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import duckdb

from seedbox.catalog import tables
from seedbox.catalog.database import Limits, opened
from seedbox.catalog.order import Cutting, order
from seedbox.catalog.parquet import Catalog, Entry
from seedbox.jobs.shards import read_manifest
from seedbox.manifest.model import Head, License, Popularity
from seedbox.manifest.write import write_head

_PACKAGE = "download-counts@2.20260301.0"
_LICENSE = "MIT"  # package.json of the package
_FILES = 40_000  # that are really made
_ITEMS = 1000  # of a shard, so that both ranks are ends of one
_HEAD = Head(
    id="org.example/npm",
    sequence=1,
    version="1",
    issued=datetime(2026, 3, 1, tzinfo=UTC),
    title="Synthetic items, as popular as npm's packages",
    license=License(_LICENSE),
    popularity=Popularity("downloads"),
)


def _counts(folder: Path) -> Mapping[str, int]:
    """Return the downloads of each package."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "package" / "counts.json"
    if not file.exists():
        subprocess.run(["npm", "pack", _PACKAGE], cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extract("package/counts.json", folder, filter="data")
    counts: Mapping[str, int] = json.loads(file.read_bytes())
    return counts


def _write(folder: Path, counts: Mapping[str, int]) -> list[Path]:
    """Write a table of items, whose sizes are made up, and one of their popularity."""
    files = [folder / "items.csv", folder / "downloads.csv"]
    with files[0].open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["path", "size"])
        rows.writerows((name, 1000 + at % 9000) for at, name in enumerate(counts))
    with files[1].open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["path", "value"])
        rows.writerows(counts.items())
    return files


def _plainly(counts: Mapping[str, int], rank: int) -> Decimal:
    """Return the coverage of the first items, from nothing but sorting and adding."""
    share = Fraction(sum(sorted(counts.values(), reverse=True)[:rank]), sum(counts.values()))
    return Decimal(round(share * 10**6)).scaleb(-6)


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
        for file in (files[0], next(file for file in files if file.parent.name == "ids")):
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


def _build(folder: Path, counts: Mapping[str, int]) -> None:
    """Have the command make shards and a catalog of the most used, and compare their coverage."""
    used = sorted(counts.values(), reverse=True)
    source = folder / "source"
    with (folder / "used.csv").open("w", encoding="utf-8") as table:
        table.write("path,value\n")
        for rank, value in enumerate(used[:_FILES]):
            name = sha256(b"%d" % rank).hexdigest()  # so that names have no order of their own
            path = source / name[:2] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
            table.write(f"{name[:2]}/{name},{value}\n")
    popularity = Popularity("downloads", total=Decimal(sum(used)))
    (folder / "dataset.yaml").write_bytes(write_head(replace(_HEAD, popularity=popularity)))
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "seedbox",
        "build",
        folder / "dataset.yaml",
        "--catalog",
    ]
    command += ["--source", source, "--popularity", folder / "used.csv", "--out", folder / "out"]
    command += ["--shard-size", str(_ITEMS), "--pack", "tar", "--quiet"]
    began = time.perf_counter()
    subprocess.run([*command, "--json"], check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - began
    manifest = read_manifest(folder / "out" / "manifest.yaml")
    catalog, *shards = manifest.shards
    print(f"build --catalog: {_FILES:,} files, {len(shards)} shards, {took:.1f} s", end="")
    print(f", a catalog of {catalog.size:,} bytes")
    for rank in (1000, 37_000):
        coverage, plain = shards[rank // _ITEMS - 1].coverage, _plainly(counts, rank)
        assert coverage == plain, f"{coverage} is not {plain}"
        print(f"coverage at rank {rank:,}: {coverage}, plain Python: {plain}")


def main() -> None:
    """Make them, compare, and count."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        counts = _counts(folder)
        reads = _write(folder, counts)
        began = time.perf_counter()
        with opened(folder / "work", reads=reads, limits=Limits(threads=2)) as database:
            items = tables.read_items(database, reads[0])
            popularity = tables.read_popularity(database, reads[1])
            found = tables.settle(database, items, popularity)
            cutting = Cutting(2**40, shard_items=_ITEMS)
            ordered = order(database, _HEAD, cutting, key=popularity.key)
            catalog = Catalog(database)
            for number, cut in enumerate(ordered.cuts, start=1):
                catalog.place(cut, Entry(f"npm-{number:04}", _LICENSE))
            files = catalog.write(database.folder / "catalog")
            took = time.perf_counter() - began
            print(f"{found.items:,} items, {len(ordered.cuts):,} shards, {took:.1f} s")
            for rank in (1000, 37_000):
                coverage, plain = ordered.cuts[rank // _ITEMS - 1].coverage, _plainly(counts, rank)
                assert coverage == plain, f"{coverage} is not {plain}"
                print(f"coverage at rank {rank:,}: {coverage}, plain Python: {plain}")
            _one_item(files)
        _build(folder, counts)


if __name__ == "__main__":
    main()
