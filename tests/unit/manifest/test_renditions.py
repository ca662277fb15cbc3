"""What stands under a rendition: commands that run with the publisher's rights, read strictly."""

from datetime import timedelta
from typing import Any

import pytest

from seedbox.errors import Problem
from seedbox.manifest.commands import Command, Made
from seedbox.manifest.fields import Reader, SkippedError
from seedbox.manifest.nodes import load
from seedbox.manifest.problems import Problems
from seedbox.manifest.renditions import command, duration_text, made

OPUSENC = """\
run: [opusenc, --serial, "1", --bitrate, "64", "{in}", "{out}"]
version: [opusenc, --version]
suffix: .opus
"""


def read(reader: Reader[Any], text: str) -> tuple[Any, list[Problem]]:
    problems = Problems("dataset.yaml")
    node = load(text.encode(), problems)
    assert node is not None
    try:
        return reader(node, problems), problems.found
    except SkippedError:
        return None, problems.found


def refused(text: str, reader: Reader[Any] = command) -> str:
    value, problems = read(reader, text)
    assert value is None or problems
    (problem,) = problems
    return problem.message


def test_a_command_is_read_with_defaults_for_what_it_leaves_out() -> None:
    assert read(command, OPUSENC) == (
        Command(
            run=("opusenc", "--serial", "1", "--bitrate", "64", "{in}", "{out}"),
            version=("opusenc", "--version"),
            suffix=".opus",
            reads=(),
            check=(),
            time_limit=timedelta(minutes=10),
        ),
        [],
    )


def test_a_command_may_say_what_it_reads_how_it_is_checked_and_how_long_it_may_take() -> None:
    more = 'reads: [.wav, .tar.gz]\ncheck: [/usr/bin/opusinfo, "{out}"]\ntime_limit: 1h30m\n'
    value, problems = read(command, OPUSENC + more)

    assert problems == []
    assert value.reads == (".wav", ".tar.gz")
    assert value.check == ("/usr/bin/opusinfo", "{out}")
    assert value.time_limit == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("opusenc {in} {out}", "not a list"),
        ("[]", "the command is empty"),
        ('["rm -rf /", "{in}", "{out}"]', "'rm -rf /' is no name of a program"),
        ('[-x, "{in}", "{out}"]', "'-x' is no name of a program"),
        ('[./x, "{in}", "{out}"]', "'./x' is no name of a program and no absolute path"),
        ('[a/x, "{in}", "{out}"]', "'a/x' is no name of a program and no absolute path"),
        ('["{in}", "{in}", "{out}"]', "'{in}' is no name of a program"),
        ('[x, "{in}"]', "no argument holds {out}"),
        ('[x, "{out}"]', "no argument holds {in}"),
        ('[x, 1, "{in}", "{out}"]', "1 is read as a number, not text"),
        ('[x, "{in}", "{out}"' + ", z" * 62 + "]", "the command has 65 parts, the limit is 64"),
        ('[x, "{in}", "{out}", ' + "y" * 1001 + "]", "has 1,001 characters, the limit is 1,000"),
        ('[x, "{in}", "{out}", "a\\0"]', "the text holds the character U+0000"),
    ],
)
def test_a_command_that_could_be_anything_else_is_refused(run: str, message: str) -> None:
    assert message in refused(f"run: {run}\nversion: [x, -V]\nsuffix: .x\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("suffix: opus", "'opus' is not a suffix"),
        ("suffix: ./../x", "is not a suffix"),
        ("suffix: .OPUS", "is not a suffix"),
        ("time_limit: 10", "10 is read as a number, not text"),
        ('time_limit: "10"', "'10' is not a duration"),
        ("time_limit: 500ms", "is not a duration"),
        ("time_limit: 1.5s", "is not whole seconds between 1 and 7 days"),
        ("time_limit: 0s", "is not whole seconds between 1 and 7 days"),
        ("time_limit: 8d", "is not whole seconds between 1 and 7 days"),
        ("shell: true", "the key 'shell' is unknown"),
        ("reads: .wav", "not a list"),
        ("check: [x]", "no argument holds {out}"),
    ],
)
def test_every_field_of_a_command_is_held_to_its_form(line: str, message: str) -> None:
    key = line.partition(":")[0]
    kept = [old for old in OPUSENC.splitlines() if not old.startswith(key)]

    assert message in refused("\n".join([*kept, line, ""]))


def test_what_a_build_says_of_a_rendition_is_read() -> None:
    text = 'version: ffmpeg 5\nrun: [ffmpeg, -i, "{in}", "{out}"]\nitems: 3\nkept: 1\n'

    assert read(made, text) == (Made("ffmpeg 5", ("ffmpeg", "-i", "{in}", "{out}"), 3, 1), [])
    value, problems = read(made, f"{text}sample: {'0a' * 32}\n")
    assert (value.sample, problems) == (b"\n" * 32, [])


def test_a_version_is_a_line_and_not_a_book() -> None:
    text = f'version: {"v" * 201}\nrun: [x, "{{in}}", "{{out}}"]\nitems: 3\nkept: 1\n'

    assert refused(text, made) == "the version has 201 characters, the limit is 200"


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1s"), (60, "1m"), (90, "90s"), (5400, "90m"), (7200, "2h")]
)
def test_a_time_limit_is_written_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds)) == text


def test_a_week_is_written_in_days() -> None:
    assert duration_text(timedelta(days=7)) == "7d"
