"""`init` on folders with the metadata that catalogs have: from there to torrents."""

import json
from pathlib import Path

import pytest

from seedbox.manifest.parse import parse_head
from support.cli import Ran, run

CROISSANT = {
    "@context": {"@vocab": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"},
    "@type": "sc:Dataset",
    "conformsTo": "http://mlcommons.org/croissant/1.0",
    "name": "Link graph",
    "description": "Who links to whom",
    "url": "https://example.org/wiki",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "creator": {"@type": "Person", "name": "Ann"},
    "datePublished": "2020-01-02",
    "identifier": "https://doi.org/10.5281/zenodo.1234",
}
PACKAGE = {
    "name": "links",
    "title": "Link graph",
    "licenses": [{"name": "ODC-PDDL-1.0", "title": "Open Data Commons PDDL 1.0"}],
    "homepage": "https://example.org/wiki",
    "version": "1.10",
    "contributors": [{"title": "Ann", "role": "author"}],
    "resources": [{"name": "a", "path": "a.csv"}],
}
CARD = "---\nlicense: odbl\npretty_name: Link graph\ntags: [wiki]\n---\n# Links\n\nWho links.\n"


def prepared(folder: Path, name: str, content: object) -> tuple[Ran, Path]:
    data = folder / "data"
    data.mkdir()
    (data / "a.csv").write_text("x,y\n1,2\n")
    (data / name).write_text(content if isinstance(content, str) else json.dumps(content))
    head = folder / "dataset.yaml"
    return run("init", data, "--out", head, "--id", "org.example/links", "--json"), head


@pytest.mark.parametrize(
    ("name", "content", "spdx", "version"),
    [
        ("croissant.json", CROISSANT, "CC-BY-4.0", "2020-01-02"),
        ("datapackage.json", PACKAGE, "PDDL-1.0", "1.10"),
        ("README.md", CARD, "ODbL-1.0", "1.0.0"),
    ],
)
def test_what_it_writes_says_where_each_guess_came_from_and_can_be_built(
    tmp_path: Path, name: str, content: object, spdx: str, version: str
) -> None:
    ran, file = prepared(tmp_path, name, content)

    head = parse_head(file.read_bytes(), file="dataset.yaml")
    built = run("build", file, "--source", tmp_path / "data", "--out", tmp_path / "out")
    assert (ran.status, ran.document["missing"], ran.document["warnings"]) == (0, [], [])
    assert head.license is not None
    assert (head.title, head.license.spdx, head.version) == ("Link graph", spdx, version)
    assert {guess["from"] for guess in ran.document["guessed"]} == {name}
    assert file.read_text().count(f"# guessed from {name}") == len(ran.document["guessed"]) >= 3
    assert built.status == 0, built


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("croissant.json", "[" * 200_000, "nested deeper than 64 levels"),
        ("croissant.json", {**CROISSANT, "pad": "x" * (5 << 20)}, "longer than 4,194,304 bytes"),
        ("datapackage.json", '{"license": "mit", "license": "cc-by-nc-4.0"}', "stands twice"),
        (
            "datapackage.json",
            {"licenses": [{"name": "MIT", "path": "https://spdx.org/licenses/JSON"}]},
            "does not know: MIT or https://spdx.org/licenses/JSON",
        ),
        ("README.md", "---\nlicense: other\n---\n", "does not know: other"),
        ("README.md", "---\nlicense: cc-by-nc-4.0\n---\n", "not open: CC-BY-NC-4.0 forbids"),
        (
            "README.md",
            f"---\na: &a [{'x,' * 9}]\nb: {'[*a,' * 60}{']' * 60}\nlicense: [\n---\n",
            "line",
        ),
    ],
)
def test_what_is_wrong_or_unclear_there_is_told_and_never_becomes_an_open_license(
    tmp_path: Path, name: str, content: object, words: str
) -> None:
    ran, file = prepared(tmp_path, name, content)

    built = run("build", file, "--source", tmp_path / "data", "--out", tmp_path / "out", "--json")
    assert ran.status == 0
    assert any(words in warning for warning in ran.document["warnings"])
    assert built.error[:2] == (7, "license-refused")
