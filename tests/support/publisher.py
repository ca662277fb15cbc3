"""A publisher's folder for tests of the command line: data, dataset.yaml, popularity table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cli import Ran, run
from support.content import contents, write

HEAD = """\
seedbox: 1
id: org.example/set
sequence: 1
version: "1.0"
issued: 2026-01-02T03:04:05Z
title: A set
license:
  spdx: CC-BY-4.0
  attribution: "Example Lab, CC BY 4.0"
root: set
popularity: {metric: reads}
"""
SIZES: Mapping[str, int] = {
    "a.bin": 300_000,
    "b/c.bin": 200_000,
    "b/d.bin": 150_001,
    "e.bin": 100_000,
    "f/g/h.bin": 50_000,
    "f/empty": 0,
}
TABLE = "path,value\nb/c.bin,60\na.bin,20\nb/d.bin,10\ne.bin,6\nf/g/h.bin,4\n"
SHARD_SIZE = 350_000  # c alone; a; d with e and the rest


@dataclass(frozen=True)
class Publisher:
    """A dataset on disk, not built yet or built to `out`."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def head(self) -> Path:
        return self.folder / "dataset.yaml"

    @property
    def table(self) -> Path:
        return self.folder / "reads.csv"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def manifest(self) -> Path:
        return self.out / "manifest.yaml"

    def torrent(self, number: int) -> Path:
        return self.out / "torrents" / f"set-{number:04}.torrent"

    def arguments(self, **changes: object) -> list[str]:
        """Arguments of `build`; a change of None leaves an option out."""
        options: dict[str, object] = {
            "source": self.source,
            "out": self.out,
            "popularity": self.table,
            "shard_size": SHARD_SIZE,
            "jobs": 2,
            **changes,
        }
        words = ["build", str(self.head)]
        for name, value in options.items():
            if value is not None:
                words += [f"--{name.replace('_', '-')}", str(value)]
        return words

    def build(self, *more: object, **changes: object) -> Ran:
        """Run `build`, which goes well."""
        ran = run(*self.arguments(**changes), *more)
        assert ran.status == 0, ran
        return ran

    def shards(self) -> list[dict[str, Any]]:
        """What `show` says of each shard."""
        shards: list[dict[str, Any]] = run("show", self.manifest, "--json").document["shards"]
        return shards


def publisher(folder: Path, sizes: Mapping[str, int] = SIZES, *, table: str = TABLE) -> Publisher:
    """Write a dataset below a folder."""
    made = Publisher(folder)
    write(made.source, contents(sizes))
    made.head.write_text(HEAD)
    made.table.write_text(table)
    return made
