"""`seedbox diff` and `seedbox lint --against`: what a release changes, and whether it follows."""

import shutil
from pathlib import Path

import pytest

from support.cli import run, snapshot
from support.publisher import Publisher, publisher
from support.releases import next_release
from support.signed import signed


@pytest.fixture
def old(built: Publisher) -> Path:
    """The release before: in the new one e.bin, of set-0003, has other content."""
    return next_release(built, {"e.bin": bytes(100_000)}, version='"2.0.0"')


def test_it_says_what_changed_and_counts_only_files_that_are_not_here(
    built: Publisher, old: Path
) -> None:
    before = snapshot(built.folder)
    ran = run("diff", old, built.manifest)

    assert (ran.status, ran.err) == (0, "")
    assert [line.split() for line in ran.out.splitlines()[:2]] == [
        ["shard", "change", "size", "rank"],
        ["set-0003", "superseded", "292.97", "KiB", "3"],
    ]
    assert ran.out.splitlines()[2:] == [
        "org.example/set: sequence 1 to 2, version 1.0 to 2.0.0",
        "3 shards: 0 new, 1 superseded, 2 same, 0 gone",
        (
            "a mirror of all of it gets 97.66 KiB (100,000 bytes) "
            "and frees 97.66 KiB (100,000 bytes)"
        ),
    ]
    assert snapshot(built.folder) == before


def test_the_document_has_every_shard_and_both_releases(built: Publisher, old: Path) -> None:
    document = run("diff", old, built.manifest, "--json").document

    assert document["old"] == {
        "manifest": str(old),
        "sequence": 1,
        "version": "1.0",
        "shards": 3,
        "size": 800_001,
    }
    assert (document["new"]["sequence"], document["id"]) == (2, "org.example/set")
    assert document["counts"] == {"new": 0, "superseded": 1, "same": 2, "gone": 0}
    assert (document["move"], document["free"], document["exact"]) == (100_000, 100_000, True)
    assert document["shards"][2] == {
        "name": "set-0003",
        "change": "superseded",
        "size": 300_001,
        "rank": 3,
        "old_rank": 3,
        "replaces": ["set-0003"],
        "moved": False,
        "relicensed": None,
    }


def test_without_torrents_the_sums_are_bounds_and_say_so(built: Publisher, old: Path) -> None:
    shutil.rmtree(old.parent / "torrents")

    ran = run("diff", old, built.manifest)
    document = run("diff", old, built.manifest, "--json").document

    assert ran.status == 0
    assert "gets at most 292.97 KiB (300,001 bytes) and frees at most 292.97 KiB" in ran.out
    assert "upper bounds: not every shard has a v2 torrent beside its manifest" in ran.out
    assert document["exact"] is False


def test_v1_torrents_know_no_files_so_the_sums_are_bounds(tmp_path: Path) -> None:
    made = publisher(tmp_path / "publisher")
    made.head.write_text(made.head.read_text() + "format: v1\n")
    made.build()
    old = next_release(made, {"e.bin": bytes(100_000)})

    document = run("diff", old, made.manifest, "--json").document

    assert (document["move"], document["exact"]) == (300_001, False)


def test_equal_manifests_differ_in_nothing(built: Publisher) -> None:
    ran = run("diff", built.manifest, built.manifest)

    assert ran.status == 0
    assert ran.out.splitlines()[1:] == [
        "3 shards: 0 new, 0 superseded, 3 same, 0 gone",
        "a mirror of all of it gets 0 B (0 bytes) and frees 0 B (0 bytes)",
    ]


def test_other_names_places_and_licenses_are_remarked_on(tmp_path: Path) -> None:
    made = publisher(tmp_path / "publisher")
    made.build()
    made.table.write_text("path,value\na.bin,90\nb/c.bin,5\nb/d.bin,3\ne.bin,1\nf/g/h.bin,1\n")
    made.head.write_text(made.head.read_text().replace("CC-BY-4.0\n", "CC-BY-SA-4.0\n"))
    old = next_release(made, {})

    lines = [line.split(maxsplit=5) for line in run("diff", old, made.manifest).out.splitlines()]

    license_ = "license CC-BY-4.0 to CC-BY-SA-4.0"
    assert [(row[0], row[1], row[4], row[5]) for row in lines[1:3]] == [
        ("set-0001", "same", "1", f"was set-0002; moved from rank 2; {license_}"),
        ("set-0002", "same", "2", f"was set-0001; {license_}"),
    ]
    assert lines[3][5] == license_


def test_a_shard_that_supersedes_others_names_them(built: Publisher, old: Path) -> None:
    digest = built.shards()[2]["info_hash"]["v2"]
    text = built.manifest.read_text().replace("- name: set-0003", "- name: set-0004")
    old_digest = run("show", old, "--json").document["shards"][2]["info_hash"]["v2"]
    assert f"  supersedes: [{old_digest}]\n" in text
    built.manifest.write_text(text)

    line = next(
        line for line in run("diff", old, built.manifest).out.splitlines() if "0004" in line
    )

    assert digest != old_digest
    assert line.split(maxsplit=5)[5] == "supersedes set-0003"


@pytest.mark.parametrize("which", ["OLD", "NEW"])
def test_a_bad_file_is_status_4(built: Publisher, tmp_path: Path, which: str) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("seedbox: 1\n")
    files = (bad, built.manifest) if which == "OLD" else (built.manifest, bad)

    assert run("diff", *files, "--json").error[:2] == (4, "invalid-manifest")
    assert run("diff", *files, tmp_path / "more").status == 2


