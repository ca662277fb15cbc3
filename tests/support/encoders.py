"""Encoders that are real programs of a few lines: each reads its input and does what a test says.

`source` and `target` are the two paths, in a Python that starts without site-packages.
"""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.catalog.encoders import Encoder, declared
from seedbox.jobs.encode import EncodeReport, EncodeTask, encode_all
from seedbox.jobs.encoder_programs import Ready, prepare
from seedbox.jobs.events import OnEvent, ignore
from seedbox.manifest.commands import Command

PYTHON = (sys.executable, "-I", "-S", "-c")
PATHS = "import os, sys, time\nsource, target = sys.argv[1:3]\n"
HALVES = "data = open(source, 'rb').read()\nopen(target, 'xb').write(data[: len(data) // 2])\n"

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="ffmpeg and ffprobe are not on this machine",
)
needs_zstd = pytest.mark.skipif(shutil.which("zstd") is None, reason="zstd is not on this machine")


def encoder(code: str, *, check: str | None = None, limit: float = 60.0) -> Encoder:
    """Return an encoder that runs some lines of Python, and a check that runs others."""
    own = Command(
        run=(*PYTHON, PATHS + code, "{in}", "{out}"),
        version=(*PYTHON, "print('fake 1.0')"),
        suffix=".half",
        check=() if check is None else (*PYTHON, PATHS + check, "{in}", "{out}"),
        time_limit=timedelta(seconds=limit),
    )
    return declared("fake", own)


def ready(code: str, folder: Path, *, check: str | None = None, limit: float = 60.0) -> Ready:
    """Return such an encoder, found and tried."""
    return prepare(encoder(code, check=check, limit=limit), folder)


def encode(
    source: Path, folder: Path, how: Ready, *, jobs: int = 2, on_event: OnEvent = ignore
) -> EncodeReport:
    """Encode every file of a folder."""
    tasks = [EncodeTask("/".join(file.parts), file, how) for file in disk.scan(source).files]
    return encode_all(tasks, folder, jobs=jobs, on_event=on_event)


def left(folder: Path) -> list[str]:
    """Return the suffixes of what encoding left, beside its empty lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    return sorted(path.suffix for path in files)
