"""Seeding many torrents, and uploading much: seedbox beside transmission and qbittorrent.

Every program is a whole process that has seeded the same torrents before. Measured are a start
until all are seeding and until a local opentracker knows all of them, memory, CPU time when nothing
happens; and uploads on loopback to clients that throw away what they get.

Run with: python benchmarks/daemon/run_daemons.py [--quick | --full] [--keep-results]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import daemon_report
import many_torrents
from asking import TRACKER, Announced, answering, tracking
from daemon_report import GIB, Start, Upload
from many_torrents import Torrents
from seeders import Seedbox, Seeder, installed

_ROOT = Path(__file__).parents[2]
_RESULTS = Path(__file__).with_name("results")
_LARGE, _PIECE = GIB, 4 * 1024 * 1024  # bytes
_LEECHERS = (1, 4, 16)
_PATIENCE = 15.0  # seconds for one upload; transmission 3.00 lets such clients starve
_SETTLE = 10.0  # seconds between the last announce and what is called idle


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured."""

    counts: tuple[int, ...]  # torrents
    alone: tuple[int, ...]  # as counts, for seedbox only
    idle: float  # seconds
    patience: float  # seconds for the announces of a program
    rounds: int
    upload: int  # bytes


_QUICK = Plan((1000,), (), 10.0, 60.0, 1, GIB)
_USUAL = Plan((1000, 5000, 10_000), (), 30.0, 120.0, 3, 3 * GIB)
_FULL = Plan((1000, 5000, 10_000), (100_000,), 30.0, 120.0, 3, 3 * GIB)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="1,000 torrents, one round")
    size.add_argument("--full", action="store_true", help="also 100,000; keeps results")
    parser.add_argument("--counts", type=int, nargs="*", help="torrents, in place of the usual")
    parser.add_argument("--alone", type=int, nargs="*", help="torrents for seedbox alone")
    parser.add_argument("--rounds", type=int, help="of uploads; 0 for none")
    parser.add_argument("--patience", type=float, help="seconds for the announces of a program")
    parser.add_argument("--idle", type=float, help="seconds over which idle CPU is counted")
    parser.add_argument("--name", help="of the results; the day by default")
    parser.add_argument("--keep-results", action="store_true", help="write them as --full does")
    parser.add_argument("--folder", type=Path, default=_ROOT / "build", help="data is made in it")
    parser.add_argument("--keep", action="store_true", help="the data, and use what was kept")
    return parser.parse_args()


def _plan(asked: argparse.Namespace) -> Plan:
    usual = _QUICK if asked.quick else _FULL if asked.full else _USUAL
    return Plan(
        usual.counts if asked.counts is None else tuple(asked.counts),
        usual.alone if asked.alone is None else tuple(asked.alone),
        asked.idle or usual.idle,
        asked.patience or usual.patience,
        usual.rounds if asked.rounds is None else asked.rounds,
        usual.upload,
    )


# --- starts -----------------------------------------------------------------------------------


def _starts(plan: Plan, folder: Path) -> Iterator[Start]:
    for count in sorted({*plan.counts, *plan.alone}):
        torrents = many_torrents.make_small(count, folder / str(count), TRACKER)
        for program in installed() if count in plan.counts else [Seedbox]:
            at = folder / program.name / str(count)
            at.mkdir(parents=True, exist_ok=True)
            seeder = program(at, torrents)
            seeder.prepare()
            with tracking(torrents.hashes):
                start = _start(seeder, plan)
            print(daemon_report.told(start), flush=True)
            yield start