def test_a_torrent_that_is_another_one_is_status_4(built: Publisher, old: Path) -> None:
    built.torrent(3).write_bytes(built.torrent(1).read_bytes())

    assert run("diff", old, built.manifest, "--json").error[:2] == (4, "invalid-manifest")


def test_two_datasets_cannot_be_compared(built: Publisher, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(built.manifest.read_text().replace("org.example/set", "org.example/other"))

    status, code, message, _ = run("diff", other, built.manifest, "--json").error

    assert (status, code) == (2, "usage")
    assert message == f"{other} is org.example/other, {built.manifest} is org.example/set"


# --- lint --against ---------------------------------------------------------------------------


def against(built: Publisher, old: Path) -> list[tuple[str, int | None, str]]:
    ran = run("lint", built.manifest, "--against", old, "--json")
    (manifest,) = ran.document["manifests"]
    assert ran.status == (1 if manifest["problems"] else 0)
    return [(p["rule"], p["line"], p["path"]) for p in manifest["problems"]]


def line_of(built: Publisher, text: str) -> int:
    return built.manifest.read_text().splitlines().index(text) + 1


def test_a_release_that_follows_has_no_problem(built: Publisher, old: Path) -> None:
    digest = next(
        line.strip().split("v2: ")[1].rstrip("}")
        for line in old.read_text().split("- name: set-0003")[1].splitlines()
        if "info_hash" in line
    )
    assert against(built, old) == []

    text = built.manifest.read_text().replace(f"  supersedes: [{digest}]\n", "")
    built.manifest.write_text(text)

    assert against(built, old) == [
        ("superseded", text[: text.rindex("info_hash:")].count("\n") + 1, "shards[2].info_hash")
    ]


def test_each_disagreement_has_its_line(built: Publisher) -> None:
    extra = {"sequence": "4", "previous": f"sha256:{'00' * 32}", "issued": "2025-01-01T00:00:00Z"}
    old = next_release(built, {"new.bin": b"x" * 1000}, version='"1.0.1"', **extra)
    old.write_text(old.read_text().replace('"1.0"', '"1.0.0"'))

    found = [each for each in against(built, old) if each[0] != "superseded"]

    assert found == [
        ("sequence", line_of(built, "sequence: 4"), "sequence"),
        ("previous", line_of(built, f"previous: sha256:{'00' * 32}"), "previous"),
        ("issued", line_of(built, "issued: 2025-01-01T00:00:00Z"), "issued"),
        ("version", line_of(built, "version: 1.0.1"), "version"),
    ]


def test_a_shard_that_is_gone_is_a_problem_until_it_is_withdrawn(built: Publisher) -> None:
    old = next_release(built, {}, version='"2.0.0"')
    text = built.manifest.read_text()
    built.manifest.write_text(text[: text.index("- name: set-0003")])
    gone = against(built, old)
    made = signed(built)
    assert made.withdraw("set-0003", force=True).status == 0

    assert gone == [("gone", line_of(built, "shards:"), "shards")]
    assert against(built, old) == []


def test_withdrawals_beside_a_manifest_are_linted_with_it(built: Publisher) -> None:
    beside = built.out / "withdrawals.yaml"
    beside.write_text("seedbox-withdrawals: 1\nid: org.example/set\nsequence: 0\nentries: []\n")
    (broken,) = run("lint", built.manifest, "--json").document["manifests"]
    beside.write_text("seedbox-withdrawals: 1\nid: org.example/b\nsequence: 1\nentries: []\n")
    (foreign,) = run("lint", built.manifest, "--json").document["manifests"]

    assert [(p["file"], p["line"], p["rule"]) for p in broken["problems"]] == [
        (str(beside), 3, "range")
    ]
    assert [(p["file"], p["message"]) for p in foreign["problems"]] == [
        (str(beside), "id is org.example/b, that of the manifest org.example/set")
    ]


def test_withdrawals_that_lost_what_the_release_before_had_are_told(
    built: Publisher, old: Path
) -> None:
    made = signed(built)
    assert made.withdraw("set-0001").status == 0
    shutil.copy(made.withdrawals, old.parent)
    kept = against(built, old)
    made.withdrawals.write_text(
        "seedbox-withdrawals: 1\nid: org.example/set\nsequence: 2\nentries: []\n"
    )
    shrunk = against(built, old)
    made.withdrawals.unlink()
    gone = against(built, old)

    assert "grown" not in {rule for rule, _, _ in kept}
    assert ("grown", None, "entries[0]") in shrunk
    assert ("grown", None, "") in gone


def test_without_readable_torrents_the_shards_decide_on_the_version(
    built: Publisher, old: Path
) -> None:
    built.torrent(3).write_bytes(b"")

    assert "version" not in {rule for rule, _, _ in against(built, old)}


def test_what_it_is_held_against_must_be_a_manifest(built: Publisher, tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text("seedbox: 1\n")

    ran = run("lint", built.manifest, "--against", tmp_path / "old.yaml", "--json")
    none = run("lint", built.manifest, "--against", tmp_path / "none.yaml", "--json")

    assert ran.error[:2] == (4, "invalid-manifest")
    assert none.error[:2] == (4, "source")
