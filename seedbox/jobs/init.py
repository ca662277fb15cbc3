"""A dataset.yaml beside the data, from what lies there."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from seedbox import disk
from seedbox.errors import DestinationTakenError, InvalidManifestError, SourceError, UsageError
from seedbox.manifest.guess import Guess, Text, guess, is_table, is_telling
from seedbox.manifest.guess.draft import draft
from seedbox.manifest.parse import parse_head

NAME = "dataset.yaml"

_MAX_FILE = 4 << 20  # bytes of a file that is read whole
_MAX_HEADER = 4 << 10  # bytes of a table's first line
_MAX_FILES = 200  # with telling names; a folder may hold a million tables


@dataclass(frozen=True, slots=True)
class InitReport:
    """What was written, and what has to be looked at."""

    path: Path
    source: Path
    guess: Guess
    missing: tuple[str, ...]  # keys that are to be filled in
    warnings: tuple[str, ...]

    @property
    def build(self) -> str:
        """The command to run next, as it is typed."""
        words = ["seedbox", "build", str(self.path), "--source", str(self.source)]
        if self.guess.popularity is not None:
            words += ["--popularity", str(self.source / self.guess.popularity)]
        return f"{shlex.join(words)} --out OUT"


def run_init(
    folder: Path, *, out: Path | None, dataset_id: str | None, now: datetime
) -> InitReport:
    """Guess what a dataset is and write its dataset.yaml, which must not exist.

    Args:
        folder: The data.
        out: The file to write, or the folder to write it into; None: beside the data.
        dataset_id: `publisher/dataset`, if the publisher gave one.
        now: With its time zone; becomes `issued`.

    Raises:
        SourceError: `folder` is missing, empty or no folder.
        UsageError: `dataset_id` is none.
        DestinationTakenError: The file exists.
        DiskError: The system refused to read or write.
    """
    names = _names(folder)
    target = folder if out is None else out
    path = target / NAME if disk.exists(target) and target.is_dir() else target
    if not disk.vacant(path.parent, (path.name,)):
        raise DestinationTakenError(str(path))
    texts, warnings = _read(folder, names)
    found = guess(texts, folder=Path(os.path.realpath(folder)).name)
    made = draft(found, dataset_id=dataset_id, issued=now)
    if dataset_id is not None:
        _check_id(made.text)
    _write_new(path, made.text)
    return InitReport(path, folder, found, made.missing, (*warnings, *found.warnings))


def _names(folder: Path) -> list[str]:
    """Return the names in a folder."""
    if not disk.exists(folder) or not folder.is_dir():
        reason = "is no folder" if disk.exists(folder) else "does not exist"
        raise SourceError(str(folder), reason, "Pass the folder that holds the data.")
    with disk.attempt("list", folder):
        names = sorted(each.name for each in folder.iterdir())
    if not names:
        raise SourceError(str(folder), "holds nothing", "Put the data there first.")
    return names


def _read(folder: Path, names: list[str]) -> tuple[list[Text], list[str]]:
    """Return the files that may tell something, and which were left out."""
    texts = []
    warnings = []
    telling = _telling(names)
    if len(telling) > _MAX_FILES:
        warnings.append(f"only {_MAX_FILES} of {len(telling):,} files were looked into for guesses")
    for name in telling[:_MAX_FILES]:
        file = disk.look(folder, (name,))
        if isinstance(file, disk.Absent):
            if not is_table(name):
                warnings.append(f"{name} was not read: it {file.reason}")
        elif is_table(name):
            texts.append(Text(name, _header(file)))
        elif file.size > _MAX_FILE:
            warnings.append(f"{name} was not read: it is longer than {_MAX_FILE:,} bytes")
        else:
            texts.append(Text(name, disk.read_located(file, _MAX_FILE)))
    return texts, warnings


def _telling(names: list[str]) -> list[str]:
    """Return the names of files that may tell something, tables last."""
    telling = [name for name in names if is_telling(name)]
    return sorted(telling, key=lambda name: (is_table(name), "popularity" not in name.lower()))


def _header(file: disk.Located) -> bytes:
    """Return the first line of a table, which may be of any size."""
    with disk.attempt("read", file.path), os.fdopen(disk.open_file(file), "rb") as stream:
        return stream.readline(_MAX_HEADER)


def _check_id(text: bytes) -> None:
    """Refuse an id that `build` would refuse."""
    try:
        parse_head(text, file=NAME)
    except InvalidManifestError as error:
        for problem in error.problems:
            if problem.path == "id":
                raise UsageError(f"--id: {problem.message}", problem.hint) from None
        raise


def _write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    disk.write_whole(fresh, data)
    try:
        disk.move_new(fresh, path.parent, (path.name,))
    finally:
        disk.remove_made(fresh)
