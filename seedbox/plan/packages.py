"""Packages by their package URL (purl): what to ask the client of their registry, and its answer.

Pure. A purl names no server; which registry there is, and where, is in the client's configuration.
The name and the version become words of a command line, so they are held to the rules of npm
(package.json, Semantic Versioning 2) and of Python (PEP 508, PEP 440), and to nothing wider.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote_to_bytes

from seedbox.errors import MissingClientError, PackageError, UsageError
from seedbox.manifest.fields import url_problem
from seedbox.manifest.guess.facts import UnreadableError
from seedbox.manifest.guess.trees import mapping, read_json, text_of
from seedbox.manifest.model import Head
from seedbox.manifest.problems import shorten
from seedbox.plan.lists import Entry
from seedbox.plan.remote import RemotePlan, plan_remote

_MOST_NAME = 214  # characters; npm's limit, and longer than any name of PyPI
_MOST_VERSION = 256  # characters; npm's limit
_NPM_NAME = re.compile(r"(?:@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9][a-z0-9._~-]*", re.ASCII)
_NUMBER = r"(?:0|[1-9][0-9]*)"
_LABELS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SEMVER = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_LABELS})?(?:\+{_LABELS})?", re.ASCII)
_FILES = (".tgz", ".tar", ".tar.gz")  # npm takes what ends so for a file
_PYPI_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
# Without local versions (`+…`), which PEP 440 keeps from an index that everybody may ask.
_PEP_440 = re.compile(
    r"(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?",
    re.ASCII,
)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SHA512_SIZE = 64  # bytes
_PIP = (
    *("install", "--dry-run", "--ignore-installed", "--ignore-requires-python", "--no-deps"),
    *("--only-binary", ":all:"),  # to know an sdist, pip would run code that is in it
    *("--no-input", "--disable-pip-version-check", "--quiet", "--report", "-"),
)


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a package of npm or PyPI."""

    kind: str  # "npm" or "pypi"
    name: str  # as its client has it, with its scope
    version: str

    @property
    def purl(self) -> str:
        """The package URL as its specification writes it."""
        named = "/".join(quote(part, safe="") for part in self.name.split("/"))
        return f"pkg:{self.kind}/{named}@{quote(self.version, safe='')}"

    @property
    def programs(self) -> tuple[str, ...]:
        """The client, by the names it goes by; the first that is there will do."""
        return ("npm",) if self.kind == "npm" else ("pip", "pip3")

    @property
    def arguments(self) -> tuple[str, ...]:
        """What to ask it; the answer is JSON."""
        if self.kind == "npm":
            return ("view", f"{self.name}@{self.version}", "dist", "--json")
        return (*_PIP, f"{self.name}=={self.version}")

    def missing(self) -> MissingClientError:
        """Return what to say if none of the programs is there."""
        return MissingClientError(self.purl, self.programs[0], otherwise=by_hand(self.purl))

    def failed(self, why: str) -> PackageError:
        """Return what to say if its client is of no help."""
        return PackageError(self.purl, self.programs[0], why, otherwise=by_hand(self.purl))


@dataclass(frozen=True, slots=True)
class Archive:
    """Where a package lies, and the digest that its registry publishes: one of the two."""

    url: str
    sha256: bytes | None = None
    sha512: bytes | None = None


def parse_package(purl: str) -> Package:
    """Take a package URL apart.

    Raises:
        UsageError: It is of a type whose client cannot be asked, or no exact name and version.
    """
    kind, _, rest = purl.partition(":")[2].lstrip("/").partition("/")
    kind = kind.lower()  # the specification: types are written in lower case, read in any
    if kind not in {"npm", "pypi"}:
        raise refuse_package(purl)
    if {"?", "#"} & set(rest):
        raise _refused(purl, "has qualifiers or a subpath, which no client is asked for")
    named, at, version = rest.rpartition("@")
    if not at or not named:
        raise _refused(purl, "names no version")
    try:
        name, version = "/".join(map(_unescaped, named.split("/"))), _unescaped(version)
    except UnicodeDecodeError:
        raise _refused(purl, "escapes bytes that are no UTF-8") from None
    if kind == "pypi":
        name = name.lower().replace("_", "-")  # the specification: so it is written
    if why := _wrong(kind, name, version):
        raise _refused(purl, why)
    return Package(kind, name, version)


def _unescaped(part: str) -> str:
    return unquote_to_bytes(part).decode()


def _wrong(kind: str, name: str, version: str) -> str | None:
    """Return what a name or a version is not; None: both are fit for a command line."""
    names, versions, rule = _NPM_NAME, _SEMVER, "Semantic Versioning 2"
    if kind == "pypi":
        names, versions, rule = _PYPI_NAME, _PEP_440, "PEP 440"
    files = _FILES if kind == "npm" else ()
    if len(name) > _MOST_NAME or not names.fullmatch(name) or name.endswith(files):
        return f"has the name {name[:80]!r}, which is none of {kind}"
    if (
        len(version) > _MOST_VERSION
        or not versions.fullmatch(version)
        or (version.lower().endswith(files))
    ):
        return f"has the version {version[:80]!r}, which is no exact one ({rule})"
    return None


