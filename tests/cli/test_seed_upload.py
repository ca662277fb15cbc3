"""What `seed` may give, and its log."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from support.cli import Ran, command, environment, run
from support.publisher import Publisher

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z")


def seed(built: Publisher, data: Path, *arguments: object, **env: str) -> Ran:
    """A seed that finds nothing to serve, and ends."""
    data.mkdir()
    places = ("--data", data, "--listen", "127.0.0.1:0", "--state", data.parent / "daemon")
    return run("seed", built.manifest, *places, *arguments, env=env)


# --- caps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--hours", "08:00-25:00=pause"), "'25:00' is no time of the day"),
        (("--hours", "01:00-03:00=1MB/s,02:00-04:00=pause"), "01:00-03:00 and 02:00-04:00 overlap"),
        (("--hours", "08:00-09:00=0"), "'0' is nothing; write pause"),
        (("--up-day", "0"), "'0' is nothing; pass more"),
        (("--up-month", "5TB/s"), "is not a size"),
    ],
)
def test_a_bound_that_means_nothing_is_wrong_usage(
    arguments: tuple[str, ...], words: str, built: Publisher, tmp_path: Path
) -> None:
    status, code, message, _ = seed(built, tmp_path / "data", *arguments, "--json").error

    assert (status, code) == (2, "usage")
    assert words in message


def test_bounds_are_taken_from_the_configuration(built: Publisher, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[seed]\nhours = "00:00-24:00=pause"\nup-day = "200GB"\nup-month = "5TB"\nlan-free = true\n'
    )

    ran = seed(built, tmp_path / "data", SEEDBOX_CONFIG=str(config))

    assert ran.status == 1
    assert re.search(r"^upload is paused until .* UTC: --hours$", ran.err, re.MULTILINE)


# --- the log ----------------------------------------------------------------------------------


def test_a_log_as_text_has_times(built: Publisher, tmp_path: Path) -> None:
    ran = seed(built, tmp_path / "data", "--log", "text")

    assert ran.status == 1
    lines = ran.err.splitlines()
    assert all(TIME.match(line) for line in lines)
    assert any("listening on 127.0.0.1:" in line for line in lines)


def test_a_log_as_json_is_one_document_a_line(built: Publisher, tmp_path: Path) -> None:
    ran = seed(built, tmp_path / "data", "--log", "json")

    told = [json.loads(line) for line in ran.err.splitlines()]
    assert all({"time", "level", "event", "message"} <= set(each) for each in told)
    assert [each["endpoint"] for each in told if each["event"] == "listening"]
    assert "warning" in {each["level"] for each in told}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("text", [" error[source]: ", "   hint: "]),
        ("json", ['"level": "error", "event": "error", "code": "source"']),
    ],
)
def test_an_error_is_logged_too(form: str, expected: list[str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()

    ran = run("seed", tmp_path / "no.yaml", "--data", data, "--log", form)

    assert ran.status == 4
    assert ran.out == ""
    assert all(any(words in line for line in ran.err.splitlines()) for words in expected)


@pytest.mark.parametrize("other", ["--quiet", "--json-events"])
def test_only_one_says_what_goes_to_standard_error(
    other: str, built: Publisher, tmp_path: Path
) -> None:
    status, code, message, _ = seed(
        built, tmp_path / "data", "--log", "text", other, "--json"
    ).error

    assert (status, code) == (2, "usage")
    assert message == f"--log and {other} both say what goes to standard error"


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-"])
def test_a_log_that_cannot_be_written_stops_nothing(redirection: str, tmp_path: Path) -> None:
    (data := tmp_path / "data").mkdir()
    arguments = command("seed", tmp_path / "no.yaml", "--data", data, "--log", "text")

    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh", *arguments]
    ran = subprocess.run(shell, env=environment(), check=False, timeout=60, capture_output=True)

    assert (ran.returncode, ran.stdout) == (4, b"")
