from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.daemon.archive import Archive
from seedbox.daemon.library import (
    believe,
    manifests_in,
    mark,
    quick_head,
    read_again,
    recognise,
    still_open,
)
from seedbox.daemon.listing import dataset
from seedbox.daemon.state import StoredDataset
from seedbox.jobs.admission import Trust
from seedbox.jobs.shards import Source
from support.datasets import published

NOW = 1_800_000_000.0


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return published(tmp_path, {"a": b"a", "b": b"b"}, shard_size=1)


def test_the_head_is_read_without_the_shards(source: Source) -> None:
    raw = source.path.read_bytes()

    assert quick_head(raw, file="m") == source.manifest.head
    assert quick_head(raw + b"title: after\n", file="m") is None
    assert quick_head(raw.replace(b"shards:", b"parts:"), file="m") is None
    assert quick_head(raw.replace(b"version:", b"edition:"), file="m") is None


def test_a_manifest_is_recognised_until_it_or_its_withdrawals_change(
    tmp_path: Path, source: Source
) -> None:
    trust, archive = Trust(tmp_path / "trust"), Archive(tmp_path / "state")
    new = believe(source.path, trust, (tmp_path,), now=NOW)
    told = dataset(source.manifest, source=str(source.path), signed_by=None, now=NOW)
    known = StoredDataset(told, new.digest)

    def known_again() -> bool:
        return recognise(source.path, known, archive, trust, now=NOW) is not None

    assert len(new.claims) == 2
    assert known_again()
    source.path.with_name("withdrawals.yaml").write_text("something")
    assert not known_again()
    source.path.with_name("withdrawals.yaml").unlink()
    other = replace(known, dataset=replace(told, sequence=2))
    assert recognise(source.path, other, archive, trust, now=NOW) is None
    source.path.write_bytes(source.path.read_bytes() + b"\n")
    assert not known_again()
    source.path.unlink()
    assert not known_again()


def test_what_was_believed_is_read_again_whatever_lies_there(
    tmp_path: Path, source: Source
) -> None:
    archive = Archive(tmp_path / "state")
    assert read_again(source.path, "org.example/set", archive) == source
    archive.put_manifest("org.example/set", source.path.read_bytes(), None)
    source.path.write_text("nonsense")

    assert read_again(source.path, "org.example/set", archive) == source


def test_a_folder_stands_for_the_manifests_in_it(tmp_path: Path, source: Source) -> None:
    assert manifests_in(source.path) == (source.path,)
    assert manifests_in(tmp_path) == (source.path,)
    assert manifests_in(tmp_path / "none") == (tmp_path / "none",)


def test_a_mark_tells_of_a_change(source: Source) -> None:
    before = mark(source.path)
    assert mark(source.path) == before
    source.path.with_name("manifest.yaml.minisig").write_text("signature")

    assert mark(source.path) != before


def test_licenses_are_judged_by_the_rules_of_today() -> None:
    assert still_open(["CC0-1.0", "MIT"])
    assert not still_open(["CC0-1.0", "CC-BY-NC-4.0"])
