from pathlib import Path

import pytest

from seedbox.config import parse, place, state_folder
from seedbox.errors import InvalidConfigError

HOME = Path("/home/ann")


def test_the_file_is_where_the_variable_says_before_anything_else() -> None:
    named = {"SEEDBOX_CONFIG": "/etc/my.toml", "XDG_CONFIG_HOME": "/xdg"}

    assert place(named, HOME) == Path("/etc/my.toml")
    assert place({"XDG_CONFIG_HOME": "/xdg"}, HOME) == Path("/xdg/seedbox/config.toml")
    assert place({}, HOME) == Path("/home/ann/.config/seedbox/config.toml")


@pytest.mark.parametrize("name", ["SEEDBOX_CONFIG", "XDG_CONFIG_HOME"])
def test_an_empty_variable_is_none(name: str) -> None:
    assert place({name: ""}, HOME) == Path("/home/ann/.config/seedbox/config.toml")


def test_values_become_what_would_be_typed() -> None:
    text = b"""
        [fetch]
        stall = "10m"
        jobs = 2
        coverage = 0.95
        quiet = true
        shard = ["a", 1]
        peer = []
    """

    config = parse(text, file="my.toml", commands=["fetch", "seed"])

    known = ["stall", "jobs", "coverage", "quiet", "shard", "peer", "budget"]
    assert config.options_of("fetch", known) == {
        "stall": "10m",
        "jobs": "2",
        "coverage": "0.95",
        "quiet": True,
        "shard": ("a", "1"),
        "peer": (),
    }
    assert config.options_of("seed", known) == {}


def test_every_wrong_table_and_value_is_a_problem_with_the_file() -> None:
    with pytest.raises(InvalidConfigError) as caught:
        parse(
            b"jobs = 1\n[sow]\n[fetch]\nat = 10:00:00\nof = {a = 1}\nin = [true]\n",
            file="my.toml",
            commands=["fetch"],
        )

    assert [problem.message for problem in caught.value.problems] == [
        "'jobs' is no command with options",
        "'sow' is no command with options",
        "[fetch] at is no text, no number, no switch and no list of them",
        "[fetch] of is no text, no number, no switch and no list of them",
        "[fetch] in is no text, no number, no switch and no list of them",
    ]
    assert {problem.file for problem in caught.value.problems} == {"my.toml"}
    assert (caught.value.code, caught.value.exit_status) == ("invalid-config", 4)


def test_an_option_that_the_command_does_not_have_is_refused() -> None:
    config = parse(b"[fetch]\nb = 1\na = 1\njobs = 1\n", file="my.toml", commands=["fetch"])

    with pytest.raises(InvalidConfigError) as caught:
        config.options_of("fetch", ["jobs"])

    assert [str(problem) for problem in caught.value.problems] == [
        "my.toml: [fetch] has no option 'a'",
        "my.toml: [fetch] has no option 'b'",
    ]


@pytest.mark.parametrize("data", [b"[fetch", b"[fetch]\njobs = 1\njobs = 2\n", b"\xff\xfe"])
def test_what_is_no_toml_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidConfigError, match=r"my\.toml: is no TOML: "):
        parse(data, file="my.toml", commands=["fetch"])


def test_an_empty_file_says_nothing() -> None:
    assert parse(b"", file="my.toml", commands=["fetch"]).options_of("fetch", ["jobs"]) == {}


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "/home/me/.local/state/seedbox"),
        ({"XDG_STATE_HOME": "/var/me"}, "/var/me/seedbox"),
        ({"XDG_STATE_HOME": ""}, "/home/me/.local/state/seedbox"),
        ({"XDG_STATE_HOME": "/var/me", "SEEDBOX_STATE": "/srv/state"}, "/srv/state"),
    ],
)
def test_the_state_folder_is_found_as_the_xdg_specification_says(
    environment: dict[str, str], folder: str
) -> None:
    assert state_folder(environment, Path("/home/me")) == Path(folder)
