"""Builds whose tail is encoded by a program that dataset.yaml brings: a real one of a few lines."""

import hashlib
import json
from pathlib import Path

import pytest

from support.cli import Ran, paths, run, snapshot
from support.encoders import HALVES, PATHS, PYTHON
from support.publisher import HEAD, Publisher, publisher

FILES = {
    "head.raw": 300_000,
    "tail/one.raw": 200_000,
    "tail/two.raw": 100_000,
    "tail/read.txt": 50_000,
}
TABLE = "path,value\nhead.raw,60\ntail/one.raw,9\ntail/two.raw,5\ntail/read.txt,1\n"


def renditions(code: str = HALVES) -> str:
    command = [*PYTHON, PATHS + code, "{in}", "{out}"]
    version = [*PYTHON, "print('fake 1.0')"]
    own = {"run": command, "version": version, "suffix": ".half", "reads": [".raw"]}
    return f"renditions:\n  original: {{}}\n  half: {{below: 10, command: {json.dumps(own)}}}\n"


def made(folder: Path, code: str = HALVES) -> Publisher:
    dataset = publisher(folder / "publisher", FILES, table=TABLE)
    dataset.head.write_text(HEAD + renditions(code))
    return dataset


@pytest.fixture
def dataset(tmp_path: Path) -> Publisher:
    return made(tmp_path)


def build(dataset: Publisher, *more: str, out: Path | None = None) -> Ran:
    changes = {} if out is None else {"out": out}
    return run(*dataset.arguments(**changes), "--json", *more)


def test_a_program_that_the_file_brings_is_shown_and_not_run(dataset: Publisher) -> None:
    refused = build(dataset)
    status, code, message, hint = refused.error
    assert (status, code) == (7, "commands-not-allowed")
    assert "{in}" in message
    assert "--allow-commands" in hint

    planned = build(dataset, "--dry-run").document["encode"]
    assert [(each["rendition"], each["items"]) for each in planned] == [("half", 2)]
    assert "{in}" in planned[0]["command"]
    assert not dataset.out.exists()


def test_the_tail_is_stored_encoded_and_the_head_as_it_is(dataset: Publisher) -> None:
    before = snapshot(dataset.source)

    built = build(dataset, "--allow-commands").document

    assert snapshot(dataset.source) == before
    encoded = built["encoded"]
    assert (encoded["items"], encoded["before"], encoded["after"]) == (2, 300_000, 150_000)
    shown = run("show", dataset.manifest, "--json").document
    assert [(shard["rendition"], shard["files"], shard["size"]) for shard in shown["shards"]] == [
        ("original", 2, 350_000),
        ("half", 2, 150_000),
    ]
    assert run("lint", dataset.manifest).status == 0
    text = dataset.manifest.read_text("utf-8")
    assert "made: {version: fake 1.0" in text
    assert "items: 2, kept: 0" in text


def test_the_catalog_keeps_the_name_size_and_digest_of_an_original(dataset: Publisher) -> None:
    build(dataset, "--allow-commands", "--catalog", "--pack", "tar")

    ran = run("search", dataset.manifest, "--item", "tail/one.raw", "--data", dataset.out, "--json")

    (item,) = ran.document["items"]
    original = (dataset.source / "tail" / "one.raw").read_bytes()
    assert (item["path"], item["rendition"]) == ("tail/one.half", "half")
    assert (item["size"], item["length"]) == (200_000, 100_000)
    assert item["sha256"] == hashlib.sha256(original).hexdigest()


def test_what_was_encoded_is_seeded_from_where_the_build_has_put_it(dataset: Publisher) -> None:
    build(dataset, "--allow-commands")

    assert paths(dataset.out / "renditions") == ["set/tail/one.half", "set/tail/two.half"]
    checked = run("verify", dataset.manifest, dataset.out / "renditions", "--json").document
    assert [(each["name"], each["ok"]) for each in checked["torrents"]] == [
        ("set-0001", False),
        ("set-0002", True),
    ]


def test_the_same_input_gives_the_same_manifest_and_what_is_encoded_already_stays(
    dataset: Publisher, tmp_path: Path
) -> None:
    build(dataset, "--allow-commands")
    first = dataset.manifest.read_bytes()

    again = build(dataset, "--allow-commands").document
    other = tmp_path / "other"
    build(dataset, "--allow-commands", out=other)

    assert again["encoded"]["reused"] == 2
    assert dataset.manifest.read_bytes() == first
    assert (other / "manifest.yaml").read_bytes() == first


def test_an_item_that_cannot_be_encoded_keeps_its_original_and_the_status_says_so(
    tmp_path: Path,
) -> None:
    code = "sys.exit('cannot') if 'two' in source else None\n" + HALVES
    dataset = made(tmp_path, code)

    built = build(dataset, "--allow-commands")

    assert built.status == 1
    assert built.document["encoded"]["kept"]["failed"] >= 1
    assert run("lint", dataset.manifest).status == 0


def test_items_on_a_server_are_not_encoded(dataset: Publisher) -> None:
    listing = dataset.folder / "SHA256SUMS"
    listing.write_text(
        "".join(
            f"https://data.example.org/set/{path} {size} sha256:{'0' * 64}\n"
            for path, size in FILES.items()
        )
    )

    ran = run(*dataset.arguments(source=None), "--from", listing, "--dry-run", "--json")

    status, code, message, _ = ran.error
    assert (status, code, message) == (2, "usage", "items on a server cannot be encoded")
