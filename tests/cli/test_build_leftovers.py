"""A folder that is built into again: what the new manifest no longer names."""

import shutil
from collections.abc import Sequence

from support.cli import Ran, paths, run
from support.publisher import HEAD, Publisher

FEWER = 600_000  # bytes; two shards in place of three


def again(dataset: Publisher, *more: object) -> Ran:
    return dataset.build(*more, shard_size=FEWER)


def torrents(dataset: Publisher) -> Sequence[str]:
    return paths(dataset.out / "torrents")


def test_torrents_that_the_manifest_no_longer_names_are_removed_and_named(
    dataset: Publisher,
) -> None:
    assert "leftovers" not in dataset.build("--json").document
    assert len(torrents(dataset)) == 3

    ran = again(dataset)

    assert torrents(dataset) == ["set-0001.torrent", "set-0002.torrent"]
    assert "removed, of an earlier build: torrents/set-0003.torrent" in ran.out.splitlines()
    assert "earlier" not in again(dataset).out
    assert run("verify", dataset.manifest, dataset.source).status == 0


def test_what_somebody_else_made_or_changed_stays(dataset: Publisher) -> None:
    dataset.build()
    folder = dataset.out / "torrents"
    (folder / "set-0003.torrent").write_bytes(b"changed")
    (folder / "mine.torrent").write_bytes(b"mine")
    (folder / "link.torrent").symlink_to("set-0001.torrent")
    shutil.copy(folder / "set-0001.torrent", folder / "copy.bak")
    before = torrents(dataset)

    ran = again(dataset, "--json")

    assert torrents(dataset) == before
    assert "leftovers" not in ran.document


def test_what_another_manifest_in_the_folder_speaks_of_stays(dataset: Publisher) -> None:
    dataset.build()
    shutil.copy(dataset.manifest, dataset.out / "first.yaml")
    (dataset.out / "latest.yml").symlink_to("manifest.yaml")

    again(dataset)

    assert "set-0003.torrent" in torrents(dataset)
    (dataset.out / "first.yaml").unlink()
    told = again(dataset, "--json").document["leftovers"]
    assert told == {"removed": ["torrents/set-0003.torrent"], "kept": []}


def test_tars_are_named_and_stay_since_somebody_may_seed_them(dataset: Publisher) -> None:
    dataset.build("--pack", "tar")
    old = dataset.out / "set-0003.tar"
    size = old.stat().st_size

    told = again(dataset, "--pack", "tar").out.splitlines()
    document = again(dataset, "--pack", "tar", "--json").document["leftovers"]

    assert [line for line in told if "earlier" in line] == [
        "removed, of an earlier build: torrents/set-0003.torrent",
        "1 tar of an earlier build, 300.00 KiB: remove them once nobody seeds them",
    ]
    assert document == {"removed": [], "kept": [{"path": str(old), "size": size}]}
    old.write_bytes(b"mine now")
    assert "leftovers" not in again(dataset, "--pack", "tar", "--json").document


def test_all_tars_are_left_over_when_items_are_no_longer_packed(dataset: Publisher) -> None:
    dataset.build("--pack", "tar")

    kept = dataset.build("--pack", "files", "--json").document["leftovers"]["kept"]

    names = [f"{dataset.out}/set-000{number}.tar" for number in (1, 2, 3)]
    assert [each["path"] for each in kept] == names


def test_half_a_tar_of_a_shard_that_is_no_more_is_removed(dataset: Publisher) -> None:
    folder = dataset.out / ".seedbox" / "packed"
    folder.mkdir(parents=True)
    (folder / "set-0009.part").write_bytes(b"half")

    dataset.build("--pack", "tar")

    assert not (folder / "set-0009.part").exists()


def test_many_are_cut_short_for_people(dataset: Publisher) -> None:
    for number in range(30):
        (dataset.source / f"{number:02}.bin").write_bytes(bytes([number]) * 1000)
    dataset.build(shard_size=1)

    told = dataset.build(shard_size=10**9).out

    assert told.count("removed, of an earlier build") == 20
    assert "  and 14 more" in told.splitlines()


def test_a_build_that_fails_removes_nothing(dataset: Publisher) -> None:
    dataset.build()
    (dataset.source / "a.bin").unlink()
    dataset.manifest.write_text(HEAD)

    ran = run(*dataset.arguments(shard_size=FEWER, popularity=None), "--json")

    assert ran.error[:2] == (5, "destination-taken")
    assert "set-0003.torrent" in torrents(dataset)
