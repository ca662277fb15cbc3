"""Fetch without anybody to fetch from; tests/swarm/test_whole_way.py has the rest."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from support.cli import UNCHECKED, Process, paths, run, snapshot
from support.publisher import HEAD, Publisher

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 -- as shutil has it


@pytest.fixture
def mirror(built: Publisher, tmp_path: Path) -> Path:
    """A data folder with set-0001 in it, whole."""
    made = tmp_path / "mirror"
    place = made / "org.example" / "set" / "set" / "b"
    place.mkdir(parents=True)
    shutil.copy(built.source / "b" / "c.bin", place)
    return made


@pytest.mark.parametrize(
    ("options", "names", "need"),
    [
        ([], ["set-0001", "set-0002", "set-0003"], 800_001),
        (["--coverage", "60%"], ["set-0001"], 200_000),
        (["--coverage", "60.1%"], ["set-0001", "set-0002"], 500_000),
        (["--coverage", "0.8"], ["set-0001", "set-0002"], 500_000),
        (["--top", "2"], ["set-0001", "set-0002"], 500_000),
        (["--budget", "250KB"], ["set-0001"], 200_000),
        (["--budget", "510KB"], ["set-0001", "set-0002"], 500_000),
        (["--shard", "set-0003", "--shard", "set-0001"], ["set-0001", "set-0003"], 500_001),
    ],
)
def test_a_part_of_a_dataset_is_chosen(
    built: Publisher, tmp_path: Path, options: list[str], names: list[str], need: int
) -> None:
    out = tmp_path / "mirror"
    arguments = ("fetch", built.manifest, "--out", out, "--dry-run", *options)

    document = run(*arguments, "--json").document

    assert set(document) == {*("id", "size", "need", "coverage", "shards", "left_out", "signature")}
    assert [shard["name"] for shard in document["shards"]] == names
    assert (document["need"], document["left_out"]) == (need, [])
    assert not out.exists()


def test_torrents_of_shards_that_are_not_asked_for_need_not_be_there(
    built: Publisher, tmp_path: Path
) -> None:
    (built.manifest.parent / "torrents" / "set-0003.torrent").unlink()
    arguments = ("fetch", built.manifest, "--out", tmp_path / "m", "--dry-run", "--json")

    part, whole = run(*arguments, "--top", "2"), run(*arguments)

    assert part.status == 0
    assert whole.error[:2] == (4, "source")


def test_the_plan_for_people_has_what_is_to_get(built: Publisher, mirror: Path) -> None:
    before = snapshot(mirror)

    ran = run("fetch", built.manifest, "--out", mirror, "--dry-run", "--top", "2")

    assert ran.status == 0
    assert ran.err == f"warning: the signature of {built.manifest} is {UNCHECKED}\n"
    assert ran.out.splitlines() == [
        f"signature: {UNCHECKED}",
        "shard           size  coverage",
        "set-0001  195.31 KiB    60.0 %",
        "set-0002  292.97 KiB    80.0 %",
        "488.28 KiB in 2 shards, 80.0 % of use; 292.97 KiB to get",
    ]
    assert snapshot(mirror) == before


def test_what_is_here_already_is_held_and_left_as_it_is(built: Publisher, mirror: Path) -> None:
    before = snapshot(mirror / "org.example" / "set" / "set")

    ran = run("fetch", built.manifest, "--out", mirror, "--top", "1", "--json")

    assert ran.status == 0
    assert ran.document == {
        "ok": True,
        "folder": f"{mirror}/org.example/set",
        "license": "CC-BY-4.0",
        "attribution": "Example Lab, CC BY 4.0",
        "cite_as": None,
        "shards": [
            {
                "name": "set-0001",
                "outcome": "held",
                "size": 200_000,
                "good": 200_000,
                "received": 0,
                "reused": 0,
                "missing": [],
                "reason": None,
                "license": "CC-BY-4.0",
                "attribution": "Example Lab, CC BY 4.0",
            }
        ],
        "left_out": [],
        "signature": {"checked": False, "key": None},
    }
    assert snapshot(mirror / "org.example" / "set" / "set") == before


def test_with_nobody_there_it_ends_in_time_and_says_what_is_missing(
    built: Publisher, mirror: Path
) -> None:
    ran = run("fetch", built.manifest, "--out", mirror, "--stall", "0.2s")

    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[2].split() == ["set-0001", "held", "195.31", "KiB", "195.31", "KiB", "0", "B"]
    assert lines[3].split()[:4] == ["set-0002", "partial", "0", "B"]
    assert "set-0002: no data came for 0.2 seconds (0 peers)" in lines
    assert "  missing: org.example/set/set/a.bin" in lines
    assert "  missing: org.example/set/set/f/g/h.bin" in lines
    assert lines[-3:] == [
        f"in {mirror}/org.example/set",
        "license: CC-BY-4.0",
        "attribution: Example Lab, CC BY 4.0",
    ]
    assert paths(mirror / "org.example" / "set" / "set") == ["b/c.bin"]


def test_it_prints_the_citation(dataset: Publisher, tmp_path: Path) -> None:
    dataset.head.write_text(HEAD + 'cite_as: "Lab (2026): A set"\n')
    dataset.build()

    ran = run(
        *("fetch", dataset.manifest, "--out", tmp_path, "--stall", "0.1s", "--top", "1"),
    )

    assert ran.out.splitlines()[-1] == "cite as: Lab (2026): A set"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--coverage", "101%"], "it is over 100%"),
        (["--coverage", "95"], "did you mean 95%?"),
        (["--coverage", "0%"], "is nothing"),
        (["--top", "0"], "0 is not in the range"),
        (["--budget", "1KB"], "no shard fits into 1,000 bytes"),
        (["--shard", "set-9"], "no shard is named 'set-9'"),
        (["--shard", "set-0001", "--top", "1"], "by name, and by how popular"),
        (["--peer", "127.0.0.1"], "is not of the form"),
        (["--peer", "127.0.0.1:99999"], "99999 is no port"),
        (["--peer", "no-such-host.invalid:1"], "'no-such-host.invalid' has no address"),
        (["--stall", "2"], "is not a duration"),
        (["--stall", "0s"], "is nothing"),
    ],
)
def test_wrong_usage(built: Publisher, tmp_path: Path, options: list[str], words: str) -> None:
    out = tmp_path / "mirror"

    status, code, message, hint = run(
        "fetch", built.manifest, "--out", out, *options, "--json"
    ).error

    assert (status, code) == (2, "usage")
    assert words in message
    assert hint
    assert not out.exists()


def test_coverage_needs_a_manifest_that_knows_of_use(dataset: Publisher, tmp_path: Path) -> None:
    dataset.head.write_text(HEAD.replace("popularity: {metric: reads}\n", ""))
    dataset.build(popularity=None)

    ran = run("fetch", dataset.manifest, "--out", tmp_path, "--coverage", "80%", "--json")

    assert ran.error[:2] == (2, "usage")
    assert "does not say how much its shards are used" in ran.error[2]


def test_a_disk_without_room_is_refused_before_anything_is_made(
    built: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 300_000, 300_000))

    ran = run("fetch", built.manifest, "--out", tmp_path / "mirror", "--json")

    status, code, message, hint = ran.error
    assert (status, code) == (5, "no-space")
    assert message == f"org.example/set needs 800,001 bytes in {tmp_path}/mirror, 300,000 are free"
    assert hint.startswith("Free 500,001 bytes, or ask for less")
    assert not (tmp_path / "mirror").exists()


def test_a_license_that_is_not_open_is_refused(built: Publisher, tmp_path: Path) -> None:
    text = built.manifest.read_text()
    built.manifest.write_text(text.replace("CC-BY-4.0", "CC-BY-NC-4.0"))

    ran = run("fetch", built.manifest, "--out", tmp_path / "mirror", "--json")

    assert ran.error[:2] == (7, "license-refused")
    assert not (tmp_path / "mirror").exists()


def test_a_shard_that_is_not_open_is_left_out_and_named(built: Publisher, tmp_path: Path) -> None:
    text = built.manifest.read_text()
    name = "- name: set-0002\n"
    assert name in text
    built.manifest.write_text(text.replace(name, f"{name}  license: {{spdx: CC-BY-NC-4.0}}\n"))

    ran = run("fetch", built.manifest, "--out", tmp_path / "mirror", "--dry-run")
    by_name = run("fetch", built.manifest, "--out", tmp_path, "--shard", "set-0002", "--json")

    assert ran.status == 0
    (left,) = [line for line in ran.out.splitlines() if line.startswith("left out: ")]
    assert left.startswith("left out: set-0002: its license is refused: ")
    assert by_name.error[:2] == (7, "license-refused")


def test_terms_of_shards_that_have_their_own_are_all_printed(
    built: Publisher, mirror: Path
) -> None:
    text = built.manifest.read_text()
    name = "- name: set-0001\n"
    own = '  license: {spdx: CC0-1.0, attribution: "Rivers Office"}\n'
    built.manifest.write_text(text.replace(name, name + own))

    ran = run("fetch", built.manifest, "--out", mirror, "--top", "2", "--stall", "0.1s")

    assert ran.out.splitlines()[-4:] == [
        "license: CC0-1.0 (of set-0001)",
        "attribution: Rivers Office",
        "license: CC-BY-4.0 (of set-0002)",
        "attribution: Example Lab, CC BY 4.0",
    ]


def test_two_fetches_into_one_folder_do_not_meet(built: Publisher, tmp_path: Path) -> None:
    out = tmp_path / "mirror"
    with Process("fetch", built.manifest, "--out", out) as first:
        first.until("started", task="fetch set-0001")
        second = run("fetch", built.manifest, "--out", out, "--json")

    status, code, message, _ = second.error
    assert (status, code) == (5, "in-use")
    assert message == f"another seedbox is at work in {out}/org.example/set/.seedbox"


def test_a_file_of_somebody_else_at_its_place_is_not_overwritten(
    built: Publisher, mirror: Path
) -> None:
    place = mirror / "org.example" / "set" / "set"
    (place / "a.bin").write_text("mine")
    before = snapshot(place)

    ran = run("fetch", built.manifest, "--out", mirror, "--shard", "set-0002", "--json")

    assert ran.status == 1
    (shard,) = ran.document["shards"]
    assert shard["outcome"] == "partial"
    assert shard["reason"] == f"{place}/a.bin exists already and holds other content"
    assert snapshot(place) == before


def test_quiet_prints_the_result_alone(built: Publisher, mirror: Path) -> None:
    ran = run("fetch", built.manifest, "--out", mirror, "--top", "1", "--quiet")

    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[2].split()[:2] == ["set-0001", "held"]