def _start(seeder: Seeder, plan: Plan) -> Start:
    hashes = seeder.torrents.hashes
    announced = Announced(hashes)
    most = max(plan.patience, len(hashes) / 250)
    began = time.monotonic()
    load = os.getloadavg()[0]
    seeder.start()
    try:
        seeding = seeder.wait(seeder.seeds_all, 600)
        busy = seeder.cpu()
        answered, called = answering(seeder.port, hashes, seed=len(hashes))
        left = most - (time.monotonic() - began)
        waited = seeder.wait(lambda: announced.missing() == 0, left)
        until = time.monotonic() - began
        lost = announced.missing()
        time.sleep(_SETTLE)
        before, rss = seeder.cpu(), seeder.rss()
        time.sleep(plan.idle)
        idle = (seeder.cpu() - before) / plan.idle
        return Start(
            program=seeder.name,
            torrents=len(hashes),
            load=load,
            seeding=seeding,
            seeding_cpu=busy,
            answered=answered,
            called=called,
            announced=None if waited is None else until,
            waited=until,
            lost=lost,
            failed=seeder.log.read_bytes().count(b": tracker "),
            rss=max(rss, seeder.rss()),
            idle=idle,
        )
    finally:
        seeder.stop()


# --- uploads ----------------------------------------------------------------------------------


def _uploads(plan: Plan, folder: Path) -> Iterator[Upload]:
    torrents = many_torrents.make_large(_LARGE, folder / "large")
    running = []
    for program in installed():
        at = folder / program.name / "large"
        at.mkdir(parents=True, exist_ok=True)
        seeder = program(at, torrents)
        seeder.prepare()
        running.append(seeder)
    failed: set[tuple[str, int]] = set()  # is not tried again
    for turn in range(plan.rounds):
        order = running[turn % len(running) :] + running[: turn % len(running)]
        for leechers in _LEECHERS:
            for seeder in order:
                if (seeder.name, leechers) in failed:
                    continue
                seeder.start()
                try:
                    assert seeder.wait(seeder.seeds_all, 60) is not None, seeder.name
                    upload = _upload(seeder, torrents, leechers, plan.upload)
                finally:
                    seeder.stop()
                if upload.speed is None:
                    failed.add((seeder.name, leechers))
                print(daemon_report.told_upload(upload), flush=True)
                yield upload


def _upload(seeder: Seeder, torrents: Torrents, leechers: int, total: int) -> Upload:
    load, before = os.getloadavg()[0], seeder.cpu()
    asked = [seeder.port, torrents.hashes[0].hex(), _LARGE, _PIECE, leechers, total]
    command = [sys.executable, str(Path(__file__).with_name("draining.py")), *map(str, asked)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        try:
            told, _ = client.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            client.kill()
            told = ""
    if not told:
        why = f"did not give {total / GIB:g} GiB in {_PATIENCE:g} s"
        return Upload(seeder.name, leechers, load, None, None, None, seeder.rss(), why)
    seconds, drained = json.loads(told)
    size = total / GIB
    cpu = seeder.cpu() - before
    return Upload(
        seeder.name, leechers, load, total / seconds, cpu / size, drained / size, seeder.rss(), ""
    )


# --- all of it --------------------------------------------------------------------------------


def main() -> None:
    """Measure and print; with --full or --keep-results write the results too."""
    asked = _arguments()
    plan = _plan(asked)
    _raise_file_limit()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        folder = asked.folder if asked.keep else Path(made)
        starts = list(_starts(plan, folder))
        uploads = list(_uploads(plan, folder)) if plan.rounds else []
    text = daemon_report.markdown(_head(), starts, uploads)
    print("\n" + text)
    if asked.full or asked.keep_results:
        _RESULTS.mkdir(exist_ok=True)
        path = _RESULTS / f"{asked.name or format(dt.datetime.now(dt.UTC), '%Y-%m-%d')}.md"
        path.write_text(text)
        path.with_suffix(".svg").write_text(daemon_report.picture(starts, uploads))


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _head() -> str:
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    return "\n".join(
        [
            f"# Seeding with a daemon, {dt.datetime.now(dt.UTC):%Y-%m-%d}",
            "",
            f"Command: `python benchmarks/daemon/run_daemons.py {' '.join(sys.argv[1:])}`",
            "",
            f"{os.cpu_count()} cores, {platform.platform()}; load after: {load}.",
        ]
    )


if __name__ == "__main__":
    main()
