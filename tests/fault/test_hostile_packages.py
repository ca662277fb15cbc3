"""What a package may try while `make reproduce` unpacks it: nothing but plain files come out."""

import hashlib
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import packages
from packages import Package, ReproduceError, unpack
from support.cli import paths


def npm(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    archive = folder / "package.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return archive


def plain(name: str, data: bytes = b"data") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), data


def of_type(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def wheel(folder: Path, *names: str | zipfile.ZipInfo) -> Path:
    archive = folder / "package.whl"
    with zipfile.ZipFile(archive, "w") as zipped:
        for name in names:
            zipped.writestr(name, b"data")
    return archive


def test_plain_files_come_out_under_the_paths_that_are_installed(tmp_path: Path) -> None:
    folder = of_type("package/empty", tarfile.DIRTYPE)
    unpack(npm(tmp_path, plain("package/a/b.json"), folder), "npm", tmp_path / "npm")
    unpack(wheel(tmp_path, "a/b.json", "c/"), "pypi", tmp_path / "pypi")

    assert paths(tmp_path / "npm") == paths(tmp_path / "pypi") == ["a/b.json"]


def test_modes_and_owners_do_not_come_out(tmp_path: Path) -> None:
    info, data = plain("package/run")
    info.mode, info.uid = 0o6777, 12345

    unpack(npm(tmp_path, (info, data)), "npm", tmp_path / "out")

    assert not (tmp_path / "out" / "run").stat().st_mode & (stat.S_IXUSR | stat.S_ISUID)


@pytest.mark.parametrize(
    "name",
    [
        "package/../../escaped",
        "package//etc/passwd",
        "package/a/./b",
        "package/a/../b",
        "package/",
        "package/..",
        "package/a\\..\\b",
    ],
)
def test_a_path_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()

    with pytest.raises(ReproduceError, match="the archive holds the path"):
        unpack(npm(inside, plain(name)), "npm", inside / "out")

    assert paths(inside) == ["package.tgz"]
    assert paths(tmp_path) == ["inside/package.tgz"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../escaped", "a/../../b"])
def test_such_a_path_in_a_wheel_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReproduceError, match="the archive holds the path"):
        unpack(wheel(tmp_path, name), "pypi", tmp_path / "out")


@pytest.mark.parametrize("name", ["other/a", "/package/a", "a"])
def test_a_file_outside_of_the_packages_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReproduceError, match="outside package/"):
        unpack(npm(tmp_path, plain(name)), "npm", tmp_path / "out")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE]
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    archive = npm(tmp_path, plain("package/a"), of_type("package/b", kind, "package/a"))

    with pytest.raises(ReproduceError, match="'package/b', which is no plain file"):
        unpack(archive, "npm", tmp_path / "out")


def test_a_link_in_a_wheel_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(ReproduceError, match="'a', which is no plain file"):
        unpack(wheel(tmp_path, link), "pypi", tmp_path / "out")


def test_a_path_that_comes_twice_is_refused(tmp_path: Path) -> None:
    archive = npm(tmp_path, plain("package/a"), plain("package/a", b"other"))

    with pytest.raises(ReproduceError, match="holds 'a' twice"):
        unpack(archive, "npm", tmp_path / "out")


def test_more_bytes_or_files_than_are_expected_are_refused(tmp_path: Path) -> None:
    archive = npm(tmp_path, plain("package/a", bytes(3_000_000)), plain("package/b"))

    with pytest.raises(ReproduceError, match="more bytes than are expected"):
        unpack(archive, "npm", tmp_path / "bytes", most_bytes=2_999_999)
    with pytest.raises(ReproduceError, match="more files than are expected"):
        unpack(archive, "npm", tmp_path / "files", most_files=1)


@pytest.mark.parametrize("kind", ["npm", "pypi"])
def test_what_is_no_archive_is_called_broken(tmp_path: Path, kind: str) -> None:
    (tmp_path / "archive").write_bytes(b"nothing of the kind" * 100)

    with pytest.raises(ReproduceError, match="is broken"):
        unpack(tmp_path / "archive", kind, tmp_path / "out")


def test_half_an_archive_is_called_broken(tmp_path: Path) -> None:
    noise = hashlib.shake_256(b"seed").digest(100_000)
    archive = npm(tmp_path, plain("package/a", noise))
    archive.write_bytes(archive.read_bytes()[:50_000])

    with pytest.raises(ReproduceError, match="is broken"):
        unpack(archive, "npm", tmp_path / "out")


# --- fetching ---------------------------------------------------------------------------------


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program called npm on PATH, and nothing else but what a shell needs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")

    def install(script: str) -> None:
        (programs / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (programs / "npm").chmod(0o755)

    return install


def ignore(_: str) -> None:
    """Take what is told, and tell nobody."""


def package(data: bytes) -> Package:
    return Package("npm", "@scope/data", "1.0.0", hashlib.sha256(data).hexdigest())


def test_an_archive_is_fetched_once_and_kept_by_its_digest(
    tmp_path: Path, client: Callable[[str], None]
) -> None:
    client('echo "$@" >> "$(dirname "$0")/calls"; printf data > data-1.0.0.tgz')
    wanted, said = package(b"data"), list[str]()

    for _ in range(2):
        kept = packages.fetched(wanted, tmp_path / "cache", said.append)
        assert kept.read_bytes() == b"data"

    assert paths(tmp_path / "cache") == [wanted.sha256]
    assert (tmp_path / "bin" / "calls").read_text().splitlines() == [
        "pack --silent --ignore-scripts @scope/data@1.0.0"
    ]
    assert said == ["fetch pkg:npm/%40scope/data@1.0.0"]


def test_a_kept_archive_that_was_damaged_is_fetched_again(
    tmp_path: Path, client: Callable[[str], None]
) -> None:
    client("printf data > data-1.0.0.tgz")
    wanted = package(b"data")
    packages.fetched(wanted, tmp_path / "cache", ignore)
    (tmp_path / "cache" / wanted.sha256).write_bytes(b"date")

    assert packages.fetched(wanted, tmp_path / "cache", ignore).read_bytes() == b"data"


def test_an_archive_with_another_digest_is_not_kept(
    tmp_path: Path, client: Callable[[str], None]
) -> None:
    client("printf other > data-1.0.0.tgz")
    found = hashlib.sha256(b"other").hexdigest()

    with pytest.raises(ReproduceError, match=f"has the SHA-256 {found}, it had"):
        packages.fetched(package(b"data"), tmp_path / "cache", ignore)

    assert paths(tmp_path / "cache") == []


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo no such version >&2; exit 3", "failed:\nno such version"),
        ("true", "npm left 0 files, not one"),
        ("touch a b", "npm left 2 files, not one"),
    ],
)
def test_a_client_that_fails_is_named_with_what_it_said(
    tmp_path: Path, client: Callable[[str], None], script: str, words: str
) -> None:
    client(script)

    with pytest.raises(ReproduceError) as caught:
        packages.fetched(package(b"data"), tmp_path / "cache", ignore)

    assert words in str(caught.value)


@pytest.mark.parametrize(("kind", "program"), [("npm", "npm"), ("deb", "apt-get")])
def test_a_missing_client_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, program: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ReproduceError, match=rf"^{program} is missing\. \w+ "):
        packages.fetched(Package(kind, "data", "1", "00"), tmp_path / "cache", ignore)
