"""Copies of what lies on servers: each version in a folder of its own, and which of them holds.

A version becomes the one that holds by the renaming of one small file, after everything of it is
on the disk. The one before stays until the next, so that whoever reads it is not disturbed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from seedbox import disk
from seedbox.errors import DiskError, SeedboxError, SourceError
from seedbox.web import Validators

SCHEMA = 1
MANIFEST, WITHDRAWALS, SIGNATURE = "manifest.yaml", "withdrawals.yaml", ".minisig"
_SEEN = "seen.json"
_MOST = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """What asking has brought so far."""

    version: str | None = None  # the folder that holds
    previous: str | None = None  # the one before
    validators: Mapping[str, Validators] = field(default_factory=dict)  # of that version, by URL
    failures: int = 0  # in a row
    next_look: float = 0.0  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Copy:
    """The versions of one document, with what belongs to it."""

    folder: Path

    @classmethod
    def of(cls, state: Path, source: str) -> Copy:
        """Return where the copy of a URL, or what was polled for a path, is kept.

        No id of a dataset begins with @, so it is not in the way of the manifests beside it.
        """
        digest = sha256(source.encode("utf-8", "surrogateescape")).hexdigest()
        return cls(state / "manifests" / f"@{digest[:32]}")

    def path(self, version: str) -> Path:
        """Return the manifest of a version; whatever belongs to it lies beside it."""
        return self.folder / version / MANIFEST

    def read(self) -> Seen:
        """Return what was written last; nothing if it is damaged, since all can be asked again."""
        try:
            seen = _parse(json.loads(disk.read_whole(self.folder / _SEEN, _MOST)))
        except (SourceError, DiskError, ValueError, TypeError, KeyError, RecursionError):
            return Seen()
        held = [version for version in (seen.version, seen.previous) if self.sound(version)]
        if seen.version not in held:
            return Seen(held[0] if held else None, None, {}, seen.failures, seen.next_look)
        return seen

    def write(self, seen: Seen) -> None:
        """Let a version hold; on the disk when it returns.

        Raises:
            DiskError, NoSpaceError: The system refuses.
        """
        validators = {url: [each.etag, each.modified] for url, each in seen.validators.items()}
        document = {
            "seedbox-copy": SCHEMA,
            "version": seen.version,
            "previous": seen.previous,
            "validators": validators,
            "failures": seen.failures,
            "next_look": seen.next_look,
        }
        disk.make_folder(self.folder)
        disk.write_whole(self.folder / _SEEN, f"{json.dumps(document, indent=2)}\n".encode())

    def prepare(self, files: Mapping[str, bytes]) -> str:
        """Put the files of a version into its folder, and return its name.

        What an earlier run has put there stays.

        Raises:
            DiskError, NoSpaceError: The system refuses.
        """
        version = name_of(files)
        folder = self.folder / version
        disk.make_folder(folder)
        for name, data in files.items():
            if self.file(version, name) != data:
                disk.write_whole(folder / name, data)
        return version

    def file(self, version: str, name: str) -> bytes | None:
        """Return a file of a version; None: it is not there."""
        try:
            return (self.folder / version / name).read_bytes()
        except OSError:
            return None

    def sound(self, version: str | None) -> bool:
        """Tell whether the files of a version are what they were when they were put there."""
        names = [each + end for each in (MANIFEST, WITHDRAWALS) for end in ("", SIGNATURE)]
        if version is None:
            return False
        files = {name: self.file(version, name) for name in names}
        return name_of({n: data for n, data in files.items() if data is not None}) == version

    def clean(self, seen: Seen) -> None:
        """Remove the versions that nobody needs any more.

        Raises:
            DiskError: One cannot be removed.
        """
        for each in self.folder.iterdir():
            if each.is_dir() and each.name not in {seen.version, seen.previous}:
                disk.remove_made(each)


def name_of(files: Mapping[str, bytes]) -> str:
    """Return the name of the version that some files make up."""
    digests = [[name, sha256(data).hexdigest()] for name, data in sorted(files.items())]
    return sha256(json.dumps(digests).encode()).hexdigest()[:32]


def _parse(document: Any) -> Seen:  # noqa: ANN401  (a file that may be damaged)
    """Read what `write` has written.

    Raises:
        ValueError, TypeError, KeyError: It is not that.
    """
    if document["seedbox-copy"] != SCHEMA:
        raise ValueError("another schema")
    validators = {
        str(url): Validators(_text(etag), _text(modified))
        for url, (etag, modified) in document["validators"].items()
    }
    version, previous = _name(document["version"]), _name(document["previous"])
    failures, next_look = int(document["failures"]), float(document["next_look"])
    return Seen(version, previous, validators, failures, next_look)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _name(value: object) -> str | None:
    """Return the name of a version; whatever else stands there names none."""
    return value if isinstance(value, str) and value.isalnum() else None


class CopiedError(SeedboxError):
    """What is wrong with a copy, in the words of another error, with the URL that it is of."""

    def __init__(self, error: SeedboxError, *, copy: str, url: str) -> None:
        """Say the same, of the URL.

        Args:
            error: What is wrong.
            copy: The folder that our copy lies in, as it stands in the words.
            url: That of the folder which it was copied from.
        """
        self.code, self.exit_status = error.code, error.exit_status  # type: ignore[misc]
        message = error.message.replace(f"{copy}/", url)
        hint = None if error.hint is None else error.hint.replace(f"{copy}/", url)
        super().__init__(**{**error.data, "message": message, "hint": hint})

    @property
    def message(self) -> str:
        """What is wrong."""
        return str(self.data["message"])
