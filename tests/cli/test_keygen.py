import stat
from pathlib import Path

import pytest

from seedbox.manifest.keys import is_encrypted
from support.cli import command, environment, run, snapshot
from support.terminal import run_at_terminal


def test_it_writes_a_key_pair_that_minisign_would_and_prints_what_to_pin(tmp_path: Path) -> None:
    ran = run("keygen", tmp_path / "key", "--no-password", "--json")

    assert ran.status == 0
    made = ran.document
    assert set(made) == {"secret_key", "public_key", "key", "text"}
    assert (tmp_path / "key.pub").read_text() == (
        f"untrusted comment: minisign public key {made['key']}\n{made['text']}\n"
    )
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "key.pub"]


def test_two_keys_differ(tmp_path: Path) -> None:
    first = run("keygen", tmp_path / "a", "--no-password", "--json").document
    second = run("keygen", tmp_path / "b", "--no-password", "--json").document

    assert first["text"] != second["text"]
    assert first["key"] != second["key"]


def test_people_are_told_what_to_give_away(tmp_path: Path) -> None:
    lines = run("keygen", tmp_path / "key", "--no-password").out.splitlines()

    assert lines[0] == f"wrote {tmp_path}/key: keep it secret, and a copy of it safe"
    assert lines[-1].startswith("  seedbox trust add ID RW")


@pytest.mark.parametrize("standing", ["key", "key.pub"])
def test_nothing_is_overwritten(tmp_path: Path, standing: str) -> None:
    (tmp_path / standing).symlink_to("nowhere")
    before = snapshot(tmp_path)

    status, code, message, _ = run("keygen", tmp_path / "key", "--no-password", "--json").error

    assert (status, code) == (5, "destination-taken")
    assert message == f"{tmp_path}/{standing} exists already and holds other content"
    assert snapshot(tmp_path) == before


def test_without_a_terminal_nobody_can_type_a_password(tmp_path: Path) -> None:
    ran = run("keygen", tmp_path / "key", "--json")

    assert ran.error == (
        2,
        "usage",
        f"the password of {tmp_path}/key cannot be asked for: no terminal",
        "Pass --password-file or --no-password.",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_password_and_none_contradict(tmp_path: Path) -> None:
    ran = run("keygen", tmp_path / "key", "--no-password", "--password-file", "/dev/null", "--json")

    assert ran.error[:2] == (2, "usage")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["one", "two"], "the two passwords differ"),
        ([""], "an empty password protects nothing"),
    ],
)
def test_a_password_that_is_not_typed_twice_makes_no_key(
    tmp_path: Path, typed: list[str], message: str
) -> None:
    ran = run_at_terminal(command("keygen", tmp_path / "key"), typed, env=environment())

    assert ran.status == 2
    assert f"[usage]: {message}" in ran.shown
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    status, code, message, _ = run(
        "keygen", tmp_path / "no" / "key", "--no-password", "--json"
    ).error

    assert (status, code) == (5, "disk")
    assert message == f"cannot write {tmp_path}/no/key: No such file or directory"


def test_a_password_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open\n")

    ran = run("keygen", tmp_path / "key", "--password-file", tmp_path / "password")

    assert ran.status == 0
    assert is_encrypted((tmp_path / "key").read_bytes())
