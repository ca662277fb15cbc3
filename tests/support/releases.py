"""Two releases of a publisher's dataset, built from changed data."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from support.publisher import Publisher


def next_release(built: Publisher, changed: Mapping[str, bytes], **head: str) -> Path:
    """Keep the built release in `old`, change files of the source and build the next; gives `old`.

    Args:
        built: What is built, and becomes the next release.
        changed: New content by path.
        head: Fields of dataset.yaml to change; `previous` and `sequence` fit by default.
    """
    old = built.folder / "old"
    shutil.copytree(built.out, old)
    digest = hashlib.sha256((old / "manifest.yaml").read_bytes()).hexdigest()
    for path, content in changed.items():
        (built.source / path).write_bytes(content)
    fields = {
        "sequence": "2",
        "previous": f"sha256:{digest}",
        "issued": "2026-02-03T04:05:06Z",
        **head,
    }
    lines = [
        line for line in built.head.read_text().splitlines() if line.partition(":")[0] not in fields
    ]
    lines += [f"{key}: {value}" for key, value in fields.items()]
    built.head.write_text("\n".join(lines) + "\n")
    built.build()
    return old / "manifest.yaml"
