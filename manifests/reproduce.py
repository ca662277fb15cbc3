"""Make the datasets of this folder anew, and compare them with what is published here.

    python manifests/reproduce.py [NAME ...] [--write]

Fetches the packages by name and version, counts popularity, runs `seedbox build`, and compares
popularity tables and manifests byte for byte. A manifest holds every info-hash, so equal manifests
are equal torrents. Exit status: 0 all equal, 1 something differs or could not be made, 130 or 143
stopped. `--write` publishes what was made instead, and signs it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from packages import Package, ReproduceError, fetched, unpack
from recipes import RECIPES, Recipe, table
from seedbox.errors import SeedboxError
from seedbox.jobs.shards import read_head
from seedbox.manifest.lint import read_manifest
from seedbox.units import format_size

HERE = Path(__file__).resolve().parent
MOST_NAMED = 5  # shards that differ


@dataclass(frozen=True)
class Places:
    """Where what lies."""

    published: Path = HERE  # a folder for each dataset, and the key
    work: Path = HERE.parent / "build"

    @property
    def packages(self) -> Path:
        """Archives that were fetched before."""
        return self.work / "packages"

    @property
    def key(self) -> Path:
        """The secret key, which is public."""
        return self.published / "example.key"


@dataclass(frozen=True)
class Outcome:
    """What came of one dataset."""

    name: str
    packages: Sequence[Package]
    fetched: int  # bytes of archives
    size: int  # bytes of data
    shards: int
    seconds: float
    differences: Sequence[str]  # none: everything is equal


def say(text: str) -> None:
    """Tell what is going on."""
    print(text, file=sys.stderr, flush=True)


def made(recipe: Recipe, places: Places, work: Path, *, write: bool) -> Outcome:
    """Make a dataset anew; publish it, or compare it with what is published.

    Raises:
        ReproduceError: It cannot be made.
    """
    began = time.monotonic()
    archives = {package: fetched(package, places.packages, say) for package in recipe.packages}
    folders = {package.name: work / str(at) for at, package in enumerate(recipe.packages)}
    for package, archive in archives.items():
        say(f"unpack {package.purl}")
        unpack(archive, package.kind, folders[package.name])
    source = folders[recipe.data.name] / recipe.source
    rows = table(recipe.rows(source, folders))
    folder = places.published / recipe.name
    if write:
        (folder / "popularity.csv").write_bytes(rows)
    differences = [*_claims(recipe, folder, folders), *_compare_tables(folder, rows)]
    if not differences:
        manifest = _built(recipe, folder, source, work / "out")
        if write:
            _publish(folder, work / "out", places.key)
        differences = _compare_manifests(folder / manifest.name, manifest)
    document = _size_and_shards(work / "out" / "manifest.yaml", differences)
    size = sum(archive.stat().st_size for archive in archives.values())
    seconds = time.monotonic() - began
    return Outcome(recipe.name, recipe.packages, size, *document, seconds, differences)


def _size_and_shards(manifest: Path, differences: Sequence[str]) -> tuple[int, int]:
    if differences and not manifest.exists():
        return 0, 0
    found = read_manifest(manifest.read_bytes(), file=str(manifest))
    return found.size, len(found.shards)


def _claims(recipe: Recipe, folder: Path, folders: Mapping[str, Path]) -> list[str]:
    """Return what dataset.yaml says of its package that is not so."""
    head = read_head(folder / "dataset.yaml")
    wrong = []
    origin = head.origin
    if origin is None or (origin.purl, origin.sha256) != (
        recipe.data.purl,
        bytes.fromhex(recipe.data.sha256),
    ):
        wrong.append(f"dataset.yaml: origin is not {recipe.data.purl} with its digest")
    evidence = head.license.evidence if head.license else None
    if evidence and evidence.url.startswith("pkg:"):
        purl, _, path = evidence.url.partition("#")
        stated = folders[recipe.data.name] / path
        if purl != recipe.data.purl or not stated.is_file():
            wrong.append(f"dataset.yaml: there is no {evidence.url}")
        elif hashlib.sha256(stated.read_bytes()).digest() != evidence.sha256:
            wrong.append(f"dataset.yaml: {path} has another digest than license.evidence says")
    return wrong


def _compare_tables(folder: Path, rows: bytes) -> list[str]:
    path = folder / "popularity.csv"
    if path.is_file() and path.read_bytes() == rows:
        return []
    published = path.read_bytes().splitlines() if path.is_file() else []
    other = len(set(published) ^ set(rows.splitlines()))
    return [f"popularity.csv: {other:,} lines differ"]


def _built(recipe: Recipe, folder: Path, source: Path, out: Path) -> Path:
    command = [
        *(sys.executable, "-m", "seedbox", "build", str(folder / "dataset.yaml")),
        *("--source", str(source), "--out", str(out)),
        *("--popularity", str(folder / "popularity.csv")),
        *(*recipe.options, "--json", "--quiet"),
    ]
    say(f"build {recipe.name}")
    # Settings of the user would be other options than those that are published.
    plain = {key: value for key, value in os.environ.items() if not key.startswith("SEEDBOX_")}
    done = subprocess.run(
        command,
        env={**plain, "SEEDBOX_CONFIG": os.devnull},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        error = json.loads(done.stdout)["error"] if done.stdout else {"message": "it was stopped"}
        raise ReproduceError(f"`seedbox build` failed: {error['message']}")
    return out / "manifest.yaml"


def _compare_manifests(published: Path, new: Path) -> list[str]:
    if not published.is_file():
        return [f"{published.name}: there is none; make it with --write"]
    old, data = published.read_bytes(), new.read_bytes()
    if old == data:
        return []
    before, after = (read_manifest(text, file=str(published)) for text in (old, data))
    were = {shard.name: shard.info_hash for shard in before.shards}
    are = {shard.name: shard.info_hash for shard in after.shards}
    other = [name for name in {**were, **are} if were.get(name) != are.get(name)]
    if not other:
        return ["manifest.yaml differs, all info-hashes are equal"]
    more = f" and {len(other) - MOST_NAMED:,} more" if len(other) > MOST_NAMED else ""
    return [f"info-hashes differ: {', '.join(other[:MOST_NAMED])}{more}"]


def _publish(folder: Path, out: Path, key: Path) -> None:
    """Put a manifest and its torrents into place and sign it; the key is public on purpose."""
    shutil.rmtree(folder / "torrents", ignore_errors=True)
    shutil.copytree(out / "torrents", folder / "torrents", copy_function=shutil.copyfile)
    manifest = folder / "manifest.yaml"
    shutil.copyfile(out / "manifest.yaml", manifest)
    command = [sys.executable, "-m", "seedbox", "sign", str(manifest), "--key", str(key)]
    if subprocess.run([*command, "--quiet"], stdout=subprocess.DEVNULL, check=False).returncode:
        raise ReproduceError(f"{manifest} could not be signed")


# --- what is printed --------------------------------------------------------------------------


def show(outcomes: Sequence[Outcome], failed: Mapping[str, str]) -> None:
    """Print what came of every dataset."""
    print(f"{'dataset':13}{'fetched':>11}{'data':>12}{'shards':>8}{'seconds':>9}  info-hashes")
    for outcome in outcomes:
        sizes = f"{format_size(outcome.fetched):>11}{format_size(outcome.size):>12}"
        verdict = "; ".join(outcome.differences) or "equal"
        print(
            f"{outcome.name:13}{sizes}{outcome.shards:>8}{outcome.seconds:>9.1f}  {verdict}\n"
            + "\n".join(f"  {package.purl}" for package in outcome.packages)
        )
    for name, why in failed.items():
        print(f"{name:13}not made: {why}")


def stop_cleanly() -> None:
    """Make Ctrl-C and SIGTERM an exit like any other, so that what is half made is removed."""
    signal.signal(signal.SIGINT, _stopped)
    signal.signal(signal.SIGTERM, _stopped)


def _stopped(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(
    arguments: Sequence[str], places: Places = Places(), recipes: Sequence[Recipe] = RECIPES
) -> int:
    """Make the datasets that are asked for, all of them if none is; return the exit status."""
    known = {recipe.name: recipe for recipe in recipes}
    parser = argparse.ArgumentParser(
        prog="reproduce.py", description="Make the published datasets anew and compare them."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument("--write", action="store_true", help="publish what was made, and sign it")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in known]:
        parser.error(f"there is no {unknown[0]!r}; there are {', '.join(known)}")
    outcomes, failed = [], {}
    places.work.mkdir(exist_ok=True)
    for name in dict.fromkeys(chosen.names or known):
        with tempfile.TemporaryDirectory(dir=places.work, prefix="reproduce-") as work:
            try:
                outcomes.append(made(known[name], places, Path(work), write=chosen.write))
            except (ReproduceError, SeedboxError) as error:
                failed[name] = str(error)
    show(outcomes, failed)
    return 1 if failed or any(outcome.differences for outcome in outcomes) else 0


if __name__ == "__main__":
    stop_cleanly()
    raise SystemExit(main(sys.argv[1:]))
