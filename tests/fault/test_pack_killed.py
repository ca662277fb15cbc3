"""A pack that is killed, at any moment, goes on where it was and makes the same bytes."""

import json
import random
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from support.cli import environment
from support.content import contents
from support.packing import members, packed, read

FILES = contents(
    {
        **{f"{i % 7}/{i:04}": 10_240 for i in range(300)},
        "e" * 255: 0,
        "é" * 127: 40_000,
        "large": 1_500_000,
    }
)
MANY = 16  # threads: as many runs of pieces

# Packs, and dies right before the n-th call that writes, makes last or names a file; prints how
# many there were.
DIES = """
import json, os, signal, sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from support.packing import look_at, packed
left, lock = int(sys.argv[2]), threading.Lock()
def deadly(real):
    def call(*args, **more):
        global left
        with lock:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()
        return real(*args, **more)
    return call
root = Path(sys.argv[1])
items = look_at(root / "source", json.loads((root / "items").read_text()))
for name in ("pwrite", "ftruncate", "fsync", "replace"):
    setattr(os, name, deadly(getattr(os, name)))
packed(items, root / "out", jobs=16, digests=True)
print(int(sys.argv[2]) - left)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a source, the names in it, and the shard that must come of it."""
    items = members(tmp_path / "source", FILES)
    (tmp_path / "items").write_text(json.dumps(list(FILES)), encoding="utf-8")
    packed(items, tmp_path / "whole", digests=True)
    return tmp_path


def ran(root: Path, calls: int) -> subprocess.CompletedProcess[bytes]:
    tests = Path(__file__).parents[1]
    line = [sys.executable, "-c", DIES, str(root), str(calls), str(tests)]
    return subprocess.run(line, capture_output=True, env=environment(), check=False)


def digests(out: Path) -> bytes:
    """The digests of items that were kept; a header before them says of which source."""
    kept = (out / ".seedbox" / "packed" / "s.digests").read_bytes()[96:]
    assert len(kept) == 32 * len(FILES)
    return kept


def in_order(root: Path, moments: list[int], whole: bytes) -> None:
    """Kill at each moment in turn, one run after the other, and then let one end."""
    target = root / "out" / "s.tar"
    for moment in moments:
        died = ran(root, moment)
        assert died.returncode == -signal.SIGKILL or not died.returncode, died.stderr
        if target.exists():  # what has its name has its digests
            assert target.read_bytes() == whole
            assert digests(root / "out") == digests(root / "whole")
    assert ran(root, 1_000_000).returncode == 0
    assert target.read_bytes() == whole
    assert digests(root / "out") == digests(root / "whole")


def test_a_pack_killed_at_20_random_moments_makes_the_same_bytes_each_time(root: Path) -> None:
    whole = (root / "whole" / "s.tar").read_bytes()
    assert read(whole) == FILES
    assert digests(root / "whole") == b"".join(sha256(data).digest() for data in FILES.values())
    calls = int(ran(root, 1_000_000).stdout)
    (root / "out" / "s.tar").unlink()
    draw = random.Random(5)
    for _ in range(20):
        in_order(root, [draw.randrange(calls)], whole)
        _forget(root)


def _forget(root: Path) -> None:
    """Begin the next time from nothing."""
    (root / "out" / "s.tar").unlink()
    for left in (root / "out" / ".seedbox" / "packed").iterdir():
        left.unlink()


def test_a_pack_killed_again_and_again_ends_at_last(root: Path) -> None:
    draw = random.Random(6)

    in_order(root, [draw.randrange(1, 12) for _ in range(6)], (root / "whole/s.tar").read_bytes())
