import platform
import sys
from importlib import metadata

import pytest

from seedbox.hashing import available, built, chosen
from support.cli import run, run_process
from support.publisher import Publisher


@pytest.fixture
def no_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be an installation whose C extension was not built."""
    monkeypatch.setitem(sys.modules, "seedbox.hashing._lanes", None)


@pytest.mark.skipif(not built(), reason="the C extension was not built")
def test_a_whole_installation_passes_at_each_point() -> None:
    ran = run("doctor", env={"COLUMNS": "400"})

    lines = [line.split() for line in ran.out.splitlines()]
    assert [line[:2] for line in lines[:3]] == [
        ["PASS", "python"],
        ["PASS", "libtorrent"],
        ["PASS", "hashing"],
    ]
    assert lines[0][2:4] == [platform.python_implementation(), platform.python_version()]
    assert lines[1][2:] == [metadata.version("libtorrent")]
    assert (ran.status, ran.err) == (0, "")


def test_json_has_every_point() -> None:
    ran = run("doctor", "--json")

    assert (ran.status, ran.document["ok"]) == (0, True)
    assert set(ran.document) == {"ok", "findings"}
    findings = ran.document["findings"]
    points = ["python", "libtorrent", "hashing", "open-files", "certificates", "daemon"]
    assert [finding["point"] for finding in findings[:6]] == points
    for finding in findings:
        assert set(finding) == {"point", "verdict", "found", "hint", "about"}
        assert finding["verdict"] in {"PASS", "WARN", "N/A"}
        assert finding["verdict"] != "WARN" or finding["hint"] is not None
    path = chosen()
    found = f"SHA-1 by {path.sha1}, SHA-256 by {path.sha256}: {path.why}"
    assert findings[2]["found"].startswith(found)


@pytest.mark.parametrize("path", available())
def test_the_path_that_the_variable_names_is_shown(path: str) -> None:
    ran = run("doctor", "--json", env={"SEEDBOX_HASH": path})

    found = ran.document["findings"][2]["found"]
    assert found.startswith(f"SHA-1 by {path}, SHA-256 by {path}: SEEDBOX_HASH asks for it")
    others = [name for name in available() if name != path]
    assert found.endswith(f"(SEEDBOX_HASH could also be {', '.join(others)})") is bool(others)


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor"],
        ["verify", "{torrent}", "{source}"],
        ["torrent", "{source}", "-o", "{source}/../x.torrent"],
    ],
)
def test_a_path_that_no_machine_has_is_wrong_usage(
    arguments: list[str], dataset: Publisher
) -> None:
    torrent = dataset.folder / "whole.torrent"
    run("torrent", dataset.source, "-o", torrent)
    places = {"torrent": torrent, "source": dataset.source}
    line = [argument.format(**places) for argument in arguments]

    status, code, message, hint = run(*line, "--json", env={"SEEDBOX_HASH": "bogus"}).error

    assert (status, code) == (2, "usage")
    assert message == "SEEDBOX_HASH=bogus is no path of this machine"
    assert hint == f"Set it to one of {', '.join(available())}, or unset it."


def test_for_people_a_path_that_no_machine_has_is_an_error_with_a_hint() -> None:
    ran = run_process("doctor", env={"SEEDBOX_HASH": "bogus"})

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(
        "error[usage]: SEEDBOX_HASH=bogus is no path of this machine\n  hint:"
    )


@pytest.mark.usefixtures("no_extension")
def test_without_the_extension_it_warns_and_says_what_to_do() -> None:
    ran = run("doctor", env={"COLUMNS": "400"})
    document = run("doctor", "--json").document

    assert ran.status == 0
    assert [line.split()[:2] for line in ran.out.splitlines()[:3]] == [
        ["PASS", "python"],
        ["PASS", "libtorrent"],
        ["WARN", "hashing"],
    ]
    hint = "Install a C compiler, then seedbox again, to hash several times as fast."
    assert ran.out.splitlines()[3].strip() == f"hint: {hint}"
    assert document["ok"]
    assert document["findings"][2] == {
        "point": "hashing",
        "verdict": "WARN",
        "found": "SHA-1 by hashlib, SHA-256 by hashlib: the C extension was not built",
        "hint": hint,
        "about": None,
    }


@pytest.mark.usefixtures("no_extension")
def test_without_libtorrent_it_fails_with_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("seedbox.jobs.doctor.installation.version", absent)

    ran = run("doctor", "--json")

    assert (ran.status, ran.document["ok"]) == (1, False)
    assert ran.document["findings"][1] == {
        "point": "libtorrent",
        "verdict": "FAIL",
        "found": "it is not installed",
        "hint": "Install seedbox again, with a Python from 3.11 to 3.13.",
        "about": None,
    }
