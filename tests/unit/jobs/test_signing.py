import stat
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.errors import DestinationTakenError, DiskError, SourceChangedError
from seedbox.jobs.signing import make_key, needs_password, open_key, read_key_file, sign_file
from seedbox.manifest.keys import PublicKey
from seedbox.manifest.signature import Claim, check_claim, parse_signature
from support.signing import ID, key


def test_a_pair_is_made_and_read_back(tmp_path: Path) -> None:
    made = make_key(tmp_path / "key", None)

    data = read_key_file(made.secret)
    assert not needs_password(data, made.secret)
    assert open_key(data, None, made.secret) == made.key
    assert PublicKey.parse(made.public.read_text()) == made.key.public
    assert stat.S_IMODE(made.secret.stat().st_mode) == 0o600


def test_half_a_pair_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("k" * 240)  # with `.pub`, its process id and `.part` too long for a name
    monkeypatch.setattr("os.getpid", lambda: 123_456)

    with pytest.raises(DiskError):
        make_key(long, None)

    assert list(tmp_path.iterdir()) == []


def test_any_file_is_signed_under_its_id_and_sequence(tmp_path: Path) -> None:
    path = tmp_path / "withdrawals.yaml"
    path.write_bytes(b"seedbox-withdrawals: 1\n")

    target = sign_file(path, key(), id=ID, sequence=4)

    signature = parse_signature(target.read_bytes(), file=str(path))
    claim = Claim(ID, 4, sha256(path.read_bytes()).digest())
    assert target == tmp_path / "withdrawals.yaml.minisig"
    assert check_claim(path.read_bytes(), signature, [key().public], claim, file="") == key().public


def test_bytes_that_nobody_has_checked_are_not_signed(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_bytes(b"after")

    with pytest.raises(SourceChangedError, match="changed while it was read: SHA-256 "):
        sign_file(path, key(), id=ID, sequence=1, read=b"before")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["link", "folder", "long"])
def test_a_signature_replaces_nothing_but_a_signature(tmp_path: Path, kind: str) -> None:
    path, target = tmp_path / "m", tmp_path / "m.minisig"
    path.write_bytes(b"x")
    if kind == "link":
        target.symlink_to("elsewhere")
    elif kind == "folder":
        target.mkdir()
    else:
        target.write_bytes(b"x" * 8193)

    with pytest.raises(DestinationTakenError):
        sign_file(path, key(), id=ID, sequence=1)
