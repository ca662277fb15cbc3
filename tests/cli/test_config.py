"""Options that are not typed: flag before variable before file before default."""

import os
import pwd
from pathlib import Path

import pytest

from support.cli import Ran, run, snapshot
from support.publisher import Publisher


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration file that is not there yet, and the variable that names it."""
    return tmp_path / "my.toml"


def planned(dataset: Publisher, config: Path, *more: object, **variables: str) -> Ran:
    """Plan a build, without --shard-size, where `config` is the configuration."""
    arguments = dataset.arguments(shard_size=None)
    env = {"SEEDBOX_CONFIG": str(config), **variables}
    return run(*arguments, "--dry-run", "--json", *more, env=env)


def count(ran: Ran) -> int:
    """How many shards are planned, which tells what --shard-size was."""
    assert ran.status == 0, ran.out
    return len(ran.document["shards"])


def test_flag_comes_before_variable_before_file_before_default(
    dataset: Publisher, config: Path
) -> None:
    config.touch()
    by_default = planned(dataset, config)
    config.write_text('[build]\nshard-size = "350KB"\n')
    by_file = planned(dataset, config)
    variable = {"SEEDBOX_BUILD_SHARD_SIZE": "500KB"}
    by_variable = planned(dataset, config, **variable)
    by_flag = planned(dataset, config, "--shard-size", "1", **variable)

    assert [count(ran) for ran in (by_default, by_file, by_variable, by_flag)] == [1, 3, 2, 5]


def test_numbers_switches_and_lists_are_read(dataset: Publisher, config: Path) -> None:
    config.write_text(
        "[build]\nshard-size = 350_000\ndry-run = true\njson = true\njobs = 2\n"
        'tracker = ["udp://one.example:1/a", "udp://two.example:1/a"]\nformat = "v1"\n'
    )
    env = {"SEEDBOX_CONFIG": str(config)}

    ran = run(*dataset.arguments(shard_size=None, jobs=None), env=env)

    assert count(ran) == 3
    assert not dataset.out.exists()


def test_a_list_of_one_may_be_written_without_brackets(dataset: Publisher, config: Path) -> None:
    config.write_text('[build]\ntracker = "udp://one.example:1/a"\n')

    dataset.build()
    built = run(*dataset.arguments(out=dataset.folder / "o"), env={"SEEDBOX_CONFIG": str(config)})

    assert built.status == 0
    assert "udp://one.example:1/a" not in dataset.manifest.read_text()
    assert "udp://one.example:1/a" in (dataset.folder / "o" / "manifest.yaml").read_text()


def test_variables_hold_several_values(dataset: Publisher) -> None:
    env = {"SEEDBOX_BUILD_TRACKER": "udp://one.example:1/a udp://two.example:1/a"}

    run(*dataset.arguments(), env=env)

    said = run("show", dataset.torrent(3), "--json").document
    assert said["trackers"] == [["udp://one.example:1/a"], ["udp://two.example:1/a"]]


@pytest.mark.parametrize("name", ["SEEDBOX_SHOW_JSON", "SEEDBOX_SHOW_QUIET"])
def test_switches_may_come_from_variables(built: Publisher, name: str) -> None:
    assert run("show", built.manifest, env={name: "1"}).status == 0
    assert run("show", "none.yaml", env={"SEEDBOX_SHOW_JSON": "1"}).error[:2] == (4, "source")


@pytest.mark.parametrize("where", ["XDG_CONFIG_HOME", "HOME"])
def test_the_file_is_found_where_users_keep_such_files(
    dataset: Publisher, tmp_path: Path, where: str
) -> None:
    folder = tmp_path / "home" / (".config" if where == "HOME" else "")
    (folder / "seedbox").mkdir(parents=True)
    (folder / "seedbox" / "config.toml").write_text('[build]\nshard-size = "350KB"\n')
    env = {"XDG_CONFIG_HOME": "", where: str(tmp_path / "home")}

    ran = run(*dataset.arguments(shard_size=None), "--dry-run", "--json", env=env)

    assert count(ran) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[fetsh]\nstall = "1m"\n', "'fetsh' is no command with options"),
        ("stall = 1\n", "'stall' is no command with options"),
        ('[build]\nshard_size = "1GB"\n', "[build] has no option 'shard_size'"),
        ('[build]\ndataset = "x"\n', "[build] has no option 'dataset'"),
        ("[build]\nshard-size = true\n", "[build] shard-size: takes a value, not true or false"),
        ('[build]\ndry-run = "yes"\n', "[build] dry-run: takes true or false"),
        ("[build]\nshard-size = [1, 2]\n", "[build] shard-size: takes one value, not a list"),
        ("[build]\njobs = 0\n", "[build] jobs: 0 is not in the range x>=1."),
        ('[build]\nshard-size = "big"\n', "[build] shard-size: 'big' is not a size"),
        ("[build]\nshard-size = 2026-01-01\n", "[build] shard-size is no text, no number"),
        ("[build]\ntracker = [[1]]\n", "[build] tracker is no text, no number"),
        ("[build\n", "is no TOML: "),
        ("\xff", "is no TOML: "),
    ],
)
def test_a_wrong_file_is_status_4_and_names_file_and_option(
    dataset: Publisher, config: Path, text: str, message: str
) -> None:
    config.write_bytes(text.encode("latin-1"))
    before = snapshot(dataset.folder)

    status, code, words, hint = planned(dataset, config).error

    assert (status, code) == (4, "invalid-config")
    assert words.startswith(f"configuration {config}: {message}")
    assert hint
    assert snapshot(dataset.folder) == before


def test_all_values_that_do_not_fit_are_named_at_once(dataset: Publisher, config: Path) -> None:
    config.write_text('[build]\njobs = "many"\nformat = "v3"\n')

    _, _, message, _ = planned(dataset, config).error

    assert message.startswith(f"configuration {config} has 2 problems:\n")
    assert "[build] jobs: 'many' is not a valid integer" in message
    assert "[build] format: 'v3' is not one of 'v1', 'v2', 'hybrid'" in message


def test_a_file_that_was_asked_for_must_be_there(dataset: Publisher, config: Path) -> None:
    missing = planned(dataset, config)
    config.mkdir()
    folder = planned(dataset, config)

    assert (missing.error[:2], folder.error[:2]) == ((5, "disk"), (5, "disk"))
    assert str(config) in missing.error[2]
    assert planned(dataset, Path(os.devnull)).status == 0


def test_a_wrong_variable_is_wrong_usage_and_named(dataset: Publisher) -> None:
    ran = run(*dataset.arguments(jobs=None), "--json", env={"SEEDBOX_BUILD_JOBS": "many"})

    status, code, message, _ = ran.error
    assert (status, code) == (2, "usage")
    assert message == "variable SEEDBOX_BUILD_JOBS: 'many' is not a valid integer range"


def test_a_user_without_a_home_can_work(built: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)

    assert run("show", built.manifest, env={"XDG_CONFIG_HOME": ""}).status == 0
