"""`seedbox build` of files that have licenses of their own."""

from pathlib import Path

import pytest

from support.cli import run, snapshot
from support.publisher import HEAD, Publisher, publisher

MIXED = """\
path,value,license
b/c.bin,60,MIT
a.bin,20,
b/d.bin,10,CC-BY-NC-4.0
e.bin,6,MIT
f/g/h.bin,4,NOASSERTION
"""
UNLICENSED = HEAD.replace(
    'license:\n  spdx: CC-BY-4.0\n  attribution: "Example Lab, CC BY 4.0"\n', ""
)


@pytest.fixture
def mixed(tmp_path: Path) -> Publisher:
    """A dataset under CC-BY-4.0 with two files under MIT and two that may not be shared."""
    return publisher(tmp_path / "publisher", table=MIXED)


def test_files_that_may_not_be_shared_stop_it_by_name(mixed: Publisher) -> None:
    before = snapshot(mixed.folder)
    ran = run(*mixed.arguments())

    assert (ran.status, ran.out) == (7, "")
    lines = ran.err.splitlines()
    assert lines[0] == "error[files-refused]: 2 of 6 files may not be shared:"
    assert lines[1].startswith("  'b/d.bin': license 'CC-BY-NC-4.0': CC-BY-NC-4.0 ")
    assert lines[2].startswith("  'f/g/h.bin': license 'NOASSERTION': ")
    assert lines[3] == "  hint: Take them out of the source, or pass --leave-out-refused."
    assert len(lines) == 4
    assert snapshot(mixed.folder) == before


def test_json_readers_get_each_refused_file(mixed: Publisher) -> None:
    error = run(*mixed.arguments(), "--json").document["error"]

    assert (error["code"], error["data"]["of"]) == ("files-refused", 6)
    assert [(each["path"], each["license"]) for each in error["data"]["items"]] == [
        ("b/d.bin", "CC-BY-NC-4.0"),
        ("f/g/h.bin", "NOASSERTION"),
    ]


def test_they_can_be_left_out_and_then_they_are_counted_and_named(mixed: Publisher) -> None:
    ran = mixed.build("--leave-out-refused")

    lines = ran.out.splitlines()
    assert lines[0].split() == ["shard", "files", "size", "coverage", "license", "info-hash"]
    rows = [line.split()[:7] for line in lines[1:3]]
    assert rows == [
        ["set-0001", "2", "292.97", "KiB", "66.0", "%", "MIT"],
        ["set-0002", "2", "292.97", "KiB", "86.0", "%", "the"],
    ]
    at = lines.index("left out, not openly licensed: 2 files")
    assert lines[at + 1].startswith("  b/d.bin: license 'CC-BY-NC-4.0': ")
    assert lines[at + 2].startswith("  f/g/h.bin: license 'NOASSERTION': ")


def test_the_document_says_what_is_where_and_what_is_left_out(mixed: Publisher) -> None:
    document = mixed.build("--leave-out-refused", "--json").document

    assert [(shard["license"], shard["files"]) for shard in document["shards"]] == [
        ("MIT", 2),
        (None, 2),
    ]
    assert [(each["path"], each["rule"]) for each in document["refused"]] == [
        ("b/d.bin", "non-commercial"),
        ("f/g/h.bin", "noassertion"),
    ]
    assert set(document["refused"][0]) == {"path", "license", "rule", "why"}
    assert document["size"] == 200_000 + 100_000 + 300_000


def test_the_manifest_names_the_license_of_each_shard_and_counts_all_use(mixed: Publisher) -> None:
    mixed.build("--leave-out-refused")

    assert run("lint", mixed.manifest).status == 0
    shown = run("show", mixed.manifest, "--json").document
    assert [shard["license"] for shard in shown["shards"]] == ["MIT", "CC-BY-4.0"]
    assert [shard["coverage"] for shard in shown["shards"]] == [0.66, 0.86]
    text = mixed.manifest.read_text()
    assert "total: 100" in text
    assert text.count("license: {spdx: MIT}") == 1


def test_a_torrent_carries_the_license_of_its_own_files(mixed: Publisher) -> None:
    mixed.build("--leave-out-refused")

    data = [mixed.torrent(number).read_bytes() for number in (1, 2)]
    assert b"7:comment11:A set | MIT" in data[0]
    assert b"Example Lab" not in data[0]
    assert b"A set | CC-BY-4.0 | Example Lab, CC BY 4.0" in data[1]


def test_dry_run_says_the_same(mixed: Publisher) -> None:
    plain = run(*mixed.arguments(), "--leave-out-refused", "--dry-run")
    document = run(*mixed.arguments(), "--leave-out-refused", "--dry-run", "--json").document

    assert plain.status == 0
    assert plain.out.splitlines()[0].split()[-1] == "license"
    assert "left out, not openly licensed: 2 files" in plain.out.splitlines()
    assert [each["path"] for each in document["refused"]] == ["b/d.bin", "f/g/h.bin"]
    assert [shard["license"] for shard in document["shards"]] == ["MIT", None]
    assert run(*mixed.arguments(), "--dry-run").status == 7


def test_no_license_of_the_dataset_is_needed_if_every_file_has_one(tmp_path: Path) -> None:
    made = publisher(
        tmp_path / "publisher", {"a": 5, "b": 7}, table="path,value,license\na,1,MIT\nb,1,ISC\n"
    )
    made.head.write_text(UNLICENSED)

    made.build()

    assert run("lint", made.manifest).status == 0
    assert [shard["license"] for shard in made.shards()] == ["ISC", "MIT"]


def test_of_many_refused_files_the_first_are_shown(tmp_path: Path) -> None:
    names = [f"f{number:02}" for number in range(30)]
    rows = "".join(f"{name},1,NONE\n" for name in names)
    made = publisher(
        tmp_path / "publisher",
        {"a": 5, **dict.fromkeys(names, 1)},
        table=f"path,value,license\n{rows}",
    )

    ran = made.build("--leave-out-refused")

    lines = ran.out.splitlines()
    at = lines.index("left out, not openly licensed: 30 files")
    assert lines[at + 20].startswith("  f19: ")
    assert lines[at + 21] == "  10 more"


def test_a_file_that_nobody_gave_a_license_is_left_out_with_the_reason(tmp_path: Path) -> None:
    made = publisher(
        tmp_path / "publisher", {"a": 5, "b": 7}, table="path,value,license\na,1,MIT\n"
    )
    made.head.write_text(UNLICENSED)

    ran = made.build("--leave-out-refused")

    assert "  b: no license is given" in ran.out.splitlines()
