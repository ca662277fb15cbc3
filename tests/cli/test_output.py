"""What reaches a terminal, a pipe or a program, whatever the data are called."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from seedbox.manifest.parse import parse_manifest
from support.cli import command, environment, run, run_process
from support.publisher import HEAD, Publisher, publisher

ESCAPE = "\x1b"
COLOR = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = 'title: "ok\\e[2J\\e]0;owned\\a\\x9b31m\\u202Egnp"'
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


def on_terminal(*arguments: object, env: dict[str, str] | None = None) -> str:
    """What a command writes to a terminal of 80 columns, standard error included."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(*arguments), stdout=theirs, stderr=theirs, env=environment(env)
    ) as process:
        os.close(theirs)
        chunks = []
        while chunk := read(ours):
            chunks.append(chunk)
        assert process.wait(30) == 0
    os.close(ours)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says EIO when the other end is closed
        return b""


def test_a_terminal_gets_styles(built: Publisher) -> None:
    assert COLOR.search(on_terminal("show", built.manifest))


def test_no_color_leaves_a_terminal_without_styles(built: Publisher) -> None:
    text = on_terminal("show", built.manifest, env={"NO_COLOR": "1"})

    assert ESCAPE not in text
    assert "set-0001  CC-BY-4.0" in text


def test_a_terminal_gets_a_bar_that_is_gone_in_the_end(built: Publisher) -> None:
    text = on_terminal("verify", built.manifest, built.source)

    assert "verify set-0001 ━" in COLOR.sub("", text)
    assert text.endswith("6 of 6 files are right, 800,001 of 800,001 bytes\x1b[0m\n")


def test_a_dumb_terminal_gets_lines(built: Publisher) -> None:
    text = on_terminal("verify", built.manifest, built.source, env={"TERM": "dumb"})

    assert ESCAPE not in text
    assert text.startswith("verify set-0001: 195.31 KiB in ")


@pytest.mark.parametrize("name", ["FORCE_COLOR", "TTY_COMPATIBLE", "CLICOLOR_FORCE"])
def test_a_pipe_gets_no_styles_whatever_the_environment_says(built: Publisher, name: str) -> None:
    shown = run("show", built.manifest, env={name: "1"})
    verified = run("verify", built.manifest, built.source, env={name: "1"})
    failed = run("show", "none.yaml", env={name: "1"})

    texts = [ran.out + ran.err for ran in (shown, verified, failed)]
    assert [ESCAPE in text for text in texts] == [False] * 3


def test_a_pipe_gets_whole_lines_without_spaces_at_the_end(tmp_path: Path) -> None:
    made = publisher(tmp_path)
    words = "A title of many words, " * 12 + "to its end"
    made.head.write_text(HEAD.replace("A set", f'"{words}"'))
    made.build()

    lines = run("show", made.manifest, env={"COLUMNS": "40"}).out.splitlines()

    assert lines[0] == f"title        {words}"
    assert [line for line in lines if line != line.rstrip()] == []


def test_no_control_character_of_a_title_reaches_a_terminal_or_a_pipe(tmp_path: Path) -> None:
    made = publisher(tmp_path)
    made.build()
    spoilt = made.manifest.read_text().replace("title: A set", HOSTILE)
    made.manifest.write_text(spoilt)
    assert run("show", made.manifest).status in {0, 4}  # shown, or refused

    for arguments in (["show"], ["show", "--json"], ["lint"], ["lint", "--json"]):
        ran = run(*arguments, made.manifest)
        assert CONTROLS.findall(ran.out + ran.err) == [], arguments


def test_no_control_character_of_a_torrent_reaches_a_terminal_or_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    comment = "ok\x1b[2J\x07\x9b31m\u202egnp\nerror[forged]: all is lost"
    made = run("torrent", tmp_path / "data", "-o", tmp_path / "x.torrent", "--comment", comment)
    assert made.status == 0

    plain, as_json = (
        run("show", tmp_path / "x.torrent"),
        run("show", tmp_path / "x.torrent", "--json"),
    )

    assert CONTROLS.findall(plain.out + as_json.out) == []
    assert as_json.document["comment"] == comment
    assert [line for line in plain.out.splitlines() if line.startswith("error")] == []


def test_no_control_character_of_a_file_name_reaches_a_terminal_or_a_pipe(tmp_path: Path) -> None:
    made = publisher(tmp_path)
    (made.source / "b\x1b[2J\nc").symlink_to("a.bin")
    (made.source / "d\x1b]0;x\x07").write_text("x")

    for options in ([], ["--json"], ["--dry-run"]):
        ran = run(*made.arguments(popularity=None), *options)
        assert CONTROLS.findall(ran.out + ran.err) == []
        assert ran.status == 4  # no torrent may hold such a path


def test_markup_and_emoji_codes_in_names_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "[red]a[bold] :cat:").write_text("x")

    made = run("torrent", tmp_path / "[red]a[bold] :cat:", "-o", tmp_path / "x.torrent")

    assert made.err.startswith("hash [red]a[bold] :cat:: 1 B in ")
    assert (
        "name          [red]a[bold] :cat:" in run("show", tmp_path / "x.torrent").out.splitlines()
    )


def test_json_is_ascii_and_keeps_every_character(tmp_path: Path) -> None:
    made = publisher(tmp_path)
    made.head.write_text(HEAD.replace("A set", "Flüsse · 河"))
    made.build()

    ran = run("show", made.manifest, "--json")

    assert ran.out.isascii()
    assert ran.document["title"] == "Flüsse · 河"
    assert parse_manifest(made.manifest.read_bytes(), file="m").head.title == "Flüsse · 河"


def test_an_output_that_cannot_hold_a_character_gets_another(built: Publisher) -> None:
    ran = run_process("show", built.manifest, env={"PYTHONIOENCODING": "ascii"})

    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "title        A set"


def test_a_path_that_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    out = os.fsencode(tmp_path) + b"/\xff.torrent"

    plain = run_process("torrent", tmp_path / "data", "-o", os.fsdecode(out))
    as_json = run_process("torrent", tmp_path / "data", "-o", os.fsdecode(out), "--json")

    assert (plain.status, as_json.status) == (0, 0)
    assert plain.out.startswith(f"wrote {tmp_path}/\ufffd.torrent: 1 file, 1 B")
    assert os.fsencode(as_json.document["torrent"]) == out
