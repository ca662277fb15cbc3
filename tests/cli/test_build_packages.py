"""`seedbox build --from pkg:…`: the archive of a package, without a copy of it."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from support.cli import Ran, run
from support.clients import SAW, client, of_npm, of_pip
from support.content import contents, write
from support.origin import Origin, origin
from support.publisher import HEAD, Publisher, publisher

DATA = contents({"archive": 400_000})["archive"]
TARBALL = "@scope/rivers/-/rivers-1.2.0.tgz"
WHEEL = "files/ab/rivers-1.2-py3-none-any.whl"
NPM = "pkg:npm/%40scope/rivers@1.2.0"
PYPI = "pkg:pypi/rivers@1.2"
OTHER = sha256(b"other").hexdigest()


@pytest.fixture
def server() -> Iterator[Origin]:
    with origin({TARBALL: DATA, WHEEL: DATA}) as made:
        yield made


@pytest.fixture
def dataset(tmp_path: Path) -> Publisher:
    made = publisher(tmp_path, {"unused": 1})
    made.head.write_text(HEAD.replace("root: set\n", "").replace("popularity: {metric: reads}", ""))
    return made


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All of PATH: no client that is really there is ever asked."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("MARK", "the user's own")
    return folder


def packaged(dataset: Publisher, purl: str, *more: str) -> Ran:
    words = dataset.arguments(source=None, popularity=None, shard_size=None)
    return run(*words, "--from", purl, *more, "--json")


@pytest.mark.parametrize(
    ("purl", "path", "below"),
    [(NPM, TARBALL, "-/rivers-1.2.0.tgz"), (PYPI, WHEEL, "rivers-1.2-py3-none-any.whl")],
)
def test_a_package_makes_the_torrent_that_its_archive_makes_here(
    dataset: Publisher, server: Origin, programs: Path, purl: str, path: str, below: str
) -> None:
    client(programs, "npm", of_npm(f"{server.url}{TARBALL}", DATA))
    client(programs, "pip3", of_pip(f"{server.url}{WHEEL}", DATA))  # there is no pip
    base = f"{server.url}{path}".replace("@", "%40").removesuffix(f"/{below}")

    ran = packaged(dataset, purl, "--prove-web-seeds")

    assert ran.status == 0, ran
    said = dataset.manifest.read_text()
    assert f"url: {base}" in said
    assert purl in said
    assert (sha256(DATA).hexdigest() in said) == (purl == PYPI)
    assert torrents(dataset.out) == built_here(dataset, base, below)


def torrents(out: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in (out / "torrents").iterdir()}


def built_here(dataset: Publisher, base: str, below: str) -> dict[str, bytes]:
    """Build the archive from a folder, with the same web seed."""
    seed, _, root = base.rpartition("/")
    write(dataset.folder / "local" / root, {below: DATA})
    dataset.build(
        source=dataset.folder / "local" / root,
        out=dataset.folder / "here",
        popularity=None,
        shard_size=None,
        web_seed=f"{seed}/",
    )
    return torrents(dataset.folder / "here")


def test_the_client_has_the_environment_of_the_user_and_no_input(
    dataset: Publisher, server: Origin, programs: Path
) -> None:
    client(programs, "npm", of_npm(f"{server.url}{TARBALL}", DATA), stderr="npm warn x")

    assert packaged(dataset, NPM).status == 0

    words = "view @scope/rivers@1.2.0 dist --json"
    assert (programs / SAW).read_text() == f"{words}\nthe user's own\n"


@pytest.mark.parametrize(("purl", "kind"), [(NPM, "SHA-512"), (PYPI, "SHA-256")])
def test_an_archive_with_another_digest_is_refused(
    dataset: Publisher, server: Origin, programs: Path, purl: str, kind: str
) -> None:
    if purl == NPM:
        client(programs, "npm", of_npm(f"{server.url}{TARBALL}", b"other"))
    else:
        client(programs, "pip", of_pip(f"{server.url}{WHEEL}", b"other"))

    status, code, message, _ = packaged(dataset, purl).error

    assert (status, code) == (4, "wrong-digest")
    assert f" has {kind} " in message
    assert ", the registry says " in message
    assert not dataset.manifest.exists()


def test_a_digest_of_the_dataset_is_held_too(
    dataset: Publisher, server: Origin, programs: Path
) -> None:
    client(programs, "npm", of_npm(f"{server.url}{TARBALL}", DATA))
    pinned = f"origin: {{purl: {NPM!r}, sha256: {OTHER}}}\n"
    dataset.head.write_text(dataset.head.read_text() + pinned)

    status, code, message, _ = packaged(dataset, NPM).error

    assert (status, code) == (4, "wrong-digest")
    assert message.endswith(f"dataset.yaml says {OTHER}")


@pytest.mark.parametrize(
    ("answer", "status", "stderr", "why"),
    [
        ("", 3, "first\nlast word\n\n", "it ended with status 3: last word"),
        ("", 1, "", "it ended with status 1"),
        (
            json.dumps({"error": {"code": "E404", "summary": "No match for 1.2.0"}}),
            1,
            "npm error A complete log is elsewhere",
            "No match for 1.2.0",
        ),
        ("", 0, "", "it answers nothing; there may be no such version"),
        ("x" * ((1 << 20) + 1), 0, "", "its answer has more than 1,048,576 bytes"),
        ("{}", 0, "", "its answer has no `tarball`"),
    ],
)
def test_a_client_that_is_of_no_help_is_named(
    dataset: Publisher, programs: Path, answer: str, status: int, stderr: str, why: str
) -> None:
    client(programs, "npm", answer, status=status, stderr=stderr)

    error = packaged(dataset, NPM).error

    assert error[:3] == (6, "package", f"npm does not find {NPM}: {why}")
    assert "`npm pack @scope/rivers@1.2.0`" in error[3]
    assert not dataset.out.exists()


@pytest.mark.parametrize(("purl", "program"), [(NPM, "npm"), (PYPI, "pip")])
def test_a_client_that_is_missing_is_named(
    dataset: Publisher, programs: Path, purl: str, program: str
) -> None:
    client(programs, "other", "{}")

    status, code, message, hint = packaged(dataset, purl).error

    assert (status, code) == (5, "missing-client")
    assert message == f"where {purl} lies only {program} knows, which is missing"
    assert "on PATH" in hint


@pytest.mark.parametrize("purl", ["pkg:npm/--help@1.0.0", "pkg:npm/a@latest", "pkg:pypi/a@1.*"])
def test_nobody_is_asked_for_what_is_no_exact_version(
    dataset: Publisher, programs: Path, purl: str
) -> None:
    for name in ("npm", "pip"):
        client(programs, name, "{}")

    assert packaged(dataset, purl).error[:2] == (2, "usage")
    assert not (programs / SAW).exists()


def test_other_packages_are_refused_with_the_way_to_build_them(dataset: Publisher) -> None:
    status, code, message, hint = packaged(dataset, "pkg:deb/debian/rivers@1.0").error

    assert (status, code) == (2, "usage")
    assert message.startswith("pkg:deb/debian/rivers@1.0 names a package, not a URL")
    assert "Run `apt-get download rivers=1.0`" in hint
