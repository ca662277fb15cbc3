"""`make reproduce`, on a small package that was fetched before."""

import csv
import gzip
import hashlib
import io
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from packages import Package
from recipes import Folders, Recipe, Rows, table
from reproduce import Places, main
from speakers import read_speakers
from support.cli import paths, snapshot

MANIFESTS = Path(__file__).parents[2] / "manifests"
HEAD = """\
seedbox: 1
id: org.example/small
sequence: 1
version: "1.0"
issued: 2026-01-02T03:04:05Z
title: Small
license:
  spdx: MIT
  evidence: {{url: "pkg:npm/small@1.0.0#LICENSE", sha256: {evidence}}}
origin: {{purl: "pkg:npm/small@1.0.0", sha256: {archive}}}
root: small
popularity: {{metric: reads}}
"""
FILES = {"LICENSE": b"MIT", "data/a": b"a" * 40_000, "data/b": b"b" * 20_000}


def counted(source: Path, _: Folders) -> Rows:
    """How often a file is read: 1,000 times for each letter of its name."""
    return [(path.name, 1000 * len(path.name), None) for path in source.iterdir()]


@dataclass
class Workshop:
    """Where a small dataset is published, and what it is made from."""

    places: Places
    files: dict[str, bytes]

    @property
    def folder(self) -> Path:
        return self.places.published / "small"

    def recipe(self) -> Recipe:
        """Put the package where it would be kept, and return how the dataset is made from it."""
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for name, data in self.files.items():
                info = tarfile.TarInfo(f"package/{name}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        data = gzip.compress(stream.getvalue(), mtime=0)
        digest = hashlib.sha256(data).hexdigest()
        self.places.packages.mkdir(parents=True, exist_ok=True)
        (self.places.packages / digest).write_bytes(data)
        package = Package("npm", "small", "1.0.0", digest)
        return Recipe("small", package, "data", counted, (), ("--shard-size", "40000"))

    def run(self, *arguments: str) -> int:
        return main(arguments, self.places, [self.recipe()])

    def describe(self) -> None:
        evidence = hashlib.sha256(self.files["LICENSE"]).hexdigest()
        told = HEAD.format(evidence=evidence, archive=self.recipe().data.sha256)
        (self.folder / "dataset.yaml").write_text(told)


def workshop_in(folder: Path) -> Workshop:
    return Workshop(Places(folder / "manifests", folder / "build"), dict(FILES))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset that is published and signed."""
    made = workshop_in(tmp_path_factory.mktemp("written"))
    made.folder.mkdir(parents=True)
    shutil.copy(MANIFESTS / "example.key", made.places.key)
    made.describe()
    assert made.run("--write") == 0
    return made.places.work.parent


@pytest.fixture
def workshop(written: Path, tmp_path: Path) -> Workshop:
    """The same for one test alone."""
    shutil.copytree(written, tmp_path / "own")
    return workshop_in(tmp_path / "own")


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.splitlines()[1]


def test_what_was_written_is_whole_signed_and_made_again_equal(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paths(workshop.folder) == [
        "dataset.yaml",
        "manifest.yaml",
        "manifest.yaml.minisig",
        "popularity.csv",
        "torrents/small-0001.torrent",
        "torrents/small-0002.torrent",
    ]
    assert (workshop.folder / "popularity.csv").read_text() == "path,value\na,1000\nb,1000\n"
    before = snapshot(workshop.folder)
    capsys.readouterr()

    assert workshop.run("small") == 0

    row = printed(capsys).split()
    assert (row[0], row[5], row[7]) == ("small", "2", "equal")
    assert snapshot(workshop.folder) == before
    assert paths(workshop.places.work) == [f"packages/{workshop.recipe().data.sha256}"]


def test_writing_again_gives_the_same_bytes_signature_included(workshop: Workshop) -> None:
    def contents() -> list[bytes]:
        return [(workshop.folder / path).read_bytes() for path in paths(workshop.folder)]

    before = contents()

    assert workshop.run("--write") == 0
    assert contents() == before


def test_other_data_is_named_by_shard(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.files["data/a"] = b"x" * 40_000
    workshop.describe()
    capsys.readouterr()

    assert workshop.run() == 1
    assert printed(capsys).endswith("  info-hashes differ: small-0001")


def test_another_head_with_equal_torrents_is_told_apart(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    head = workshop.folder / "dataset.yaml"
    head.write_text(head.read_text().replace("reads", "writes"))
    capsys.readouterr()

    assert workshop.run() == 1
    assert printed(capsys).endswith("  manifest.yaml differs, all info-hashes are equal")


def test_another_popularity_table_is_counted(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    (workshop.folder / "popularity.csv").write_text("path,value\na,1000\nb,999\n")
    capsys.readouterr()

    assert workshop.run() == 1
    assert printed(capsys).endswith("  popularity.csv: 2 lines differ")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("#LICENSE", "#COPYING", "there is no pkg:npm/small@1.0.0#COPYING"),
        ("#LICENSE", "#data/a", "data/a has another digest than license.evidence says"),
        ("small@1.0.0#", "other@1.0.0#", "there is no pkg:npm/other@1.0.0#LICENSE"),
        ('small@1.0.0",', 'small@1.0.1",', "origin is not pkg:npm/small@1.0.0 with its digest"),
    ],
)
def test_a_head_that_says_what_the_package_does_not_is_a_difference(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], old: str, new: str, words: str
) -> None:
    head = workshop.folder / "dataset.yaml"
    assert head.read_text().count(old) == 1
    head.write_text(head.read_text().replace(old, new))
    capsys.readouterr()

    assert workshop.run() == 1
    assert printed(capsys).endswith(f"  dataset.yaml: {words}")


def test_a_manifest_that_is_not_there_is_a_difference(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    (workshop.folder / "manifest.yaml").unlink()
    capsys.readouterr()

    assert workshop.run() == 1
    assert printed(capsys).endswith("manifest.yaml: there is none; make it with --write")


def test_a_build_that_fails_is_told_and_fails(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    head = workshop.folder / "dataset.yaml"
    head.write_text(head.read_text().replace("MIT", "CC-BY-NC-4.0"))
    capsys.readouterr()

    assert workshop.run() == 1
    words = "not made: `seedbox build` failed: org.example/small may not be shared"
    assert words in printed(capsys)
    assert [path.name for path in workshop.places.work.iterdir()] == ["packages"]


def test_a_name_that_is_not_there_is_wrong_usage(workshop: Workshop) -> None:
    with pytest.raises(SystemExit) as caught:
        workshop.run("smal")

    assert caught.value.code == 2


STOPPING = """\
import signal, sys
sys.path.insert(0, {manifests!r})
from pathlib import Path
from reproduce import Places, main, stop_cleanly
from recipes import Recipe
from packages import Package

def counted(source, folders):
    print("counting", flush=True)
    signal.pause()

stop_cleanly()
package = Package("npm", "small", "1.0.0", {digest!r})
recipe = Recipe("small", package, "data", counted, (), ())
main([], Places(Path({published!r}), Path({work!r})), [recipe])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_it_leaves_nothing_but_what_it_fetched(
    workshop: Workshop, number: signal.Signals
) -> None:
    script = STOPPING.format(
        manifests=str(MANIFESTS),
        digest=workshop.recipe().data.sha256,
        published=str(workshop.places.published),
        work=str(workshop.places.work),
    )
    before = snapshot(workshop.folder)
    command: Sequence[str] = [sys.executable, "-c", script]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"counting\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=60)

    assert process.returncode == 128 + number
    assert b"Traceback" not in err
    assert [path.name for path in workshop.places.work.iterdir()] == ["packages"]
    assert snapshot(workshop.folder) == before


# --- counting ---------------------------------------------------------------------------------


def test_a_table_has_the_most_used_first_and_licenses_only_if_there_are_any() -> None:
    assert table([("b", 1, None), ("a", 1, None), ("c", 5, None)]) == (
        b"path,value\nc,5\na,1\nb,1\n"
    )
    rows = list(csv.reader(table([("a,b", 0, "MIT"), ("c", 1, None)]).decode().splitlines()))
    assert rows == [["path", "value", "license"], ["c", "1", ""], ["a,b", "0", "MIT"]]


SUPPLEMENTAL = {
    "territoryInfo": """{
      "CH": {"_population": "1000", "languagePopulation": {
        "de": {"_populationPercent": "60"}, "fr": {"_populationPercent": "20.5"}}},
      "FR": {"_population": "5000", "languagePopulation": {"fr": {"_populationPercent": "90"}}},
      "TW": {"_population": "300", "languagePopulation": {"zh_Hant": {"_populationPercent": "95"}}},
      "CN": {"_population": "9000", "languagePopulation": {"zh": {"_populationPercent": "90"}}},
      "AQ": {"_population": "0"}}""",
    "likelySubtags": """{"de": "de-Latn-DE", "fr": "fr-Latn-FR", "zh": "zh-Hans-CN",
      "zh-TW": "zh-Hant-TW"}""",
    "territoryContainment": """{"001": {"_contains": ["150", "030"]}, "150": {"_contains":
      ["CH", "FR"]}, "030": {"_contains": ["CN", "TW"]}, "EU": {"_contains": ["FR"]}}""",
}


@pytest.mark.parametrize(
    ("locale", "people"),
    [
        ("fr", 4705),
        ("fr-CH", 205),
        ("fr_FR", 4500),
        ("fr-150", 4705),
        ("fr-001", 4705),
        ("fr-030", 0),
        ("fr-Latn-CH", 205),
        ("fr-Cyrl", 0),
        ("fr-CH-variant", 205),
        ("zh", 8100),
        ("zh-Hans", 8100),
        ("zh-Hant", 285),
        ("zh-TW", 285),
        ("zh-Hans-TW", 0),
        ("de-FR", 0),
        ("und", 0),
        ("xx", 0),
        ("no locale", 0),
    ],
)
def test_speakers_of_a_locale_are_counted_by_language_script_and_place(
    tmp_path: Path, locale: str, people: int
) -> None:
    folder = tmp_path / "supplemental"
    folder.mkdir()
    for name, section in SUPPLEMENTAL.items():
        (folder / f"{name}.json").write_text(f'{{"supplemental": {{"{name}": {section}}}}}')

    speakers = read_speakers(tmp_path)

    assert speakers.of(locale) == people
    assert speakers.population["FR"] == 5000
