"""Builds whose shards are tars: what they are, and that every other command takes them."""

import io
import tarfile

from support.cli import run, snapshot
from support.publisher import Publisher


def packed(dataset: Publisher, *more: str) -> list[dict[str, object]]:
    dataset.build("--pack", "tar", *more)
    return dataset.shards()


def test_each_shard_is_one_tar_whose_items_come_in_the_order_of_use(dataset: Publisher) -> None:
    before = snapshot(dataset.source)

    shards = packed(dataset)

    assert snapshot(dataset.source) == before
    assert [(shard["name"], shard["files"]) for shard in shards] == [
        ("set-0001", 1),
        ("set-0002", 1),
        ("set-0003", 1),
    ]
    names = []
    for shard in shards:
        with tarfile.open(dataset.out / f"{shard['name']}.tar") as archive:
            names.append(archive.getnames())
            for member in archive:
                content = archive.extractfile(member) or io.BytesIO()
                assert content.read() == (dataset.source / member.name).read_bytes()
    assert names[:2] == [["b/c.bin"], ["a.bin"]]
    assert names[2][:3] == ["b/d.bin", "e.bin", "f/g/h.bin"]


def test_lint_and_verify_take_a_packed_dataset(dataset: Publisher) -> None:
    packed(dataset)

    assert run("lint", dataset.manifest).status == 0
    assert run("verify", dataset.manifest, dataset.out).status == 0
    (dataset.out / "set-0002.tar").write_bytes(b"other")
    assert run("verify", dataset.manifest, dataset.out).status == 1


def test_the_manifest_counts_items_and_says_how_they_lie(dataset: Publisher) -> None:
    packed(dataset)

    text = dataset.manifest.read_text("utf-8")
    assert "\npack: tar\n" in text
    assert [line for line in text.splitlines() if line.startswith("  items:")] == [
        "  items: 1",
        "  items: 1",
        "  items: 4",
    ]


def test_a_second_run_packs_nothing_again_and_gives_the_same_bytes(dataset: Publisher) -> None:
    packed(dataset)
    made = [dataset.manifest, *sorted(dataset.out.glob("*.tar"))]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in made]

    told = dataset.build("--pack", "tar").err

    assert len(made) == 4
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in made] == before
    assert "set-0001: packed before" in told


def test_a_tar_that_somebody_else_put_there_stays(dataset: Publisher) -> None:
    dataset.out.mkdir()
    (dataset.out / "set-0001.tar").write_bytes(b"mine")

    ran = run(*dataset.arguments(), "--pack", "tar", "--json")

    assert ran.error[:2] == (5, "destination-taken")
    assert (dataset.out / "set-0001.tar").read_bytes() == b"mine"


def test_files_on_a_server_are_not_packed(dataset: Publisher) -> None:
    listing = dataset.folder / "list.txt"
    listing.write_text(f"https://data.example.org/set/a.bin 5 sha256:{'0' * 64}\n")

    arguments = dataset.arguments(source=None, popularity=None)
    ran = run(*arguments, "--from", listing, "--pack", "tar", "--json")

    assert ran.error[:3] == (2, "usage", "items on a server cannot be packed")
