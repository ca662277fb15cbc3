"""How fast torrents are built and checked: seedbox, its peers and the limits, side by side.

Every process is paired with a run of seedbox just before it, so that a noisy machine cancels out.
Peers that are not installed are named as absent.

Run with: python benchmarks/hashing/run.py [--full] [--without-sha]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import agree
import plot
import report
import tools
from data import Data, make_large, make_small, warm
from measure import Command, in_turn
from report import Case
from tools import FORMS, Job, Tools

from seedbox.hashing import paths
from seedbox.torrent.info_hash import Format
from seedbox.torrent.pieces import choose_piece_length

_ROOT = Path(__file__).parents[2]
_RESULTS = Path(__file__).with_name("results")
_LARGE_PIECE = 2 * 1024 * 1024  # bytes
_PROBE = 512 * 1024 * 1024  # bytes
_IMITATION = (
    "**An imitation.** This CPU {has} SHA instructions. They were taken from every OpenSSL with "
    "`OPENSSL_ia32cap=:~0x20000000`, and seedbox was kept to its vector lanes, to imitate the CPUs "
    "without them (Skylake, Cascade Lake). Everything else is this CPU's: its clock, its caches, "
    "its memory, its vector units, and what OpenSSL's AVX2 code makes of them."
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="256 MiB and 2,000 files (default)")
    size.add_argument("--full", action="store_true", help="4 GiB and 20,000 files; keeps results")
    parser.add_argument("--without-sha", action="store_true", help="imitate CPUs without SHA")
    parser.add_argument("--rounds", type=int, help="pairs of each command (full 3, quick 1)")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for one process")
    parser.add_argument("--folder", type=Path, default=_ROOT / "build", help="data is made in it")
    parser.add_argument("--keep", action="store_true", help="do not remove the data")
    return parser.parse_args()


def _measure(data: Data, form: str, here: Tools, folder: Path, asked: argparse.Namespace) -> Case:
    """Measure one kind of data in one format."""
    large = data.key == "large"
    length = _LARGE_PIECE if large else choose_piece_length(data.sizes, Format(form))
    job = Job(data.path, form, length, folder)
    lead, builds = here.builds(job)
    commands = [
        *builds,
        *here.verifies(job),
        here.start(job),
        *here.limits(job, data.size, lanes=large),
    ]
    warm(data)
    rounds = asked.rounds or (3 if asked.full else 1)
    rows = in_turn(lead, commands, rounds=rounds, patience=asked.patience)
    for row in rows:
        told = f"{row.seconds:.2f} s, {row.slower:.2f}" if row.pairs else "not done in time"
        print(f"{data.title}, {form}: {row.name}: {told}", file=sys.stderr)
    done = {row.name for row in rows if row.pairs}
    return Case(data, form, length, tuple(rows), _agreement(lead, builds, done))


def _agreement(lead: Command, builds: list[Command], done: set[str]) -> dict[str, str]:
    made = {b.name: b.makes for b in builds if b.makes and b.name in done}
    return {name: agree.compare(lead.makes, path) for name, path in made.items() if lead.makes}


def _cpu() -> tuple[str, set[str]]:
    """Return the CPU's name and its flags."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    fields = dict(re.findall(r"^([a-zA-Z ]+?)\s*: (.*)$", text, re.MULTILINE))
    return fields.get("model name", platform.machine()), set(fields.get("flags", "").split())


def _machine() -> str:
    name, flags = _cpu()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / report.GIB
    vectors = [flag for flag in ("avx2", "avx512f", "avx512bw", "sha_ni") if flag in flags]
    busy = ", ".join(f"{load:.2f}" for load in os.getloadavg())
    return (
        f"{name}, {tools.THREADS} cores ({', '.join(vectors) or 'no vector flags known'}), "
        f"{memory:.0f} GiB of memory, Linux {platform.release()}; load before: {busy}"
    )


def _header(here: Tools, acts: dict[str, float], asked: argparse.Namespace, machine: str) -> str:
    command = " ".join(["python benchmarks/hashing/run.py", *sys.argv[1:]])
    lines = [
        f"# Hashing, {dt.datetime.now(dt.UTC).date()}",
        "",
        f"{machine}. Data in the page cache, whole processes, their start included.",
        "",
        f"Command: `{command}`",
        "",
        "Versions: " + "; ".join(tools.versions(here)),
    ]
    if here.lead == paths.AUTO:
        best = paths.chosen()
        lines[-1] += f". seedbox auto: SHA-1 {best.sha1}, SHA-256 {best.sha256}"
    for name, why in here.absent.items():
        lines += ["", f"Absent: {name} ({why})."]
    if asked.without_sha:
        has = "has" if "sha_ni" in _cpu()[1] else "has no"
        told = ", ".join(f"{name} {more:.2f}" for name, more in acts.items())
        blind = [name for name, more in acts.items() if more < 1.15]
        lines += [
            "",
            _IMITATION.format(has=has),
            "",
            f"CPU time masked over CPU time not masked: {told}.",
        ]
        lines += [f"It does not show on: {', '.join(blind)}."] if blind else []
    return "\n".join(lines)


def _document(header: str, lead: str, large: list[Case], small: list[Case]) -> str:
    meaning = (
        "Speeds are medians; *time* is the wall time over that of `seedbox "
        f"{lead}` just before it, the median of the pairs."
    )
    parts = [header]
    for cases in (large, small):
        lengths = ", ".join(f"{c.form} {c.piece_length // 1024:,} KiB" for c in cases)
        parts += [
            f"## Building and checking {cases[0].data.title}",
            f"Pieces: {lengths}. {meaning} {report.start(cases)}",
            report.table(cases),
        ]
    parts += ["## Targets of the full run", "\n".join(report.targets(large, small))]
    parts += ["## Same torrents", report.agreement([*large, *small])]
    return "\n\n".join(parts) + "\n"


def _keep(document: str, large: list[Case], *, without_sha: bool) -> None:
    """Write the results beside this script, and the picture into the documentation."""
    suffix = "-without-sha" if without_sha else ""
    cpu = re.sub(r"[^a-z0-9]+", "-", _cpu()[0].lower()).strip("-")
    date = dt.datetime.now(dt.UTC).date()
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{date}-{cpu}{suffix}.md").write_text(document, encoding="utf-8")
    title = f"Building a torrent of {large[0].data.title}, GiB/s"
    subtitle = f"{_cpu()[0]}, {tools.THREADS} cores, data in the page cache"
    if without_sha:
        subtitle += "; SHA instructions masked: an imitation of CPUs without them"
    picture = plot.draw(large, title, subtitle)
    (_ROOT / "docs" / f"hashing{suffix}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """Make the data, measure, print and keep the results."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the data is removed
    machine = _machine()
    here = tools.find(without_sha=asked.without_sha)
    asked.folder.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="hashing-", dir=asked.folder)).resolve()
    try:
        acts: dict[str, float] = {}
        if asked.without_sha:
            probe = make_large(folder, _PROBE)
            acts = tools.masked(here, probe.path, _LARGE_PIECE)
        header = _header(here, acts, asked, machine)
        one = make_large(folder, 4 * report.GIB if asked.full else 256 * report.MIB)
        large = [_measure(one, form, here, folder, asked) for form in FORMS]
        many = make_small(folder, 20_000 if asked.full else 2_000)
        small = [_measure(many, form, here, folder, asked) for form in FORMS]
    finally:
        if asked.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    document = _document(header, here.lead, large, small)
    print(document)
    if asked.full:
        _keep(document, large, without_sha=asked.without_sha)


if __name__ == "__main__":
    main()
