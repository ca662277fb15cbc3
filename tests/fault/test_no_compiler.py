"""Where nothing can compile the C extension, seedbox is installed all the same and hashes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.content import contents, write

ROOT = Path(__file__).parents[2]
NOT_SOURCE = shutil.ignore_patterns("__pycache__", "*.so")
SHOWS_PATHS = """
import seedbox
from seedbox.hashing import available, chosen
print(seedbox.__file__, *available(), chosen().name, chosen().why, sep="\\n")
"""


def ran(*command: object, **environment: str) -> str:
    # Coverage would take the installed copy for the source.
    inherited = {key: os.environ[key] for key in os.environ if not key.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        env={**inherited, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with seedbox as it is installed without a compiler."""
    folder = tmp_path_factory.mktemp("no_compiler")
    source = folder / "source"
    source.mkdir()
    shutil.copytree(ROOT / "seedbox", source / "seedbox", ignore=NOT_SOURCE)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    target = folder / "site"
    ran("-m", "pip", "install", *offline, "--target", target, source, CC="/bin/false")
    return target


def test_the_installation_has_no_extension_and_hashlib_serves(site: Path) -> None:
    place, *paths, name, why = ran("-P", "-c", SHOWS_PATHS, PYTHONPATH=str(site)).splitlines()

    assert Path(place).is_relative_to(site)
    assert (paths, name, why) == (["hashlib"], "hashlib", "the C extension was not built")


def test_torrents_are_the_same_without_the_extension(site: Path, tmp_path: Path) -> None:
    write(tmp_path / "data", contents({"a": 300_000, "b/c": 16_384, "d": 1}))
    torrents = []
    for out, environment in (("with", {}), ("without", {"PYTHONPATH": str(site)})):
        path = tmp_path / f"{out}.torrent"
        arguments = ["torrent", tmp_path / "data", "--out", path]
        ran("-P", "-m", "seedbox", *arguments, **environment)
        torrents.append(path.read_bytes())

    assert torrents[0] == torrents[1]