def _refused(purl: str, why: str) -> UsageError:
    hint = "Write pkg:npm/NAME@VERSION, pkg:npm/%40SCOPE/NAME@VERSION or pkg:pypi/NAME@VERSION."
    return UsageError(f"{purl[:200]!r} {why}", hint)


def read_answer(package: Package, data: bytes) -> Archive:
    """Read what the client says of a package.

    Raises:
        PackageError: It is not what was asked for.
    """
    if not data.strip():
        raise package.failed("it answers nothing; there may be no such version")
    try:
        tree = mapping(read_json(text_of(data)))
    except UnreadableError as error:
        raise package.failed(f"its answer cannot be read: {shorten(str(error))}") from error
    archive = _of_npm(package, tree) if package.kind == "npm" else _of_pip(package, tree)
    why = url_problem(archive.url, ("https", "http"))
    if why is None and "@" in archive.url.partition("://")[2].partition("/")[0]:
        why = "comes with a name or password in it"
    if why is not None:
        shown = archive.url.rpartition("@")[2][:200]
        raise package.failed(f"the URL of its archive, {shown!r}, {why}")
    return archive


def complaint(data: bytes) -> str | None:
    """Return what npm says in JSON of why it failed; None: it says nothing there."""
    try:
        said = mapping(mapping(read_json(text_of(data))).get("error")).get("summary")
    except UnreadableError:
        return None
    return shorten(said) if isinstance(said, str) and said else None


def _of_npm(package: Package, dist: dict[str, object]) -> Archive:
    url, said = dist.get("tarball"), dist.get("integrity")
    if not isinstance(url, str):
        raise package.failed("its answer has no `tarball`")
    tokens = said.split() if isinstance(said, str) else []  # Subresource Integrity
    found = [token[7:].partition("?")[0] for token in tokens if token.startswith("sha512-")]
    try:
        (digest,) = (b64decode(text, validate=True) for text in found)
    except ValueError:
        digest = b""
    if len(digest) != _SHA512_SIZE:
        raise package.failed("its answer has no SHA-512 as `integrity`")
    return Archive(url, sha512=digest)


def _of_pip(package: Package, report: dict[str, object]) -> Archive:
    install = report.get("install")
    if not isinstance(install, list) or len(install) != 1:
        raise package.failed("its report does not name one archive")
    found = mapping(mapping(install[0]).get("download_info"))
    hashes = mapping(mapping(found.get("archive_info")).get("hashes"))
    url, digest = found.get("url"), hashes.get("sha256")
    if not isinstance(url, str):
        raise package.failed("its report has no `url`")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise package.failed("its report has no SHA-256 among the `hashes`")
    return Archive(url, sha256=bytes.fromhex(digest))


def plan_package(package: Package, archive: Archive, head: Head) -> RemotePlan:
    """Plan a dataset of one file: the archive of a package.

    The root is the folder with the package's name that the archive lies in, else the one that it
    lies in.

    Raises:
        UsageError: dataset.yaml names another package, digest or root.
        InvalidListError: The URL is none that a web seed can have.
    """
    sha256, by = archive.sha256, "the registry"
    if (origin := head.origin) is not None:
        _same(package, origin.purl)
        if sha256 and origin.sha256 not in {None, sha256}:
            known = (origin.sha256 or b"").hex()
            said = f"origin.sha256 of dataset.yaml is {known}, {package.purl} has {sha256.hex()}"
            raise UsageError(said, "Correct it, or take it out.")
        if sha256 is None and origin.sha256 is not None:
            sha256, by = origin.sha256, "dataset.yaml"
    above, found, _ = archive.url.rpartition(f"/{package.name.rpartition('/')[2]}/")
    base = f"{above}{found}" if "://" in above else None
    entry = Entry(archive.url, None, None, sha256, archive.sha512, by)
    plan = plan_remote([entry], head, file=package.purl, base=base)
    return replace(plan, purl=package.purl)


def _same(package: Package, known: str | None) -> None:
    """Hold what dataset.yaml names to the package that is built."""
    if known is None:
        return
    try:
        same = parse_package(known.partition("#")[0].partition("?")[0]) == package
    except UsageError:  # of a type that is never asked for, so another
        same = False
    if not same:
        said = f"origin.purl of dataset.yaml is {known}, --from says {package.purl}"
        raise UsageError(said, "Correct one of the two.")


def refuse_package(purl: str) -> UsageError:
    """Return what to say of a package whose client seedbox does not know how to ask."""
    said = f"{purl} names a package, not a URL: where it lies its client knows"
    return UsageError(said, by_hand(purl))


def by_hand(purl: str) -> str:
    """Return how a package is built when its archive is not found."""
    kind, _, rest = purl.removeprefix("pkg:").partition("/")
    bare = rest.partition("?")[0].partition("#")[0]
    name, _, version = bare.partition("@")
    name = unquote_to_bytes(name).decode(errors="replace")
    command = {
        "npm": f"npm pack {name}@{version}",
        "pypi": f"pip download --no-deps {name}=={version}",
        "deb": f"apt-get download {name.rpartition('/')[2]}={version}",
    }.get(kind, f"the client of {kind} packages")
    return (
        f"Run `{command}`, unpack it, pass the folder with --source, and write "
        f"`origin: {{purl: {purl}}}` in dataset.yaml."
    )
