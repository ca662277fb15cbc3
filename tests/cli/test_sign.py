import os
from pathlib import Path

import pytest

from seedbox.manifest.keys import write_secret_key
from support.cli import Ran, command, environment, run, run_process, snapshot
from support.publisher import Publisher
from support.signing import key, key_files, signature_of
from support.terminal import run_at_terminal


@pytest.fixture
def keyfile(tmp_path: Path) -> Path:
    return key_files(tmp_path / "keys")


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A key with the password `open`, quick to open: 1 MiB in place of 1 GiB."""
    path = tmp_path / "locked"
    path.write_bytes(write_secret_key(key(), "open", salt=bytes(32), memory=1 << 20))
    return path


def sign(built: Publisher, keyfile: Path, *more: object) -> Ran:
    return run("sign", built.manifest, "--key", keyfile, *more, "--json")


def test_the_signature_lies_beside_and_says_what_it_is_of(built: Publisher, keyfile: Path) -> None:
    ran = sign(built, keyfile)

    assert ran.status == 0
    assert ran.document == {
        "signed": [
            {
                "manifest": str(built.manifest),
                "signature": f"{built.manifest}.minisig",
                "id": "org.example/set",
                "sequence": 1,
                "key": "0101010101010101",
            }
        ]
    }
    lines = signature_of(built.manifest).read_text().splitlines()
    assert lines[2].startswith("trusted comment: id:org.example/set sequence:1 sha256:")


def test_people_get_one_line_a_manifest_and_the_same_bytes_each_time(
    built: Publisher, keyfile: Path
) -> None:
    sign(built, keyfile)
    first = signature_of(built.manifest).read_bytes()

    ran = run("sign", built.manifest, "--key", keyfile)

    wrote = f"wrote {built.manifest}.minisig: org.example/set sequence 1, by key 0101010101010101\n"
    assert (ran.status, ran.out) == (0, wrote)
    assert signature_of(built.manifest).read_bytes() == first


def test_what_is_no_signature_is_not_replaced(built: Publisher, keyfile: Path) -> None:
    signature_of(built.manifest).write_text("a letter\n")

    assert sign(built, keyfile).error[:2] == (5, "destination-taken")
    assert signature_of(built.manifest).read_text() == "a letter\n"


def test_a_manifest_with_problems_is_not_signed(built: Publisher, keyfile: Path) -> None:
    text = built.manifest.read_text()
    built.manifest.write_text(text.replace("coverage: 0.8", "coverage: 0.7"))

    assert sign(built, keyfile).error[:2] == (4, "invalid-manifest")
    assert not signature_of(built.manifest).exists()


def test_a_manifest_whose_torrent_is_another_is_not_signed(built: Publisher, keyfile: Path) -> None:
    built.torrent(1).write_bytes(built.torrent(2).read_bytes())

    assert sign(built, keyfile).error[:2] == (4, "invalid-manifest")
    assert not signature_of(built.manifest).exists()


def test_a_password_is_typed_on_a_terminal(built: Publisher, locked: Path) -> None:
    words = command("sign", built.manifest, "--key", locked)

    wrong = run_at_terminal(words, ["shut"], env=environment())
    right = run_at_terminal(words, ["open"], env=environment())

    assert wrong.status == 4
    assert f"[wrong-password]: {locked} does not open with this password" in wrong.shown
    assert (right.status, signature_of(built.manifest).exists()) == (0, True)
    assert "open\r\n" not in right.shown


def test_a_password_comes_from_a_pipe(built: Publisher, locked: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"open\nmore\n")
    os.close(writer)
    try:
        option = ("--password-file", f"/dev/fd/{reader}")
        ran = run_process(
            "sign", built.manifest, "--key", locked, *option, "--debug", pass_fds=(reader,)
        )
    finally:
        os.close(reader)

    assert ran.status == 0
    assert signature_of(built.manifest).exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no password of 1 to 1,024 bytes"),
        (b"x" * 1025, "has no password of 1 to 1,024 bytes"),
        (b"\xff\n", "is no UTF-8"),
    ],
)
def test_a_file_without_a_password_is_refused(
    built: Publisher, locked: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)

    status, code, message, _ = sign(built, locked, "--password-file", file).error

    assert (status, code, message) == (4, "wrong-password", f"{file} {words}")


def test_without_a_terminal_it_says_how_to_give_a_password(built: Publisher, locked: Path) -> None:
    status, code, _, hint = sign(built, locked).error

    assert (status, code, hint) == (2, "usage", "Pass --password-file.")


def test_what_is_no_secret_key_is_refused(built: Publisher, keyfile: Path) -> None:
    before = snapshot(built.out)

    ran = sign(built, Path(f"{keyfile}.pub"))

    assert ran.error[:2] == (4, "invalid-key")
    assert snapshot(built.out) == before
