"""Pack a folder into OUT/items.tar, as `seedbox build --pack tar` does; prints where time went.

Run with: python benchmarks/packing/pack.py SOURCE OUT
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from seedbox import disk
from seedbox.jobs.events import ignore
from seedbox.jobs.pack import Tar, pack
from seedbox.plan.tar import Archive
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import arrange


class _Members(Sequence[tuple[tuple[str, ...], disk.Located]]):
    """(path, file) of each, made when asked for: a million pairs would take 64 MB."""

    def __init__(self, files: Sequence[disk.Located]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, at: int) -> tuple[tuple[str, ...], disk.Located]: ...
    @overload
    def __getitem__(self, at: slice) -> _Members: ...
    def __getitem__(self, at: int | slice) -> tuple[tuple[str, ...], disk.Located] | _Members:
        """Return one pair, or a run of them."""
        if isinstance(at, slice):
            return _Members(self._files[at])
        return self._files[at].parts, self._files[at]


def main() -> None:
    """Scan, lay out, pack."""
    gc.disable()  # nothing here makes rings, and a million live objects are slow to look through
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    begin = time.perf_counter()
    listing = disk.scan(source)
    scanned = time.perf_counter()
    members = _Members(listing.files)
    size = Archive((file.parts, file.size) for file in listing.files).size
    layout = arrange("items.tar", [(("items.tar",), size)], form=Format.HYBRID, single=True)
    laid_out = time.perf_counter()
    made = pack(Tar("items", members, layout), out, jobs=None, on_event=ignore)
    assert len(made.digests) == layout.piece_map.count
    ended = time.perf_counter()
    parts = {"scan": scanned - begin, "layout": laid_out - scanned, "pack": ended - laid_out}
    print(json.dumps(parts))


if __name__ == "__main__":
    main()
