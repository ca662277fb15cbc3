import os
from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.errors import InvalidManifestError, SourceError
from seedbox.jobs.shards import (
    Source,
    find,
    held_bytes,
    in_tree,
    read_head,
    read_manifest,
)
from seedbox.jobs.shards import shard_torrent as torrent_of
from seedbox.manifest.model import Role
from seedbox.manifest.write import write_head
from support.content import content, contents, write
from support.datasets import head, published

FILES = contents({"x/lone.bin": 120_000, "a": 60_000, "b/c": 10})
HOME = "mirror/org.example/set"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A dataset of a lone file and a shard of two, published from `data`."""
    return published(tmp_path, FILES, values={"x/lone.bin": 9, "a": 1, "b/c": 1})


def staging(tmp_path: Path, source: Source, number: int) -> Path:
    key = source.manifest.shards[number].info_hash.key
    return tmp_path / HOME / ".seedbox" / "staging" / key


def test_a_manifest_and_a_head_are_read_from_their_files(tmp_path: Path, source: Source) -> None:
    (tmp_path / "dataset.yaml").write_bytes(write_head(head()))

    assert read_manifest(source.path) == source.manifest
    assert read_head(tmp_path / "dataset.yaml") == head()
    with pytest.raises(InvalidManifestError):
        read_manifest(tmp_path / "dataset.yaml")
    with pytest.raises(SourceError, match="does not exist"):
        read_manifest(tmp_path / "nothing.yaml")


def test_a_torrent_behind_a_link_is_not_read(source: Source) -> None:
    torrent = source.path.parent / "torrents" / "set-0001.torrent"
    torrent.rename(source.path.parent / "elsewhere")
    torrent.symlink_to("../elsewhere")

    with pytest.raises(SourceError, match="is a symbolic link"):
        torrent_of(source, source.manifest.shards[0])


def test_a_shard_is_found_in_the_first_place_that_has_any_of_it(
    tmp_path: Path, source: Source
) -> None:
    lone, several = source.manifest.shards
    write(tmp_path / "data/org.example/set/data", {"a": b"1"})

    at_home = find(source.manifest, several, torrent_of(source, several), tmp_path / "data")
    as_root = find(source.manifest, lone, torrent_of(source, lone), tmp_path / "data")
    nowhere = find(source.manifest, lone, torrent_of(source, lone), tmp_path / "nothing")

    assert at_home.size == 1
    assert (as_root.size, as_root.place.folder) == (120_000, ("x",))
    assert (nowhere.size, nowhere.place.folder) == (0, ("org.example", "set", "data", "x"))


# --- how much of a shard is here --------------------------------------------------------------


def test_nothing_is_held_before_the_first_fetch(tmp_path: Path, source: Source) -> None:
    assert held_bytes(source, source.manifest.shards, tmp_path / "mirror") == {
        "set-0001": 0,
        "set-0002": 0,
    }


def test_files_in_their_place_are_held(tmp_path: Path, source: Source) -> None:
    write(tmp_path / HOME / "data", {"x/lone.bin": FILES["x/lone.bin"], "a": b"123"})

    assert held_bytes(source, source.manifest.shards, tmp_path / "mirror") == {
        "set-0001": 120_000,
        "set-0002": 3,
    }


def test_a_file_that_is_too_long_holds_no_more_than_its_length(
    tmp_path: Path, source: Source
) -> None:
    write(tmp_path / HOME / "data", {"b/c": b"x" * 1000})

    assert held_bytes(source, source.manifest.shards, tmp_path / "mirror")["set-0002"] == 10


def test_of_a_file_in_staging_only_what_is_allocated_is_held(
    tmp_path: Path, source: Source
) -> None:
    folder = staging(tmp_path, source, 0)
    folder.mkdir(parents=True)
    with (folder / "lone.bin").open("wb") as sparse:
        sparse.write(content("noise", 20_000))
        sparse.truncate(120_000)
        os.fsync(sparse.fileno())

    held = held_bytes(source, source.manifest.shards, tmp_path / "mirror")["set-0001"]

    assert 20_000 <= held < 60_000


def test_a_file_that_is_in_both_places_is_held_once(tmp_path: Path, source: Source) -> None:
    write(tmp_path / HOME / "data", {"a": FILES["a"]})
    folder = staging(tmp_path, source, 1) / "data"
    folder.mkdir(parents=True)
    os.link(tmp_path / HOME / "data" / "a", folder / "a")

    assert held_bytes(source, source.manifest.shards, tmp_path / "mirror")["set-0002"] == 60_000


def test_the_files_of_a_catalog_are_no_paths_of_the_data(source: Source) -> None:
    shard = source.manifest.shards[1]
    metainfo = torrent_of(source, shard)

    catalog = replace(shard, role=Role.CATALOG)
    assert in_tree(source.manifest.head, shard, metainfo) == ("a", "b/c")
    assert in_tree(source.manifest.head, catalog, metainfo) == ("data/a", "data/b/c")
