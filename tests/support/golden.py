"""The data that the torrents in tests/golden/ were made over; run as a script, it writes it."""

import sys
from pathlib import Path

from support.content import contents, write

FOLDER = {
    "empty.txt": 0,
    "notes/readme.md": 1_234,
    "notes/ünïcode.txt": 16_384,
    "train": 65_536,
    "val.bin": 100_001,
}
SINGLE = {"single.bin": 150_000}


if __name__ == "__main__":
    write(Path(sys.argv[1]) / "golden", contents(FOLDER))
    write(Path(sys.argv[1]), contents(SINGLE))
