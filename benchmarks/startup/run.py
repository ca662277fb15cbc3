"""How long `seedbox --help` takes beside `python -c pass`, in turn, on this machine.

Run with: python benchmarks/startup/run.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

_RUNS = 20
_LIMIT = 0.15  # seconds more than an empty Python; what users feel as "at once"

_EMPTY = [sys.executable, "-c", "pass"]
_VERBS: tuple[list[str], ...] = ([], ["build"], ["verify"], ["seed"], ["fetch"])


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure in turn and print medians."""
    print(f"{'command':<24} {'median s':>9} {'more than empty':>16}")
    worst = 0.0
    for verb in _VERBS:
        command = [sys.executable, "-m", "seedbox", *verb, "--help"]
        _seconds(command)
        pairs = [(_seconds(command), _seconds(_EMPTY)) for _ in range(_RUNS)]
        took = statistics.median(a for a, _ in pairs)
        more = statistics.median(a - b for a, b in pairs)
        worst = max(worst, more)
        print(f"{' '.join(['seedbox', *verb, '--help']):<24} {took:>9.3f} {more:>16.3f}")
    sys.exit(0 if worst < _LIMIT else 1)


if __name__ == "__main__":
    main()
