"""What reading, checking and writing a manifest cost, in seconds and memory, each in a process.

Run with: python benchmarks/manifests/run.py [--markdown]
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha1, sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seedbox.manifest.model import Shard

_LIMITS = {10_000: (3.0, 1536), 100_000: (30.0, 1536)}  # shards: seconds, MiB
_RUNS = {10_000: 3, 100_000: 1}  # the median counts; the larger takes long enough
_WHAT = {
    "hash": "SHA-256 of the file, which is what a manifest in the cache costs",
    "events": "PyYAML's events alone, by libyaml",
    "parse": "every field typed and checked",
    "check": "as parse, and every rule between shards",
    "find": "as check, and the line of a problem in the last shard",
    "refuse": "a list of as many shards that are no shards",
    "write": "from values to bytes",
}
MiB = 1024 * 1024


def _make(count: int, path: Path) -> None:
    """Write a manifest of so many shards, all fields of a usual one."""
    from seedbox.manifest import model  # noqa: PLC0415 - a process that makes only this
    from seedbox.manifest.coverage import arrange  # noqa: PLC0415 - as above
    from seedbox.manifest.write import write_manifest  # noqa: PLC0415 - as above

    total = Decimal(count * (count + 1) // 2)
    head = model.Head(
        id="org.example/wiki",
        sequence=1,
        version="1.0.0",
        issued=datetime(2026, 11, 2, tzinfo=UTC),
        title="Wiki",
        license=model.License("CC0-1.0"),
        root="wiki",
        popularity=model.Popularity("views", total=total),
    )
    shards = arrange(map(_shard, range(1, count + 1)), total)
    path.write_bytes(write_manifest(model.Manifest(head, shards)))


def _shard(number: int) -> Shard:
    from seedbox.manifest import model  # noqa: PLC0415 - as above
    from seedbox.torrent.info_hash import InfoHash  # noqa: PLC0415 - as above

    seed = model.WebSeed("https://example.org/dumps/", datetime(2026, 11, 1, tzinfo=UTC), 25)
    torrent = f"torrents/wiki-{number:06}.torrent"
    return model.Shard(
        name=f"wiki-{number:06}",
        role=model.Role.DATA,
        items=1000,
        files=1000,
        size=2**30 + number,
        use=Decimal(number),
        piece_length=2**20,
        info_hash=InfoHash(
            sha1(_text(number)).digest(),  # noqa: S324 - BEP 3
            sha256(_text(number)).digest(),
        ),
        torrent=model.TorrentRef(torrent, sha256(_text(-number)).digest()),
        web_seeds=(seed,),
        min_copies=3,
    )


def _text(number: int) -> bytes:
    return str(number).encode()


def _task(what: str, data: bytes) -> Callable[[], object]:
    """Return what is measured; all that it needs is made before."""
    import yaml  # noqa: PLC0415 - only the process that measures needs these

    from seedbox.manifest import lint, nodes, parse, write  # noqa: PLC0415 - as above

    if what == "write":
        manifest = parse.parse_manifest(data, file="m.yaml")
        return lambda: write.write_manifest(manifest) == data or sys.exit("other bytes")
    if what == "find":
        data = b"0.9".join(data.rsplit(b"1.000000", 1))
    if what == "refuse":
        head, between, shards = data.partition(b"\nshards:\n")
        data = head + between + b"- {name: 1}\n" * shards.count(b"- name: ")
    tasks: dict[str, Callable[[], object]] = {
        "hash": lambda: sha256(data).digest(),
        "events": lambda: sum(1 for _ in yaml.parse(data, Loader=nodes.LOADER)),
        "parse": lambda: parse.parse_manifest(data, file="m.yaml"),
        "check": lambda: lint.read_manifest(data, file="m.yaml"),
        "find": lambda: len(lint.check(data, file="m.yaml")) == 1 or sys.exit("not 1 problem"),
        "refuse": lambda: len(lint.check(data, file="m.yaml")) == 101 or sys.exit("not 101"),
    }
    return tasks[what]


def _measure(what: str, path: Path) -> None:
    """Print seconds, CPU seconds and the process's most memory, in bytes."""
    task = _task(what, path.read_bytes())
    began, busy = time.perf_counter(), time.process_time()
    task()
    took, cpu = time.perf_counter() - began, time.process_time() - busy
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2)
    print(json.dumps([took, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit]))


def _run(*arguments: object) -> str:
    """Run this script in a process of its own, from a small one: memory is inherited (execve)."""
    words = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def _rows(count: int, path: Path) -> list[tuple[str, float, float, float]]:
    rows = []
    for what in _WHAT:
        runs = [json.loads(_run("--measure", what, path)) for _ in range(_RUNS[count])]
        took, cpu, most = sorted(runs)[len(runs) // 2]
        rows.append((what, took, cpu, most / MiB))
    return rows


def main() -> None:
    """Measure and print; the status is 1 where a limit is passed."""
    if sys.argv[1:2] == ["--make"]:
        _make(int(sys.argv[2]), Path(sys.argv[3]))
        return
    if sys.argv[1:2] == ["--measure"]:
        _measure(sys.argv[2], Path(sys.argv[3]))
        return
    markdown = "--markdown" in sys.argv
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load before: {load}.\n")
    good = [_table(count, markdown=markdown) for count in _LIMITS]
    sys.exit(0 if all(good) else 1)


def _table(count: int, *, markdown: bool) -> bool:
    """Print what manifests of one size take; False: a limit is passed."""
    seconds, memory = _LIMITS[count]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.yaml"
        _run("--make", count, path)
        rows = _rows(count, path)
        size = path.stat().st_size / MiB
    print(f"{'## ' if markdown else ''}{count:,} shards, {size:.1f} MiB\n")
    form = "| {:<7} | {:>8} | {:>8} | {:>9} | {} |" if markdown else "{:<7} {:>8} {:>8} {:>9}  {}"
    print(form.format("", "seconds", "CPU s", "peak MiB", "what"))
    if markdown:
        print("|---|---:|---:|---:|---|")
    for what, took, cpu, most in rows:
        print(form.format(what, f"{took:.2f}", f"{cpu:.2f}", f"{most:.0f}", _WHAT[what]))
    print(f"\nLimits: {seconds:g} s, {memory:,} MiB.\n")
    return all(took < seconds and most < memory for _, took, _, most in rows)


if __name__ == "__main__":
    main()
