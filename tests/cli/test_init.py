import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seedbox.cli import main
from seedbox.manifest.parse import parse_head


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def seedbox(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run a command in this process, out of reach of the user's own configuration."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str | Path) -> Outcome:
        with pytest.raises(SystemExit) as caught:
            main([str(each) for each in arguments])
        assert isinstance(caught.value.code, int)
        return Outcome(caught.value.code, *capsys.readouterr())

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "graph"
    made.mkdir()
    (made / "a.txt").write_text("data")
    (made / "README.md").write_text(
        "---\nlicense: cc-by-4.0\npretty_name: Link [bold]graph\n---\n\nWho links to whom.\n"
    )
    return made


def test_it_writes_a_dataset_yaml_that_build_takes(
    seedbox: Run, folder: Path, tmp_path: Path
) -> None:
    status, _, _ = seedbox("init", folder, "--id", "example.org/graph")
    built, _, err = seedbox(
        *("build", folder / "dataset.yaml", "--source", folder, "--out", tmp_path / "out")
    )

    assert (status, built, err.count("error")) == (0, 0, 0)
    manifest = (tmp_path / "out" / "manifest.yaml").read_text()
    assert "id: example.org/graph\n" in manifest
    assert "dataset.yaml" not in manifest


def test_build_refuses_the_file_as_long_as_the_id_is_to_be_filled_in(
    seedbox: Run, folder: Path, tmp_path: Path
) -> None:
    seedbox("init", folder)

    status, _, err = seedbox(
        *("build", folder / "dataset.yaml", "--source", folder, "--out", tmp_path / "out")
    )

    assert status == 4
    assert "id: 'PUBLISHER/graph' is not an id such as" in err
    assert not (tmp_path / "out").exists()


def test_build_refuses_the_file_as_long_as_there_is_no_license(
    seedbox: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "README.md").unlink()
    seedbox("init", folder, "--id", "example.org/graph")

    status, _, err = seedbox(
        *("build", folder / "dataset.yaml", "--source", folder, "--out", tmp_path / "out")
    )

    assert status == 7
    assert "no license is given" in err
    assert not (tmp_path / "out").exists()


def test_it_prints_each_guess_its_source_and_the_next_command(seedbox: Run, folder: Path) -> None:
    (folder / "LICENSE").write_text("CC0 1.0 Universal")

    status, out, err = seedbox("init", folder)

    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (status, err) == (0, "")
    assert lines == [
        "field guessed from",
        "license CC-BY-4.0 README.md",
        "title Link [bold]graph README.md",
        "description Who links to whom. README.md",
        "id to fill in",
        "LICENSE says that the license is CC0-1.0, not CC-BY-4.0",
        f"wrote {folder}/dataset.yaml; look at it; first fill in id there, then run:",
        f"seedbox build {folder}/dataset.yaml --source {folder} --out OUT",
    ]


def test_json_says_the_same(seedbox: Run, folder: Path) -> None:
    (folder / "LICENSE").write_text("CC0 1.0 Universal")
    (folder / "popularity.csv").write_text("path,value\na.txt,1\n")

    status, out, err = seedbox("init", folder, "--json")

    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "dataset": f"{folder}/dataset.yaml",
        "guessed": [
            {
                "field": "license",
                "value": "CC-BY-4.0",
                "from": "README.md",
                "others": [{"value": "CC0-1.0", "from": "LICENSE"}],
            },
            {"field": "title", "value": "Link [bold]graph", "from": "README.md", "others": []},
            {
                "field": "description",
                "value": "Who links to whom.",
                "from": "README.md",
                "others": [],
            },
        ],
        "missing": ["id", "popularity"],
        "popularity": "popularity.csv",
        "warnings": ["LICENSE says that the license is CC0-1.0, not CC-BY-4.0"],
        "next": f"seedbox build {folder}/dataset.yaml --source {folder}"
        f" --popularity {folder}/popularity.csv --out OUT",
    }


def test_it_is_issued_now(seedbox: Run, folder: Path) -> None:
    seedbox("init", folder, "--id", "example.org/graph")

    written = folder / "dataset.yaml"
    head = parse_head(written.read_bytes(), file="dataset.yaml")
    assert head.issued.microsecond == 0
    assert abs(head.issued.timestamp() - written.stat().st_mtime) < 60


def test_out_names_the_file_to_write(seedbox: Run, folder: Path, tmp_path: Path) -> None:
    status, out, _ = seedbox("init", folder, "--out", tmp_path / "graph.yaml", "--json")

    assert status == 0
    assert json.loads(out)["dataset"] == f"{tmp_path}/graph.yaml"
    assert (tmp_path / "graph.yaml").is_file()
    assert not (folder / "dataset.yaml").exists()


def test_a_second_run_is_refused_and_changes_nothing(seedbox: Run, folder: Path) -> None:
    seedbox("init", folder, "--id", "example.org/graph")
    before = (folder / "dataset.yaml").read_bytes()

    status, _, err = seedbox("init", folder)

    assert status == 5
    assert err.startswith(f"error[destination-taken]: {folder}/dataset.yaml exists already")
    assert "\n  hint: Move that file away, or pass another --out" in err
    assert (folder / "dataset.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["nowhere"], 4, "source"),
        (["graph/a.txt"], 4, "source"),
        (["graph", "--id", "graph"], 2, "usage"),
        (["graph", "--out", "no/where.yaml"], 5, "disk"),
    ],
)
def test_what_cannot_be_done_has_a_code_a_hint_and_a_status(
    seedbox: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    code: str,
) -> None:
    monkeypatch.chdir(folder.parent)

    outcome = seedbox("init", *arguments, "--json")

    error = json.loads(outcome.out)["error"]
    assert (outcome.status, error["code"]) == (status, code)
    assert error["hint"].endswith(".")
    assert not (folder / "dataset.yaml").exists()


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--shard-size", "1"]])
def test_wrong_usage_is_status_2(seedbox: Run, arguments: list[str]) -> None:
    assert seedbox("init", *arguments).status == 2


def test_help_lists_what_is_read_and_the_exit_statuses(seedbox: Run) -> None:
    status, out, _ = seedbox("init", "--help")

    words = " ".join(out.split())
    assert status == 0
    assert "LICENSE, README, CITATION, datapackage.json and Croissant files" in words
    assert "Exit status: 0 written, 2 wrong usage, 4 no data, 5 the file exists" in words


def test_what_a_file_says_cannot_steer_the_terminal(seedbox: Run, folder: Path) -> None:
    (folder / "datapackage.json").write_text(json.dumps({"title": "\x1b[2J\x1b]0;x\x07Graph"}))

    _, out, _ = seedbox("init", folder)

    assert "\x1b" not in out
    assert "\x07" not in out
