from datetime import UTC, datetime
from pathlib import Path

import pytest

from seedbox.errors import ExpiredError, InvalidKeyError, SourceError, UnsignedError
from seedbox.jobs.admission import Trust, admit, key_named, read_key, trust_in
from seedbox.jobs.trust import Kind, add_key, read_store
from seedbox.manifest.keys import PublicKey
from support.signing import ID, key, key_files, sign_beside

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MANIFEST = """\
seedbox: 1
id: org.example/set
sequence: 1
version: "1.0"
issued: 2026-01-02T03:04:05Z
expires: 2026-06-01T00:00:00Z
title: A set
license: {spdx: CC0-1.0}
root: set
popularity: {metric: reads, total: 0}
shards:
- name: set-0001
  role: data
  items: 1
  files: 1
  size: 10
  use: 0
  coverage: 0
  piece_length: 16384
  info_hash: {v1: "0101010101010101010101010101010101010101"}
  torrent:
    path: torrents/set-0001.torrent
    sha256: "0202020202020202020202020202020202020202020202020202020202020202"
format: v1
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "m" / "manifest.yaml"
    path.parent.mkdir()
    path.write_text(MANIFEST)
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_an_id_without_a_key_goes_through_and_is_not_called_signed(
    manifest: Path, state: Path
) -> None:
    sign_beside(manifest, key())

    admitted = admit(manifest, Trust(state), now=NOW, taking=False)

    assert admitted.signed_by is None
    assert admitted.note == "not checked: no key is pinned for org.example/set"
    assert not state.exists()


@pytest.mark.parametrize("pinned", [True, False])
def test_a_pinned_key_and_one_for_this_run_are_worth_the_same(
    manifest: Path, state: Path, pinned: bool
) -> None:
    sign_beside(manifest, key())
    if pinned:
        add_key(state, ID, key().public)
    trust = Trust(state, (key(2).public,) if pinned else (key().public, key().public))

    admitted = admit(manifest, trust, now=NOW, taking=False)

    assert admitted.signed_by == key().public
    assert admitted.note == "right, by key 0101010101010101"
    floor = read_store(state).floor(ID, Kind.MANIFEST)
    assert floor is not None
    assert (floor.sequence, floor.seen) == (1, NOW)


def test_looking_remembers_nothing(manifest: Path, state: Path) -> None:
    sign_beside(manifest, key())

    admit(manifest, Trust(state, (key().public,)), now=NOW, taking=False, remember=False)

    assert not state.exists()


def test_a_manifest_has_expired_from_its_moment_on(manifest: Path, state: Path) -> None:
    sign_beside(manifest, key())
    trust = Trust(state, (key().public,))
    before = datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)

    with pytest.raises(ExpiredError):
        admit(manifest, trust, now=NOW, taking=True)
    assert not state.exists()
    assert admit(manifest, trust, now=before, taking=True).signed_by
    assert admit(manifest, trust, now=NOW, taking=False).signed_by


def test_nothing_new_is_taken_from_an_expired_manifest_that_nobody_has_pinned(
    manifest: Path, state: Path
) -> None:
    with pytest.raises(ExpiredError):
        admit(manifest, Trust(state), now=NOW, taking=True)
    assert admit(manifest, Trust(state), now=NOW, taking=False).signed_by is None


def test_what_is_wanted_is_named_once(manifest: Path, state: Path) -> None:
    add_key(state, ID, key().public)

    with pytest.raises(UnsignedError, match=r"wanted is one by key 0101010101010101$"):
        admit(manifest, Trust(state, (key().public,)), now=NOW, taking=True)


def test_keys_are_given_as_text_or_as_files(tmp_path: Path) -> None:
    public = Path(f"{key_files(tmp_path)}.pub")

    trust = trust_in([key(2).public.text, str(public)], tmp_path)

    assert trust == Trust(tmp_path, (key(2).public, key().public), (public,))
    assert read_key(str(public)) == (key().public, public)
    assert key_named("0101010101010101") == "0101010101010101"
    assert PublicKey.parse(key_named(str(public))) == key().public


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff" * 100)
    (tmp_path / "long").write_bytes(b"x" * 4097)

    with pytest.raises(SourceError, match="does not exist"):
        read_key(str(tmp_path / "none"))
    with pytest.raises(InvalidKeyError, match="binary is not a usable key"):
        read_key(str(tmp_path / "binary"))
    with pytest.raises(SourceError, match="is longer than 4,096 bytes"):
        read_key(str(tmp_path / "long"))
