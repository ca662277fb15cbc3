"""Encoders made ready: their programs found, asked for their version, and tried on a sample.

Before any item is touched: a missing program, or an ffmpeg without libopus, is one error and not
a million items that keep their originals.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.catalog.encoders import BUILT_IN, Encoder, filled, sample
from seedbox.errors import (
    CommandsNotAllowedError,
    MissingProgramError,
    NoSpaceError,
    UnfitProgramError,
)
from seedbox.jobs import programs
from seedbox.manifest.commands import Made, shown
from seedbox.manifest.problems import shorten

_BOUNDS = programs.Bounds(seconds=60.0)  # to tell a version, or for the second of the sample
_MAX_SAID = 1 << 16  # bytes of what a program says about itself
_MAX_VERSION = 200  # characters


@dataclass(frozen=True, slots=True)
class Ready:
    """An encoder that this machine can run."""

    encoder: Encoder
    where: Mapping[str, str]  # its programs lie, by name
    version: str  # as the program tells it
    sample: bytes | None  # SHA-256 of what it makes of the fixed sample; None: it has none

    @property
    def fingerprint(self) -> bytes:
        """A digest of all on this side that the bytes of a result depend on."""
        encoder = self.encoder
        own = [encoder.run, encoder.checking, encoder.suffix, encoder.check, self.version]
        seen = None if self.sample is None else self.sample.hex()
        return hashlib.sha256(json.dumps([*own, seen]).encode()).digest()

    def made(self, *, items: int, kept: int) -> Made:
        """Return what a manifest says of the rendition.

        Args:
            items: That are stored so.
            kept: That were to be, and are as they were.
        """
        return Made(self.version, self.encoder.run, items, kept, self.sample)


def refuse_commands(encoders: Iterable[Encoder], *, file: str) -> None:
    """Refuse a dataset.yaml that brings commands of its own: the user has not agreed to them.

    Raises:
        CommandsNotAllowedError: There are any; all of them are named.
    """
    lines = [
        shown(words)
        for encoder in encoders
        if BUILT_IN.get(encoder.name) != encoder
        for words in (encoder.run, encoder.version, encoder.checking)
        if words
    ]
    if lines:
        raise CommandsNotAllowedError(file, tuple(lines))


def prepare(encoder: Encoder, folder: Path) -> Ready:
    """Find the programs of an encoder and try them.

    Args:
        encoder: Built in, or declared and agreed to.
        folder: Gets a folder for the trial, which is removed.

    Raises:
        MissingProgramError: A program is not on this machine.
        UnfitProgramError: A program does not do what the encoder needs.
        NoSpaceError, DiskError: There is no room even for the sample, or a program cannot be run.
    """
    commands = (encoder.run, encoder.version, encoder.checking)
    names = dict.fromkeys([*(words[0] for words in commands if words), *encoder.helpers])
    where = {name: _found(name, encoder) for name in names}
    work = folder.absolute() / f"trial-{encoder.name}"  # the program works elsewhere
    disk.remove_made(work)  # of a run that was killed
    disk.make_folder(work)
    try:
        version = _version(encoder, where, work)
        return Ready(encoder, where, version, _sample(encoder, where, work))
    finally:
        disk.remove_made(work)


def _found(program: str, encoder: Encoder) -> str:
    place = programs.find(program)
    if place is None:
        raise MissingProgramError(program, encoder=encoder.name)
    return place


def _unfit(encoder: Encoder, why: str, words: tuple[str, ...]) -> UnfitProgramError:
    return UnfitProgramError(words[0], encoder=encoder.name, why=why)


def _version(encoder: Encoder, where: Mapping[str, str], work: Path) -> str:
    """Return the first line that a program says of itself, without what follows on its makers."""
    said = b""

    def take(data: bytes) -> None:
        nonlocal said
        said = (said + data)[:_MAX_SAID]

    words = encoder.version
    ran = programs.run([where[words[0]], *words[1:]], work, _BOUNDS, take)
    lines = (line.strip() for line in said.decode(errors="replace").splitlines())
    line = next(filter(None, lines), "").partition(" Copyright ")[0]
    if not ran.well or not line:
        why = f"`{shown(words)}` {ran.words if not ran.well else 'says nothing'}"
        raise _unfit(encoder, why, words)
    line = line.strip("* ")  # zstd frames its own
    return line[:_MAX_VERSION] if line.isprintable() else shorten(line)


def _sample(encoder: Encoder, where: Mapping[str, str], work: Path) -> bytes | None:
    data = sample(encoder)
    if data is None:
        return None
    source, target = work / "sample.wav", work / f"made{encoder.suffix}"
    disk.write_whole(source, data)
    words = filled(encoder.run, source=str(source), target=str(target))
    ran = programs.run([where[words[0]], *words[1:]], work, _BOUNDS)
    if not ran.well:
        if ran.disk_full:
            free = disk.free_space(work)
            raise NoSpaceError(target.name, folder=str(work), need=None, free=free)
        raise _unfit(encoder, f"on a sample it {ran.words}", encoder.run)
    made = disk.look(work, (target.name,))
    if isinstance(made, disk.Absent) or not made.size:
        raise _unfit(encoder, "it makes nothing of a sample", encoder.run)
    return hashlib.sha256(disk.read_located(made, len(data))).digest()
