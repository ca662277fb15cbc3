import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import COMMANDS, command, environment, run, run_process
from support.publisher import Publisher


def test_help_names_every_command_and_where_defaults_come_from() -> None:
    ran = run("--help")

    assert (ran.status, ran.err) == (0, "")
    for name in COMMANDS:
        assert f"\n  {name.split()[0]} " in ran.out
    assert "SEEDBOX_<COMMAND>_<OPTION>" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_its_exit_statuses(name: str) -> None:
    ran, short = run(*name.split(), "--help"), run(*name.split(), "-h")

    assert (ran.status, ran.err) == (0, "")
    assert ran.out == short.out
    assert ran.out.startswith(f"Usage: seedbox {name} [OPTIONS]")
    assert "\n  Exit status: " in ran.out
    for option in ("--json ", "--json-events", "--quiet", "--debug", "--help"):
        assert option in ran.out


def test_version() -> None:
    ran = run("--version")

    assert (ran.status, ran.out) == (0, "seedbox, version 0.1.0\n")


def test_without_arguments_help_goes_to_standard_error() -> None:
    ran = run()

    assert (ran.status, ran.out) == (2, "")
    assert ran.err == run("--help").out


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["sow"], "no such command 'sow'", "Run `seedbox --help`."),
        (["--fast"], "no such option '--fast'", "Run `seedbox --help`."),
        (["show"], "missing argument 'MANIFEST|TORRENT|MAGNET'", "Run `seedbox show --help`."),
        (["show", "a", "b"], "got unexpected extra argument (b)", "Run `seedbox show --help`."),
        (["fetch", "m"], "missing option '--out'", "Run `seedbox fetch --help`."),
        (
            ["fetch", "m", "--out"],
            "option '--out' requires an argument",
            "Run `seedbox fetch --help`.",
        ),
    ],
)
def test_wrong_usage_is_status_2_and_names_the_help(
    arguments: list[str], message: str, hint: str
) -> None:
    ran, as_json = run(*arguments), run(*arguments, "--json")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"error[usage]: {message}\n  hint: {hint}\n"
    if arguments[-1] != "--out":  # which would take --json for a folder
        assert as_json.error[:2] == (2, "usage")


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_is_status_2(name: str) -> None:
    ran = run(*name.split(), "--no-such-option")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error[usage]: no such option '--no-such-option'")


def test_with_json_events_an_error_is_an_event() -> None:
    ran = run("show", "none.yaml", "--json-events")

    assert (ran.status, ran.out) == (4, "")
    (event,) = ran.events
    assert (event["event"], event["code"]) == ("error", "source")
    assert event["message"] == "none.yaml does not exist"


def test_quiet_does_not_silence_errors() -> None:
    assert run("show", "none.yaml", "--quiet").err.startswith("error[source]: ")


def test_a_traceback_is_only_shown_with_debug() -> None:
    plain, debug = run("show", "none.yaml"), run("show", "none.yaml", "--debug")

    assert "Traceback" not in plain.err
    assert "Traceback" in debug.err
    assert debug.err.endswith(plain.err)


# --- what is imported -------------------------------------------------------------------------

SHOW_IMPORTS = """\
import sys
from seedbox.cli import main
for arguments in {calls!r}:
    try:
        main(arguments)
    except SystemExit:
        pass
print(*sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def imported(*calls: list[str]) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SHOW_IMPORTS.format(calls=list(calls))],
        env=environment(),
        capture_output=True,
        check=True,
        text=True,
    )
    return set(done.stderr.split())


def test_help_imports_nothing_heavy() -> None:
    heavy = {"libtorrent", "rich", "yaml", "asyncio", "license_expression", "tomllib", "sqlite3"}
    heavy |= {"cryptography", "getpass"}

    assert imported(["--help"]) & heavy == set()


def test_no_commands_help_imports_libtorrent() -> None:
    assert (
        imported(*([*name.split(), "--help"] for name in COMMANDS)) & {"libtorrent", "yaml"}
        == set()
    )


def test_what_only_reads_does_not_import_libtorrent(built: Publisher) -> None:
    used = imported(
        ["show", str(built.manifest)],
        ["lint", str(built.manifest)],
        ["verify", str(built.manifest), str(built.source)],
        ["fetch", str(built.manifest), "--out", str(built.folder / "mirror"), "--dry-run"],
    )

    assert "yaml" in used
    assert "libtorrent" not in used


# --- bugs, and outputs that are gone ----------------------------------------------------------


def test_a_bug_is_status_70_and_says_how_to_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise ZeroDivisionError(f"{name} by zero")

    monkeypatch.setattr(importlib.util, "find_spec", broken)

    ran, as_json = run("demo"), run("demo", "--json")

    assert (ran.status, ran.out) == (70, "")
    lines = ran.err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2].startswith("error[bug]: seedbox 0.1.0 has a bug: ZeroDivisionError: country")
    assert lines[-1].startswith("  hint: Report it with the lines above")
    assert as_json.error[:2] == (70, "bug")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_is_gone_ends_it_without_a_word(built: Publisher, options: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = run_process("show", built.manifest, *options, stdout=writer)
    finally:
        os.close(writer)

    assert (ran.status, ran.err) == (141, "")


def test_the_first_line_of_a_long_list_can_be_had_alone(built: Publisher) -> None:
    line = f"{' '.join(command('show', built.manifest))} | head -1"
    done = subprocess.run(
        ["sh", "-c", line], env=environment(), capture_output=True, check=True, text=True
    )

    assert done.stdout.split() == ["title", "A", "set"]
    assert done.stderr == ""


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_output_that_is_full_is_an_error(built: Publisher, options: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ran = run_process("show", built.manifest, *options, stdout=full)

    assert ran.status == 5
    first, hint = ran.err.splitlines()
    assert first == "error[disk]: cannot write its output: No space left on device"
    assert hint.startswith("  hint: ")


def test_an_output_that_is_closed_is_no_bug(built: Publisher) -> None:
    line = f"{' '.join(command('show', built.manifest))} >&-"
    done = subprocess.run(["sh", "-c", line], env=environment(), capture_output=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_python_dash_m_is_the_command(built: Publisher) -> None:
    ran = run_process("show", built.manifest, "--json")

    assert ran.status == 0
    assert json.loads(ran.out) == run("show", built.manifest, "--json").document
