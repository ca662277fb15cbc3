"""The token's file."""

import stat
from pathlib import Path

import pytest

from seedbox.daemon.tokens import read_token, token_in
from seedbox.errors import DiskError


def test_a_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    made = token_in(folder)

    assert len(made) == 43  # 32 random bytes in base64
    assert token_in(folder) == made
    assert token_in(tmp_path / "another") != made
    assert [path.name for path in folder.iterdir()] == ["api.token"]
    assert stat.S_IMODE((folder / "api.token").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "short", "two words" * 5, "x" * 600, "é" * 40, "a\nb" * 20])
def test_what_is_no_token_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "api.token").write_text(text, "utf-8")
    (tmp_path / "api.token").chmod(0o600)

    with pytest.raises(DiskError, match="it is not 32 to 512 printable characters"):
        token_in(tmp_path)


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    token_in(tmp_path)
    (tmp_path / "api.token").chmod(0o640)

    with pytest.raises(DiskError, match=r"others may read it \(mode 640\); make it 600"):
        token_in(tmp_path)


def test_a_token_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"cannot read .*/none: No such file"):
        read_token(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError):
        token_in(tmp_path / "file")
