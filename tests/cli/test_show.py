from pathlib import Path

import pytest

from support.cli import UNCHECKED, run
from support.publisher import HEAD, Publisher

V1 = "0123456789abcdef0123456789abcdef01234567"


def test_a_manifest_is_shown_with_license_shards_and_curve(built: Publisher) -> None:
    ran = run("show", built.manifest)

    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert lines[0].split(maxsplit=1) == ["title", "A set"]
    assert "attribution  Example Lab, CC BY 4.0" in lines
    at = lines.index("shard     license    files        size  coverage")
    assert lines[at + 1] == "set-0001  CC-BY-4.0      1  195.31 KiB    60.0 %"
    assert lines[at + 3] == "set-0003  CC-BY-4.0      4  292.97 KiB   100.0 %"
    at = lines.index("share of use that the first shards cover")
    assert lines[at + 1].startswith(" 100 % │")
    assert lines[-1] == f"signature: {UNCHECKED}"
    assert lines[-2].split() == ["0", "%", "share", "of", "the", "bytes", "100", "%"]


def test_a_manifest_as_json(built: Publisher) -> None:
    document = run("show", built.manifest, "--json").document

    shards = document.pop("shards")
    assert document == {
        "id": "org.example/set",
        "sequence": 1,
        "version": "1.0",
        "title": "A set",
        "license": "CC-BY-4.0",
        "attribution": "Example Lab, CC BY 4.0",
        "format": "hybrid",
        "size": 800_001,
        "files": 6,
        "signature": {"checked": False, "key": None},
    }
    assert [(shard["name"], shard["use"], shard["coverage"]) for shard in shards] == [
        ("set-0001", 60, 0.6),
        ("set-0002", 20, 0.8),
        ("set-0003", 20, 1),
    ]
    assert set(shards[0]) == {
        *("name", "role", "rendition", "license", "files", "size", "use", "coverage", "release"),
        "info_hash",
    }


def test_without_popularity_there_is_no_curve(dataset: Publisher) -> None:
    dataset.head.write_text(HEAD.replace("popularity: {metric: reads}\n", ""))
    dataset.build(popularity=None)

    ran = run("show", dataset.manifest)

    assert ran.status == 0
    assert "share of use" not in ran.out
    assert "set-0001  CC-BY-4.0      1  292.97 KiB         -" in ran.out.splitlines()


def test_a_license_that_is_refused_can_still_be_looked_at(built: Publisher) -> None:
    text = built.manifest.read_text()
    built.manifest.write_text(text.replace("CC-BY-4.0", "CC-BY-NC-4.0"))

    assert run("show", built.manifest, "--json").document["license"] == "CC-BY-NC-4.0"


def test_a_torrent_is_shown_with_files_and_a_link_that_can_be_copied(built: Publisher) -> None:
    ran, document = run("show", built.torrent(3)), run("show", built.torrent(3), "--json").document

    lines = ran.out.splitlines()
    assert "size          292.97 KiB in 4 files" in lines
    assert "pieces        21 of 16.00 KiB" in lines
    assert "comment       A set | CC-BY-4.0 | Example Lab, CC BY 4.0" in lines
    assert "set/f/g/h.bin   48.83 KiB" in lines
    assert lines[-1] == document["magnet"]
    assert (document["name"], document["format"], document["pieces"]) == ("set", "hybrid", 21)
    assert [file["path"] for file in document["files"]] == [
        *("set/b/d.bin", "set/e.bin", "set/f/empty", "set/f/g/h.bin")
    ]
    assert document["files"][2] == {"path": "set/f/empty", "length": 0, "pieces_root": None}


def test_long_lists_are_cut_for_people_and_whole_as_json(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(45):
        (tmp_path / "many" / f"{number:02}").write_text("x")
    run("torrent", tmp_path / "many", "-o", tmp_path / "many.torrent", "--format", "v1")

    ran = run("show", tmp_path / "many.torrent")

    assert "and 5 more files" in ran.out.splitlines()
    assert "many/44" not in ran.out
    assert len(run("show", tmp_path / "many.torrent", "--json").document["files"]) == 45


@pytest.mark.parametrize("scheme", ["magnet", "MAGNET"])
def test_a_magnet_link_is_taken_apart(scheme: str) -> None:
    link = f"{scheme}:?xt=urn:btih:{V1}&dn=A+set&tr=udp://t.example:1/a&x.pe=192.0.2.1:6881&so=0,2"

    document = run("show", link, "--json").document

    assert document == {
        "name": "A set",
        "info_hash": {"v1": V1},
        "trackers": ["udp://t.example:1/a"],
        "web_seeds": [],
        "peers": ["192.0.2.1:6881"],
        "select_only": [0, 2],
    }
    assert f"info-hash v1  {V1}" in run("show", link).out.splitlines()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("magnet:?xt=urn:btih:123", "invalid-magnet"),
        ("none.yaml", "source"),
        ("none.torrent", "source"),
    ],
)
def test_what_cannot_be_shown_is_status_4(what: str, code: str) -> None:
    ran = run("show", what)

    assert (ran.status, ran.out) == (4, "")
    assert ran.err.startswith(f"error[{code}]: ")
    assert "\n  hint: " in ran.err
