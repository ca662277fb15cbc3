"""Encoders made ready: missing and unfit programs are found before any item is touched."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.catalog.encoders import BUILT_IN, Encoder
from seedbox.errors import (
    CommandsNotAllowedError,
    MissingProgramError,
    NoSpaceError,
    UnfitProgramError,
)
from seedbox.jobs.encoder_programs import prepare, refuse_commands
from seedbox.manifest.commands import Made
from support.content import content
from support.encoders import HALVES, PATHS, PYTHON, encoder, needs_ffmpeg, needs_zstd, ready


def built_in(code: str, version: str = "print('fake 1.0')") -> Encoder:
    """Return a built-in encoder with another program in it."""
    return replace(
        BUILT_IN["zstd-19"],
        run=(*PYTHON, PATHS + code, "{in}", "{out}"),
        version=(*PYTHON, version),
    )


def test_an_encoder_is_known_by_its_version_and_by_what_it_makes_of_a_sample(
    tmp_path: Path,
) -> None:
    found = prepare(built_in(HALVES), tmp_path)

    assert found.version == "fake 1.0"
    assert found.sample is not None
    assert len(found.sample) == 32
    assert found.made(items=3, kept=1) == Made("fake 1.0", found.encoder.run, 3, 1, found.sample)
    assert list(tmp_path.iterdir()) == []


def test_a_declared_encoder_is_asked_for_its_version_alone(tmp_path: Path) -> None:
    assert ready("raise SystemExit('never run')", tmp_path).sample is None


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    lacking = replace(built_in(HALVES), helpers=("seedbox-no-such-program",))

    with pytest.raises(MissingProgramError) as caught:
        prepare(lacking, tmp_path)

    assert caught.value.exit_status == 5
    assert caught.value.message == ("the encoder zstd-19 needs the program seedbox-no-such-program")
    assert "Install it" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "version", "why"),
    [
        (HALVES, "raise SystemExit(2)", "ended with status 2"),
        (HALVES, "print(' ')", "says nothing"),
        ("sys.exit('Unknown encoder')", "print(1)", "on a sample it ended with status 1: Unknown"),
        ("pass", "print(1)", "it makes nothing of a sample"),
        ("open(target, 'x')", "print(1)", "it makes nothing of a sample"),
    ],
)
def test_a_program_that_cannot_do_it_is_one_error(
    tmp_path: Path, code: str, version: str, why: str
) -> None:
    with pytest.raises(UnfitProgramError) as caught:
        prepare(built_in(code, version), tmp_path)

    assert why in caught.value.message
    assert caught.value.exit_status == 5
    assert "Install a build" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_take_a_sample_is_not_blamed_on_the_program(tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError):
        prepare(built_in("sys.exit('No space left on device')"), tmp_path)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        (r"\n  tool 1.2 Copyright (c) somebody\nmore", "tool 1.2"),
        ("*** Zstandard v1.5 ***", "Zstandard v1.5"),
        ("x" * 300, "x" * 200),
        (r"tool \x1b[31m1", r"tool \x1b[31m1"),
        ("' + 'x' * 10**6 + '", "x" * 200),
    ],
)
def test_a_version_is_one_line_fit_to_be_shown(tmp_path: Path, said: str, version: str) -> None:
    assert prepare(built_in(HALVES, f"print('{said}')"), tmp_path).version == version


def test_whatever_the_bytes_of_a_result_depend_on_is_in_the_fingerprint(tmp_path: Path) -> None:
    usual = prepare(built_in(HALVES), tmp_path)

    others = {
        usual.fingerprint,
        replace(usual, version="fake 1.1").fingerprint,
        replace(usual, sample=None).fingerprint,
        prepare(built_in(HALVES + "pass"), tmp_path).fingerprint,
        replace(usual, encoder=replace(usual.encoder, checking=("x",))).fingerprint,
    }

    assert len(others) == 5
    assert prepare(built_in(HALVES), tmp_path).fingerprint == usual.fingerprint


def test_commands_that_a_file_brings_are_shown_before_any_runs() -> None:
    own = encoder("pass", check="pass")

    refuse_commands(BUILT_IN.values(), file="dataset.yaml")
    with pytest.raises(CommandsNotAllowedError) as caught:
        refuse_commands([BUILT_IN["flac"], own], file="dataset.yaml")

    assert caught.value.exit_status == 7
    assert len(caught.value.commands) == 3
    assert caught.value.message.startswith("dataset.yaml wants to run commands of its own")
    assert "{in} {out}" in caught.value.message
    assert "--allow-commands" in caught.value.hint


def test_a_command_that_calls_itself_as_a_built_in_encoder_does_is_shown_too() -> None:
    disguised = replace(encoder("pass"), name="opus-75k")

    with pytest.raises(CommandsNotAllowedError):
        refuse_commands([disguised], file="dataset.yaml")


@needs_ffmpeg
@pytest.mark.parametrize("name", ["opus-75k", "flac"])
def test_ffmpeg_makes_the_same_of_the_sample_each_time(tmp_path: Path, name: str) -> None:
    first = prepare(BUILT_IN[name], tmp_path / "a")

    assert first == prepare(BUILT_IN[name], tmp_path / content("b", 3).hex())
    assert first.version.startswith("ffmpeg version ")
    assert "Copyright" not in first.version


@needs_zstd
def test_zstd_makes_the_same_of_the_sample_each_time(tmp_path: Path) -> None:
    first = prepare(BUILT_IN["zstd-19"], tmp_path / "a")

    assert first == prepare(BUILT_IN["zstd-19"], tmp_path / "b")
    assert "v1." in first.version
